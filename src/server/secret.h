#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "server/config.h"

namespace doorward::server {

inline constexpr std::size_t kSecretBytes = 64u << 10;  ///< longest secret file

/// Fetches the value of a reference, its prefix before it. `name` is the header, variable or setting that
/// takes it.
///
/// A file must be regular, no symbolic link, owned by this process's user, of mode 0600 or stricter, and not
/// empty; one newline at its end is cut. A variable must be set and not empty. Neither may hold a control
/// character, a non-ASCII character, or a space at either end (attack cases T241, T322). A message names the
/// setting and the place, never a byte of the value.
Result<std::string> resolve_secret(const SecretRef& ref, std::string_view name);

}  // namespace doorward::server
