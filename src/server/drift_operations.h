#pragma once

#include <string>

#include "server/operations.h"

namespace doorward::server {

/// Adds `catalogue.drift`: what changed in servers since the last review, from the pinned definitions; of a server that
/// is not behind this gateway, since its definitions were last others, from the catalogue in the state directory
/// `state`. Both outlive the operations.
void add_drift_operations(Operations& operations, store::Store& store, const std::string& state);

}  // namespace doorward::server
