#include <algorithm>

#include "catalogue/english.h"
#include "catalogue/page_parts.h"
#include "catalogue/pretty.h"
#include "catalogue/views.h"

namespace doorward::catalogue {
namespace {

/// Our own texts have names between backticks.
Text prose(std::string_view text) {
  Text out;
  bool name = false;
  while (true) {
    const std::size_t end = std::min(text.find('`'), text.size());
    if (end > 0) out.push_back(name ? code(text.substr(0, end)) : plain(text.substr(0, end)));
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
    name = !name;
  }
}

Section incidents_of(const AttackPattern& pattern) {
  Table table{"Incidents and demonstrations", {"Incident", "When", "What happened", "What it teaches"}, {}};
  for (const Incident& incident : pattern.incidents) {
    table.rows.push_back(
        {{outside(incident.name, incident.url)},
         {plain(incident.date)},
         prose(std::string(incident.what) + (incident.secondary ? " Known from reports of others." : "")),
         prose(incident.lesson)});
  }
  return {"incidents", "Where it happened", {std::move(table)}};
}

Section open_tools(const AttackView& view) {
  Section section{"tools", "Which tools of this catalogue are open to it", {}};
  const std::string looked = counted(view.tools, "tool") + " of " + counted(view.servers, "server");
  if (view.open.empty()) {
    section.blocks.emplace_back(Paragraph{{plain("None of the " + looked + " that were looked at.")}});
    return section;
  }
  std::string text =
      grouped(view.found) + " of " + counted(view.tools, "tool") + " on " + counted(view.servers, "server") +
      (view.found == 1 ? " fits the pattern" : " fit the pattern") + " by what their definitions say";
  text += view.found > view.open.size() ? "; the " + grouped(view.open.size()) + " riskiest:" : ":";
  if (!view.all_servers) text += " Servers beyond the bound were not looked at; name yours to see them.";
  section.blocks.emplace_back(Paragraph{{plain(text)}});
  Table table{"Tools open to the pattern", {"Tool", "Server", "Category", "Severity", "Why"}, {}};
  for (const OpenTool& open : view.open) {
    table.rows.push_back({{code_link(open.tool.name, tool_ref(open.tool.server, open.tool.name))},
                          {link(open.tool.server, {PageKind::server, open.tool.server})},
                          {badge(open.tool.classification.category)},
                          {badge(open.tool.classification.severity)},
                          {plain(open.why)}});
  }
  section.blocks.emplace_back(std::move(table));
  section.blocks.emplace_back(Paragraph{
      {plain("Whether a call can get through is decided by the policies in force, not by this list.")}});
  return section;
}

Text framework_link(std::string_view id) {
  if (id.starts_with("CVE-")) return {outside(id, "https://www.cve.org/CVERecord?id=" + std::string(id))};
  return {plain(id)};
}

}  // namespace

Document attack_page(const AttackView& view) {
  const AttackPattern& pattern = *view.pattern;
  Document page;
  page.self = {PageKind::attack, std::string(pattern.id)};
  page.title = std::string(pattern.name);
  page.eyebrow = "Attack pattern";
  page.above = {{"Tool catalogue", {PageKind::index, {}}}, {"Attack patterns", {PageKind::attack, {}}}};
  page.summary = std::string(pattern.definition);
  page.lead = {plain(capital(pattern.definition))};
  Section how{"how", "How it works", {Paragraph{prose(pattern.how)}}};
  if (!pattern.applies_to.empty()) {
    how.blocks.emplace_back(Facts{{{"Applies to", prose(pattern.applies_to)}}});
  }
  page.sections.push_back(std::move(how));
  if (!pattern.incidents.empty()) page.sections.push_back(incidents_of(pattern));
  page.sections.push_back(open_tools(view));
  Section stop{"rule", "Which rule stops it", {Paragraph{prose(pattern.mitigation)}}};
  if (!pattern.rule.empty()) {
    stop.blocks.emplace_back(Code{"json", "A policy that shows the rule", pretty(pattern.rule)});
  } else {
    stop.blocks.emplace_back(Paragraph{{plain("No rule of a policy does that by itself.")}});
  }
  page.sections.push_back(std::move(stop));
  Bullets frameworks;
  for (const std::string_view id : pattern.frameworks) frameworks.items.push_back(framework_link(id));
  if (!frameworks.items.empty())
    page.sections.push_back({"frameworks", "What others call it", {std::move(frameworks)}});
  return page;
}

Document attacks_page() {
  Document page;
  page.self = {PageKind::attack, {}};
  page.title = "Attack patterns";
  page.eyebrow = "Catalogue";
  page.above = {{"Tool catalogue", {PageKind::index, {}}}};
  page.summary = "How agents' access to tools is abused, and what stops it.";
  page.lead = {
      plain("How agents' access to tools is abused: each pattern with what happened, the tools that are open "
            "to it, and the rule that stops it.")};
  Table table{"Attack patterns", {"Pattern", "Id", "What it is"}, {}};
  for (const AttackPattern& pattern : attack_patterns()) {
    table.rows.push_back({{link(pattern.name, {PageKind::attack, std::string(pattern.id)})},
                          {code(pattern.id)},
                          {plain(pattern.definition)}});
  }
  page.sections.push_back(
      {"patterns", capital(counted(attack_patterns().size(), "pattern")), {std::move(table)}});
  return page;
}

}  // namespace doorward::catalogue
