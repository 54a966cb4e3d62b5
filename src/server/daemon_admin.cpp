#include <cstdlib>
#include <utility>

#include "admin/openapi.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/file.h"
#include "server/backup_operations.h"
#include "server/daemon.h"
#include "server/event_log.h"
#include "server/metrics.h"
#include "server/overview_operations.h"
#include "server/page_operations.h"
#include "server/policy_operations.h"
#include "server/record_operations.h"
#include "server/registry_operations.h"
#include "server/settings.h"
#include "server/sign_in.h"
#include "server/simulate_operations.h"
#include "server/usage_operations.h"
#include "store/approvals.h"

namespace doorward::server {
namespace {

/// Set once the first credential of the admin API was made, so that it is never made again.
constexpr std::string_view kBootstrapSetting = "admin.bootstrap";

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

}  // namespace

Status Daemon::start_admin() {
  add_policy_operations(*operations_);
  const RecordEvent record = [this](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
    return record_event(gateway_->log(), event, fields);
  };
  add_record_operations(*operations_, {state_, index_.get(), &readers_, &loop_, record});
  add_simulate_operations(*operations_, state_, readers_, loop_, record);
  add_overview_operations(*operations_, {operations_.get(), store_.get(), desk_.get(), index_.get(), &gateway_->log(),
                                         [this] { return gateway_->totals(); }, state_.path, &readers_, &loop_});
  add_usage_operations(*operations_, {operations_.get(), index_.get(), &gateway_->quotas(), [this] { return gateway_->world(); },
                                      [this] { return config_.external_url.empty() ? url() : config_.external_url; },
                                      &readers_, &loop_});
  operations_->add("settings.show", identity::Roles::all(),
                   [this](ControlRequest& request, const identity::Actor&) -> Operations::Json {
                     if (const Status read = request.finish(); !read) return std::unexpected(read.error());
                     return settings();
                   });
  add_backup_operations(*operations_, state_, readers_, loop_, record);
  backup_download_ = std::make_unique<BackupDownload>(state_, readers_, loop_, record);
  operations_->add_late("backup.offer", {}, [this](ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
    backup_download_->offer(request, actor, std::move(reply));
  });
  add_page_operations(*operations_, state_.path, readers_, loop_);
  add_registry_operations(*operations_, state_.path, readers_, loop_);
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
  admin_->serve_console(admin::Console(options_.console));
  admin_->handle("health", [this](const admin::Request&, admin::Respond respond) {
    const bool well = gateway_->log().accepting();
    respond({.status = well ? 200 : 503, .body = well ? R"({"status":"ok"})" : R"({"status":"unavailable"})"});
  });
  admin_->handle("openapi", [this](const admin::Request&, admin::Respond respond) {
    const auto roles_of = [this](std::string_view op) { return operations_->roles_of(op); };
    respond({.body = admin::openapi_json(admin::RouteTable::instance(), roles_of, DOORWARD_VERSION)});
  });
  admin_->check_roles([this](std::string_view op) { return operations_->roles_of(op); });
  add_session_routes(*admin_, *people_, *oidc_login_);
  admin_->handle("metrics", [this](const admin::Request&, admin::Respond respond) {
    respond({.type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics()});
  });
  admin_->handle("backup.download", [this](const admin::Request& request, admin::Respond respond) {
    backup_download_->serve(request, std::move(respond));
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
  const auto at = io::Address::from_text(config_.admin.listen);
  if (!at) return std::unexpected(at.error());
  std::shared_ptr<io::TlsServer> tls;
  if (config_.admin.tls) {
    auto server = io::TlsServer::create(*config_.admin.tls);
    if (!server) return std::unexpected(server.error());
    tls = std::move(*server);
  }
  const auto listen = [&](const io::Address& address) {
    return admin_->listen_tcp(address, config_.admin.allowed_hosts, config_.admin.allowed_origins, *authenticator_, tls);
  };
  Status listening = listen(*at);
  if (!listening && options_.local && !config_.admin.chosen) listening = listen(*io::Address::parse("127.0.0.1", 0));
  if (listening || config_.admin.chosen) return listening;
  log_line(LogLevel::warning, "the admin API is on the control socket only; set admin.listen to another address",
           {{"why", listening.error().message}});
  return {};
}

std::string Daemon::admin_url() const {
  if (!admin_ || admin_->address().empty()) return {};
  return (admin_->tls() != nullptr ? "https://" : "http://") + admin_->address().to_string();
}

/// What the page of settings shows; the file is read again for the lines.
std::string Daemon::settings() const {
  SettingFacts facts;
  facts.listen = gateway_->address().to_string();
  facts.admin = admin_ ? admin_->address().to_string() : std::string();
  facts.speaks_tls = gateway_->speaks_tls();
  facts.admin_speaks_tls = admin_ && admin_->tls() != nullptr;
  facts.state = state_.path;
  facts.state_by = !options_.state.empty() ? "flag" : !config_.state.empty() || std::getenv("DOORWARD_STATE") == nullptr ? "" : "environment";
  facts.listen_by = options_.listen.empty() ? "" : "flag";
  facts.workers = static_cast<unsigned>(gateway_->workers());
  yaml::Node file;
  if (!config_.file.empty()) {
    if (const auto text = io::read_file(config_.file, yaml::kMostBytes)) {
      if (auto read = yaml::read(*text)) file = std::move(*read);
    }
  }
  std::size_t observing = 0;
  for (const PolicyItem& item : operations_->inventory().policies) observing += item.policy->mode() == policy::Mode::observe ? 1 : 0;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.settings/1").key("version").string(DOORWARD_VERSION);
  writer.key("config").string(config_.file).key("uptime_s").number((system_clock().wall_us() - started_us_) / 1'000'000);
  writer.key("policies").number(operations_->inventory().policies.size()).key("observing").number(observing);
  writer.key("log_accepting").boolean(gateway_->log().accepting());
  write_settings(writer.key("groups"), settings_of(config_, facts), config_.file, file);
  writer.end_object();
  return out;
}

}  // namespace doorward::server
