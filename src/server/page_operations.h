#pragma once

#include <string>

#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds `catalogue.page`: a page of the catalogue in `directory`, rendered on a thread of the pool when it is
/// asked for. The pool and the loop outlive the operations.
void add_page_operations(Operations& operations, const std::string& directory, WorkPool& pool,
                         io::Loop& loop);

}  // namespace doorward::server
