#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace doorward::http {

/// Queries and bodies of the type application/x-www-form-urlencoded (URL Standard section 5).

/// Whether a character stands for itself in every part of a URI (RFC 3986 section 2.3).
bool is_unreserved(char c);

/// Everything but unreserved characters as `%` and two digits.
std::string percent_encode(std::string_view text);
/// The same backwards, `+` being a space. Nothing where two hexadecimal digits do not follow a `%`.
std::optional<std::string> percent_decode(std::string_view text);

using FormFields = std::vector<std::pair<std::string_view, std::string_view>>;

/// `a=b&c=d`, encoded.
std::string form_encode(const FormFields& fields);
/// The value of a name in a query, decoded. not_found where it is absent; invalid where it is there twice, is malformed,
/// or takes more than `most` bytes with its name as written.
Result<std::string> form_value(std::string_view query, std::string_view name,
                               std::size_t most = std::string_view::npos);

}  // namespace doorward::http
