#pragma once

#include "server/catalogue_feed.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds what people ask of the catalogue: `catalogue.search`, `.server`, `.tool` and `.counts`, and what they say of
/// tools: `.override`, `.unoverride`. All outlive the operations.
void add_catalogue_operations(Operations& operations, store::Store& store, CatalogueFile& file);

}  // namespace doorward::server
