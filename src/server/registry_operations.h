#pragma once

#include <string>

#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds our own registry for others to read, in the form of the official one: `registry.list` and
/// `registry.show`, and the same under the names of the other version of its API. They read the catalogue of
/// `state_directory` on a thread of `pool`. All outlive the operations.
void add_registry_operations(Operations& operations, const std::string& state_directory, WorkPool& pool,
                             io::Loop& loop);

}  // namespace doorward::server
