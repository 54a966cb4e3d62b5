#pragma once

#include <optional>
#include <string_view>

namespace doorward::http {

/// The token of an Authorization value `Bearer <token>` (RFC 6750 2.1: scheme in any case, one space,
/// b64token); nothing for any other scheme or form.
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace doorward::http
