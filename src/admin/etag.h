#pragma once

#include <string>
#include <string_view>

namespace doorward::admin {

/// The entity tag of a representation (RFC 9110 8.8.3): what its bytes hash to, so that it changes with every
/// change and with nothing else.
std::string etag_of(std::string_view body);

/// Whether the value of If-Match or If-None-Match names this tag; `*` names all. Weak tags never match.
bool etag_listed(std::string_view list, std::string_view etag);

}  // namespace doorward::admin
