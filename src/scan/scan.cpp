#include "scan/scan.h"

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "catalogue/definition.h"
#include "catalogue/stack.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "json/canonical.h"
#include "json/copy.h"
#include "json/reader.h"
#include "mcp/tool_definition.h"
#include "risk/actions.h"

namespace doorward::scan {
namespace {

constexpr std::int64_t kPollUs = 50'000;

/// One server that is being asked.
struct Asking {
  Server* server;
  std::unique_ptr<server::ServerTrial> trial;
  bool answered = false;
};

void take_report(Server& server, server::TrialReport& report) {
  server.asked = true;
  server.refused = report.refused;
  server.version = report.server_version;
  server.cut = report.cut;
  if (report.ok()) {
    server.known = Known::listed;
    server.definitions = std::move(report.definitions);
    server.told = std::move(report.told);
    judge_tools(server);
    return;
  }
  server.unreachable = true;
  const server::TrialStep& last = report.steps.back();
  server.why = std::string(last.name == "list_tools" ? "it does not list its tools" :
                           last.name == "start"      ? "it cannot be started" :
                           last.name == "authenticate" ? "it wants to know who asks" : "it does not answer") +
               ": " + last.detail;
  if (!report.last_words.empty()) server.why += "; it says: " + report.last_words;
}

}  // namespace

std::string_view to_string(Known known) {
  constexpr std::array<std::string_view, 3> kNames = {"listed", "catalogue", "nothing"};
  return kNames[static_cast<std::size_t>(known)];
}

void add_server(Scan& scan, const clients::Entry& entry, const References& references) {
  Server server;
  server.name = entry.name;
  server.launch = make_launch(entry, references);
  scan.servers.push_back(std::move(server));
}

Scan take_inventory(std::vector<clients::ConfigFile> files, const References& references) {
  Scan scan;
  scan.files = std::move(files);
  std::map<std::string, std::size_t> by_key;
  std::set<std::string> names;
  for (std::size_t i = 0; i < scan.files.size(); ++i) {
    const clients::ConfigFile& file = scan.files[i];
    for (const clients::Entry& entry : file.entries) {
      Place place{i, entry.name, entry.scope, entry.project, entry.line, entry.disabled, entry.why_disabled};
      Launch launch = make_launch(entry, references);
      const std::string key = entry.name + '\n' + launch.key + '\n' + launch.problem;
      const auto [known, fresh] = by_key.emplace(key, scan.servers.size());
      if (!fresh) {
        Server& server = scan.servers[known->second];
        server.active = server.active || !entry.disabled;
        server.places.push_back(std::move(place));
        continue;
      }
      Server server;
      server.name = entry.name;
      if (names.contains(server.name)) server.name += "@" + file.client;
      for (int number = 2; !names.insert(server.name).second; ++number) {
        server.name = entry.name + "@" + file.client + "-" + std::to_string(number);
      }
      server.active = !entry.disabled;
      server.launch = std::move(launch);
      server.places.push_back(std::move(place));
      scan.servers.push_back(std::move(server));
    }
  }
  return scan;
}

void ask_servers(std::vector<Server*> servers, const AskOptions& options,
                 const std::function<void(const Server&)>& on_done) {
  io::Loop loop;
  io::Resolver resolver;
  std::list<Asking> running;
  std::size_t next = 0;
  while (next < servers.size() || !running.empty()) {
    while (next < servers.size() && running.size() < options.together) {
      Server& server = *servers[next++];
      if (!server.launch.settings) continue;
      auto settings = std::make_shared<upstream::ServerSettings>(*server.launch.settings);
      settings->timeouts.first_byte = settings->timeouts.stream_idle = options.timeout;
      running.push_back({&server, nullptr, false});
      Asking& asking = running.back();
      asking.trial = std::make_unique<server::ServerTrial>(
          loop, resolver, std::move(settings),
          [&asking](server::TrialReport report) {
            take_report(*asking.server, report);
            asking.answered = true;
          },
          server::TrialOptions{.together = options.timeout, .whole_list = true, .ask_actions = options.ask_actions});
      asking.trial->start();
    }
    if (!running.empty()) loop.poll(kPollUs);
    for (auto each = running.begin(); each != running.end();) {
      if (std::exchange(each->answered, false) && on_done) on_done(*each->server);
      each = each->trial->over() ? running.erase(each) : std::next(each);
    }
  }
}

void judge_tools(Server& server) {
  std::vector<catalogue::ToolRecord> tools;
  std::set<std::string, std::less<>> names;
  std::vector<risk::ActionProposal> hidden;
  json::Canonical canonical;
  const auto judge = [&](const std::string& text, std::string_view outer) {
    json::Reader reader;
    const auto root = reader.read(text, {.bytes = mcp::kLargestDefinition});
    if (!root) return;
    const std::string_view name = json::text_of(*root, "name");
    if (name.empty() || !names.insert(std::string(outer) + '\n' + std::string(name)).second) return;
    const risk::ToolFacts facts = risk::facts_of(server.name, *root);
    catalogue::ToolRecord& record = tools.emplace_back();
    record.server = server.name;
    record.name = name;
    record.definition = text;
    record.key = catalogue::definition_key(*root, canonical);
    record.classification = risk::classify(facts);
    record.outer = outer;
    if (!outer.empty()) return;
    std::vector<std::string_view> answers;
    for (const auto& told : server.told) {
      if (told.tool == name) answers.push_back(told.text);
    }
    if (auto proposal = risk::propose_actions(facts, answers)) hidden.push_back(std::move(*proposal));
  };
  for (const std::string& text : server.definitions) judge(text, {});
  for (const risk::ActionProposal& proposal : hidden) {
    for (const risk::HiddenAction& action : proposal.actions) judge(action.definition, proposal.tool);
    if (proposal.actions.empty()) server.untold.push_back(proposal.tool);
  }
  std::vector<std::string_view> outer_names;
  for (const catalogue::ToolRecord& tool : tools) {
    if (tool.outer.empty()) outer_names.push_back(tool.name);
  }
  server.actions = risk::settle_actions(std::move(hidden), outer_names);
  std::ranges::sort(tools, catalogue::riskier);
  server.tools = std::move(tools);
}

std::string label_of(const catalogue::ToolRecord& tool) {
  return tool.outer.empty() ? tool.name : tool.outer + "/" + tool.name;
}

std::string source_id_of(const Server& server) {
  if (server.launch.package) return server.launch.package->package.registry + ":" + server.launch.package->package.identifier;
  if (!server.launch.is_command()) return server.launch.url;
  // A program of this computer: its name alone is nothing that two computers, or two folders, agree on.
  return server.name + "#" + to_hex(sha256(server.launch.text)).substr(0, 12);
}

catalogue::Listing listing_of(const Server& server) {
  catalogue::Listing listing;
  listing.source = "scan";
  listing.source_id = source_id_of(server);
  listing.name = server.launch.package ? server.launch.package->package.identifier : server.name;
  listing.version = server.version;
  if (server.launch.package) listing.packages.push_back(server.launch.package->package);
  if (!server.launch.is_command()) {
    listing.remotes.push_back({"streamable-http", server.launch.url, server.launch.sends_credentials || server.refused});
    listing.auth = server.launch.sends_credentials || server.refused ? "" : "none";
  }
  listing.tools_known = server.cut ? catalogue::ToolsKnown::partial : catalogue::ToolsKnown::whole;
  listing.tools = server.definitions;
  for (const catalogue::ToolRecord& tool : server.tools) {
    if (!tool.outer.empty()) listing.actions.push_back({tool.outer, tool.definition});
  }
  return listing;
}

}  // namespace doorward::scan
