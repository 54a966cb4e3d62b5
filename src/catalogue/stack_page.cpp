#include <algorithm>
#include <set>

#include "catalogue/english.h"
#include "catalogue/page_parts.h"
#include "catalogue/recommendation.h"
#include "catalogue/shell.h"
#include "catalogue/stack.h"
#include "catalogue/stack_report.h"
#include "catalogue/views.h"
#include "json/reader.h"

namespace doorward::catalogue {
namespace {

Run tool_link(const StackView& view, ToolAt at) {
  const ToolRecord& tool = view.servers[at.server].tools[at.tool];
  return code_link(tool.name, tool_ref(tool.server, tool.name));
}
Run server_link(const StackView& view, std::uint32_t server) {
  const ServerRecord& record = view.servers[server].server;
  return link(name_of(record), {PageKind::server, record.slug});
}

Text tools_of(const StackView& view, std::span<const ToolAt> tools) {
  Text text;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (i != 0) text.push_back(plain(i + 1 == tools.size() ? " and " : ", "));
    text.push_back(tool_link(view, tools[i]));
    text.push_back(plain(" of "));
    text.push_back(server_link(view, tools[i].server));
  }
  return text;
}

std::vector<std::string> names_of(Legs legs) {
  std::vector<std::string> names;
  for (const Leg leg : kLegs) {
    if ((legs & bit(leg)) != 0) names.emplace_back(label(leg));
  }
  return names;
}

Section trifecta_section(const StackView& view, const StackReport& report) {
  const Trifecta& trifecta = report.trifecta;
  Section section{"trifecta", "Private data, untrusted content and a way out", {}};
  if (!trifecta.complete) {
    std::vector<std::string> held = names_of(trifecta.held);
    section.blocks.emplace_back(Paragraph{{plain(
        held.empty() ? "No tool of the stack holds one of the three."
                     : "The stack holds " + listed(held) + " only: it does not complete the three.")}});
    return section;
  }
  const std::size_t across = trifecta.found[0] + trifecta.found[1] + trifecta.found[2];
  section.blocks.emplace_back(
      Notice{Severity::critical,
             {plain("The stack completes all three in " + counted(across, "way") +
                    ": text that somebody else wrote can make an agent read private "
                    "data and send it out in one session. See "),
              link("the pattern", {PageKind::attack, "lethal-trifecta"}), plain(".")}});
  Bullets ways;
  for (const std::vector<ToolAt>& way : trifecta.ways) {
    Text item = tools_of(view, way);
    if (way.size() == 1) item.push_back(plain(" alone"));
    ways.items.push_back(std::move(item));
  }
  section.blocks.emplace_back(Paragraph{
      {plain(ways.items.size() < across ? "The first " + in_words(ways.items.size()) + ":" : "They are:")}});
  section.blocks.emplace_back(std::move(ways));
  section.blocks.emplace_back(Paragraph{{plain(
      "Take one leg away: hide the way out from agents that read what others write, or give each job a "
      "grant of its own with the servers that it needs.")}});
  return section;
}

Section servers_section(const StackView& view, const StackReport& report) {
  Table table{"Servers of the stack", {"Server", "Tools", "Critical", "High", "Legs it holds"}, {}};
  for (std::uint32_t i = 0; i < view.servers.size(); ++i) {
    const StackReport::ServerTotals& totals = report.servers[i];
    const auto count = [&](Severity severity) {
      return Text{plain(grouped(totals.by_severity[static_cast<std::size_t>(severity)]))};
    };
    const std::vector<std::string> legs = names_of(totals.legs);
    table.rows.push_back({{server_link(view, i)},
                          {plain(grouped(totals.tools))},
                          count(Severity::critical),
                          count(Severity::high),
                          legs.empty() ? Text{} : Text{plain(listed(legs))}});
  }
  return {"servers", "Servers", {std::move(table)}};
}

Section clashes_section(const StackView& view, const StackReport& report) {
  Section section{"clashes", "Names that clash", {}};
  if (report.clashes.empty() && report.shadows.empty()) {
    section.blocks.emplace_back(
        Paragraph{{plain("No two servers have tools of the same or nearly the same name, and no definition "
                         "names a tool of another server.")}});
    return section;
  }
  Bullets bullets;
  for (const NameClash& clash : report.clashes) {
    Text item = tools_of(view, clash.tools);
    item.push_back(plain(": " + clash.why));
    bullets.items.push_back(std::move(item));
  }
  for (const Shadow& shadow : report.shadows) {
    Text item{tool_link(view, shadow.by), plain(" of "), server_link(view, shadow.by.server),
              plain(" names ")};
    for (Run& run : tools_of(view, shadow.named)) item.push_back(std::move(run));
    item.push_back(plain(" in its definition: a definition can bend how another tool is used."));
    bullets.items.push_back(std::move(item));
  }
  section.blocks.emplace_back(std::move(bullets));
  return section;
}

/// The tools that a policy lets agents call without a person.
std::vector<ToolAt> open_under(std::string_view policy, std::uint32_t server,
                               std::span<const ToolRecord> tools) {
  std::vector<ToolAt> open;
  json::Reader reader;
  const auto root = reader.read(policy);
  if (!root) return open;
  std::set<std::string_view> closed;
  for (const json::Value name : root->find("hide").elements()) {
    if (name.is(json::Type::string)) closed.insert(name.string());
  }
  for (const json::Member tool : root->find("tools").members()) {
    const std::string_view action = text_of(tool.value, "action");
    if (action == "approve" || action == "deny") closed.insert(tool.key.string());
  }
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    if (!closed.contains(tools[i].name)) open.push_back({server, i});
  }
  return open;
}

/// What the recommended policies of all servers together leave, and the command that puts them in force.
Section policy_section(const StackView& view, const StackReport& report) {
  Section section{"policy", "What a policy closes", {}};
  std::vector<StackServer> servers;
  std::vector<ToolAt> open;
  Bullets why;
  std::string names;
  for (std::uint32_t i = 0; i < view.servers.size(); ++i) {
    const ServerView& one = view.servers[i];
    servers.push_back({one.server.slug, one.tools});
    names += " " + shell_word(one.server.slug);
    const ServerPolicy policy = recommend(one.tools, Posture::recommended);
    for (const ToolAt& at : open_under(policy.policy, i, one.tools)) open.push_back(at);
    for (const std::string& line : policy.why)
      why.items.push_back({server_link(view, i), plain(": " + line)});
  }
  const std::size_t closed = report.tools - std::min(report.tools, open.size());
  const Trifecta left = trifecta_of(servers, open);
  std::string text = "The recommended policies of these servers take " + counted(closed, "tool") + " of " +
                     grouped(report.tools) + " out of the agents' reach or put a person before them.";
  if (report.trifecta.complete) {
    text += left.complete ? " The tools that stay still complete the lethal trifecta: that takes a grant for "
                            "each job, or a rule for "
                            "the way out."
                          : " The tools that stay do not complete the lethal trifecta any more.";
  }
  section.blocks.emplace_back(Paragraph{{plain(text)}});
  section.blocks.emplace_back(std::move(why));
  section.blocks.emplace_back(
      Code{"sh", "Show what would change, then put them in force",
           "doorward catalogue apply" + names + " --dry-run\ndoorward catalogue apply" + names});
  return section;
}

Section tokens_section(const StackView& view) {
  std::size_t bytes = 0;
  Table table{"Definitions by server", {"Server", "Tokens, about", "Share of the window"}, {}};
  for (std::uint32_t i = 0; i < view.servers.size(); ++i) {
    std::size_t own = 0;
    for (const ToolRecord& tool : view.servers[i].tools)
      own += tool.outer.empty() ? tool.definition.size() : 0;
    bytes += own;
    table.rows.push_back({{server_link(view, i)},
                          {plain(grouped(tokens_of(own)))},
                          {plain(percent_of(tokens_of(own), kWindowTokens))}});
  }
  Section section{"tokens", "What the definitions cost", {}};
  section.blocks.emplace_back(Paragraph{
      {plain("An agent that is given the whole stack pays " + token_text(bytes) + " before its first word, " +
             percent_of(tokens_of(bytes), kWindowTokens) + " of a window of " +
             counted(kWindowTokens, "token") + ". The count is an estimate: four bytes a token.")}});
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace

StackReport report_of(const StackView& view) {
  std::vector<StackServer> servers;
  for (const ServerView& one : view.servers) servers.push_back({one.server.slug, one.tools});
  return analyse_stack(servers);
}

Document stack_page(const StackView& view) {
  const StackReport report = report_of(view);
  std::vector<std::string> names;
  Document page;
  page.self.kind = PageKind::stack;
  for (const ServerView& one : view.servers) {
    names.push_back(name_of(one.server));
    page.self.id += (page.self.id.empty() ? "" : "+") + one.server.slug;
  }
  const std::size_t critical = report.by_severity[static_cast<std::size_t>(Severity::critical)];
  const std::size_t high = report.by_severity[static_cast<std::size_t>(Severity::high)];
  page.title = listed(names);
  page.eyebrow = "Stack of " + counted(view.servers.size(), "server");
  page.above = {{"Tool catalogue", {PageKind::index, {}}}};
  page.summary = "Everything that agents with " + page.title + " can call: " + counted(report.tools, "tool") +
                 ", " + grouped(critical) + " of them critical.";
  Banner banner;
  banner.severity = report.trifecta.complete || critical > 0 ? Severity::critical
                    : high > 0                               ? Severity::high
                                                             : Severity::medium;
  banner.headline = capital(counted(report.tools, "tool")) + " in reach, " +
                    (critical == 0 ? "none" : grouped(critical)) + " of them critical";
  banner.text = {plain(report.trifecta.complete
                           ? "Together the servers complete the lethal trifecta: private data, untrusted "
                             "content and a way out."
                           : "Together the servers do not complete the lethal trifecta.")};
  for (const Severity severity : {Severity::critical, Severity::high, Severity::medium, Severity::low}) {
    banner.facts.emplace_back(
        capital(to_string(severity)),
        Text{plain(counted(report.by_severity[static_cast<std::size_t>(severity)], "tool"))});
  }
  page.banner = std::move(banner);
  page.sections.push_back({"counts", "Everything the agents can call", {category_bars(report.by_category)}});
  page.sections.push_back(servers_section(view, report));
  page.sections.push_back(trifecta_section(view, report));
  std::vector<ToolRecord> worst;
  for (const ToolAt& at : report.worst) worst.push_back(view.servers[at.server].tools[at.tool]);
  if (!worst.empty())
    page.sections.push_back(
        {"worst", "The riskiest tools", {tool_table("The riskiest tools of the stack", worst, true)}});
  page.sections.push_back(clashes_section(view, report));
  page.sections.push_back(policy_section(view, report));
  page.sections.push_back(tokens_section(view));
  return page;
}

}  // namespace doorward::catalogue
