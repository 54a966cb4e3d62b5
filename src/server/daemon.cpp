#include "server/daemon.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <utility>

#include "admin/openapi.h"
#include "audit/keys.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/log.h"
#include "io/file.h"
#include "server/agent_operations.h"
#include "server/catalogue_operations.h"
#include "server/approval_operations.h"
#include "server/channels.h"
#include "server/event_log.h"
#include "server/metrics.h"
#include "server/notify_operations.h"
#include "server/metrics.h"
#include "server/owned.h"
#include "server/policy_file.h"
#include "server/policy_operations.h"
#include "server/record_operations.h"
#include "server/sd_notify.h"
#include "server/secret.h"
#include "server/secret_operations.h"
#include "server/upstream_account_operations.h"
#include "server/sign_in.h"
#include "server/user_operations.h"
#include "server/trial_operations.h"
#include "store/approvals.h"

namespace doorward::server {
namespace {

/// Set once the first credential of the admin API was made, so that it is never made again.
constexpr std::string_view kBootstrapSetting = "admin.bootstrap";
constexpr std::int64_t kDrainLookUs = 20'000;
constexpr std::int64_t kReportPauseUs = 100'000;
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

Defaults defaults_of(const Config& config, SealedSecrets& secrets) {
  return {config.timeouts, config.limits.result, &secrets};
}

/// Every operation has a route, and every route of an operation has one: a mistake in the program otherwise.
Status check_routes(const Operations& operations) {
  const admin::RouteTable& table = admin::RouteTable::instance();
  for (const std::string& op : operations.names()) {
    if (table.find(op) == nullptr) return fail(ErrorKind::corrupt, "no route leads to the operation " + op);
  }
  for (const admin::RouteEntry& entry : table.entries()) {
    if (entry.route->access != admin::Access::operation || operations.roles_of(entry.route->op)) continue;
    return fail(ErrorKind::corrupt, "a route leads to an operation that is none: " + std::string(entry.route->op));
  }
  return {};
}

/// Whether a reload can take the difference, or only the next start.
bool needs_restart(const Config& old, const Config& now) {
  const auto fixed = [](const Config& config) {
    return std::tuple(config.listen, config.tls.has_value(), config.admin.listen, config.admin.tls.has_value(),
                      config.admin.allowed_hosts, config.admin.allowed_origins, config.state, config.workers, config.power_durability,
                      config.allowed_hosts, config.allowed_origins, config.external_url, config.limits.body,
                      config.limits.connections, config.limits.connections_per_peer, config.timeouts.header,
                      config.timeouts.body, config.timeouts.idle, config.timeouts.session, config.log.ring,
                      config.log.segment, config.log.sync, config.log.retention, config.log.arguments,
                      config.log.keep_arguments, config.log.redact);
  };
  return fixed(old) != fixed(now);
}

}  // namespace

gateway::Options gateway_options(const Config& config, const StateDir& state) {
  gateway::Options options;
  options.listen = config.listen;
  options.state = state.path;
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
  if (!options.config_file.empty()) {
    std::error_code ignored;
    daemon->options_.config_file =
        std::filesystem::absolute(options.config_file, ignored).lexically_normal().string();
    auto config = load_config(daemon->options_.config_file);
    if (!config) return failure(std::move(config.error()));
    daemon->config_ = std::move(*config);
  }
  if (!options.listen.empty()) daemon->config_.listen = options.listen;
  if (const Status opened = daemon->open_state(); !opened) return failure(opened.error());
  if (auto built = daemon->build(); !built) return std::unexpected(std::move(built.error()));
  return daemon;
}

Status Daemon::open_state() {
  auto state = choose_state_dir(options_.state.empty() ? config_.state : options_.state);
  if (!state) return std::unexpected(state.error());
  state_ = std::move(*state);
  if (Status ready = prepare_state_dir(state_); !ready) return ready;
  auto lock = store::StateLock::take(state_.path);
  if (!lock) return std::unexpected(lock.error());
  lock_ = std::move(*lock);
  auto store = store::Store::open(state_.path);
  if (!store) return std::unexpected(store.error());
  store_ = std::move(*store);
  secrets_ = std::make_unique<SealedSecrets>(store_->database(), state_.keys(), config_.secrets);
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
  anchors_ = std::make_unique<Anchors>(
      state_, loop_, fetcher_, [this](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
        record_event(gateway_->log(), event, fields);
      });
  redactor_ = options.arguments.redactor;
  options.on_checkpoint = [this](std::string_view note) { anchors_->offer(note); };
  options.revocations = &revocations_;
  options.keys_wanted = [this] { loop_.post([this] { key_sets_->fetch_wanted(); }); };
  auto made = gateway::Gateway::create(std::move(options), std::move(*world));
  if (!made) return failure(made.error());
  gateway_ = std::move(*made);
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
    record_policies(operations_->inventory());
    sweep_approvals();
    if (accounts_) accounts_->set_inventory(operations_->inventory());
  };
  const RecordEvent record = [this](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
    return record_event(gateway_->log(), event, fields);
  };
  surroundings.record = record;
  surroundings.reload = [this] { return reload("command"); };
  surroundings.status = [this](json::Writer& writer) { write_status(writer); };
  operations_ = std::make_unique<Operations>(*store_, revocations_, std::move(*inventory),
                                             defaults_of(config_, *secrets_), surroundings);
  add_trial_operations(*operations_, surroundings);
  add_catalogue_operations(*operations_, *store_);
  add_approval_operations(*operations_, *desk_);
  add_notify_operations(*operations_, *notifier_);
  add_secret_operations(*operations_, *secrets_);
  add_audit_operations(*operations_, {state_, &loop_, &readers_,
                                      [this](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
                                        return record_event(gateway_->log(), event, fields);
                                      },
                                      &gateway_->log()});
  add_agent_operations(*operations_, *store_, revocations_, [this] { gateway_->sweep_grants(); });
  people_ = std::make_unique<People>(store_->database(), loop_, record);
  oidc_login_ = std::make_unique<OidcLogin>(loop_, fetcher_, *people_);
  oidc_login_->configure(config_.people.oidc);
  add_user_operations(*operations_, *people_);
  add_account_operations(*operations_, *people_);
  refuse_replaced_tokens(operations_->inventory(), {}, revocations_);
  redact_known_secrets();
  sweep_approvals();
  if (const Status opened = open_accounts(); !opened) return failure(opened.error());
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
  const auto key = audit::load_or_create_secret(state_.keys(), "sealing");
  if (!key) return std::unexpected(key.error());
  auto desk = approval::Desk::create(store_->database(), loop_, *key);
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

Status Daemon::open_accounts() {
  const auto key = audit::load_or_create_secret(state_.keys(), "sealing");
  if (!key) return std::unexpected(key.error());
  account_book_ = std::make_unique<AccountBook>(store_->database(), *key);
  accounts_ = std::make_unique<UpstreamAccounts>(
      loop_, fetcher_, *account_book_, gateway_->tokens(),
      [this](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
        record_event(gateway_->log(), event, fields);
      });
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
  operations_->take_tool_reports(gateway_->tool_reports().take());
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

Status Daemon::start_admin() {
  add_policy_operations(*operations_);
  add_record_operations(*operations_, state_.log(), readers_, loop_);
  if (Status whole = check_routes(*operations_); !whole) return whole;
  admin_ = std::make_unique<admin::Server>(
      loop_, [this](std::string text, const identity::Actor& actor, admin::Done done) {
        operations_->handle(std::move(text), actor, std::move(done));
      });
  add_handlers();
  if (Status listening = listen_admin(); !listening) return listening;
  return admin_->listen_unix(state_.control_socket());
}

void Daemon::add_handlers() {
  admin_->handle("health", [this](const admin::Request&, admin::Respond respond) {
    const bool well = gateway_->log().accepting();
    respond({.status = well ? 200 : 503, .body = well ? R"({"status":"ok"})" : R"({"status":"unavailable"})"});
  });
  admin_->handle("openapi", [this](const admin::Request&, admin::Respond respond) {
    const auto roles_of = [this](std::string_view op) { return operations_->roles_of(op); };
    respond({.body = admin::openapi_json(admin::RouteTable::instance(), roles_of, DOORWARD_VERSION)});
  });
  admin_->check_roles([this](std::string_view op) { return operations_->roles_of(op); });
  add_session_routes(*admin_, *people_);
  admin_->handle("metrics", [this](const admin::Request&, admin::Respond respond) {
    respond({.type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics()});
  });
  events_ = std::make_unique<EventFeed>(loop_, state_.log());
  admin_->handle("events", [this](const admin::Request& request, admin::Respond respond) {
    events_->serve(request, std::move(respond));
  });
  admin_->handle("login.oidc", [this](const admin::Request& request, admin::Respond respond) {
    oidc_login_->begin(request, std::move(respond));
  });
  admin_->handle("login.oidc_callback", [this](const admin::Request& request, admin::Respond respond) {
    oidc_login_->finish(request, std::move(respond));
  });
}

std::string Daemon::metrics() const {
  const audit::LogState log = gateway_->log().state();
  Gauges gauges;
  gauges.connections = gateway_->connections();
  gauges.log_accepting = log.accepting;
  gauges.log_failures = log.failures;
  gauges.log_records = log.position.seq;
  gauges.log_lost = log.lost_records;
  gauges.listeners = events_->listeners();
  if (const auto waiting = store::Approvals(store_->database()).pending()) {
    gauges.approvals_waiting = static_cast<std::uint64_t>(*waiting);
  }
  gauges.started_us = started_us_;
  return metrics_text(gateway_->totals(), gauges);
}

/// An address that nobody chose may be another gateway's already; the Unix socket is this one's own.
Status Daemon::listen_admin() {
  if (config_.admin.listen.empty()) return {};
  const auto made = store_->setting(kBootstrapSetting);
  if (!made) return std::unexpected(made.error());
  auto token = admin::BootstrapToken::open(state_.admin_token(), !made->has_value());
  if (!token) return std::unexpected(token.error());
  if (Status noted = store_->set_setting(kBootstrapSetting, "made"); !noted) return noted;
  bootstrap_ = std::move(*token);
  authenticator_ = std::make_unique<SignIn>(*people_, *bootstrap_);
  const std::string& text = config_.admin.listen;
  const std::size_t colon = text.rfind(':');
  const auto at = io::Address::parse(text.substr(0, colon),
                                     static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1))));
  if (!at) return std::unexpected(at.error());
  std::shared_ptr<io::TlsServer> tls;
  if (config_.admin.tls) {
    auto server = io::TlsServer::create(*config_.admin.tls);
    if (!server) return std::unexpected(server.error());
    tls = std::move(*server);
  }
  Status listening = admin_->listen_tcp(*at, config_.admin.allowed_hosts, config_.admin.allowed_origins,
                                        *authenticator_, std::move(tls));
  if (listening || config_.admin.chosen) return listening;
  log_line(LogLevel::warning, "the admin API is on the control socket only; set admin.listen to another address",
           {{"why", listening.error().message}});
  return {};
}

std::expected<Ending, StartFailure> Daemon::run(const std::function<void(const std::string& url)>& on_ready) {
  if (const Status started = start_steering(); !started) return failure(started.error());
  record_policies(operations_->inventory());
  if (const auto interval = sd_watchdog_interval_us()) watchdog_timer_.arm(loop_, *interval);
  sd_notify("READY=1");
  on_ready(url());
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

void Daemon::files_changed() {
  // SIGHUP and a command may have read the same change already.
  if (draining_ || fingerprint() == loaded_) return;
  reload("file change");
}

Findings Daemon::load_anew() {
  Config next;
  if (!options_.config_file.empty()) {
    auto config = load_config(options_.config_file);
    if (!config) return std::move(config.error());
    next = std::move(*config);
  }
  if (!options_.listen.empty()) next.listen = options_.listen;
  secrets_->set_config(next.secrets);
  auto inventory =
      load_inventory(next, *store_, revocations_, system_clock().wall_us(), Loading::whole, secrets_.get());
  if (!inventory) {
    secrets_->set_config(config_.secrets);
    return std::move(inventory.error());
  }
  for (const Finding& warning : inventory->warnings) log_line(LogLevel::warning, warning.text());
  std::shared_ptr<const io::TlsServer::Material> tls;
  if (gateway_->speaks_tls() && next.tls) {
    auto loaded = io::TlsServer::load(*next.tls);
    if (!loaded) return {{{next.file}, loaded.error().message}};
    tls = std::move(*loaded);
  }
  std::shared_ptr<const io::TlsServer::Material> admin_tls;
  if (admin_ && admin_->tls() != nullptr && next.admin.tls) {
    auto loaded = io::TlsServer::load(*next.admin.tls);
    if (!loaded) return {{{next.file}, loaded.error().message}};
    admin_tls = std::move(*loaded);
  }
  if (const Status ready = configure_desk(next); !ready) return {{{next.file}, ready.error().message}};
  if (const Status taken = operations_->replace(std::move(*inventory), defaults_of(next, *secrets_)); !taken) {
    return {{{next.file}, taken.error().message}};
  }
  if (tls) gateway_->set_tls(std::move(tls));
  if (admin_tls) admin_->tls()->use(std::move(admin_tls));
  if (needs_restart(config_, next)) {
    log_line(LogLevel::warning,
             "some changed settings take effect at the next start only: listen, admin, tls switched on or "
             "off, state, workers, durability, allowed hosts and origins, the external URL, and the limits, timeouts and log settings of "
             "the listener");
  }
  config_ = std::move(next);
  if (const Status set = set_anchors(config_.anchors); !set) return {{{config_.file}, set.error().message}};
  key_sets_->configure(config_.issuers);
  oidc_login_->configure(config_.people.oidc);
  return {};
}

Findings Daemon::reload(const char* cause) {
  const std::vector<std::string> files = files_to_watch();
  loaded_ = fingerprint();
  const Findings findings = load_anew();
  if (files_to_watch() != files) {
    watch_->set(files_to_watch());
    loaded_ = fingerprint();
  }
  const Inventory& now = operations_->inventory();
  if (!findings.empty()) {
    // The old configuration stays, but no credential that has been replaced or taken away (attack case T245).
    if (const Status renewed = operations_->renew_secrets(); !renewed) {
      log_line(LogLevel::error, "the credentials of servers could not be renewed", {{"why", renewed.error().message}});
    }
    for (const Finding& finding : findings) log_line(LogLevel::error, finding.text());
    log_line(LogLevel::error, "the configuration was not taken; the old one stays in force",
             {{"cause", cause}});
    const std::string first = findings.front().text();
    record_event(
        gateway_->log(), "config.reload_failed",
        std::vector<audit::EventRecord::Field>{{"cause", std::string_view(cause)},
                                               {"findings", static_cast<std::int64_t>(findings.size())},
                                               {"first", std::string_view(first)}});
    return findings;
  }
  record_policies(now);
  redact_known_secrets();
  log_line(LogLevel::info, "configuration taken",
           {{"cause", cause}, {"servers", now.servers.size()}, {"policies", now.policies.size()}});
  record_event(
      gateway_->log(), "config.reloaded",
      std::vector<audit::EventRecord::Field>{{"cause", std::string_view(cause)},
                                             {"servers", static_cast<std::int64_t>(now.servers.size())},
                                             {"policies", static_cast<std::int64_t>(now.policies.size())},
                                             {"grants", static_cast<std::int64_t>(now.grants.size())}});
  return {};
}

void Daemon::record_policies(const Inventory& now) {
  std::vector<std::string> current;
  for (const PolicyItem& item : now.policies) {
    current.push_back(item.server + " " + item.name + " " + std::string(item.policy->sha256()));
    if (std::ranges::find(recorded_policies_, current.back()) != recorded_policies_.end()) continue;
    const std::string owner = owner_text(item.at);
    keep_policy_text(*item.policy);
    record_event(
        gateway_->log(), "policy.loaded",
        std::vector<audit::EventRecord::Field>{
            {"server", std::string_view(item.server)},
            {"policy", std::string_view(item.name)},
            {"version", static_cast<std::int64_t>(item.policy->version())},
            {"sha256", item.policy->sha256()},
            {"mode", std::string_view(item.policy->mode() == policy::Mode::observe ? "observe" : "enforce")},
            {"owner", std::string_view(owner)}});
  }
  recorded_policies_ = std::move(current);
}

/// The log names policies by their hash; what a hash stood for is kept beside it, whoever changes the file later.
void Daemon::keep_policy_text(const policy::Policy& policy) const {
  const std::string folder = state_.path + "/policies";
  const std::string file = folder + "/" + std::string(policy.sha256()) + ".json";
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return;
  Status kept = io::make_directory(folder);
  if (kept) kept = io::write_file_atomic(file, policy.text());
  if (!kept) log_line(LogLevel::warning, "the text of a policy could not be kept for later", {{"why", kept.error().message}});
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

std::vector<std::string> Daemon::files_to_watch() const {
  std::vector<std::string> files;
  const auto add = [&](const SecretRef& ref) {
    if (std::string file = file_of(ref); !file.empty()) files.push_back(std::move(file));
  };
  if (!options_.config_file.empty()) files.push_back(options_.config_file);
  for (const auto& tls : {config_.tls, config_.admin.tls}) {
    if (!tls) continue;
    for (const std::string& file : {tls->certificate, tls->key, tls->client_ca}) {
      if (!file.empty()) files.push_back(file);
    }
  }
  for (const PolicyConfig& policy : config_.policies) files.push_back(policy.file);
  for (const GrantConfig& grant : config_.grants) add(grant.token);
  for (const auto* key : {&config_.secrets.master_key, &config_.secrets.previous_master_key}) {
    if (*key) add(**key);
  }
  for (const IssuerConfig& issuer : config_.issuers) {
    if (!issuer.jwks_file.empty()) files.push_back(issuer.jwks_file);
  }
  if (!operations_) {
    for (const ServerConfig& server : config_.servers) for_each_reference(server, add);
    return files;
  }
  for (const ServerItem& server : operations_->inventory().servers) for_each_reference(server.config, add);
  return files;
}

std::string Daemon::fingerprint() const {
  Sha256 hash;
  for (const std::string& file : files_to_watch()) {
    auto text = io::read_file(file, kPolicyBytes);
    hash.update(file).update(text ? *text : text.error().message).update("\n");
    if (text) wipe(*text);
  }
  return to_hex(hash.finish());
}

std::string Daemon::url() const {
  return (gateway_->speaks_tls() ? "https://" : "http://") + gateway_->address().to_string();
}

std::string Daemon::admin_url() const {
  if (!admin_ || admin_->address().empty()) return {};
  return (admin_->tls() != nullptr ? "https://" : "http://") + admin_->address().to_string();
}

void Daemon::write_status(json::Writer& writer) const {
  writer.key("url").string(url()).key("state").string(state_.path).key("config").string(options_.config_file);
  writer.key("admin").string(admin_url());
  writer.key("durability").string(config_.power_durability ? "power" : "process");
  writer.key("log_accepting").boolean(gateway_->log().accepting());
  anchors_->write_status(writer);
  writer.key("connections").number(gateway_->connections());
  writer.key("uptime_s").number((system_clock().wall_us() - started_us_) / 1'000'000);
}

}  // namespace doorward::server
