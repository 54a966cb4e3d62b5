#pragma once

#include "server/operations.h"

namespace doorward::server {

/// Adds `catalogue.search`: tools of the servers behind the gateway, as they were last met. Both outlive the
/// operations.
void add_catalogue_operations(Operations& operations, store::Store& store);

}  // namespace doorward::server
