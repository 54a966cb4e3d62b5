#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "catalogue/listing.h"
#include "json/value.h"

namespace doorward::catalogue {

/// A listing as a JSON object, members that are empty left out; its tools are left out, too.
std::string to_json(const Listing& listing);
/// The inverse. A member that is missing or of the wrong type is empty.
Listing listing_of(json::Value object);

}  // namespace doorward::catalogue
