#include "catalogue/english.h"
#include "catalogue/page_parts.h"
#include "catalogue/views.h"

namespace doorward::catalogue {

Document index_page(const IndexView& view) {
  Document page;
  page.self = {PageKind::index, {}};
  page.title = "Tool catalogue";
  page.summary = "What " + counted(view.counts.tools, "tool") + " of " +
                 counted(view.counts.servers, "MCP server") +
                 " can do, how risky each is, and the policy that bounds it.";
  page.lead = {
      plain("What " + counted(view.counts.tools, "tool") + " of " + counted(view.counts.servers, "server") +
            " can do, how risky each is and why, which attacks abuse it, and the rule that bounds it.")};
  page.sections.push_back({"find", "Find a server or a tool", {SearchBox{}}});
  page.sections.push_back({"counts", "Tools by category", {category_bars(view.counts.by_category)}});
  Table servers{"Servers", {"Server", "Tools", "Critical", "High", "What it is"}, {}};
  for (const ServerRecord& server : view.servers) {
    const auto count = [&](Severity severity) {
      return Text{plain(grouped(server.by_severity[static_cast<std::size_t>(severity)]))};
    };
    const std::vector<std::string> sentences = sentences_of(server.listing.description, 1);
    servers.rows.push_back({{link(name_of(server), {PageKind::server, server.slug})},
                            {plain(grouped(server.tool_count))},
                            count(Severity::critical),
                            count(Severity::high),
                            sentences.empty() ? Text{} : Text{plain(sentences.front())}});
  }
  Section all{"servers", "Servers", {}};
  if (view.servers.size() < view.counts.servers) {
    all.blocks.emplace_back(Paragraph{{plain(capital(counted(view.servers.size(), "server")) + " of " +
                                             grouped(view.counts.servers) + "; search finds the others.")}});
  }
  if (view.servers.empty())
    all.blocks.emplace_back(Paragraph{{plain("The catalogue knows no server yet.")}});
  else
    all.blocks.emplace_back(std::move(servers));
  page.sections.push_back(std::move(all));
  if (!view.worst.empty()) {
    page.sections.push_back(
        {"worst", "The riskiest tools", {tool_table("The riskiest tools", view.worst, true)}});
  }
  page.sections.push_back(
      {"attacks",
       "How access is abused",
       {Paragraph{{link("Attack patterns", {PageKind::attack, {}}),
                   plain(": " + counted(attack_patterns().size(), "way") +
                         " in which agents' access to tools is abused, with what happened "
                         "and the rule that stops each.")}}}});
  return page;
}

}  // namespace doorward::catalogue
