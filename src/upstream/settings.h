#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace doorward::upstream {

/// A server reached over Streamable HTTP. All strings are validated before they get here.
struct HttpTarget {
  bool tls = false;
  std::string host;  ///< as in the URL, without brackets; names the certificate under TLS
  std::uint16_t port = 80;
  std::string authority;  ///< for the Host header: host, brackets where IPv6, port unless the scheme's own
  std::string path;       ///< origin-form target, begins with '/'
  std::string ca_file;    ///< trust anchors under TLS; empty: the system's
  /// Configured headers, lower-case names, secrets already resolved. Values hold no control characters.
  std::vector<std::pair<std::string, std::string>> headers;

  bool operator==(const HttpTarget&) const = default;
};

/// A server started as a child process that speaks over its standard input and output.
struct StdioTarget {
  std::vector<std::string> command;  ///< program and arguments, not a shell line; at least one
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to the allow-listed base
  std::string directory;                                         ///< working directory; empty: the gateway's

  bool operator==(const StdioTarget&) const = default;
};

/// Tools hidden in the argument of one tool (policy.md section 10).
struct ActionSetting {
  std::string tool;
  std::string name_path;  ///< such as args.action
  std::string args_path;  ///< such as args.params; empty: the action has no arguments of its own
  std::vector<std::string> actions;

  bool operator==(const ActionSetting&) const = default;
};

struct Timeouts {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds first_byte{60'000};   ///< from the request's last byte to the answer's first
  std::chrono::milliseconds stream_idle{60'000};  ///< between two bytes of an answer

  bool operator==(const Timeouts&) const = default;
};

/// Everything that the gateway must know of one upstream server. Immutable once loaded.
struct ServerSettings {
  std::string name;  ///< [a-z0-9-]{1,64}
  std::string uuid;  ///< reachable under either
  std::variant<HttpTarget, StdioTarget> target;
  std::vector<ActionSetting> actions;
  Timeouts timeouts;
  std::size_t result_bytes = 10u << 20;  ///< longest message that the server may send

  bool operator==(const ServerSettings&) const = default;

  bool is_http() const { return std::holds_alternative<HttpTarget>(target); }
  const HttpTarget& http() const { return std::get<HttpTarget>(target); }
  const StdioTarget& stdio() const { return std::get<StdioTarget>(target); }
};

}  // namespace doorward::upstream
