#include <string>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/log.h"
#include "io/file.h"
#include "server/daemon.h"
#include "server/event_log.h"
#include "server/policy_file.h"
#include "server/sd_notify.h"
#include "server/secret.h"

namespace doorward::server {
namespace {

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
  if (const Status taken = operations_->replace(std::move(*inventory), defaults_of(next)); !taken) {
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
  sd_notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(system_clock().monotonic_us()));
  Findings findings = take_changes(cause);
  sd_notify(ready_note(findings.empty()));
  return findings;
}

Findings Daemon::take_changes(const char* cause) {
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

}  // namespace doorward::server
