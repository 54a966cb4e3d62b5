#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/config.h"

namespace doorward::server {

class SealedSecrets;

inline constexpr std::size_t kSecretBytes = 64u << 10;  ///< longest secret file

/// What a secret looks like.
enum class SecretForm : std::uint8_t {
  line,  ///< one line of printable ASCII
  text,  ///< lines of printable ASCII, such as a PEM file
};

/// Fetches the value of a reference, its prefix before it. `name` is the header, variable or setting that
/// takes it.
///
/// A file must be regular, no symbolic link, owned by this process's user, of mode 0600 or stricter, and not
/// empty; one newline at its end is cut. A credential is such a file in $CREDENTIALS_DIRECTORY (of systemd it may
/// be root's). A variable must be set and not empty. None may hold a control character, a non-ASCII character, or
/// a space at either end (attack cases T241, T322). A message names the setting and the place, never a byte of the
/// value. `sealed`: null where sealed secrets are out of reach.
Result<std::string> resolve_secret(const SecretRef& ref, std::string_view name, SealedSecrets* sealed = nullptr,
                                   SecretForm form = SecretForm::line);

/// Whether the value is a secret, which never shows, and no literal of the configuration.
inline bool is_secret(const SecretRef& ref) {
  return ref.source != SecretRef::Source::literal && !ref.harmless;
}

/// Why this text cannot be a secret: T241. `name` and `where` are for the message.
Status check_secret(std::string_view value, std::string_view name, std::string where);

/// Calls `visit(const SecretRef&)` for every reference of a server.
template <typename Visitor>
void for_each_reference(const ServerConfig& server, Visitor&& visit) {
  for (const NamedSecrets* secrets : {&server.headers, &server.env}) {
    for (const auto& [name, ref] : *secrets) visit(ref);
  }
  for (const InjectConfig& inject : server.inject) visit(inject.value);
  if (!server.oauth) return;
  if (server.oauth->client_secret) visit(*server.oauth->client_secret);
  if (server.oauth->private_key) visit(*server.oauth->private_key);
}

/// Whether a server is given the sealed secret of this name.
bool refers_to_sealed(const ServerConfig& server, std::string_view name);

/// The file that a reference is read from; empty where it is none.
std::string file_of(const SecretRef& ref);

}  // namespace doorward::server
