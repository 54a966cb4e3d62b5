#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"

namespace doorward::io {

/// The certificate that a client showed and that verified against the listener's `client_ca`. Immutable.
struct PeerCertificate {
  Digest sha256{};      ///< of its DER form
  std::string subject;  ///< RFC 2253: `CN=agent-7,O=Example`
  /// Its subject alternative names, each with its kind: `DNS:agent.example`, `URI:spiffe://example/agent`,
  /// `EMAIL:a@example`, `IP:192.0.2.1`. A name with a NUL byte is left out: other software reads it cut off.
  std::vector<std::string> names;
};

/// Nothing where OpenSSL runs out of memory. `certificate` is an X509*.
std::optional<PeerCertificate> read_peer_certificate(void* certificate);

}  // namespace doorward::io
