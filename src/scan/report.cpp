#include "scan/report.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "http/url.h"
#include "json/reader.h"
#include "mcp/tool_definition.h"
#include "risk/poisoning.h"

namespace doorward::scan {
namespace {

constexpr std::size_t kMostPerServer = 3;  ///< findings of one kind for one server that say no more than the first

std::size_t index_of(Category category) { return static_cast<std::size_t>(category); }
std::size_t index_of(Severity severity) { return static_cast<std::size_t>(severity); }

std::string count(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

bool is_local(const std::string& url) {
  const auto parsed = http::parse_url(url);
  return parsed && (parsed->host == "localhost" || parsed->host == "::1" || parsed->host.starts_with("127."));
}

/// Where a server stands: its first place that is not disabled, else the first.
const Place* place_of(const Server& server) {
  const auto enabled = std::ranges::find(server.places, false, &Place::disabled);
  if (enabled != server.places.end()) return &*enabled;
  return server.places.empty() ? nullptr : &server.places.front();
}

class Judge {
 public:
  Judge(const Scan& scan, const LooksLike& looks_like, Report& report)
      : scan_(scan), looks_like_(looks_like), report_(report) {}

  void run() {
    for (std::size_t i = 0; i < scan_.files.size(); ++i) judge_file(i);
    for (const Server& server : scan_.servers) judge_server(server);
    make_agents();
    for (const Agent& agent : report_.agents) judge_agent(agent);
    std::ranges::stable_sort(report_.findings, std::ranges::greater(), &Finding::severity);
    for (const Finding& finding : report_.findings) raise(finding.severity);
    write_headline();
  }

 private:
  void raise(Severity severity) { report_.worst = std::max(report_.worst.value_or(severity), severity); }

  Finding& add(std::string_view id, const Server* server, std::string text, std::string mark = {}) {
    Finding finding;
    finding.rule = rule(id).id;
    finding.severity = rule(id).severity;
    finding.text = std::move(text);
    finding.mark = std::move(mark);
    if (server != nullptr) {
      finding.server = server->name;
      if (const Place* place = place_of(*server)) {
        finding.file = place->file;
        finding.line = place->line;
      }
    }
    return report_.findings.emplace_back(std::move(finding));
  }

  void judge_file(std::size_t index) {
    const clients::ConfigFile& file = scan_.files[index];
    const auto add_here = [&](std::string_view id, std::size_t line, std::string text) {
      Finding& finding = add(id, nullptr, std::move(text), file.client);
      finding.file = index;
      finding.line = line;
    };
    if (!file.error.empty()) {
      report_.invalid = true;
      add_here("config-invalid", file.error_line, file.path + ": " + file.error);
    }
    for (const clients::Note& note : file.notes) {
      using Kind = clients::Note::Kind;
      add_here(note.kind == Kind::wrong_key        ? "wrong-key"
               : note.kind == Kind::duplicate_name ? "duplicate-name"
                                                   : "config-open-to-others",
               note.line, file.path + ": " + note.text);
    }
  }

  void judge_server(const Server& server) {
    if (!server.active) return;
    const Launch& launch = server.launch;
    for (const std::string& where : launch.literal_secrets) {
      add("literal-secret", &server, server.name + ": a secret stands in the file as it is (" + where + ")", where);
    }
    if (launch.is_doorward()) return;
    if (launch.package) judge_package(server, *launch.package);
    judge_names(server);
    if (!launch.url.empty()) judge_url(server);
    if (server.known == Known::nothing) {
      if (server.unreachable) {
        add("not-reached", &server, server.name + ": " + server.why);
        report_.unreachable = true;
      } else {
        add("not-examined", &server, server.name + ": " + (server.why.empty() ? "its tools are not known" : server.why));
      }
    } else if (server.unreachable) {
      report_.unreachable = true;
      add("not-reached", &server, server.name + ": " + server.why + "; judged by the catalogue");
    }
    for (const catalogue::ToolRecord& tool : server.tools) judge_tool(server, tool);
  }

  void judge_package(const Server& server, const StartedPackage& started) {
    if (started.pinned) return;
    const bool moving_tag = started.package.registry == "oci" && !started.package.version.empty() &&
                            started.package.version != "latest";
    Finding& finding = add("unpinned-package", &server,
                           server.name + ": " + started.package.registry + " package " + started.package.identifier +
                               (moving_tag ? " has a tag that can move; " : " has no exact version; ") + started.pin);
    if (moving_tag) finding.severity = Severity::low;
  }

  void judge_names(const Server& server) {
    if (!looks_like_ || !server.launch.package) return;
    std::size_t told = 0;
    for (const catalogue::LookAlike& like : looks_like_(listing_of(server), server.slug)) {
      if (++told > kMostPerServer) break;
      add("look-alike-package", &server, server.name + ": " + like.why, like.name + "\n" + like.other);
    }
  }

  void judge_url(const Server& server) {
    const Launch& launch = server.launch;
    const bool local = is_local(launch.url);
    if (launch.url.starts_with("http://") && !local) {
      add("plain-http", &server, server.name + ": " + launch.url + " is reached without TLS");
    }
    if (server.known == Known::listed && server.asked && !launch.sends_credentials) {
      Finding& finding = add("no-authentication", &server,
                             server.name + ": " + launch.url + " lists its tools to anybody who asks");
      if (local) finding.severity = Severity::low;
    }
  }

  void judge_tool(const Server& server, const catalogue::ToolRecord& tool) {
    ++report_.tools;
    ++report_.by_category[index_of(tool.classification.category)];
    ++report_.by_severity[index_of(tool.classification.severity)];
    raise(tool.classification.severity);
    if (tool.classification.severity >= Severity::high) {
      Finding& finding =
          add(tool.classification.severity == Severity::critical ? "critical-tool" : "high-tool", &server,
              server.name + "." + label_of(tool) + " (" + std::string(to_string(tool.classification.category)) + "): " +
                  reason_of(tool.classification),
              label_of(tool));
      finding.tool = label_of(tool);
    }
    if (!tool.outer.empty()) return;  // its definition is the outer tool's
    json::Reader reader;
    const auto root = reader.read(tool.definition, {.bytes = mcp::kLargestDefinition});
    if (!root) return;
    std::size_t signs = 0;
    for (const risk::Sign& sign : risk::signs_of_poisoning(*root)) {
      if (++signs > kMostPerServer) break;
      Finding& finding = add("tool-poisoning", &server,
                             server.name + "." + tool.name + ": " + std::string(risk::to_string(sign.kind)) + " in " +
                                 sign.where + ": '" + sign.words + "'",
                             tool.name + sign.where + std::string(risk::to_string(sign.kind)));
      finding.tool = tool.name;
    }
  }

  void make_agents() {
    std::map<std::string, std::size_t> by_client;
    const auto agent_of = [&](const std::string& id, const std::string& label) -> Agent& {
      const auto [known, fresh] = by_client.emplace(id, report_.agents.size());
      if (fresh) report_.agents.emplace_back().client = id, report_.agents.back().label = label;
      return report_.agents[known->second];
    };
    for (std::size_t i = 0; i < scan_.servers.size(); ++i) {
      const Server& server = scan_.servers[i];
      const auto join = [&](const std::string& id, const std::string& label) {
        Agent& agent = agent_of(id, label);
        if (server.launch.is_doorward()) {
          ++agent.through_doorward;
        } else if (agent.servers.empty() || agent.servers.back() != i) {
          agent.servers.push_back(i);
        }
      };
      if (server.places.empty()) join("command-line", "the command line");
      for (const Place& place : server.places) {
        if (!place.disabled) join(scan_.files[place.file].client, scan_.files[place.file].label);
      }
    }
    for (Agent& agent : report_.agents) {
      std::vector<catalogue::StackServer> stack;
      for (const std::size_t i : agent.servers) stack.push_back({scan_.servers[i].name, scan_.servers[i].tools});
      agent.stack = catalogue::analyse_stack(stack);
      agent.tools = agent.stack.tools;
      agent.for_good = agent.stack.by_category[index_of(Category::destructive)] +
                       agent.stack.by_category[index_of(Category::financial)];
    }
  }

  const Server& server_at(const Agent& agent, catalogue::ToolAt at) const {
    return scan_.servers[agent.servers[at.server]];
  }
  std::string name_at(const Agent& agent, catalogue::ToolAt at) const {
    const Server& server = server_at(agent, at);
    return server.name + "." + label_of(server.tools[at.tool]);
  }

  void judge_agent(const Agent& agent) {
    if (agent.stack.trifecta.complete) {
      const auto& ways = agent.stack.trifecta.ways;
      std::string by;
      if (!ways.empty()) {
        for (const catalogue::ToolAt at : ways.front()) by += (by.empty() ? "" : " with ") + name_at(agent, at);
      }
      add("trifecta", agent.servers.empty() ? nullptr : &server_at(agent, ways.empty() ? catalogue::ToolAt{} : ways.front().front()),
          "an agent in " + agent.label + " reads private data, reads what strangers wrote and can send data out" +
              (by.empty() ? "" : ", such as by " + by),
          agent.client);
    }
    for (const catalogue::NameClash& clash : agent.stack.clashes) {
      std::string names;
      std::string mark;
      for (const catalogue::ToolAt at : clash.tools) {
        names += (names.empty() ? "" : ", ") + name_at(agent, at);
        mark += name_at(agent, at) + "\n";
      }
      if (!told_.insert("clash\n" + mark).second) continue;
      add(clash.same ? "name-collision" : "similar-names", &server_at(agent, clash.tools.front()), clash.why + ": " + names,
          mark);
    }
    for (const catalogue::Shadow& shadow : agent.stack.shadows) {
      std::string names;
      for (const catalogue::ToolAt at : shadow.named) names += (names.empty() ? "" : ", ") + name_at(agent, at);
      const std::string by = name_at(agent, shadow.by);
      if (!told_.insert("shadow\n" + by + names).second) continue;
      Finding& finding = add("tool-shadowing", &server_at(agent, shadow.by),
                             "the definition of " + by + " names " + names +
                                 (shadow.signs.empty() ? "" : ": '" + shadow.signs.front().words + "'"),
                             by);
      finding.tool = server_at(agent, shadow.by).tools[shadow.by.tool].name;
    }
  }

  void write_headline() {
    std::size_t agents = 0;
    const auto agents_with = [&](auto&& has) {
      agents = static_cast<std::size_t>(std::ranges::count_if(report_.agents, has));
      const std::string who = report_.agents.size() == 1 && report_.agents[0].client == "command-line"
                                  ? "whoever connects it can"
                                  : count(agents, "agent can", "agents can");
      return who;
    };
    const std::size_t deletes = report_.by_category[index_of(Category::destructive)];
    const std::size_t pays = report_.by_category[index_of(Category::financial)];
    const std::size_t runs = report_.by_category[index_of(Category::execute)];
    const std::string of = " of " + count(report_.tools, "tool", "tools");
    std::string& line = report_.headline;
    if (report_.tools == 0) {
      const std::size_t servers = scan_.servers.size();
      line = servers == 0 ? "No MCP server is configured here."
                          : "Nothing is known of what " + count(servers, "server", "servers") + " can do.";
      return;
    }
    if (deletes > 0 || pays > 0) {
      const std::string them = deletes + pays == 1 ? "it" : "them";
      const std::string verbs = pays == 0 ? (deletes == 1 ? " deletes or overwrites for good" : " delete or overwrite for good")
                                : deletes == 0
                                    ? (pays == 1 ? " moves or commits money" : " move or commit money")
                                    : " delete or overwrite for good or move money";
      line = std::to_string(deletes + pays) + of + verbs + "; " +
             agents_with([](const Agent& agent) { return agent.for_good > 0; }) + " call " + them + " today.";
    } else if (runs > 0) {
      line = std::to_string(runs) + of + (runs == 1 ? " runs code or acts" : " run code or act") + " outside its server; " +
             agents_with([](const Agent& agent) { return agent.stack.by_category[index_of(Category::execute)] > 0; }) +
             " call " + (runs == 1 ? "it" : "them") + " today.";
    } else if (const std::size_t writes = report_.by_category[index_of(Category::write)]; writes > 0) {
      line = std::to_string(writes) + of + (writes == 1 ? " changes" : " change") + " data; none deletes for good.";
    } else {
      line = "None" + of + " changes anything, as far as their definitions say.";
    }
  }

  const Scan& scan_;
  const LooksLike& looks_like_;
  Report& report_;
  std::set<std::string> told_;
};

}  // namespace

std::string reason_of(const risk::Classification& classification) {
  std::string out;
  for (const risk::Evidence& evidence : classification.evidence) {
    if (evidence.says != to_string(classification.category)) continue;
    out = "'" + evidence.words + "' in its " + std::string(risk::to_string(evidence.source));
    break;
  }
  std::size_t told = 0;
  for (const risk::SignalHit& hit : classification.signals) {
    if (++told > 3) break;
    out += (out.empty() ? "" : "; ") + std::string(risk::label(hit.signal)) + " (" + hit.words + ")";
  }
  return out.empty() ? "no words decided it" : out;
}

Report judge(const Scan& scan, const LooksLike& looks_like) {
  Report report;
  report.scan = &scan;
  Judge(scan, looks_like, report).run();
  return report;
}

}  // namespace doorward::scan
