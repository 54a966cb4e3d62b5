#include "server/config.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>

#include "io/socket.h"
#include "server/config_admin.h"
#include "server/config_anchor.h"
#include "server/config_bundle.h"
#include "server/config_identity.h"
#include "server/config_listener.h"
#include "server/config_people.h"
#include "server/config_secrets.h"
#include "server/config_notifications.h"
#include "server/config_server.h"
#include "server/config_waiting.h"
#include "server/config_tls.h"
#include "server/yaml_fields.h"
#include "store/store.h"

namespace doorward::server {
namespace {

constexpr Milliseconds kDay{86'400'000};
constexpr std::size_t kKiB = std::size_t{1} << 10;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kGiB = std::size_t{1} << 30;

/// Year to second in UTC, `2027-01-01T00:00:00Z`; whether the day exists is checked where the grant is made.
bool is_timestamp(std::string_view text) {
  static constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return false;
  }
  return true;
}

void read_limits(const yaml::Node& node, LimitsConfig& limits, FileContext& context) {
  Fields fields(node, "limits", context);
  limits.body = fields.take_size("body", kKiB, kGiB).value_or(limits.body);
  limits.result = fields.take_size("result", kKiB, kGiB).value_or(limits.result);
  limits.connections = fields.take_count("connections", 1, 1'000'000).value_or(limits.connections);
  limits.connections_per_peer =
      fields.take_count("connections_per_peer", 0, 1'000'000).value_or(limits.connections_per_peer);
  limits.requests_in_flight_per_session = fields.take_count("requests_in_flight_per_session", 1, 1'000'000)
                                              .value_or(limits.requests_in_flight_per_session);
  fields.finish();
}

void read_timeouts(const yaml::Node& node, TimeoutsConfig& timeouts, FileContext& context) {
  Fields fields(node, "timeouts", context);
  const auto take = [&](std::string_view key, Milliseconds& time) {
    time = fields.take_duration(key, Milliseconds(1), 30 * kDay).value_or(time);
  };
  take("header", timeouts.header);
  take("body", timeouts.body);
  take("idle", timeouts.idle);
  take("connect", timeouts.connect);
  take("first_byte", timeouts.first_byte);
  take("stream_idle", timeouts.stream_idle);
  take("session", timeouts.session);
  take("drain", timeouts.drain);
  fields.finish();
}

RecordedValues read_recorded(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "an item of values", context);
  RecordedValues values;
  if (auto server = fields.take_text("server")) values.server = std::move(*server);
  if (auto tool = fields.take_text("tool")) values.tool = std::move(*tool);
  values.paths = fields.take_texts("paths");
  fields.finish();
  if (values.server.empty()) fields.missing("server");
  if (values.tool.empty()) fields.missing("tool");
  if (values.paths.empty()) fields.missing("paths");
  for (const std::string& path : values.paths) {
    if (!path.starts_with("args.") && !path.starts_with("args[")) {
      context.report(node, "\"" + path + "\" is no path under args; write it like args.amount");
    }
  }
  return values;
}

void read_arguments(const yaml::Node& node, LogConfig& log, FileContext& context) {
  Fields fields(node, "arguments", context);
  if (const auto store = fields.take_text("store")) {
    if (*store == "redacted") {
      log.arguments = audit::Keep::redacted;
    } else if (*store == "full") {
      log.arguments = audit::Keep::full;
    } else if (*store != "off") {
      context.report(*node.find("store"), "\"store\" must be off, redacted or full; write off in quotes");
    }
  }
  if (const auto time = fields.take_duration("keep", kDay / 24, 400 * kDay)) {
    log.keep_arguments = std::chrono::duration_cast<std::chrono::hours>(*time);
  }
  log.redact = fields.take_texts("redact");
  fields.finish();
}

void read_log(const yaml::Node& node, LogConfig& log, FileContext& context) {
  Fields fields(node, "log", context);
  if (const yaml::Node* arguments = fields.take("arguments")) read_arguments(*arguments, log, context);
  fields.take_list("values",
                   [&](const yaml::Node& item) { log.values.push_back(read_recorded(item, context)); });
  if (const auto time = fields.take_duration("retention", kDay, 10'000 * kDay)) {
    log.retention = std::chrono::duration_cast<std::chrono::hours>(*time);
  }
  log.segment = fields.take_size("segment", kMiB, kGiB).value_or(log.segment);
  log.ring = fields.take_size("ring", 64 * kKiB, kGiB).value_or(log.ring);
  log.sync = fields.take_duration("sync", Milliseconds(10), Milliseconds(60'000)).value_or(log.sync);
  fields.finish();
}

PolicyConfig read_policy(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "a policy", context);
  PolicyConfig policy;
  policy.at = context.at(node);
  if (auto name = fields.take_text("name")) policy.name = std::move(*name);
  if (auto server = fields.take_text("server")) policy.server = std::move(*server);
  if (auto file = fields.take_text("file")) policy.file = context.absolute(*file);
  fields.finish();
  for (std::string_view key : {"name", "server", "file"}) {
    if (node.find(key) == nullptr) fields.missing(key);
  }
  if (!policy.name.empty() && !store::is_name(policy.name)) {
    context.report(
        *node.find("name"),
        "\"" + policy.name + "\" is no name for a policy; use 1 to 64 letters, digits, '.', '_' and '-'");
  }
  return policy;
}

void read_labels(Fields& fields, GrantConfig& grant, FileContext& context) {
  const yaml::Node* labels = fields.take("labels");
  if (labels == nullptr || labels->kind == yaml::Node::Kind::null) return;
  if (labels->kind != yaml::Node::Kind::mapping) {
    context.report(*labels, "\"labels\" must be a mapping of names to texts");
    return;
  }
  for (const yaml::Entry& entry : labels->entries) {
    if (!store::is_name(entry.key)) {
      context.report({context.file(), entry.line, entry.column},
                     "\"" + entry.key + "\" is no name for a label; use letters, digits, '.', '_' and '-'");
    } else if (auto text = read_text(entry.value, entry.key, context)) {
      grant.labels.emplace_back(entry.key, std::move(*text));
    }
  }
}

GrantConfig read_grant(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "a grant", context);
  GrantConfig grant;
  grant.at = context.at(node);
  const auto take = [&](std::string_view key, std::string& into) {
    if (auto text = fields.take_text(key)) into = std::move(*text);
  };
  take("label", grant.label);
  take("server", grant.server);
  take("policy", grant.policy);
  take("owner", grant.owner);
  read_labels(fields, grant, context);
  const yaml::Node* token = fields.take("token");
  const yaml::Node* identity = fields.take("identity");
  const yaml::Node* certificate = fields.take("certificate");
  if (token != nullptr) grant.token = read_secret_ref(*token, "token", context);
  if (identity != nullptr) grant.rule = read_subject_rule(*identity, context);
  if (certificate != nullptr) grant.rule = read_certificate_rule(*certificate, context);
  if (auto expires = fields.take_text("expires")) {
    if (!is_timestamp(*expires)) {
      context.report(*node.find("expires"), "\"expires\" must be a time in UTC like 2027-01-01T00:00:00Z");
    }
    grant.expires = std::move(*expires);
  }
  fields.finish();
  for (std::string_view key : {"label", "server"}) {
    if (node.find(key) == nullptr) fields.missing(key);
  }
  const int kinds = (token != nullptr) + (identity != nullptr) + (certificate != nullptr);
  if (kinds == 0) fields.missing("token");
  if (kinds > 1) {
    context.report(node, "a grant is for a \"token\", an \"identity\" or a \"certificate\"; write one of them");
  }
  if (!grant.label.empty() && !store::is_name(grant.label)) {
    context.report(*node.find("label"),
                   "\"" + grant.label + "\" is no label; use 1 to 64 letters, digits, '.', '_' and '-'");
  }
  return grant;
}

/// Reports items that share their name; the first one is named as the other party.
template <typename Item, typename Name>
void report_twins(const std::vector<Item>& items, Name name, std::string_view what, FileContext& context) {
  std::map<std::string, const Item*> seen;
  for (const Item& item : items) {
    const auto [first, fresh] = seen.emplace(name(item), &item);
    if (fresh || first->first.empty()) continue;
    context.report(item.at, std::string(what) + " \"" + first->first + "\" is defined twice, first in line " +
                                std::to_string(first->second->at.line) + "; rename or remove one");
  }
}

void read_listener(Fields& fields, Config& config, FileContext& context) {
  if (auto listen = fields.take_text("listen")) {
    config.listen = std::move(*listen);
    // Numeric, so that no name server decides where the gateway listens.
    if (!io::Address::from_text(config.listen)) {
      context.report(*fields.node().find("listen"),
                     "\"listen\" must be a numeric address and a port, such as 127.0.0.1:8420 or [::1]:8420");
    }
  }
  if (const yaml::Node* tls = fields.take("tls")) config.tls = read_tls(*tls, context);
  config.allowed_hosts = read_hosts(fields, context);
  config.allowed_origins = read_origins(fields, context);
}

Config read_root(const yaml::Node& root, FileContext& context) {
  Fields fields(root, "the configuration", context);
  Config config;
  config.file = context.file();
  read_listener(fields, config, context);
  if (auto state = fields.take_text("state")) config.state = context.absolute(*state);
  config.workers = static_cast<unsigned>(fields.take_count("workers", 0, 256).value_or(0));
  if (auto durability = fields.take_text("durability")) {
    config.power_durability = *durability == "power";
    if (*durability != "power" && *durability != "process") {
      context.report(*root.find("durability"), "\"durability\" must be process or power");
    }
  }
  if (const yaml::Node* people = fields.take("people")) config.people = read_people(*people, context);
  if (const yaml::Node* admin = fields.take("admin")) read_admin(*admin, config.admin, context);
  if (const yaml::Node* limits = fields.take("limits")) read_limits(*limits, config.limits, context);
  if (const yaml::Node* timeouts = fields.take("timeouts")) read_timeouts(*timeouts, config.timeouts, context);
  if (const yaml::Node* log = fields.take("log")) read_log(*log, config.log, context);
  if (const yaml::Node* url = fields.take("external_url")) {
    config.external_url = read_external_url(*url, context).value_or("");
  }
  if (const yaml::Node* identity = fields.take("identity")) config.issuers = read_identity(*identity, context);
  if (const yaml::Node* waiting = fields.take("waiting")) config.waiting = read_waiting(*waiting, context);
  if (const yaml::Node* secrets = fields.take("secrets")) config.secrets = read_secrets(*secrets, context);
  fields.take_list("anchors",
                   [&](const yaml::Node& item) { config.anchors.push_back(read_anchor(item, context)); });
  if (const yaml::Node* approvals = fields.take("approvals")) config.approvals = read_approvals(*approvals, context);
  if (const yaml::Node* notifications = fields.take("notifications")) {
    config.notifications = read_notifications(*notifications, context);
  }
  fields.take_list("servers",
                   [&](const yaml::Node& item) { config.servers.push_back(read_server(item, context)); });
  fields.take_list("bundles",
                   [&](const yaml::Node& item) { config.bundles.push_back(read_bundle(item, context)); });
  fields.take_list("policies",
                   [&](const yaml::Node& item) { config.policies.push_back(read_policy(item, context)); });
  fields.take_list("grants",
                   [&](const yaml::Node& item) { config.grants.push_back(read_grant(item, context)); });
  fields.finish();
  report_twins(
      config.servers, [](const ServerConfig& server) { return server.name; }, "server", context);
  report_twins(
      config.notifications.channels, [](const ChannelConfig& channel) { return channel.channel.name; }, "channel",
      context);
  report_twins(
      config.bundles, [](const BundleConfig& bundle) { return bundle.settings.name; }, "bundle", context);
  for (const BundleConfig& bundle : config.bundles) {
    const auto twin = std::ranges::find(config.servers, bundle.settings.name, &ServerConfig::name);
    if (twin == config.servers.end() || twin->name.empty()) continue;
    context.report(bundle.at, "\"" + twin->name + "\" is the name of a server too, in line " +
                                  std::to_string(twin->at.line) + "; rename one");
  }
  report_twins(
      config.anchors, [](const AnchorConfig& anchor) { return anchor.name; }, "anchor", context);
  report_twins(
      config.policies, [](const PolicyConfig& policy) { return policy.server + "/" + policy.name; }, "policy",
      context);
  report_twins(
      config.grants, [](const GrantConfig& grant) { return grant.label; }, "grant", context);
  for (const GrantConfig& grant : config.grants) {
    if (!grant.rule || grant.rule->issuer.empty()) continue;
    if (std::ranges::any_of(config.issuers, [&](const IssuerConfig& issuer) {
          return issuer.settings.issuer == grant.rule->issuer;
        })) {
      continue;
    }
    context.report(grant.at, "grant \"" + grant.label + "\" is for the issuer \"" + grant.rule->issuer +
                                 "\", which \"identity\" does not name; write it there exactly so");
  }
  return config;
}

}  // namespace

std::expected<Config, Findings> parse_config(std::string_view text, const std::string& file) {
  const auto tree = yaml::read(text);
  if (!tree) return std::unexpected(Findings{finding_of(tree.error(), file)});
  FileContext context(file);
  Config config = read_root(*tree, context);
  if (!context.findings().empty()) {
    std::ranges::stable_sort(context.findings(), [](const Finding& a, const Finding& b) {
      return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
    return std::unexpected(std::move(context.findings()));
  }
  return config;
}

std::expected<Config, Findings> load_config(const std::string& file) {
  const auto unreadable = [&](const std::string& why) {
    return std::unexpected(
        Findings{{Origin{file}, "cannot be read: " + why + "; check the path and its mode"}});
  };
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return unreadable(std::strerror(errno));
  std::string text(yaml::kMostBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) return unreadable(std::strerror(errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_config(text, file);
}

}  // namespace doorward::server
