#include "cli/scan_view.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "catalogue/shell.h"
#include "cli/log_view.h"
#include "scan/render.h"

namespace doorward::cli {
namespace {

using scan::Agent;
using scan::Finding;
using scan::Report;
using scan::Server;

constexpr std::size_t kMostWorst = 8;
constexpr std::size_t kMostFindings = 12;  ///< of one severity
constexpr std::size_t kWidth = 100;        ///< where lines of text are broken
constexpr std::size_t kMostName = 40;

std::string painted(std::string_view text, std::string_view code, bool color) {
  return color ? "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m" : std::string(text);
}

std::string shortened(std::string text, std::size_t most) {
  if (text.size() > most) text = text.substr(0, most - 3) + "...";
  return text;
}

/// Words in lines of at most kWidth, each line behind the first begun by `indent` blanks.
std::string wrapped(const std::string& text, std::size_t used, std::size_t indent) {
  std::string out;
  std::size_t column = used;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    const std::string_view word = std::string_view(text).substr(at, space - at);
    if (column > indent && column + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (at > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at = space + 1;
  }
  return out;
}

std::string heading(std::string_view text, bool color) {
  return "\n" + painted(text, "1", color) + "\n";
}

/// A number in its column; a zero is a dot, so that what is there stands out.
std::string cell(std::size_t number, std::size_t width, std::string_view code, bool color) {
  const std::string text = number == 0 ? "." : std::to_string(number);
  const std::string pad(width - std::min(width, text.size()), ' ');
  return pad + painted(text, number == 0 ? "2" : code, color);
}

void write_servers(const Report& report, bool color, std::string& out) {
  std::size_t name_width = 6;
  std::size_t client_width = 7;
  std::size_t state_width = 5;
  for (const Server& server : report.scan->servers) {
    name_width = std::max(name_width, std::min(kMostName, safe_text(server.name).size()));
    client_width = std::max(client_width, std::min(kMostName, scan::clients_of(report, server).size()));
    state_width = std::max(state_width, scan::state_of(server).size());
  }
  const auto padded = [](std::string text, std::size_t width) {
    text.append(width - std::min(width, text.size()), ' ');
    return text + "  ";
  };
  out += painted(padded("SERVER", name_width) + padded("USED BY", client_width) + padded("STATE", state_width) +
                     "TOOLS   READ  WRITE   EXEC  DESTR  MONEY  OTHER",
                 "2", color) +
         "\n";
  for (const Server& server : report.scan->servers) {
    std::array<std::size_t, kCategories.size()> counts{};
    for (const catalogue::ToolRecord& tool : server.tools) ++counts[static_cast<std::size_t>(tool.classification.category)];
    out += padded(shortened(safe_text(server.name), kMostName), name_width);
    out += padded(shortened(scan::clients_of(report, server), kMostName), client_width);
    out += padded(scan::state_of(server), state_width);
    if (server.known == scan::Known::nothing) {
      out += painted("    ?", "2", color) + "\n";
      continue;
    }
    constexpr std::array<std::string_view, kCategories.size()> kCodes = {"0", "0", "33", "1;31", "1;31", "0"};
    out += cell(server.tools.size(), 5, "1", color);
    for (const Category category : kCategories) {
      const auto i = static_cast<std::size_t>(category);
      out += cell(counts[i], 7, kCodes[i], color);
    }
    out += "\n";
  }
}

void write_worst(const Report& report, bool color, std::string& out) {
  struct Worst {
    const Server* server;
    const catalogue::ToolRecord* tool;
  };
  std::vector<Worst> worst;
  for (const Server& server : report.scan->servers) {
    if (!server.active) continue;
    for (const catalogue::ToolRecord& tool : server.tools) {
      if (tool.classification.severity >= Severity::high) worst.push_back({&server, &tool});
    }
  }
  if (worst.empty()) return;
  // Of tools that are as bad as each other those with more reasons come first.
  std::ranges::stable_sort(worst, [](const Worst& a, const Worst& b) {
    const risk::Classification& x = a.tool->classification;
    const risk::Classification& y = b.tool->classification;
    if (x.severity != y.severity || x.category != y.category) return catalogue::riskier(*a.tool, *b.tool);
    return x.signals.size() > y.signals.size();
  });
  out += heading("Worst tools", color);
  std::size_t name_width = 0;
  for (std::size_t i = 0; i < std::min(worst.size(), kMostWorst); ++i) {
    name_width = std::max(name_width, std::min(kMostName, safe_text(worst[i].server->name + "." + scan::label_of(*worst[i].tool)).size()));
  }
  for (std::size_t i = 0; i < std::min(worst.size(), kMostWorst); ++i) {
    const risk::Classification& classification = worst[i].tool->classification;
    std::string name = shortened(safe_text(worst[i].server->name + "." + scan::label_of(*worst[i].tool)), kMostName);
    name.append(name_width - std::min(name_width, name.size()), ' ');
    std::string category(to_string(classification.category));
    category.append(11 - category.size(), ' ');
    const std::size_t indent = 10 + name_width + 2 + 11 + 2;
    out += severity_word(classification.severity, color) + "  " + name + "  " + category + "  " +
           wrapped(safe_text(scan::reason_of(classification)), indent, indent) + "\n";
  }
  if (worst.size() > kMostWorst) {
    out += "and " + std::to_string(worst.size() - kMostWorst) + " more that are high or critical\n";
  }
}

void write_together(const Report& report, bool color, std::string& out) {
  std::string lines;
  for (const Agent& agent : report.agents) {
    if (agent.servers.empty()) {
      lines += agent.label + ": every server goes through Doorward\n";
      continue;
    }
    const catalogue::Trifecta& trifecta = agent.stack.trifecta;
    if (agent.tools == 0 && agent.through_doorward == 0) continue;
    if (trifecta.held == 0 && agent.through_doorward == 0) continue;
    std::string line;
    if (trifecta.complete) {
      line = painted("completes the lethal trifecta", "1;31", color) + " (private data, strangers' text, a way out)";
    } else if (trifecta.held != 0) {
      std::string held;
      std::string missing;
      for (const catalogue::Leg leg : catalogue::kLegs) {
        std::string& list = (trifecta.held & catalogue::bit(leg)) != 0 ? held : missing;
        list += (list.empty() ? "" : " and ") + std::string(catalogue::label(leg));
      }
      line = "has " + held + "; lacks " + missing;
    }
    if (agent.through_doorward > 0) {
      line += (line.empty() ? "" : "; ") + std::to_string(agent.through_doorward) + " through Doorward";
    }
    lines += agent.label + ": " + line + "\n";
    for (std::size_t i = 0; i < std::min<std::size_t>(trifecta.ways.size(), 2); ++i) {
      std::string way;
      for (const catalogue::ToolAt at : trifecta.ways[i]) {
        const Server& server = report.scan->servers[agent.servers[at.server]];
        way += (way.empty() ? "" : " + ") + safe_text(server.name + "." + scan::label_of(server.tools[at.tool]));
      }
      lines += "  by " + way + "\n";
    }
  }
  if (!lines.empty()) out += heading("Together", color) + lines;
}

void write_findings(const Report& report, bool color, std::string& out) {
  // The tools themselves stand above.
  const auto is_tool = [](const Finding& finding) { return finding.rule == "critical-tool" || finding.rule == "high-tool"; };
  std::array<std::size_t, kSeverities.size()> shown{};
  std::array<std::size_t, kSeverities.size()> left{};
  std::string lines;
  for (const Finding& finding : report.findings) {
    if (is_tool(finding) || finding.rule == "trifecta") continue;
    const auto severity = static_cast<std::size_t>(finding.severity);
    if (++shown[severity] > kMostFindings) {
      ++left[severity];
      continue;
    }
    std::string head(finding.rule);
    head.append(20 - std::min<std::size_t>(20, head.size()), ' ');
    lines += severity_word(finding.severity, color) + "  " + head + "  " + wrapped(safe_text(finding.text), 32, 32) + "\n";
  }
  for (const Severity severity : {Severity::critical, Severity::high, Severity::medium, Severity::low}) {
    const std::size_t more = left[static_cast<std::size_t>(severity)];
    if (more > 0) lines += "and " + std::to_string(more) + " more that are " + std::string(to_string(severity)) + "\n";
  }
  if (!lines.empty()) out += heading("Found", color) + lines;
}

void write_next(const Report& report, bool color, std::string& out) {
  const Server* worst = nullptr;
  const catalogue::ToolRecord* worst_tool = nullptr;
  bool unknown = false;
  for (const Server& server : report.scan->servers) {
    unknown = unknown || (server.active && server.known == scan::Known::nothing && !server.unreachable &&
                          !server.launch.is_doorward() && server.launch.problem.empty());
    for (const catalogue::ToolRecord& tool : server.tools) {
      if (worst_tool != nullptr && !catalogue::riskier(tool, *worst_tool)) continue;
      worst_tool = &tool;
      worst = &server;
    }
  }
  std::string lines;
  if (worst != nullptr && worst_tool->classification.severity >= Severity::medium) {
    const std::string name = safe_text(catalogue::shell_word(worst->slug.empty() ? worst->name : worst->slug));
    lines += "doorward precheck " + name + "    what it can do, and a policy for it\n";
    lines += "doorward precheck " + name + " --export claude-code    its worst tools for the client's own deny list\n";
  }
  for (const Server& server : report.scan->servers) {
    for (const std::string& tool : server.untold) {
      lines += "doorward scan --ask-actions    calls " + safe_text(server.name + "." + tool) +
               " to be told of the actions that it hides\n";
    }
    for (const risk::ActionProposal& proposal : server.actions.proposals) {
      lines += "doorward scan --json    its \"setting\" lets policies name the " + std::to_string(proposal.actions.size()) +
               " actions of " + safe_text(server.name + "." + proposal.tool) + " (actions: of the server)\n";
    }
  }
  if (unknown) lines += "doorward scan --yes    start every server that is shown, and list its tools\n";
  if (!lines.empty()) out += heading("Next", color) + lines;
}

}  // namespace

std::string severity_word(Severity severity, bool color) {
  constexpr std::array<std::string_view, 4> kCodes = {"2", "33", "31", "1;31"};
  std::string word(to_string(severity));
  word.append(8 - word.size(), ' ');
  return painted(word, kCodes[static_cast<std::size_t>(severity)], color);
}

std::string launch_line(const scan::Launch& launch) {
  std::string line = safe_text(launch.text);
  const auto names = [&](std::string_view what, const std::vector<std::string>& list) {
    if (list.empty()) return;
    line += "  [" + std::string(what) + ": ";
    for (std::size_t i = 0; i < list.size(); ++i) line += (i == 0 ? "" : ", ") + safe_text(list[i]);
    line += "]";
  };
  names("with", launch.env);
  names("sends", launch.headers);
  return line;
}

std::string scan_view(const Report& report, bool color) {
  std::string out = painted(report.headline, "1", color) + "\n";
  if (!report.scan->servers.empty()) {
    out += "\n";
    write_servers(report, color, out);
  }
  write_worst(report, color, out);
  write_together(report, color, out);
  write_findings(report, color, out);
  write_next(report, color, out);
  return out;
}

}  // namespace doorward::cli
