#pragma once

#include <string_view>

namespace doorward::policy {

/// Whether a resource's URI (or URI template) has the one spelling that rules over its bytes can mean: the normal
/// form of RFC 3986 section 6.2.2, as far as it can be told without knowing the scheme. The scheme is in lower case, and the
/// authority of file, ftp, http, https, ws and wss; no segment is `.` or `..`; nothing is percent-encoded that need not be,
/// nor a slash, a backslash or a control character; percent-encodings are in upper case; no backslash, space or control
/// character stands raw. Templates keep their braces.
bool is_plain_uri(std::string_view uri);

}  // namespace doorward::policy
