#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/log_writer.h"
#include "base/result.h"
#include "gateway/call_counters.h"
#include "gateway/client_waits.h"
#include "gateway/tool_reports.h"
#include "gateway/world.h"
#include "identity/access_token.h"
#include "io/loop.h"
#include "io/socket.h"
#include "io/tls_server.h"
#include "quota/table.h"
#include "upstream/builtin.h"
#include "upstream/token_slot.h"

namespace doorward::approval {
class Desk;
}

namespace doorward::gateway {

/// Bounds and times of the listener side; defaults are those of docs/configuration.md.
struct Options {
  std::string listen = "127.0.0.1:8420";  ///< numeric address and port; port 0: any free one
  std::string state;                      ///< the state directory, prepared and locked by the caller
  std::string local_socket;               ///< path on which `doorward connect` is heard; empty: none
  unsigned workers = 0;                   ///< 0: one per core
  std::optional<io::TlsServerOptions> tls;  ///< nothing: the listener speaks plain HTTP
  bool power_durability = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::size_t body_bytes = 4u << 20;
  std::size_t connections = 20'000;
  std::size_t connections_per_peer = 0;  ///< 0: no cap
  std::size_t requests_in_flight = 128;  ///< of one session
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds session_timeout{3'600'000};
  std::size_t ring_bytes = 4u << 20;
  std::uint64_t segment_bytes = 64u << 20;
  std::chrono::milliseconds sync_interval{1'000};
  std::chrono::hours retention{400 * 24};
  std::string role = "gateway";  ///< first part of the log writer's id
  audit::ArgumentOptions arguments;  ///< what is kept of the arguments of calls
  /// Audit thread: a new checkpoint; see audit::LogOptions.
  std::function<void(std::string_view note)> on_checkpoint;
  std::string version;           ///< of Doorward, recorded in the log

  bool stores_arguments() const { return arguments.keep != audit::Keep::off; }
  /// Whom calls that need a person ask; must outlive the gateway. Null: nobody, so that they are refused.
  approval::Desk* desk = nullptr;
  /// The server of the process that settings with a BuiltinTarget mean; outlives the gateway. Null where no
  /// server has one.
  upstream::Builtin* builtin = nullptr;
  std::string console_url;               ///< of the page where people decide, without a `/` at its end; empty: none
  std::vector<ClientWait> client_waits;  ///< before those that ship
  std::chrono::milliseconds progress_interval{5'000};  ///< between signs of life of a call that waits for people
  /// How agents reach the gateway, such as `https://mcp.example.com`; empty: as their Host header says.
  std::string external_url;
  /// Which agents are revoked; outlives the gateway. Null: none can be.
  identity::Revocations* revocations = nullptr;
  /// Called on any thread when a token names a key that no issuer's set has (identity::KeyDemand).
  std::function<void()> keys_wanted = [] {};
};

class Worker;
struct Shared;

/// The running gateway: its log, its counts, its workers and its listener. The process's control thread makes
/// it, steers it and destroys it.
class Gateway {
 public:
  /// Opens the log (with recovery), rebuilds the counts, binds the address. Nothing is served yet.
  static Result<std::unique_ptr<Gateway>> create(Options options, std::shared_ptr<const World> world);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Starts the workers, and accepts connections on the control thread's loop.
  Status start(io::Loop& control);
  /// The address that is listened on, with its real port.
  const io::Address& address() const { return address_; }

  /// Whether clients reach it by https.
  bool speaks_tls() const { return tls_ != nullptr; }

  /// Judges by another world; returns when every worker does. Blocks for at most an event of each worker.
  void set_world(std::shared_ptr<const World> world);
  /// Shows other certificates from the next connection on; only where the listener began with TLS.
  void set_tls(std::shared_ptr<const io::TlsServer::Material> material);
  /// Verifies tokens of authorization servers by these issuers and keys from now on.
  void set_issuers(const std::shared_ptr<const identity::IssuerTable>& issuers);
  /// Ends the streams and calls of revoked and expired grants now.
  void sweep_grants();

  /// Stops accepting, ends streams, lets calls finish. Does not wait.
  void drain();
  /// Connections that are still open.
  std::size_t connections() const;
  /// What all workers have done since the start. Reads without disturbing them.
  CallCounters::Totals totals() const;
  /// Ends everything, writes the counts and the end of the log.
  Status stop();

  audit::LogWriter& log();
  quota::Table& quotas();
  std::size_t workers() const;
  /// What the workers tell of the tools of servers; set its listener before start().
  ToolReports& tool_reports();
  /// The accounts at servers that want a token; set its listener before start().
  upstream::TokenBoard& tokens();
  std::shared_ptr<const World> world() const { return world_; }

 private:
  Gateway() = default;
  void accept(io::Fd fd, const io::Address& peer);
  void accept_local(io::Fd fd);
  void stop_accepting();
  Worker& least_loaded();

  std::unique_ptr<Shared> shared_;
  std::shared_ptr<const World> world_;
  io::Fd listener_;
  io::Fd local_;  ///< listener of the Unix socket
  io::Address address_;
  std::shared_ptr<io::TlsServer> tls_;  ///< null: plain HTTP
  struct Accepting;
  std::unique_ptr<Accepting> accepting_;
  bool running_ = false;
};

}  // namespace doorward::gateway
