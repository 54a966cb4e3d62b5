#include "server/settings.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "io/socket.h"

namespace doorward::server {
namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

/// `10s`, `400d`: in the largest unit that gives a whole number.
std::string span(std::chrono::milliseconds time) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> kUnits = {
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
  for (const auto& [size, unit] : kUnits) {
    if (time.count() != 0 && time.count() % size == 0) return std::to_string(time.count() / size) + unit;
  }
  return std::to_string(time.count()) + "ms";
}

std::string size(std::size_t bytes) {
  constexpr std::array<std::pair<std::size_t, const char*>, 3> kUnits = {{{1u << 30, "GiB"}, {1u << 20, "MiB"}, {1u << 10, "KiB"}}};
  for (const auto& [unit, name] : kUnits) {
    if (bytes != 0 && bytes % unit == 0) return std::to_string(bytes / unit) + name;
  }
  return std::to_string(bytes) + "B";
}

/// Whether others than this machine reach an address `host:port`.
bool is_exposed(std::string_view address) {
  const auto at = io::Address::from_text(address);
  return at && !at->is_loopback();
}

std::string exposure(std::string_view address, bool tls) {
  if (!is_exposed(address)) return {};
  return tls ? "Reachable from other machines." : "Reachable from other machines without TLS.";
}

SettingGroup listeners(const Config& config, const SettingFacts& facts) {
  return {"listeners",
          "Listeners",
          {{"listen", facts.listen, exposure(facts.listen, facts.speaks_tls), facts.listen_by},
           {"tls", config.tls ? "on" : "off"},
           {"external_url", config.external_url},
           {"allowed_hosts", joined(config.allowed_hosts)},
           {"allowed_origins", joined(config.allowed_origins)},
           {"admin.listen", facts.admin.empty() ? "none" : facts.admin, exposure(facts.admin, facts.admin_speaks_tls)},
           {"admin.tls", config.admin.tls ? "on" : "off"},
           {"admin.allowed_hosts", joined(config.admin.allowed_hosts)},
           {"admin.allowed_origins", joined(config.admin.allowed_origins)}}};
}

SettingGroup identities(const Config& config) {
  std::vector<std::string> issuers;
  for (const IssuerConfig& issuer : config.issuers) issuers.push_back(issuer.settings.issuer);
  SettingGroup group{"identity", "Identity", {{"identity.issuers", joined(issuers)}}};
  const auto& oidc = config.people.oidc;
  group.settings.push_back({"people.oidc.issuer", oidc ? oidc->issuer : std::string()});
  if (oidc) {
    group.settings.push_back({"people.oidc.client_id", oidc->client_id});
    group.settings.push_back({"people.oidc.redirect_url", oidc->redirect_url});
    group.settings.push_back({"people.oidc.client_secret", oidc->client_secret ? "set" : "none"});
  }
  return group;
}

std::string_view kept(audit::Keep keep) {
  return keep == audit::Keep::off ? "off" : keep == audit::Keep::full ? "full" : "redacted";
}

SettingGroup log(const Config& config) {
  std::vector<std::string> values;
  for (const RecordedValues& one : config.log.values) values.push_back(one.server + " " + one.tool + " " + joined(one.paths));
  std::vector<std::string> anchors;
  for (const AnchorConfig& anchor : config.anchors) anchors.push_back(anchor.name);
  return {"log",
          "Log and privacy",
          {{"log.retention", span(config.log.retention)},
           {"log.arguments.store", std::string(kept(config.log.arguments)),
            config.log.arguments == audit::Keep::full ? "Secrets in arguments are stored, too." : ""},
           {"log.arguments.keep", span(config.log.keep_arguments)},
           {"log.arguments.redact", joined(config.log.redact)},
           {"log.values", joined(values)},
           {"log.segment", size(config.log.segment)},
           {"log.ring", size(config.log.ring)},
           {"log.sync", span(config.log.sync)},
           {"durability", config.power_durability ? "power" : "process"},
           {"anchors", joined(anchors), config.anchors.empty() ? "No checkpoint of the log is kept on another machine." : ""}}};
}

SettingGroup approvals(const Config& config) {
  std::vector<std::string> channels;
  constexpr std::array<std::string_view, 4> kKinds = {"webhook", "desktop", "mail", "slack"};
  for (const ChannelConfig& one : config.notifications.channels) {
    channels.push_back(one.channel.name + " (" + std::string(kKinds[static_cast<std::size_t>(one.channel.kind)]) + ")");
  }
  return {"approvals",
          "Approvals and messages",
          {{"notifications.channels", joined(channels)},
           {"waiting.console", config.waiting.console},
           {"waiting.progress", span(config.waiting.progress)},
           {"approvals.pending_per_grant", std::to_string(config.approvals.pending_per_grant)},
           {"approvals.pending", std::to_string(config.approvals.pending)},
           {"approvals.keep_arguments", span(config.approvals.keep_arguments)}}};
}

SettingGroup limits(const Config& config, const SettingFacts& facts) {
  const LimitsConfig& limits = config.limits;
  const TimeoutsConfig& times = config.timeouts;
  return {"limits",
          "Limits and timeouts",
          {{"workers", std::to_string(facts.workers)},
           {"limits.body", size(limits.body)},
           {"limits.result", size(limits.result)},
           {"limits.connections", std::to_string(limits.connections)},
           {"limits.connections_per_peer", limits.connections_per_peer == 0 ? "no cap" : std::to_string(limits.connections_per_peer)},
           {"limits.requests_in_flight_per_session", std::to_string(limits.requests_in_flight_per_session)},
           {"timeouts.header", span(times.header)},
           {"timeouts.body", span(times.body)},
           {"timeouts.idle", span(times.idle)},
           {"timeouts.connect", span(times.connect)},
           {"timeouts.first_byte", span(times.first_byte)},
           {"timeouts.stream_idle", span(times.stream_idle)},
           {"timeouts.session", span(times.session)},
           {"timeouts.drain", span(times.drain)}}};
}

SettingGroup storage(const Config& config, const SettingFacts& facts) {
  constexpr std::array<std::string_view, 5> kSources = {"a variable of the environment", "a file", "a literal", "a credential of systemd",
                                                        "sealed"};
  const auto& key = config.secrets.master_key;
  return {"state",
          "State",
          {{"state", facts.state, {}, facts.state_by},
           {"secrets.master_key",
            key ? std::string(kSources[static_cast<std::size_t>(key->source)]) : "a file of the state directory"}}};
}

struct Place {
  bool found = false;
  std::size_t line = 0;
};

Place place_in(const yaml::Node& file, std::string_view name) {
  const yaml::Node* node = &file;
  Place place;
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    const std::string_view key = name.substr(0, dot);
    const auto entry = std::ranges::find(node->entries, key, &yaml::Entry::key);
    if (node->kind != yaml::Node::Kind::mapping || entry == node->entries.end()) return {};
    place = {true, entry->line};
    node = &entry->value;
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  return place;
}

void write_setting(json::Writer& writer, const Setting& setting, const std::string& path, const yaml::Node& file) {
  const Place place = place_in(file, setting.name);
  std::string_view kind = place.found ? "file" : "default";
  if (!setting.given_by.empty()) kind = setting.given_by;
  writer.begin_object().key("name").string(setting.name).key("value").string(setting.value);
  writer.key("source").begin_object().key("kind").string(kind);
  if (kind == "file") writer.key("file").string(path).key("line").number(place.line);
  writer.end_object().key("locked").boolean(kind != "default");
  if (!setting.warning.empty()) writer.key("warning").string(setting.warning);
  writer.end_object();
}

}  // namespace

std::vector<SettingGroup> settings_of(const Config& config, const SettingFacts& facts) {
  return {listeners(config, facts), identities(config),      log(config),
          approvals(config),        limits(config, facts), storage(config, facts)};
}

void write_settings(json::Writer& writer, const std::vector<SettingGroup>& groups, const std::string& path,
                    const yaml::Node& file) {
  writer.begin_array();
  for (const SettingGroup& group : groups) {
    writer.begin_object().key("name").string(group.name).key("title").string(group.title).key("settings").begin_array();
    for (const Setting& setting : group.settings) write_setting(writer, setting, path, file);
    writer.end_array().end_object();
  }
  writer.end_array();
}

}  // namespace doorward::server
