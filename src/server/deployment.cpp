#include "server/deployment.h"

#include <algorithm>
#include <map>
#include <utility>

#include "catalogue/catalogue.h"
#include "gateway/tool_table.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/pins.h"

namespace doorward::server {
namespace {

using catalogue::LiveGrant;
using catalogue::LiveTool;

void add_access(const Inventory& inventory, const std::map<std::string, std::size_t>& servers, const std::string& server,
                const std::string& policy, LiveGrant& grant) {
  const auto found = servers.find(server);
  if (found == servers.end()) return;
  const PolicyItem* item = policy.empty() ? nullptr : inventory.policy(server, policy);
  grant.access.push_back({found->second, item == nullptr ? nullptr : item->policy});
}

LiveGrant grant_of(const Inventory& inventory, const std::map<std::string, std::size_t>& servers, const identity::Grant& from) {
  LiveGrant grant;
  grant.label = from.label;
  grant.owner = from.owner;
  grant.caller.subject.label = from.label;
  grant.caller.subject.labels = from.labels;
  grant.caller.any_identity = from.rule.has_value();
  if (const BundleItem* bundle = inventory.bundle(from.server)) {
    for (const gateway::BundleMember& member : bundle->settings->members) {
      add_access(inventory, servers, member.server, member.policy, grant);
    }
  } else {
    add_access(inventory, servers, from.server, from.policy, grant);
  }
  return grant;
}

/// What a person said of a server's tools, by name; empty where the catalogue does not know the server or cannot be read.
std::map<std::string, risk::Classification> said_of(catalogue::Catalogue* file, const std::string& server) {
  std::map<std::string, risk::Classification> said;
  if (file == nullptr) return said;
  const auto record = file->by_source("live", server);
  if (!record || !*record) return said;
  const auto tools = file->tools((*record)->slug);
  if (!tools) return said;
  for (const catalogue::ToolRecord& tool : *tools) {
    if (tool.override) said.emplace(tool.name, tool.classification);
  }
  return said;
}

/// The rule of the log by which the gateway refuses the tool whatever a policy says, or nothing.
std::string withheld_by(const StoredServer& server, const store::MetTool& tool, json::Value definition) {
  const auto pinned = pinned_definition(tool.row, *server.settings);
  if (!pinned) return "(not reviewed)";
  if (*pinned != tool.row.seen) return "(definition changed)";
  if (definition && !gateway::examine_tool(*server.settings, tool.row.name, definition)) return "(unknown tool)";
  return {};
}

void add_actions(const StoredServer& server, std::vector<LiveTool>& tools) {
  const std::size_t plain = tools.size();
  for (const upstream::ActionSetting& setting : server.settings->actions) {
    for (const std::string& action : setting.actions) {
      LiveTool tool;
      tool.record.server = server.settings->name;
      tool.record.name = action;
      tool.record.outer = setting.tool;
      json::Writer(tool.record.definition).begin_object().key("name").string(action).end_object();
      tool.record.classification = risk::classify({.server = server.settings->name, .name = action});
      tool.category = server.pins->category(action).value_or(tool.record.classification.category);
      const auto end = tools.begin() + static_cast<std::ptrdiff_t>(plain);
      const auto outer = std::find_if(tools.begin(), end, [&](const LiveTool& each) { return each.record.name == setting.tool; });
      if (outer == end) {
        tool.withheld = "(unknown tool)";
      } else {
        tool.outer_category = outer->category;
        tool.withheld = outer->withheld;
      }
      tools.push_back(std::move(tool));
    }
  }
}

std::vector<LiveTool> tools_of(const StoredServer& server, catalogue::Catalogue* file) {
  std::vector<LiveTool> tools;
  tools.reserve(server.tools.size());
  for (const store::MetTool& met : server.tools) {
    LiveTool tool;
    tool.record.server = server.settings->name;
    tool.record.name = met.row.name;
    tool.record.definition = met.definition;
    json::Reader reader;
    json::Value definition;
    if (const auto root = reader.read(tool.record.definition)) definition = *root;
    tool.record.classification = risk::classify(definition ? risk::facts_of(server.settings->name, definition)
                                                           : risk::ToolFacts{.server = server.settings->name, .name = met.row.name});
    tool.category = tool.record.classification.category;
    const gateway::Pin* pin = server.pins->find(met.row.name);
    if (pin != nullptr && pin->reviewed == met.row.seen) {
      tool.category = server.pins->category(met.row.name).value_or(tool.category);
    }
    tool.withheld = withheld_by(server, met, definition);
    for (const upstream::InjectedArgument& injected : server.settings->injected) {
      if (injected.applies_to(met.row.name)) tool.filled.push_back(injected.argument);
    }
    tools.push_back(std::move(tool));
  }
  add_actions(server, tools);
  const auto said = said_of(file, server.settings->name);
  for (LiveTool& tool : tools) {
    if (const auto found = said.find(tool.record.name); found != said.end()) tool.record.classification = found->second;
  }
  return tools;
}

}  // namespace

Result<StoredDeployment> read_deployment(const Inventory& inventory, store::Store& store, const DeploymentPart& part,
                                         std::int64_t now_s) {
  StoredDeployment stored;
  std::map<std::string, std::size_t> servers;
  for (const ServerItem& item : inventory.servers) {
    if (part.server && *part.server != item.settings->name) continue;
    auto tools = store.met_tools(item.settings->name);
    if (!tools) return std::unexpected(tools.error());
    servers.emplace(item.settings->name, stored.servers.size());
    stored.servers.push_back({item.settings, item.pins ? item.pins : std::make_shared<const gateway::PinSet>(), std::move(*tools)});
  }
  if (part.server && servers.empty()) return fail(ErrorKind::not_found, "there is no server \"" + *part.server + "\"");
  bool met = false;
  for (const GrantItem& item : inventory.grants) {
    if (item.grant->is_revoked() || item.grant->is_expired(now_s)) continue;
    if (part.grant && *part.grant != item.grant->label) continue;
    met = true;
    LiveGrant grant = grant_of(inventory, servers, *item.grant);
    if (!grant.access.empty()) stored.grants.push_back(std::move(grant));
  }
  if (part.grant && !met) return fail(ErrorKind::not_found, "there is no grant \"" + *part.grant + "\"");
  return stored;
}

catalogue::Deployment make_deployment(StoredDeployment stored, const std::string& state_directory) {
  catalogue::Deployment deployment;
  deployment.grants = std::move(stored.grants);
  const auto opened = catalogue::Catalogue::open(state_directory);
  catalogue::Catalogue* file = opened ? opened->get() : nullptr;
  for (const StoredServer& server : stored.servers) {
    deployment.servers.push_back({server.settings->name, tools_of(server, file), server.settings->protocol.include_new});
  }
  return deployment;
}

std::vector<catalogue::ToolRecord> records_of(const StoredServer& server, const std::string& state_directory) {
  std::vector<catalogue::ToolRecord> records;
  const auto opened = catalogue::Catalogue::open(state_directory);
  for (LiveTool& tool : tools_of(server, opened ? opened->get() : nullptr)) records.push_back(std::move(tool.record));
  return records;
}

}  // namespace doorward::server
