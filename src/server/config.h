#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "audit/anchor.h"
#include "audit/argument_store.h"
#include "approval/channel.h"
#include "base/result.h"
#include "gateway/bundle_settings.h"
#include "gateway/client_waits.h"
#include "identity/access_token.h"
#include "identity/claim_rule.h"
#include "identity/role_map.h"
#include "io/tls_server.h"
#include "server/config_admin.h"
#include "server/finding.h"
#include "upstream/settings.h"

namespace doorward::server {

using Milliseconds = std::chrono::milliseconds;

/// Where a value that may be secret comes from (docs/configuration.md, "Secrets"). The configuration holds
/// the reference alone; server/secret.h fetches the value.
struct SecretRef {
  enum class Source : std::uint8_t {
    environment,  ///< `{env: NAME}`: a variable of the gateway's own environment
    file,         ///< `{file: PATH}`: absolute after reading
    literal,      ///< `{value: TEXT}`: refused for a name that looks like a secret's
    credential,   ///< `{credential: NAME}`: a file of $CREDENTIALS_DIRECTORY (systemd's LoadCredential=)
    sealed,       ///< `{sealed: NAME}`: kept by `doorward secret`, encrypted in the store
    lent,         ///< `{lent: NAME}`: handed over by a client's `doorward connect`, kept in memory alone
  };
  Source source = Source::literal;
  std::string text;    ///< the variable, the path, the name, or the value itself
  std::string prefix;  ///< put before the value, such as `Bearer `
  Origin at;
  bool harmless = false;  ///< no secret, although it is no literal: it is not masked

  friend bool operator==(const SecretRef& a, const SecretRef& b) {
    return a.source == b.source && a.text == b.text && a.prefix == b.prefix;
  }
};

using NamedSecrets = std::vector<std::pair<std::string, SecretRef>>;

/// `secrets:`: where the master key of sealed secrets comes from; absent: a file of the state directory.
struct SecretsConfig {
  std::optional<SecretRef> master_key;
  std::optional<SecretRef> previous_master_key;  ///< until `doorward secret rotate-key` has run

  bool operator==(const SecretsConfig&) const = default;
};

/// `actions:` of a server: tools hidden in an argument of one tool (policy.md section 10).
struct ActionConfig {
  std::string tool;
  std::string name;  ///< path of the action's name, such as `args.action`
  std::string args;  ///< path of its arguments, such as `args.params`; empty: it has none
  std::vector<std::string> list;
};

/// `inject:` of a server: a credential in an argument of its calls.
struct InjectConfig {
  std::string argument;
  SecretRef value;
  std::vector<std::string> tools;  ///< empty: every tool
};

/// Times that a server may set for itself; where absent, those of `timeouts:` hold.
struct ServerTimeouts {
  std::optional<Milliseconds> connect;
  std::optional<Milliseconds> first_byte;
  std::optional<Milliseconds> stream_idle;
};

/// `oauth:` of a server: how the gateway gets tokens for it.
struct OAuthConfig {
  upstream::OAuthSettings settings;  ///< without the values of secrets
  std::optional<SecretRef> client_secret;
  std::optional<SecretRef> private_key;
};

/// One upstream server, from YAML or from the store: exactly one of `command` and `url` is set.
struct ServerConfig {
  Origin at;
  std::string name;
  std::vector<std::string> command;
  NamedSecrets env;
  std::string cwd;  ///< absolute after reading
  bool builtin = false;  ///< the admin MCP server, which is part of the gateway
  std::string url;
  NamedSecrets headers;                                                    ///< names in lower case
  upstream::HttpTransport transport = upstream::HttpTransport::automatic;  ///< for `url`
  bool bubblewrap = false;                                                 ///< for `command`
  std::optional<OAuthConfig> oauth;                                        ///< for `url`
  upstream::ProtocolSettings protocol;
  std::vector<ActionConfig> actions;
  std::vector<InjectConfig> inject;
  ServerTimeouts timeouts;
};

/// Several servers behind one URL; the UUID is not in the file.
struct BundleConfig {
  Origin at;
  gateway::BundleSettings settings;
};

struct PolicyConfig {
  Origin at;
  std::string name;
  std::string server;
  std::string file;  ///< absolute after reading
};

/// An authorization server whose tokens agents may show, and where its keys are.
struct IssuerConfig {
  Origin at;
  identity::IssuerSettings settings;
  std::string jwks_url;   ///< both empty: by the issuer's metadata (RFC 8414, OpenID Connect Discovery)
  std::string jwks_file;  ///< absolute after reading
  std::string ca_file;    ///< absolute after reading; empty: the system's roots
  Milliseconds refresh{300'000};  ///< keys are fetched anew this often

  /// Whether the same keys are to be had in the same way.
  friend bool operator==(const IssuerConfig& a, const IssuerConfig& b) {
    return a.settings == b.settings && a.jwks_url == b.jwks_url && a.jwks_file == b.jwks_file &&
           a.ca_file == b.ca_file && a.refresh == b.refresh;
  }
};

struct GrantConfig {
  Origin at;
  std::string label;
  std::string server;  ///< or bundle
  std::string
      policy;  ///< empty: none, every call is denied; always so for a bundle, whose members carry theirs
  std::string owner;
  std::vector<std::pair<std::string, std::string>> labels;
  SecretRef token;
  std::optional<identity::SubjectRule> rule;  ///< whom it is for, instead of a token
  std::optional<std::string> expires;  ///< RFC 3339 in UTC, as written
};

struct LimitsConfig {
  std::size_t body = 4u << 20;
  std::size_t result = 10u << 20;
  std::size_t connections = 20'000;
  std::size_t connections_per_peer = 0;
  std::size_t requests_in_flight_per_session = 128;
};

struct TimeoutsConfig {
  Milliseconds header{10'000};
  Milliseconds body{30'000};
  Milliseconds idle{75'000};
  Milliseconds connect{5'000};
  Milliseconds first_byte{60'000};
  Milliseconds stream_idle{60'000};
  Milliseconds session{3'600'000};
  Milliseconds drain{25'000};
};

/// A tool whose argument values are written to the log; everywhere else only keys and a digest are.
struct RecordedValues {
  std::string server;
  std::string tool;
  std::vector<std::string> paths;  ///< under `args`
};

/// Where checkpoints are taken; exactly one of `file`, `url` and `syslog` is set.
struct AnchorConfig {
  Origin at;
  std::string name;
  std::string file;  ///< absolute after reading
  std::string url;
  NamedSecrets headers;  ///< of `url`; names in lower case
  std::string syslog_url;
  std::optional<audit::SyslogTarget> syslog;
  std::string ca_file;  ///< absolute after reading

  /// Whether both name the same place under the same name, in the same way.
  bool same_as(const AnchorConfig& other) const {
    return std::tie(name, file, url, headers, syslog_url, ca_file) ==
           std::tie(other.name, other.file, other.url, other.headers, other.syslog_url, other.ca_file);
  }
};

struct LogConfig {
  std::vector<RecordedValues> values;
  audit::Keep arguments = audit::Keep::off;       ///< what is stored of the arguments of all calls
  std::chrono::hours keep_arguments{7 * 24};
  std::vector<std::string> redact;                ///< further names of members that hold secrets
  std::chrono::hours retention{400 * 24};
  std::size_t segment = 64u << 20;
  std::size_t ring = 4u << 20;
  Milliseconds sync{1'000};
};

/// How callers wait for people.
struct WaitingConfig {
  std::string console;  ///< URL of the page where people decide, without a `/` at its end; empty: none
  Milliseconds progress{5'000};
  std::vector<gateway::ClientWait> clients;  ///< before those that ship
};

/// A channel as the file names it; its secrets are fetched when it is opened (server/channels.h).
struct ChannelConfig {
  Origin at;
  approval::Channel channel;
  SecretRef url;       ///< slack
  SecretRef secret;    ///< webhook
  SecretRef password;  ///< mail with a user
};

struct NotificationsConfig {
  std::vector<ChannelConfig> channels;
};

struct ApprovalsConfig {
  std::size_t pending_per_grant = 20;
  std::size_t pending = 1'000;
  Milliseconds keep_arguments{7LL * 24 * 3'600'000};
};

/// The issuer by which people log in (docs/roles.md).
struct OidcConfig {
  std::string issuer;  ///< URL, compared byte for byte
  std::string client_id;
  std::optional<SecretRef> client_secret;  ///< without one the client is public, and PKCE alone protects the code
  std::string redirect_url;                ///< as registered with the issuer
  std::vector<std::string> scopes = {"openid", "profile", "email"};
  std::string groups_claim = "groups";
  std::string ca_file;
  identity::RoleMap map;

  bool operator==(const OidcConfig&) const = default;
};

struct PeopleConfig {
  std::optional<OidcConfig> oidc;
};

/// The whole configuration file, typed; the defaults are those of a file that says nothing.
struct Config {
  std::string file;  ///< the file that was read; empty: none
  std::string listen = "127.0.0.1:8420";
  std::optional<io::TlsServerOptions> tls;  ///< of the listener
  std::string state;  ///< absolute after reading; empty: not set
  unsigned workers = 0;
  bool power_durability = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  AdminConfig admin;
  std::string external_url;  ///< how agents reach the gateway; empty: as their Host header says
  std::vector<IssuerConfig> issuers;
  PeopleConfig people;
  LimitsConfig limits;
  TimeoutsConfig timeouts;
  LogConfig log;
  WaitingConfig waiting;
  SecretsConfig secrets;
  std::vector<AnchorConfig> anchors;
  ApprovalsConfig approvals;
  NotificationsConfig notifications;
  std::vector<ServerConfig> servers;
  std::vector<BundleConfig> bundles;
  std::vector<PolicyConfig> policies;
  std::vector<GrantConfig> grants;
};

/// Reads a configuration text strictly: every finding of the file is returned, not only the first. Paths
/// inside are relative to the folder of `file`. Pure: opens nothing; whether the files and variables that it
/// names exist is found out when the world is built.
std::expected<Config, Findings> parse_config(std::string_view text, const std::string& file);

/// Reads the file itself; one that cannot be read is one finding.
std::expected<Config, Findings> load_config(const std::string& file);

/// `10s`, `5m`, `1h`, `400d`, `250ms`: a whole number and one unit. Nothing for any other text or past 10,000
/// days.
std::optional<Milliseconds> parse_duration(std::string_view text);

/// `4096B`, `64KiB`, `4MiB`, `1GiB`: a whole number and one unit. Nothing for any other text or past 1 TiB.
std::optional<std::size_t> parse_size(std::string_view text);

/// Whether a header or variable of this name usually holds a secret, so that its value may not stand in a
/// file.
bool looks_secret(std::string_view name);

}  // namespace doorward::server
