#include <algorithm>

#include "catalogue/english.h"
#include "catalogue/grade.h"
#include "catalogue/page_parts.h"
#include "catalogue/pretty.h"
#include "catalogue/recommendation.h"
#include "catalogue/shell.h"
#include "catalogue/stack.h"
#include "catalogue/views.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostChanges = 20;
constexpr std::size_t kHeaviest = 5;

std::size_t of(const ServerRecord& server, Category category) {
  return server.by_category[static_cast<std::size_t>(category)];
}
std::size_t of(const ServerRecord& server, Severity severity) {
  return server.by_severity[static_cast<std::size_t>(severity)];
}

Severity worst_of(const ServerRecord& server) {
  for (const Severity severity : {Severity::critical, Severity::high, Severity::medium}) {
    if (of(server, severity) > 0) return severity;
  }
  return Severity::low;
}

Banner banner_of(const ServerView& view) {
  const ServerRecord& server = view.server;
  const std::size_t loses = of(server, Category::destructive) + of(server, Category::financial);
  const std::size_t acts = of(server, Category::write) + of(server, Category::execute);
  Banner banner;
  banner.severity = worst_of(server);
  banner.headline = server.tool_count == 0 ? "No tools known"
                                           : capital(counted(server.tool_count, "tool")) + ", the worst of " +
                                                 std::string(to_string(banner.severity)) + " severity";
  if (server.tool_count == 0) {
    banner.text = {
        plain("No source of the catalogue lists its tools. What it can do is known once the gateway, or a "
              "scan, has seen its list.")};
  } else {
    banner.text = {plain(capital(in_words(loses)) + " of " + counted(server.tool_count, "tool") + " " +
                         (loses == 1 ? "destroys or moves money" : "destroy or move money") + ", " +
                         in_words(acts) + " more " +
                         (acts == 1 ? "changes or runs something" : "change or run something") + ", and " +
                         in_words(of(server, Category::read)) + " only " +
                         (of(server, Category::read) == 1 ? "reads." : "read."))};
  }
  for (const Severity severity : {Severity::critical, Severity::high, Severity::medium, Severity::low}) {
    banner.facts.emplace_back(capital(to_string(severity)),
                              Text{plain(counted(of(server, severity), "tool"))});
  }
  return banner;
}

Section overview_of(const ServerView& view) {
  const Listing& listing = view.server.listing;
  Section section{"overview", "What it is", {}};
  if (!listing.description.empty())
    section.blocks.emplace_back(Quote{listing.description, "its own description"});
  Facts facts;
  const auto fact = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) facts.rows.emplace_back(std::string(name), Text{plain(value)});
  };
  fact("Name", listing.name);
  fact("Publisher", listing.publisher);
  fact("Version", listing.version);
  fact("Licence", listing.licence);
  fact("Authentication", listing.auth.empty() ? "not said by any source" : listing.auth);
  std::vector<std::string> transports;
  const auto transport = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(transports, name) == transports.end()) transports.push_back(name);
  };
  for (const Package& package : listing.packages) transport(package.transport);
  for (const Remote& remote : listing.remotes) transport(remote.transport);
  fact("Transports", transports.empty() ? "not said by any source" : listed(transports));
  for (const Package& package : listing.packages) facts.rows.emplace_back("Package", package_text(package));
  for (const Remote& remote : listing.remotes) {
    Text text{outside(remote.url, remote.url)};
    if (remote.needs_secret) text.push_back(plain(" (wants a secret)"));
    facts.rows.emplace_back("Endpoint", std::move(text));
  }
  if (!listing.repository.empty())
    facts.rows.emplace_back("Repository", Text{outside(listing.repository, listing.repository)});
  if (!listing.website.empty())
    facts.rows.emplace_back("Website", Text{outside(listing.website, listing.website)});
  fact("Known from", listed(view.server.sources));
  fact("First seen", day_of(view.server.first_seen_us));
  fact("Last seen", day_of(view.server.last_seen_us));
  section.blocks.emplace_back(std::move(facts));
  if (listing.gone) {
    section.blocks.emplace_back(
        Notice{Severity::medium, {plain("A source says that this server is deleted or deprecated.")}});
  }
  return section;
}

Section grade_section(const ServerView& view, const Grade& given) {
  Section section{"grade", "Grade " + std::string(1, given.letter), {}};
  section.blocks.emplace_back(Paragraph{
      {plain(std::to_string(given.points) +
             " of 100 points, by what sources say of the server: who publishes it, "
             "whether its tools are known and what their definitions hide. It sums up the reasons and is no "
             "verdict.")}});
  if (!given.identity.why.empty()) {
    section.blocks.emplace_back(
        Paragraph{{plain("Publisher: "), strong(to_string(given.identity.verification)),
                   plain(". " + capital(given.identity.why))}});
  }
  Bullets reasons;
  for (const GradeReason& reason : given.reasons) {
    Text item{plain(capital(reason.what))};
    std::string cost = reason.points > 0 ? counted(static_cast<std::size_t>(reason.points), "point") + " off"
                                         : std::string();
    if (reason.at_best != 'A') cost += (cost.empty() ? "" : ", ") + std::string("at best ") + reason.at_best;
    if (!cost.empty()) item.push_back(plain(" (" + cost + ")"));
    reasons.items.push_back(std::move(item));
  }
  if (!reasons.items.empty()) section.blocks.emplace_back(std::move(reasons));
  for (const LookAlike& like : view.look_alikes) {
    Text text{plain("Its name is like another's: "), code(like.name), plain(" and ")};
    text.push_back(like.slug.empty() ? code(like.other)
                                     : code_link(like.other, {PageKind::server, like.slug}));
    text.push_back(plain(". " + like.why));
    section.blocks.emplace_back(Notice{Severity::high, std::move(text)});
  }
  return section;
}

Section tokens_section(const ServerView& view) {
  Section section{"tokens", "What its definitions cost", {}};
  std::size_t bytes = 0;
  std::vector<const ToolRecord*> heaviest;
  for (const ToolRecord& tool : view.tools) {
    if (!tool.outer.empty()) continue;  // An action is not in the list that a model is given.
    bytes += tool.definition.size();
    heaviest.push_back(&tool);
  }
  std::ranges::sort(heaviest, std::greater<>(),
                    [](const ToolRecord* tool) { return tool->definition.size(); });
  section.blocks.emplace_back(Paragraph{{plain(
      "All definitions together are " + token_text(bytes) + ", " +
      percent_of(tokens_of(bytes), kWindowTokens) + " of a window of " + counted(kWindowTokens, "token") +
      ", spent before the agent has read its task. The count is an estimate: four bytes a token.")}});
  if (heaviest.size() > 1) {
    Table table{"The heaviest definitions", {"Tool", "Tokens, about", "Share of the server"}, {}};
    for (std::size_t i = 0; i < std::min(kHeaviest, heaviest.size()); ++i) {
      const std::size_t size = heaviest[i]->definition.size();
      table.rows.push_back({{code_link(heaviest[i]->name, tool_ref(view.server.slug, heaviest[i]->name))},
                            {plain(grouped(tokens_of(size)))},
                            {plain(percent_of(size, bytes))}});
    }
    section.blocks.emplace_back(std::move(table));
  }
  return section;
}

Section policies_of(const ServerView& view) {
  Section section{"policy", "Suggested policy for the whole server", {}};
  for (const Posture posture : {Posture::recommended, Posture::strict, Posture::permissive}) {
    ServerPolicy policy = recommend(view.tools, posture);
    Bullets why;
    for (const std::string& line : policy.why) why.items.push_back({plain(line)});
    section.blocks.emplace_back(Paragraph{{strong(capital(to_string(posture)))}});
    section.blocks.emplace_back(std::move(why));
    section.blocks.emplace_back(Code{
        "json", capital(to_string(posture)) + " policy for " + name_of(view.server), pretty(policy.policy)});
  }
  const std::string server = shell_word(view.server.slug);
  section.blocks.emplace_back(Paragraph{{plain(
      "Put the server behind the gateway, look at what the policy would change, put it in force, and give "
      "the agent a grant:")}});
  section.blocks.emplace_back(
      Code{"sh", "Apply it",
           add_command(view.server) + "\ndoorward catalogue apply " + server +
               " --posture recommended --dry-run\n" + "doorward catalogue apply " + server +
               " --posture recommended\ndoorward grant create my-agent --server " + server});
  return section;
}

Section legs_of_server(const ServerView& view) {
  const StackServer one{view.server.slug, view.tools};
  const Trifecta trifecta = analyse_stack(std::span(&one, 1)).trifecta;
  Section section{"trifecta", "Private data, untrusted content and a way out", {}};
  std::vector<std::string> held;
  std::vector<std::string> missing;
  for (const Leg leg : kLegs) {
    const std::size_t count = trifecta.by_leg[static_cast<std::size_t>(leg)];
    if (count > 0)
      held.push_back(std::string(label(leg)) + " (" + counted(count, "tool") + ")");
    else
      missing.emplace_back(label(leg));
  }
  Text text;
  if (trifecta.complete) {
    text = {plain("This server holds all three by itself: " + listed(held) +
                  ". Text that somebody else wrote can make an agent read what is "
                  "private and send it out in one session.")};
  } else if (held.empty()) {
    text = {plain("None of its tools holds one of the three, as far as their definitions tell.")};
  } else {
    text = {plain("It holds " + listed(held) + "; " + listed(missing) +
                  " would have to come from another server. See "),
            link("the pattern", {PageKind::attack, "lethal-trifecta"}),
            plain(" and the page of your stack.")};
  }
  section.blocks.emplace_back(Paragraph{std::move(text)});
  return section;
}

Section gone_of(const ServerView& view) {
  Section section{"gone", "No longer listed", {}};
  section.blocks.emplace_back(Paragraph{{plain(
      "The latest whole list of the server does not hold these tools; they count in nothing above. Their pages keep "
      "the last definition, and a tool that is listed again counts again.")}});
  Table table{"Tools that are no longer listed", {"Tool", "Last seen", "No longer listed since"}, {}};
  for (const ToolRecord& tool : view.gone) {
    table.rows.push_back({{code_link(tool.name, tool_ref(view.server.slug, tool.name))},
                          {plain(day_of(tool.last_seen_us))},
                          {plain(day_of(tool.gone_us))}});
  }
  section.blocks.emplace_back(std::move(table));
  return section;
}

Section history_of(const ServerView& view) {
  Section section{"history", "Change history", {}};
  std::vector<const ToolRecord*> changed;
  for (const ToolRecord& tool : view.tools) {
    if (tool.changed_us > tool.first_seen_us || tool.first_seen_us > view.server.first_seen_us)
      changed.push_back(&tool);
  }
  std::ranges::sort(changed, std::greater<>(),
                    [](const ToolRecord* tool) { return std::max(tool->changed_us, tool->first_seen_us); });
  if (changed.empty()) {
    section.blocks.emplace_back(
        Paragraph{{plain("No definition has changed since the server was first seen.")}});
    return section;
  }
  Table table{"Latest changes", {"Tool", "What", "When"}, {}};
  for (std::size_t i = 0; i < std::min(kMostChanges, changed.size()); ++i) {
    const ToolRecord& tool = *changed[i];
    const bool altered = tool.changed_us > tool.first_seen_us;
    table.rows.push_back({{code_link(tool.name, tool_ref(view.server.slug, tool.name))},
                          {plain(altered ? "definition changed" : "added")},
                          {plain(day_of(altered ? tool.changed_us : tool.first_seen_us))}});
  }
  section.blocks.emplace_back(std::move(table));
  if (changed.size() > kMostChanges) {
    section.blocks.emplace_back(
        Paragraph{{plain("And " + counted(changed.size() - kMostChanges, "earlier change") + ".")}});
  }
  return section;
}

}  // namespace

Document server_page(const ServerView& view) {
  Document page;
  page.self = {PageKind::server, view.server.slug};
  page.title = name_of(view.server);
  page.eyebrow = "MCP server";
  page.above = {{"Tool catalogue", {PageKind::index, {}}}};
  page.summary = "What the " + counted(view.server.tool_count, "tool") + " of " + page.title +
                 " can do, how risky each is, and the policy that bounds them.";
  page.banner = banner_of(view);
  const Grade given = grade(view.server, view.tools, view.look_alikes);
  page.banner->facts.emplace_back("Grade", Text{plain(std::string(1, given.letter))});
  page.sections.push_back(overview_of(view));
  page.sections.push_back(grade_section(view, given));
  if (view.tools.empty()) {
    if (!view.gone.empty()) page.sections.push_back(gone_of(view));
    return page;
  }
  page.sections.push_back({"counts", "Tools by category", {category_bars(view.server.by_category)}});
  page.sections.push_back(
      {"tools", "All tools, riskiest first", {tool_table("Tools of " + page.title, view.tools, false)}});
  page.sections.push_back(legs_of_server(view));
  page.sections.push_back(policies_of(view));
  page.sections.push_back(tokens_section(view));
  page.sections.push_back(history_of(view));
  if (!view.gone.empty()) page.sections.push_back(gone_of(view));
  return page;
}

}  // namespace doorward::catalogue
