#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/bootstrap_token.h"
#include "admin/mcp_server.h"
#include "admin/server.h"
#include "approval/desk.h"
#include "approval/notifier.h"
#include "audit/record_index.h"
#include "base/work_pool.h"
#include "gateway/gateway.h"
#include "io/fetch.h"
#include "io/loop.h"
#include "io/signals.h"
#include "server/account_book.h"
#include "server/anchors.h"
#include "server/audit_operations.h"
#include "server/backup_download.h"
#include "server/catalogue_feed.h"
#include "server/config.h"
#include "server/event_feed.h"
#include "server/file_watch.h"
#include "server/index_keeper.h"
#include "server/inventory.h"
#include "server/key_sets.h"
#include "server/oidc_login.h"
#include "server/operations.h"
#include "server/people.h"
#include "server/policy_trail.h"
#include "server/sealed_secrets.h"
#include "server/serve.h"
#include "server/upstream_accounts.h"
#include "server/state_dir.h"
#include "store/state_lock.h"

namespace doorward::server {

/// The objects of one serving process, in the order of their making, and what the control thread does with
/// them.
class Daemon {
 public:
  /// Everything up to the bound address; nothing is served yet.
  static std::expected<std::unique_ptr<Daemon>, StartFailure> create(const ServeOptions& options);
  ~Daemon();

  /// Serves until a signal ends it.
  std::expected<Ending, StartFailure> run(const OnReady& on_ready);

 private:
  explicit Daemon(ServeOptions options);
  Status open_state();
  /// Of a gateway that clients started: what nobody told it.
  std::expected<void, StartFailure> find_settings();
  /// The right to the state directory.
  Status take_lock();
  std::expected<void, StartFailure> build();
  Status open_desk();
  Status open_accounts(const RecordEvent& record);
  /// Lets stored arguments be rid of the credentials that the configuration gives to servers.
  void redact_known_secrets();
  /// Puts the configuration's anchors to work.
  Status set_anchors(const std::vector<AnchorConfig>& anchors);
  /// Takes the settings of approvals and messages; their secrets are fetched anew.
  Status configure_desk(const Config& config);
  /// Cancels what waits for grants that are gone.
  void sweep_approvals();
  Status start_steering();
  Status start_admin();
  void add_handlers();
  Status listen_admin();

  void on_signal(int signal);
  void files_changed();
  /// Reads configuration and store anew; what is wrong, or nothing. Either way the log and the service manager are told.
  Findings reload(const char* cause);
  Findings take_changes(const char* cause);
  Findings load_anew();
  Defaults defaults_of(const Config& config);
  void begin_drain();
  void watch_drain();
  void feed_watchdog();
  void take_tool_reports();
  void take_token_demands();

  std::vector<std::string> files_to_watch() const;
  std::string fingerprint() const;
  void write_status(json::Writer& writer) const;
  std::string settings() const;
  std::string url() const;
  std::string metrics() const;
  /// What the service manager is told, and shows of this gateway; `taken`: its configuration is the one of the file.
  std::string ready_note(bool taken) const;
  std::string admin_url() const;  ///< empty where only the Unix socket listens

  ServeOptions options_;
  Config config_;
  StateDir state_;
  std::optional<store::StateLock> lock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<SealedSecrets> secrets_;
  std::string sealing_key_;  ///< of approvals and of accounts at servers
  identity::Revocations revocations_;
  io::Loop loop_;
  io::Task tokens_task_;                     ///< posted by workers, so it outlives them
  std::atomic<bool> tokens_posted_{false};   ///< it is on its way
  io::Task reports_task_;                    ///< the same
  std::atomic<bool> reports_posted_{false};
  io::Fetcher fetcher_;
  std::unique_ptr<approval::Notifier> notifier_;
  std::unique_ptr<approval::Desk> desk_;  ///< asked by workers, so it outlives them
  std::unique_ptr<admin::McpServer> mcp_;
  std::unique_ptr<PolicyTrail> policy_trail_;
  std::unique_ptr<Anchors> anchors_;
  std::shared_ptr<audit::Redactor> redactor_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<audit::RecordIndex> index_;
  std::unique_ptr<IndexKeeper> index_keeper_;
  WorkPool readers_{2, 32};  ///< of the log; a verification leaves one of them free
  std::unique_ptr<KeySets> key_sets_;
  std::unique_ptr<People> people_;
  std::unique_ptr<CatalogueFile> catalogue_;
  std::unique_ptr<Operations> operations_;
  std::unique_ptr<CatalogueFeed> catalogue_feed_;
  std::unique_ptr<OidcLogin> oidc_login_;
  std::unique_ptr<admin::Authenticator> bootstrap_;
  std::unique_ptr<admin::Authenticator> authenticator_;
  std::unique_ptr<EventFeed> events_;
  std::unique_ptr<BackupDownload> backup_download_;
  std::unique_ptr<admin::Server> admin_;
  std::unique_ptr<AccountBook> account_book_;
  std::unique_ptr<UpstreamAccounts> accounts_;
  std::unique_ptr<io::SignalSource> signals_;
  std::unique_ptr<FileWatch> watch_;
  std::string loaded_;  ///< fingerprint of the files at the last reload
  std::int64_t started_us_ = 0;
  std::int64_t drain_ends_us_ = 0;
  bool draining_ = false;
  bool anchors_set_ = false;  ///< in this process
  Ending ending_ = Ending::drained;
  io::Timer drain_timer_;
  io::Timer watchdog_timer_;
  io::Timer reports_timer_;
  std::int64_t reports_taken_us_ = -1'000'000'000;
};

/// The gateway's options as a configuration sets them.
gateway::Options gateway_options(const Config& config, const StateDir& state);

}  // namespace doorward::server
