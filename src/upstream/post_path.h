#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "upstream/settings.h"

namespace doorward::upstream {

/// The path (origin-form, with its query) that an `endpoint` event of HTTP+SSE names, resolved against the
/// stream's URL (RFC 3986, section 5). Refuses another origin, and what cannot be a request target.
Result<std::string> post_path(const HttpTarget& stream, std::string_view endpoint);

}  // namespace doorward::upstream
