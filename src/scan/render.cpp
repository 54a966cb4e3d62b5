#include "scan/render.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/encoding.h"
#include "base/hash.h"
#include "catalogue/visible.h"
#include "json/writer.h"

namespace doorward::scan {
namespace {

constexpr std::size_t kMostTexts = 1'000;  ///< bytes of a finding's text in a report

template <std::size_t N>
std::size_t at(const std::array<std::size_t, N>& counts, auto which) {
  return counts[static_cast<std::size_t>(which)];
}

std::array<std::size_t, kCategories.size()> categories_of(const Server& server) {
  std::array<std::size_t, kCategories.size()> counts{};
  for (const catalogue::ToolRecord& tool : server.tools) ++counts[static_cast<std::size_t>(tool.classification.category)];
  return counts;
}

std::string cut(std::string_view text) {
  return std::string(text.substr(0, kMostTexts));
}

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::low:
      return "note";
    case Severity::medium:
      return "warning";
    case Severity::high:
    case Severity::critical:
      break;
  }
  return "error";
}

/// The number by which code scanning sorts: its own borders are 9.0, 7.0 and 4.0.
std::string_view number_of(Severity severity) {
  constexpr std::array<std::string_view, 4> kNumbers = {"3.0", "5.5", "8.0", "9.5"};
  return kNumbers[static_cast<std::size_t>(severity)];
}

std::string percent_encoded(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/!$&'()*+,;=:@";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte) != 0) || kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

void write_counts(json::Writer& writer, const std::array<std::size_t, kCategories.size()>& counts) {
  writer.begin_object();
  for (const Category category : kCategories) writer.key(to_string(category)).number(at(counts, category));
  writer.end_object();
}

void write_names(json::Writer& writer, std::string_view key, const std::vector<std::string>& names) {
  writer.key(key).begin_array();
  for (const std::string& name : names) writer.string(name);
  writer.end_array();
}

void write_server(json::Writer& writer, const Report& report, const Server& server) {
  const Launch& launch = server.launch;
  writer.begin_object().key("name").string(server.name);
  writer.key("state").string(state_of(server)).key("known").string(to_string(server.known));
  writer.key("active").boolean(server.active).key("through_doorward").boolean(launch.is_doorward());
  writer.key(launch.is_command() ? "command" : "url").string(launch.text);
  if (!launch.wrapper.empty()) writer.key("wrapper").string(launch.wrapper);
  write_names(writer, "env", launch.env);
  write_names(writer, "headers", launch.headers);
  if (launch.package) {
    const catalogue::Package& package = launch.package->package;
    writer.key("package").begin_object().key("registry").string(package.registry);
    writer.key("identifier").string(package.identifier).key("version").string(package.version);
    writer.key("pinned").boolean(launch.package->pinned).end_object();
  }
  if (!server.version.empty()) writer.key("version").string(server.version);
  if (!server.slug.empty()) writer.key("slug").string(server.slug);
  if (!server.why.empty()) writer.key("why").string(cut(server.why));
  writer.key("places").begin_array();
  for (const Place& place : server.places) {
    const clients::ConfigFile& file = report.scan->files[place.file];
    writer.begin_object().key("client").string(file.client).key("file").string(file.path);
    writer.key("line").number(place.line).key("name").string(place.name).key("scope").string(to_string(place.scope));
    if (!place.project.empty()) writer.key("project").string(place.project);
    writer.key("disabled").boolean(place.disabled);
    if (!place.why_disabled.empty()) writer.key("why").string(place.why_disabled);
    writer.end_object();
  }
  writer.end_array().key("categories");
  write_counts(writer, categories_of(server));
  writer.key("tools").begin_array();
  for (const catalogue::ToolRecord& tool : server.tools) {
    writer.begin_object().key("name").string(tool.name);
    if (!tool.outer.empty()) writer.key("action_of").string(tool.outer);
    writer.key("definition").string(to_hex(tool.key));
    risk::write_classification(writer, tool.classification);
    writer.end_object();
  }
  writer.end_array();
  if (const std::string setting = risk::write_setting(server.actions); !setting.empty()) {
    writer.key("setting").raw("{" + setting + "}");
  }
  write_names(writer, "untold", server.untold);
  write_names(writer, "action_problems", server.actions.problems);
  writer.end_object();
}

std::string fingerprint_of(const Report& report, const Finding& finding) {
  std::string text(finding.rule);
  text += '\n' + (finding.file == kNone ? std::string() : report.scan->files[finding.file].client);
  text += '\n' + finding.server + '\n' + finding.tool + '\n' + finding.mark;
  return to_hex(sha256(text)).substr(0, 32);
}

}  // namespace

std::string clients_of(const Report& report, const Server& server) {
  std::string out;
  std::set<std::string_view> told;
  for (const Place& place : server.places) {
    const clients::ConfigFile& file = report.scan->files[place.file];
    if (!told.insert(file.label).second) continue;
    out += (out.empty() ? "" : ", ") + file.label;
  }
  return out.empty() ? "command line" : out;
}

std::string state_of(const Server& server) {
  if (!server.active) return "disabled";
  if (server.launch.is_doorward()) return "through Doorward";
  if (server.known == Known::listed) return server.cut ? "asked, list cut" : "asked";
  if (server.known == Known::catalogue) return "from the catalogue";
  return server.unreachable ? "not reached" : "not examined";
}

std::string render_json(const Report& report) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.scan/1").key("version").string(DOORWARD_VERSION);
  writer.key("headline").string(report.headline);
  if (report.worst) writer.key("worst").string(to_string(*report.worst));
  writer.key("tools").number(report.tools).key("categories");
  write_counts(writer, report.by_category);
  writer.key("severities").begin_object();
  for (const Severity severity : kSeverities) writer.key(to_string(severity)).number(at(report.by_severity, severity));
  writer.end_object();
  writer.key("files").begin_array();
  for (const clients::ConfigFile& file : report.scan->files) {
    writer.begin_object().key("path").string(file.path).key("client").string(file.client);
    writer.key("scope").string(to_string(file.scope)).key("servers").number(file.entries.size());
    if (!file.error.empty()) writer.key("error").string(cut(file.error));
    writer.end_object();
  }
  writer.end_array().key("servers").begin_array();
  for (const Server& server : report.scan->servers) write_server(writer, report, server);
  writer.end_array().key("agents").begin_array();
  for (const Agent& agent : report.agents) {
    writer.begin_object().key("client").string(agent.client).key("label").string(agent.label);
    writer.key("servers").begin_array();
    for (const std::size_t i : agent.servers) writer.string(report.scan->servers[i].name);
    writer.end_array().key("through_doorward").number(agent.through_doorward);
    writer.key("tools").number(agent.tools).key("for_good").number(agent.for_good);
    writer.key("trifecta").begin_object().key("complete").boolean(agent.stack.trifecta.complete);
    writer.key("legs").begin_array();
    for (const catalogue::Leg leg : catalogue::kLegs) {
      if ((agent.stack.trifecta.held & catalogue::bit(leg)) != 0) writer.string(to_string(leg));
    }
    writer.end_array().key("ways").begin_array();
    for (const auto& way : agent.stack.trifecta.ways) {
      writer.begin_array();
      for (const catalogue::ToolAt tool : way) {
        const Server& server = report.scan->servers[agent.servers[tool.server]];
        writer.begin_object().key("server").string(server.name).key("tool").string(server.tools[tool.tool].name).end_object();
      }
      writer.end_array();
    }
    writer.end_array().end_object().end_object();
  }
  writer.end_array().key("findings").begin_array();
  for (const Finding& finding : report.findings) {
    writer.begin_object().key("rule").string(finding.rule).key("severity").string(to_string(finding.severity));
    if (!finding.server.empty()) writer.key("server").string(finding.server);
    if (!finding.tool.empty()) writer.key("tool").string(finding.tool);
    writer.key("text").string(cut(finding.text)).key("help").string(rule(finding.rule).help);
    if (finding.file != kNone) {
      writer.key("file").string(report.scan->files[finding.file].path).key("line").number(finding.line);
    }
    writer.key("fingerprint").string(fingerprint_of(report, finding)).end_object();
  }
  writer.end_array().end_object();
  return out + "\n";
}

std::string render_sarif(const Report& report, const std::string& root) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("$schema").string("https://json.schemastore.org/sarif-2.1.0.json");
  writer.key("version").string("2.1.0").key("runs").begin_array().begin_object();
  writer.key("tool").begin_object().key("driver").begin_object().key("name").string("Doorward");
  writer.key("version").string(DOORWARD_VERSION).key("semanticVersion").string(DOORWARD_VERSION);
  writer.key("rules").begin_array();
  for (const Rule& rule : rules()) {
    writer.begin_object().key("id").string(rule.id).key("name").string(rule.id);
    writer.key("shortDescription").begin_object().key("text").string(rule.title).end_object();
    writer.key("fullDescription").begin_object().key("text").string(rule.help).end_object();
    writer.key("help").begin_object().key("text").string(rule.help).key("markdown").string(rule.help).end_object();
    writer.key("defaultConfiguration").begin_object().key("level").string(level_of(rule.severity)).end_object();
    writer.key("properties").begin_object().key("security-severity").string(number_of(rule.severity));
    writer.key("tags").begin_array().string("security").string("mcp").end_array().end_object().end_object();
  }
  writer.end_array().end_object().end_object();
  writer.key("originalUriBaseIds").begin_object().key("%SRCROOT%").begin_object();
  writer.key("description").begin_object().key("text").string("The folder in which the scan ran.").end_object();
  writer.end_object().end_object();
  writer.key("columnKind").string("utf16CodeUnits").key("results").begin_array();
  for (const Finding& finding : report.findings) {
    std::size_t index = 0;
    while (rules()[index].id != finding.rule) ++index;
    writer.begin_object().key("ruleId").string(finding.rule).key("ruleIndex").number(index);
    writer.key("level").string(level_of(finding.severity));
    writer.key("message").begin_object().key("text").string(cut(finding.text)).end_object();
    writer.key("locations").begin_array();
    if (finding.file != kNone) {
      writer.begin_object().key("physicalLocation").begin_object().key("artifactLocation").begin_object();
      std::error_code ignored;
      const std::string path = std::filesystem::absolute(report.scan->files[finding.file].path, ignored).lexically_normal().string();
      const std::string base = std::filesystem::path(root).lexically_normal().string() + "/";
      if (path.starts_with(base)) {
        writer.key("uri").string(percent_encoded(std::string_view(path).substr(base.size()))).key("uriBaseId").string("%SRCROOT%");
      } else {
        writer.key("uri").string("file://" + percent_encoded(path));
      }
      writer.end_object().key("region").begin_object().key("startLine").number(finding.line).end_object();
      writer.end_object();
      if (!finding.server.empty()) {
        writer.key("logicalLocations").begin_array().begin_object();
        writer.key("fullyQualifiedName").string(finding.server + (finding.tool.empty() ? "" : "." + finding.tool));
        writer.end_object().end_array();
      }
      writer.end_object();
    }
    writer.end_array().key("partialFingerprints").begin_object();
    writer.key("doorward/v1").string(fingerprint_of(report, finding)).end_object();
    writer.key("properties").begin_object().key("severity").string(to_string(finding.severity)).end_object();
    writer.end_object();
  }
  writer.end_array().end_object().end_array().end_object();
  return out + "\n";
}

std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : catalogue::visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '@':  // a mention
        out += "&#64;";
        break;
      case '#':
        out += "&#35;";
        break;
      case ':':  // an address becomes a link by itself
        out += "&#58;";
        break;
      case '\n':
      case '\t':
        out += ' ';
        break;
      case '\\':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '(':
      case ')':
      case '|':
      case '!':
      case '~':
      case '$':
        out += '\\';
        out += c;
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string render_markdown(const Report& report) {
  const Scan& scan = *report.scan;
  std::string out = "## MCP servers: what agents can do\n\n**" + markdown_text(report.headline) + "**\n\n";
  if (!scan.servers.empty()) {
    out += "| Server | Used by | State | Tools | Read | Write | Execute | Destructive | Financial | Other |\n";
    out += "|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n";
    for (const Server& server : scan.servers) {
      const auto counts = categories_of(server);
      out += "| " + markdown_text(server.name) + " | " + markdown_text(clients_of(report, server)) + " | " + state_of(server) +
             " | " + (server.known == Known::nothing ? "?" : std::to_string(server.tools.size()));
      for (const Category category : kCategories) {
        const std::size_t number = at(counts, category);
        out += " | " + (number == 0 ? std::string() : std::to_string(number));
      }
      out += " |\n";
    }
    out += "\n";
  }
  for (const Agent& agent : report.agents) {
    if (!agent.stack.trifecta.complete) continue;
    out += "**" + markdown_text(agent.label) +
           " completes the lethal trifecta**: private data, content that strangers wrote, and a way out.\n\n";
  }
  if (report.findings.empty()) return out + "Nothing to report.\n";
  constexpr std::size_t kMostShown = 50;
  out += "| Severity | Finding | What |\n|---|---|---|\n";
  std::size_t shown = 0;
  for (const Finding& finding : report.findings) {
    if (++shown > kMostShown) break;
    out += "| " + std::string(to_string(finding.severity)) + " | " + std::string(finding.rule) + " | " +
           markdown_text(cut(finding.text)) + " |\n";
  }
  if (report.findings.size() > kMostShown) {
    out += "\nand " + std::to_string(report.findings.size() - kMostShown) + " more.\n";
  }
  std::set<std::string_view> told;
  out += "\n<details><summary>What to do</summary>\n\n";
  for (const Finding& finding : report.findings) {
    if (!told.insert(finding.rule).second) continue;
    out += "- **" + std::string(finding.rule) + "**: " + markdown_text(rule(finding.rule).help) + "\n";
  }
  return out + "\n</details>\n";
}

}  // namespace doorward::scan
