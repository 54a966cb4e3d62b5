#include "server/daemon.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <thread>
#include <utility>

#include "audit/keys.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "server/agent_operations.h"
#include "server/approval_operations.h"
#include "server/catalogue_operations.h"
#include "server/client_operations.h"
#include "server/drift_operations.h"
#include "server/channels.h"
#include "server/event_log.h"
#include "server/exposure_operations.h"
#include "server/notify_operations.h"
#include "server/policy_file.h"
#include "server/refused_call.h"
#include "server/sd_notify.h"
#include "server/secret.h"
#include "server/secret_operations.h"
#include "server/upstream_account_operations.h"
#include "server/user_operations.h"
#include "server/trial_operations.h"
#include "store/approvals.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kDrainLookUs = 20'000;
constexpr std::int64_t kReportPauseUs = 100'000;
/// How long a gateway that clients started waits for the one before it: somewhat longer than calls may take to end.
constexpr std::int64_t kLockPatienceUs = 30'000'000;
constexpr std::chrono::milliseconds kLockPause{50};
constexpr std::string_view kAnyPort = "127.0.0.1:0";
/// The store's note of the anchors at work, so that one that goes between two starts does not go unseen.
constexpr std::string_view kAnchorsSetting = "anchors";

std::unexpected<StartFailure> failure(const Error& error) {
  return std::unexpected(StartFailure{error, {}});
}

std::unexpected<StartFailure> failure(Findings findings) {
  return std::unexpected(
      StartFailure{{ErrorKind::invalid, "the configuration is not valid; correct the findings above"},
                   std::move(findings)});
}

/// Whether the default address is free: another state directory's gateway may have it.
bool can_listen(const std::string& address) {
  const auto at = io::Address::from_text(address);
  return at && io::listen_tcp(*at);
}

}  // namespace

Defaults Daemon::defaults_of(const Config& config) {
  return {config.timeouts, config.limits.result, secrets_.get(), state_.path};
}

gateway::Options gateway_options(const Config& config, const StateDir& state) {
  gateway::Options options;
  options.listen = config.listen;
  options.state = state.path;
  options.local_socket = state.agent_socket();
  options.workers = config.workers;
  options.tls = config.tls;
  options.power_durability = config.power_durability;
  options.allowed_hosts = config.allowed_hosts;
  options.allowed_origins = config.allowed_origins;
  options.external_url = config.external_url;
  options.body_bytes = config.limits.body;
  options.connections = config.limits.connections;
  options.connections_per_peer = config.limits.connections_per_peer;
  options.requests_in_flight = config.limits.requests_in_flight_per_session;
  options.header_timeout = config.timeouts.header;
  options.body_timeout = config.timeouts.body;
  options.idle_timeout = config.timeouts.idle;
  options.session_timeout = config.timeouts.session;
  options.ring_bytes = config.log.ring;
  options.segment_bytes = config.log.segment;
  options.sync_interval = config.log.sync;
  options.retention = config.log.retention;
  options.version = DOORWARD_VERSION;
  options.console_url = config.waiting.console;
  options.client_waits = config.waiting.clients;
  options.progress_interval = config.waiting.progress;
  options.arguments = {config.log.arguments, config.log.keep_arguments,
                       std::make_shared<audit::Redactor>(config.log.redact)};
  return options;
}

Daemon::Daemon(ServeOptions options)
    : options_(std::move(options)),
      tokens_task_(io::call<&Daemon::take_token_demands>, this),
      reports_task_(io::call<&Daemon::take_tool_reports>, this),
      drain_timer_(io::call<&Daemon::watch_drain>, this),
      watchdog_timer_(io::call<&Daemon::feed_watchdog>, this),
      reports_timer_(io::call<&Daemon::take_tool_reports>, this) {}

Daemon::~Daemon() = default;

std::expected<std::unique_ptr<Daemon>, StartFailure> Daemon::create(const ServeOptions& options) {
  std::unique_ptr<Daemon> daemon(new Daemon(options));
  if (options.local) {
    if (auto found = daemon->find_settings(); !found) return std::unexpected(std::move(found.error()));
  }
  std::string& config_file = daemon->options_.config_file;
  if (!config_file.empty()) {
    std::error_code ignored;
    config_file = std::filesystem::absolute(config_file, ignored).lexically_normal().string();
    auto config = load_config(config_file);
    if (!config) return failure(std::move(config.error()));
    daemon->config_ = std::move(*config);
  }
  if (!options.listen.empty()) daemon->config_.listen = options.listen;
  if (options.local && daemon->config_.listen == Config{}.listen && !can_listen(Config{}.listen)) {
    daemon->config_.listen = kAnyPort;
  }
  if (const Status opened = daemon->open_state(); !opened) return failure(opened.error());
  if (auto built = daemon->build(); !built) return std::unexpected(std::move(built.error()));
  return daemon;
}

std::expected<void, StartFailure> Daemon::find_settings() {
  auto state = choose_state_dir(options_.state);
  if (!state) return failure(state.error());
  state_ = std::move(*state);
  if (Status ready = prepare_state_dir(state_); !ready) return failure(ready.error());
  if (Status taken = take_lock(); !taken) return failure(taken.error());
  if (!options_.config_file.empty()) return {};
  const auto store = store::Store::open(state_.path);
  if (!store) return failure(store.error());
  const auto last = (*store)->setting(kConfigFileSetting);
  if (!last) return failure(last.error());
  options_.config_file = last->value_or("");
  return {};
}

Status Daemon::take_lock() {
  const std::int64_t until_us = loop_.now_us() + (options_.local ? kLockPatienceUs : 0);
  for (;;) {
    auto lock = store::StateLock::take(state_.path);
    if (lock) {
      lock_ = std::move(*lock);
      return {};
    }
    loop_.refresh_time();
    // A command is at work, or the gateway that was here finishes its calls.
    if (lock.error().kind != ErrorKind::conflict || loop_.now_us() >= until_us) return std::unexpected(lock.error());
    std::this_thread::sleep_for(kLockPause);
  }
}

Status Daemon::open_state() {
  auto state = choose_state_dir(options_.state.empty() ? config_.state : options_.state);
  if (!state) return std::unexpected(state.error());
  state_ = std::move(*state);
  if (Status ready = prepare_state_dir(state_); !ready) return ready;
  if (Status taken = lock_ ? Status{} : take_lock(); !taken) return taken;
  auto store = store::Store::open(state_.path);
  if (!store) return std::unexpected(store.error());
  store_ = std::move(*store);
  secrets_ = std::make_unique<SealedSecrets>(store_->database(), state_.keys(), config_.secrets);
  const auto sealing = audit::load_or_create_secret(state_.keys(), "sealing");
  if (!sealing) return std::unexpected(sealing.error());
  sealing_key_ = *sealing;
  return store_->set_setting(kConfigFileSetting, options_.config_file);
}

std::expected<void, StartFailure> Daemon::build() {
  started_us_ = system_clock().wall_us();
  loaded_ = fingerprint();
  if (const Status revoked = revoke_stored_agents(*store_, revocations_); !revoked) return failure(revoked.error());
  auto inventory = load_inventory(config_, *store_, revocations_, started_us_, Loading::whole, secrets_.get());
  if (!inventory) return failure(std::move(inventory.error()));
  for (const Finding& warning : inventory->warnings) log_line(LogLevel::warning, warning.text());
  auto world = inventory->world();
  if (!world) return failure(world.error());
  if (const Status opened = open_desk(); !opened) return failure(opened.error());
  mcp_ = std::make_unique<admin::McpServer>(
      loop_, [this](std::string line, const identity::Actor& actor, admin::Done done) {
        operations_->handle(std::move(line), actor, std::move(done));
      });
  gateway::Options options = gateway_options(config_, state_);
  options.desk = desk_.get();
  options.builtin = mcp_.get();
  const RecordEvent record = [this](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
    return record_event(gateway_->log(), event, fields);
  };
  policy_trail_ = std::make_unique<PolicyTrail>(state_.path + "/policies", record);
  anchors_ = std::make_unique<Anchors>(state_, loop_, fetcher_, record);
  redactor_ = options.arguments.redactor;
  options.on_checkpoint = [this](std::string_view note) { anchors_->offer(note); };
  options.revocations = &revocations_;
  options.keys_wanted = [this] { loop_.post([this] { key_sets_->fetch_wanted(); }); };
  auto made = gateway::Gateway::create(std::move(options), std::move(*world));
  if (!made) return failure(made.error());
  gateway_ = std::move(*made);
  // Where the log cannot be written, lists show what was.
  index_ = std::make_unique<audit::RecordIndex>(state_.log(), state_.index(),
                                                [&log = gateway_->log()] { (void)log.write_out(); });
  index_keeper_ = std::make_unique<IndexKeeper>(*index_);
  if (const Status started = desk_->start(gateway_->log(), state_.log()); !started) return failure(started.error());
  if (const Status set = set_anchors(config_.anchors); !set) return failure(set.error());

  key_sets_ = std::make_unique<KeySets>(
      loop_, fetcher_,
      [this](std::shared_ptr<const identity::IssuerTable> issuers) { gateway_->set_issuers(issuers); });
  key_sets_->configure(config_.issuers);

  Surroundings surroundings;
  surroundings.loop = &loop_;
  surroundings.swap = [this](std::shared_ptr<const gateway::World> next) {
    gateway_->set_world(std::move(next));
    gateway_->sweep_grants();
    policy_trail_->record(operations_->inventory());
    redact_known_secrets();
    sweep_approvals();
    if (accounts_) accounts_->set_inventory(operations_->inventory());
  };
  surroundings.record = record;
  surroundings.reload = [this] { return reload("command"); };
  surroundings.status = [this](json::Writer& writer) { write_status(writer); };
  operations_ = std::make_unique<Operations>(*store_, revocations_, std::move(*inventory),
                                             defaults_of(config_), surroundings);
  add_trial_operations(*operations_, surroundings, [this](const std::vector<gateway::ToolReport>& reports) {
    operations_->take_tool_reports(reports);
    catalogue_feed_->take(reports);
  });
  add_client_operations(*operations_, state_.path, loop_);
  add_refused_call_operation(*operations_, *store_, [this](const audit::CallRecord& denial) {
    audit::RecordBuffer buffer;
    return gateway_->log().record(audit::write_denial(denial, buffer));
  });
  catalogue_ = std::make_unique<CatalogueFile>(state_.path);
  add_catalogue_operations(*operations_, *store_, *catalogue_);
  catalogue_feed_ = std::make_unique<CatalogueFeed>(*catalogue_, *store_, loop_, operations_->inventory());
  add_drift_operations(*operations_, *store_, state_.path);
  add_exposure_operations(*operations_, *store_, state_.path, loop_);
  add_approval_operations(*operations_, *desk_);
  add_notify_operations(*operations_, *notifier_);
  add_secret_operations(*operations_, *secrets_);
  add_audit_operations(*operations_, {state_, &loop_, &readers_, record, &gateway_->log()});
  add_agent_operations(*operations_, *store_, revocations_, [this] { gateway_->sweep_grants(); });
  people_ = std::make_unique<People>(store_->database(), loop_, record);
  oidc_login_ = std::make_unique<OidcLogin>(loop_, fetcher_, *people_);
  oidc_login_->configure(config_.people.oidc);
  add_user_operations(*operations_, *people_);
  add_account_operations(*operations_, *people_);
  refuse_replaced_tokens(operations_->inventory(), {}, revocations_);
  redact_known_secrets();
  sweep_approvals();
  if (const Status opened = open_accounts(record); !opened) return failure(opened.error());
  gateway_->tool_reports().set_listener([this] {
    if (!reports_posted_.exchange(true)) loop_.post(reports_task_);
  });
  return {};
}

Status Daemon::set_anchors(const std::vector<AnchorConfig>& anchors) {
  const auto stored = store_->setting(kAnchorsSetting);
  if (!stored) return std::unexpected(stored.error());
  std::vector<std::string> known;
  if (!anchors_set_) {
    std::istringstream names(stored->value_or(""));
    for (std::string name; names >> name;) known.push_back(name);
  }
  anchors_set_ = true;
  std::string names;
  for (const std::string& name : anchors_->replace(anchors, known)) names += name + " ";
  return names == stored->value_or("") ? Status{} : store_->set_setting(kAnchorsSetting, names);
}

void Daemon::redact_known_secrets() {
  std::vector<std::string> secrets;
  for (const ServerItem& item : operations_->inventory().servers) {
    const auto add = [&](const auto& pairs) {
      for (const auto& [name, value] : pairs) {
        if (looks_secret(name)) secrets.push_back(value);
      }
    };
    if (item.settings->is_http()) add(item.settings->http().headers);
    if (item.settings->is_process()) add(item.settings->stdio().environment);
  }
  redactor_->set_secrets(std::move(secrets));
}

Status Daemon::open_desk() {
  auto desk = approval::Desk::create(store_->database(), loop_, sealing_key_);
  if (!desk) return std::unexpected(desk.error());
  desk_ = std::move(*desk);
  notifier_ = std::make_unique<approval::Notifier>(store_->database(), loop_, fetcher_);
  desk_->set_observer([this](const approval::Event& event) { notifier_->notify(event); });
  return configure_desk(config_);
}

Status Daemon::configure_desk(const Config& config) {
  auto channels = open_channels(config.notifications);
  if (!channels) return std::unexpected(channels.error());
  notifier_->configure(config.waiting.console, std::move(*channels));
  approval::Options options;
  options.pending_per_grant = config.approvals.pending_per_grant;
  options.pending = config.approvals.pending;
  options.keep_arguments_us = std::chrono::microseconds(config.approvals.keep_arguments).count();
  options.log_survives_power_loss = config.power_durability;
  desk_->set_options(options);
  return {};
}

Status Daemon::open_accounts(const RecordEvent& record) {
  account_book_ = std::make_unique<AccountBook>(store_->database(), sealing_key_);
  accounts_ = std::make_unique<UpstreamAccounts>(loop_, fetcher_, *account_book_, gateway_->tokens(), record);
  if (const Status loaded = accounts_->load(); !loaded) return loaded;
  accounts_->set_inventory(operations_->inventory());
  add_upstream_account_operations(*operations_, *accounts_);
  gateway_->tokens().set_listener([this] {
    if (!tokens_posted_.exchange(true)) loop_.post(tokens_task_);
  });
  return {};
}

void Daemon::take_token_demands() {
  tokens_posted_ = false;
  accounts_->take_demands();
}

void Daemon::sweep_approvals() {
  const auto lives = [this](std::string_view id) {
    return std::ranges::any_of(operations_->inventory().grants, [&](const GrantItem& item) {
      return item.grant->id == id && !item.grant->is_revoked();
    });
  };
  if (const Status swept = desk_->cancel_others(lives); !swept) {
    log_line(LogLevel::error, "requests of revoked grants could not be cancelled", {{"why", swept.error().message}});
  }
}

void Daemon::take_tool_reports() {
  // Of a server that changes with every list no more than this many lists a second reach the store.
  if (const std::int64_t pause = reports_taken_us_ + kReportPauseUs - loop_.now_us(); pause > 0) {
    return reports_timer_.arm(loop_, pause);
  }
  reports_taken_us_ = loop_.now_us();
  reports_posted_ = false;
  const auto reports = gateway_->tool_reports().take();
  operations_->take_tool_reports(reports);
  catalogue_feed_->take(reports);
}

Status Daemon::start_steering() {
  signals_ = std::make_unique<io::SignalSource>(loop_, [this](int signal) { on_signal(signal); });
  if (Status started = signals_->start({SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}); !started) return started;
  watch_ = std::make_unique<FileWatch>(loop_, [this] { files_changed(); });
  if (const Status started = watch_->start(); started) {
    watch_->set(files_to_watch());
  } else {
    log_line(LogLevel::warning, "changes of files are not seen, send SIGHUP after one",
             {{"why", started.error().message}});
  }
  if (Status started = start_admin(); !started) return started;
  return gateway_->start(loop_);
}

std::expected<Ending, StartFailure> Daemon::run(const OnReady& on_ready) {
  if (const Status started = start_steering(); !started) return failure(started.error());
  policy_trail_->record(operations_->inventory());
  catalogue_feed_->start();
  if (const auto interval = sd_watchdog_interval_us()) watchdog_timer_.arm(loop_, *interval);
  sd_notify(ready_note(true));
  on_ready({url(), admin_url()});
  loop_.run();
  admin_->stop();
  const Status stopped = gateway_->stop();
  anchors_->stop();
  if (!stopped) return failure(stopped.error());
  return ending_;
}

void Daemon::on_signal(int signal) {
  switch (signal) {
    case SIGHUP:
      if (!draining_) reload("SIGHUP");
      return;
    case SIGTERM:
    case SIGINT:
      if (draining_) {
        ending_ = Ending::cut;
        loop_.stop();
      } else {
        begin_drain();
      }
      return;
    default:
      log_line(LogLevel::info, "a signal without meaning was ignored", {{"signal", signal}});
      return;
  }
}

void Daemon::begin_drain() {
  draining_ = true;
  sd_notify("STOPPING=1");
  log_line(LogLevel::info, "draining: no new connections, calls under way are finished",
           {{"connections", gateway_->connections()}});
  admin_->stop();
  gateway_->drain();
  drain_ends_us_ = loop_.now_us() + config_.timeouts.drain.count() * 1000;
  drain_timer_.arm(loop_, 0);
}

void Daemon::watch_drain() {
  if (gateway_->connections() == 0) {
    loop_.stop();
    return;
  }
  if (loop_.now_us() >= drain_ends_us_) {
    log_line(LogLevel::warning, "the grace is over with connections still open",
             {{"connections", gateway_->connections()}});
    ending_ = Ending::cut;
    loop_.stop();
    return;
  }
  drain_timer_.arm(loop_, kDrainLookUs);
}

void Daemon::feed_watchdog() {
  sd_notify("WATCHDOG=1");
  if (const auto interval = sd_watchdog_interval_us()) watchdog_timer_.arm(loop_, *interval);
}

std::string Daemon::url() const {
  return (gateway_->speaks_tls() ? "https://" : "http://") + gateway_->address().to_string();
}

std::string Daemon::ready_note(bool taken) const {
  std::string note = "READY=1\nSTATUS=Agents at " + url();
  if (const std::string admin = admin_url(); !admin.empty()) note += ", console at " + admin;
  if (!taken) note += "; the last change of the configuration was not taken, the one before it is in force";
  return note;
}

void Daemon::write_status(json::Writer& writer) const {
  writer.key("url").string(url()).key("state").string(state_.path).key("config").string(options_.config_file);
  writer.key("admin").string(admin_url());
  writer.key("durability").string(config_.power_durability ? "power" : "process");
  writer.key("log_accepting").boolean(gateway_->log().accepting());
  anchors_->write_status(writer);
  writer.key("connections").number(gateway_->connections());
  const std::int64_t now_us = system_clock().wall_us();
  writer.key("now").string(format_time(now_us)).key("uptime_s").number((now_us - started_us_) / 1'000'000);
}

}  // namespace doorward::server
