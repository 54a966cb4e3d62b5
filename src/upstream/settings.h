#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "upstream/masker.h"
#include "upstream/oauth_settings.h"

namespace doorward::upstream {

/// Which transport a server behind a URL speaks.
enum class HttpTransport : std::uint8_t {
  automatic,   ///< Streamable HTTP, or HTTP+SSE where the server refuses a POST (2024-11-05)
  streamable,  ///< Streamable HTTP
  sse,         ///< HTTP+SSE: the URL answers GET with a stream that names where to post
};

/// A server reached over HTTP. All strings are validated before they get here.
struct HttpTarget {
  bool tls = false;
  std::string host;  ///< as in the URL, without brackets; names the certificate under TLS
  std::uint16_t port = 80;
  std::string authority;  ///< for the Host header: host, brackets where IPv6, port unless the scheme's own
  std::string path;       ///< origin-form target, begins with '/'
  std::string ca_file;    ///< trust anchors under TLS; empty: the system's
  /// Configured headers, lower-case names, secrets already resolved. Values hold no control characters.
  std::vector<std::pair<std::string, std::string>> headers;
  HttpTransport transport = HttpTransport::automatic;
  std::optional<OAuthSettings> oauth;

  std::string url() const { return (tls ? "https://" : "http://") + authority + path; }
  bool operator==(const HttpTarget&) const = default;
};

/// A server started as a child process that speaks over its standard input and output.
struct StdioTarget {
  std::vector<std::string> command;  ///< program and arguments, not a shell line; at least one
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to the allow-listed base
  std::string directory;                                         ///< working directory; empty: the gateway's
  bool bubblewrap = false;  ///< run inside a bubblewrap sandbox
  std::string hidden = {};  ///< a folder that the sandbox shows empty: the gateway's own; empty: none

  bool operator==(const StdioTarget&) const = default;
};

/// A server that is part of the gateway's own process (builtin.h).
struct BuiltinTarget {
  bool operator==(const BuiltinTarget&) const = default;
};

/// Tools hidden in the argument of one tool (policy.md section 10).
struct ActionSetting {
  std::string tool;
  std::string name_path;  ///< such as args.action
  std::string args_path;  ///< such as args.params; empty: the action has no arguments of its own
  std::vector<std::string> actions;

  bool operator==(const ActionSetting&) const = default;
};

/// A credential that the gateway adds to the arguments of calls; agents neither see nor send that argument.
struct InjectedArgument {
  std::string argument;            ///< a member of `arguments`
  std::string value;               ///< as JSON text
  std::vector<std::string> tools;  ///< names; empty: every tool

  bool applies_to(std::string_view tool) const {
    return tools.empty() || std::find(tools.begin(), tools.end(), tool) != tools.end();
  }
  bool operator==(const InjectedArgument&) const = default;
};

struct Timeouts {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds first_byte{60'000};   ///< from the request's last byte to the answer's first
  std::chrono::milliseconds stream_idle{60'000};  ///< between two bytes of an answer

  bool operator==(const Timeouts&) const = default;
};

/// Whether a server has an initialize handshake (legacy) or describes each request by itself (modern).
enum class ServerEra : std::uint8_t { automatic, legacy, modern };

/// Who shares a legacy server's session where the client has none of its own (a modern client).
enum class SessionSharing : std::uint8_t {
  per_call,   ///< nobody: each call has a session of its own
  per_grant,  ///< the calls of one grant
  shared,     ///< all calls
};

/// How the gateway speaks with a server (docs/protocol.md).
struct ProtocolSettings {
  ServerEra era = ServerEra::automatic;
  SessionSharing sessions = SessionSharing::per_grant;
  bool sampling = false;     ///< the server may ask the client's model
  bool elicitation = false;  ///< the server may ask the client's user
  bool roots = false;        ///< the server may ask for the client's folders
  bool include_new = false;  ///< a tool that appears after the first list is offered without a review
  std::vector<std::string> admit_names;  ///< tools offered although their names break the grammar

  bool operator==(const ProtocolSettings&) const = default;
};

/// Everything that the gateway must know of one upstream server. Immutable once loaded.
struct ServerSettings {
  std::string name;  ///< [a-z0-9-]{1,64}
  std::string uuid;  ///< reachable under either
  std::variant<HttpTarget, StdioTarget, BuiltinTarget> target;
  std::vector<ActionSetting> actions;
  std::vector<InjectedArgument> injected;
  Masking masking;  ///< of the secrets above, in what the server says
  /// Why the server is given nothing: a credential of it was taken away. Empty: none was.
  std::string withheld;
  Timeouts timeouts;
  ProtocolSettings protocol;
  std::size_t result_bytes = 10u << 20;  ///< longest message that the server may send

  bool operator==(const ServerSettings&) const = default;

  bool is_http() const { return std::holds_alternative<HttpTarget>(target); }
  bool is_process() const { return std::holds_alternative<StdioTarget>(target); }
  bool is_builtin() const { return std::holds_alternative<BuiltinTarget>(target); }
  const HttpTarget& http() const { return std::get<HttpTarget>(target); }
  const StdioTarget& stdio() const { return std::get<StdioTarget>(target); }
};

}  // namespace doorward::upstream
