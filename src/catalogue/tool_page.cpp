#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "catalogue/english.h"
#include "catalogue/page_parts.h"
#include "catalogue/pretty.h"
#include "catalogue/recommendation.h"
#include "catalogue/shell.h"
#include "catalogue/tool_words.h"
#include "catalogue/views.h"
#include "mcp/definition_diff.h"
#include "risk/severity.h"

namespace doorward::catalogue {
namespace {

void append(Text& text, Text more) {
  for (Run& run : more) text.push_back(std::move(run));
}

/// What the parts of one tool's page share.
struct Context {
  const ToolView& view;
  const ToolRecord& tool;
  const risk::Classification& risk;
  const ServerRecord& server;
  ReadTool read;
  ToolRule rule;
  std::vector<Exposure> exposures;
  std::size_t tools;

  explicit Context(const ToolView& from)
      : view(from),
        tool(from.tool),
        risk(from.tool.classification),
        server(from.server),
        read(from.tool),
        rule(recommend(from.tool.name, from.tool.classification)),
        exposures(catalogue::exposures(from.tool.name, from.tool.classification)),
        tools(from.server.tool_count) {}

  PageRef server_page() const { return {PageKind::server, server.slug}; }
  Run name() const { return code(tool.name); }
  Run server_link() const { return link(name_of(server), server_page()); }
};

/// What decided, in a sentence: the strongest evidence for what the tool was found to be.
Text decided_by(const Context& at) {
  const risk::Evidence* best = nullptr;
  for (const risk::Evidence& piece : at.risk.evidence) {
    if (piece.says == doorward::to_string(at.risk.category) &&
        (best == nullptr || piece.source < best->source))
      best = &piece;
  }
  if (best == nullptr) return {plain("No rule found evidence of what it does.")};
  if (best->source == risk::EvidenceSource::person) {
    return {plain("A person said so: "), cited(at.tool.override ? at.tool.override->reason : best->words),
            plain(".")};
  }
  Text text{plain("What decided: "), cited(best->words), plain(" in ")};
  append(text, where_of(best->where));
  text.push_back(plain("."));
  return text;
}

/// Why its own severity is above that of its category; nothing where it is not, or a person said so.
Text raised_by(const Context& at) {
  if (at.risk.severity <= category_severity(at.risk.category)) return {};
  for (const risk::Evidence& piece : at.risk.evidence) {
    if (piece.says != to_string(at.risk.severity)) continue;
    const risk::SeverityRule* rule = risk::find_severity_rule(piece.rule);
    if (rule == nullptr) continue;
    Text text{plain(" It is "), strong(to_string(at.risk.severity)), plain(" because " + std::string(rule->why) + ": "),
              cited(piece.words), plain(" in ")};
    append(text, where_of(piece.where));
    text.push_back(plain("."));
    return text;
  }
  return {};
}

Banner banner_of(const Context& at) {
  Banner banner;
  banner.severity = at.risk.severity;
  banner.headline =
      capital(to_string(at.risk.severity)) + " risk: " + std::string(doorward::to_string(at.risk.category));
  banner.text = {at.name(), plain(" " + std::string(meaning_of(at.risk.category)) + ". ")};
  append(banner.text, decided_by(at));
  append(banner.text, raised_by(at));
  const Severity published = category_severity(at.risk.category);
  banner.facts = {{"Category", {badge(at.risk.category)}},
                  {"Own severity", {badge(at.risk.severity)}},
                  {"Recommended rule", {plain(capital(at.rule.does))}},
                  {"Published severity of its category", {badge(published)}},
                  {"Confidence", {plain(std::to_string(at.risk.confidence) + " %")}}};
  return banner;
}

Section what_it_does(const Context& at) {
  Section section{"what", "What it does", {}};
  if (at.tool.gone) {
    section.blocks.emplace_back(Notice{
        Severity::medium,
        {plain("No longer listed since " + day_of(at.tool.gone_us) +
               ": the latest whole list of its server does not hold it, so agents cannot call it. What stands "
               "here is its last definition; it counts again once the server lists it.")}});
  }
  if (at.read.facts.description.empty()) {
    section.blocks.emplace_back(Paragraph{{plain("The definition has no description.")}});
  } else {
    section.blocks.emplace_back(
        Quote{std::string(at.read.facts.description), "the definition of " + at.tool.name});
  }
  Text where{at.name(), plain(" is one of the " + counted(at.tools, "tool") + " of "), at.server_link(),
             plain(".")};
  if (at.tools == 1) where = {at.name(), plain(" is the only tool of "), at.server_link(), plain(".")};
  if (at.tool.gone) where = {at.name(), plain(" was a tool of "), at.server_link(), plain(".")};
  if (!at.tool.outer.empty()) {
    append(where, {plain(" It is an action inside the tool "), code(at.tool.outer),
                   plain(": agents reach it by naming it in an argument of that one.")});
  }
  section.blocks.emplace_back(Paragraph{std::move(where)});
  return section;
}

Section why_a_policy(const Context& at) {
  Section section{"why", "Why it needs a policy", {}};
  std::string words;
  for (const std::string& sentence : telling_sentences(at.read, at.risk))
    words += (words.empty() ? "" : "\n") + sentence;
  if (!words.empty()) section.blocks.emplace_back(Quote{words, "the definition of " + at.tool.name});
  for (Text& stake : stakes_of(at.read, at.tool)) section.blocks.emplace_back(Paragraph{std::move(stake)});
  const Severity published = category_severity(at.risk.category);
  if (at.risk.severity > published) {
    Text text{plain("Its category alone, "),
              badge(at.risk.category),
              plain(", would count as "),
              badge(published),
              plain("; what it handles makes it "),
              badge(at.risk.severity),
              plain(".")};
    section.blocks.emplace_back(Paragraph{std::move(text)});
  }
  std::vector<std::vector<Text>> rows;
  for (const risk::Evidence& piece : at.risk.evidence) {
    rows.push_back(
        {{cited(piece.words)}, where_of(piece.where), {says_badge(piece.says)}, {code(piece.rule)}});
  }
  if (!rows.empty()) {
    section.blocks.emplace_back(Paragraph{{plain("The evidence:")}});
    section.blocks.emplace_back(
        Table{"Evidence for the category and severity", {"Words", "Where", "Says", "Rule"}, std::move(rows)});
  }
  return section;
}

Text described(const risk::Parameter& parameter) {
  if (parameter.description.empty()) return {};
  return {plain(parameter.description)};
}

/// The places of parameters, required ones before others, the members of an object behind it.
std::vector<std::size_t> required_first(const risk::Parameters& parameters) {
  std::vector<std::size_t> order;
  for (const bool required : {true, false}) {
    bool wanted = false;
    for (std::size_t i = 0; i < parameters.list.size(); ++i) {
      if (parameters.list[i].parent == -1) wanted = parameters.list[i].required == required;
      if (wanted) order.push_back(i);
    }
  }
  return order;
}

Table parameter_table(const risk::Parameters& parameters, std::string_view caption, bool arguments) {
  Table table{std::string(caption),
              arguments ? std::vector<std::string>{"Name", "Type", "Required", "Default", "Description"}
                        : std::vector<std::string>{"Name", "Type", "Always", "Description"},
              {}};
  for (const std::size_t index : required_first(parameters)) {
    const risk::Parameter& parameter = parameters.list[index];
    std::string name(parameter.name);
    for (int parent = parameter.parent; parent >= 0;
         parent = parameters.list[static_cast<std::size_t>(parent)].parent) {
      name = std::string(parameters.list[static_cast<std::size_t>(parent)].name) + "." + name;
    }
    std::vector<Text> row{
        {code(name)}, {plain(risk::type_text(parameter))}, {plain(parameter.required ? "yes" : "no")}};
    const std::string fallback = risk::default_text(parameter);
    if (arguments) row.push_back(fallback.empty() ? Text{} : Text{code(fallback)});
    row.push_back(described(parameter));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Section arguments_of(const Context& at) {
  Section section{"parameters", "Parameters", {}};
  const risk::Parameters& parameters = at.read.parameters;
  if (parameters.list.empty()) {
    section.blocks.emplace_back(
        Paragraph{{plain(at.read.facts.input_schema
                             ? "It takes none."
                             : "The definition, as far as it is known here, has no input schema, and its "
                               "description names no arguments.")}});
    return section;
  }
  const auto required = std::ranges::count_if(
      parameters.list, [](const auto& one) { return one.parent == -1 && one.required; });
  const bool told = std::ranges::any_of(parameters.list, [](const auto& one) { return one.told; });
  std::string text = capital(counted(parameters.count, "parameter")) + ", " +
                     (required == 0 ? "none" : std::to_string(required)) + " of " +
                     (parameters.count == 1 ? "it" : "them") + " required.";
  if (parameters.count == 1)
    text = required == 1 ? "One parameter, which is required." : "One parameter, which is optional.";
  if (told) text += " What the schema does not say is read from the description.";
  if (parameters.cut) text += " The schema holds more than is shown here.";
  section.blocks.emplace_back(Paragraph{{plain(text)}});
  section.blocks.emplace_back(parameter_table(parameters, "Parameters of " + at.tool.name, true));
  return section;
}

Section output_of(const Context& at) {
  Section section{"output", "Output schema", {}};
  if (at.read.facts.output_schema) {
    if (!at.read.results.list.empty()) {
      section.blocks.emplace_back(
          parameter_table(at.read.results, "Members of the answer of " + at.tool.name, false));
    }
    section.blocks.emplace_back(Code{"json", "outputSchema", pretty(at.read.facts.output_schema)});
    return section;
  }
  if (!at.read.parameters.returns.empty()) {
    section.blocks.emplace_back(
        Paragraph{{plain("The definition declares no output schema. Its description says of the answer:")}});
    section.blocks.emplace_back(
        Quote{std::string(at.read.parameters.returns), "the definition of " + at.tool.name});
  } else {
    section.blocks.emplace_back(Paragraph{{plain(
        "The definition declares no output schema: the shape of the answer is whatever the server sends.")}});
  }
  return section;
}

Section annotations_of(const Context& at) {
  Section section{"annotations", "Annotations", {}};
  if (!at.read.facts.annotations || at.read.facts.annotations.size() == 0) {
    section.blocks.emplace_back(
        Paragraph{{plain("None. Where a hint is absent, the protocol takes a tool for one that may destroy "
                         "and may reach the outside world.")}});
    return section;
  }
  Facts facts;
  for (const json::Member member : at.read.facts.annotations.members()) {
    facts.rows.emplace_back(std::string(member.key.string()), Text{code(pretty(member.value))});
  }
  section.blocks.emplace_back(std::move(facts));
  section.blocks.emplace_back(
      Paragraph{{plain("Annotations are what the server says of itself. They can raise a category here and "
                       "never lower one.")}});
  return section;
}

Section signals_of(const Context& at) {
  Section section{"signals", "Risk signals", {}};
  if (at.risk.signals.empty()) {
    section.blocks.emplace_back(
        Paragraph{{plain("None of the " + std::to_string(risk::kSignals) +
                         " signals is raised by its name, description, schema or annotations.")}});
    return section;
  }
  Table table{"Risk signals of " + at.tool.name, {"Signal", "Raised by", "What follows"}, {}};
  for (const risk::SignalHit& hit : at.risk.signals) {
    Text by{cited(hit.words), plain(" in ")};
    if (hit.words.empty()) by = {plain("in ")};
    append(by, where_of(hit.where));
    table.rows.push_back({{strong(risk::label(hit.signal))}, std::move(by), consequence_of(hit)});
  }
  section.blocks.emplace_back(std::move(table));
  return section;
}

Section attacks_of(const Context& at) {
  Section section{"attacks", "Attacks that abuse this kind of access", {}};
  if (at.exposures.empty()) {
    section.blocks.emplace_back(Paragraph{{plain("No pattern of the catalogue fits what is known of it.")}});
    return section;
  }
  Bullets bullets;
  for (const Exposure& exposure : at.exposures) {
    Text item{link(exposure.pattern->name, {PageKind::attack, std::string(exposure.pattern->id)}),
              plain(": " + without_stop(exposure.pattern->definition) + ". ")};
    item.push_back(plain(exposure.why));
    bullets.items.push_back(std::move(item));
  }
  section.blocks.emplace_back(std::move(bullets));
  return section;
}

Section policy_of(const Context& at) {
  Section section{"policy", "Recommended policy", {}};
  section.blocks.emplace_back(Code{"json", "Recommended policy for " + at.tool.name, pretty(at.rule.policy)});
  if (at.rule.published != at.rule.policy && !at.rule.published.empty()) {
    section.blocks.emplace_back(Paragraph{
        {plain(at.rule.why.empty() ? "The rule that catalogues publish for its category is another one:"
                                   : at.rule.why)}});
    section.blocks.emplace_back(
        Code{"json", "Published rule for the category " + std::string(doorward::to_string(at.risk.category)),
             pretty(at.rule.published)});
  } else {
    section.blocks.emplace_back(
        Paragraph{{plain("Catalogues publish the same rule for the category "), badge(at.risk.category),
                   plain("; the tool's own severity asks for nothing stricter.")}});
  }
  section.blocks.emplace_back(Notice{
      Severity::medium,
      {plain("This is a fragment: by itself, with "), code("default: deny"),
       plain(", it allows no other tool of the server. Where the server has a policy already, "),
       code("doorward catalogue apply " + shell_word(at.server.slug) + " --tool " + shell_word(at.tool.name)),
       plain(" merges the rule into it and shows the difference first.")}});
  return section;
}

Section apply_of(const Context& at) {
  const std::string policy = plain_name(at.server.slug);
  const std::string file = policy + ".json";
  Section section{"apply", "Apply it in three steps", {}};
  Steps steps;
  Steps::Step first{{plain("Put the server behind the gateway, unless it is there already.")},
                    Code{"sh", "", add_command(at.server)}};
  if (!at.tool.outer.empty()) {
    append(first.text,
           {plain(" In a configuration file, "), code("actions"), plain(" names the argument of "),
            code(at.tool.outer), plain(" that holds "), at.name(), plain(", so that rules reach it.")});
  }
  steps.steps.push_back(std::move(first));
  steps.steps.push_back(
      {{plain("Save the policy as "), code(file),
        plain(", check it and put it in force; or merge the rule into the policy that the server has.")},
       Code{"sh", "",
            "doorward policy validate " + file + "\ndoorward policy add " + policy + " --server " +
                shell_word(at.server.slug) + " --file " + file}});
  steps.steps.push_back(
      {{plain("Give the agent a grant that carries it, and see what the gateway would decide.")},
       Code{"sh", "",
            "doorward grant create my-agent --server " + shell_word(at.server.slug) + " --policy " + policy +
                "\ndoorward policy explain " + file + " --tool " + shell_word(at.tool.name)}});
  section.blocks.emplace_back(std::move(steps));
  return section;
}

Section limit_of(const Context& at) {
  Section section{"rate-limit", "Rate-limit it", {}};
  Text text{plain("The gateway counts the calls of each grant. What is over the limit is refused with the "
                  "seconds to wait, and the "
                  "call never reaches "),
            at.server_link(), plain(".")};
  if (at.risk.severity == Severity::critical) {
    append(text, {plain(" A limit bounds how often "), at.name(),
                  plain(" is called, not what one call does: for a critical tool it is the "
                        "weaker choice.")});
  }
  section.blocks.emplace_back(Paragraph{std::move(text)});
  section.blocks.emplace_back(Code{"json", "Policy that limits " + at.tool.name, pretty(at.rule.rate_limit)});
  return section;
}

Section block_of(const Context& at) {
  Section section{"block", "Block it completely", {}};
  section.blocks.emplace_back(Paragraph{
      {plain("Hidden, "), at.name(),
       plain(" is not in the list that agents see, and a call of it is answered like that of a tool "
             "which never existed.")}});
  section.blocks.emplace_back(Code{"json", "Policy that hides " + at.tool.name, pretty(at.rule.block)});
  return section;
}

Section related_of(const Context& at) {
  Section section{"related", "Related tools", {}};
  const auto rows = [](std::span<const ToolRecord> tools, std::size_t most, bool with_server) {
    std::vector<std::vector<Text>> out;
    for (const ToolRecord& tool : tools.subspan(0, std::min(most, tools.size()))) {
      std::vector<Text> row{{code_link(tool.name, tool_ref(tool.server, tool.name))}};
      if (with_server) row.push_back({link(tool.server, {PageKind::server, tool.server})});
      row.push_back({badge(tool.classification.category)});
      row.push_back({badge(tool.classification.severity)});
      out.push_back(std::move(row));
    }
    return out;
  };
  const std::vector<ToolRecord> near = nearest_by_name(at.tool, at.view.siblings, 8);
  if (!near.empty()) {
    section.blocks.emplace_back(Paragraph{{plain("On the same server:")}});
    section.blocks.emplace_back(
        Table{"Related tools of the same server", {"Tool", "Category", "Severity"}, rows(near, 8, false)});
  }
  if (!at.view.alike.empty()) {
    section.blocks.emplace_back(Paragraph{{plain("On other servers, by their words:")}});
    section.blocks.emplace_back(Table{"Alike tools of other servers",
                                      {"Tool", "Server", "Category", "Severity"},
                                      rows(at.view.alike, 8, true)});
  }
  if (!at.view.same.empty()) {
    Text text{plain("The very same definition is served by ")};
    for (std::size_t i = 0; i < at.view.same.size() && i < 8; ++i) {
      if (i != 0) text.push_back(plain(", "));
      text.push_back(link(at.view.same[i].server, tool_ref(at.view.same[i].server, at.view.same[i].name)));
    }
    if (at.view.same.size() > 8)
      text.push_back(plain(" and " + counted(at.view.same.size() - 8, "other server")));
    text.push_back(plain("."));
    section.blocks.emplace_back(Paragraph{std::move(text)});
  }
  if (section.blocks.empty())
    section.blocks.emplace_back(Paragraph{{plain("The catalogue knows no other tool like it.")}});
  return section;
}

Section questions_of(const Context& at) {
  Answers all;
  const std::string name = at.tool.name;
  const auto ask = [&](const std::string& question, Text text, std::optional<Code> with = {}) {
    all.answers.push_back({question, std::move(text), std::move(with)});
  };
  const std::vector<std::string> sentences = sentences_of(at.read.facts.description);
  Text does = sentences.empty() ? Text{plain("Its server does not say. By its name and schema it " +
                                             std::string(meaning_of(at.risk.category)) + ".")}
                                : Text{plain("In the words of its server: "), cited(without_stop(sentences.front())),
                                       plain(". By the rules of this catalogue it " +
                                             std::string(meaning_of(at.risk.category)) + ".")};
  ask("What does " + name + " do?", std::move(does));
  ask("How do I enforce a policy on " + name + "?",
      {plain("Let agents reach "), at.server_link(),
       plain(" through the gateway, put a policy in force with the rule above, and give each agent a grant. "
             "The next call is judged by it; "
             "no client reconnects.")});
  Text level{at.name(), plain(" is "), badge(at.risk.category), plain(" with own severity "),
             badge(at.risk.severity)};
  if (const Severity published = category_severity(at.risk.category); published != at.risk.severity) {
    append(level, {plain("; its category alone counts as "), badge(published)});
  }
  append(level, {plain(". ")});
  append(level, decided_by(at));
  if (!at.risk.signals.empty()) {
    std::vector<std::string> labels;
    for (const risk::SignalHit& hit : at.risk.signals) labels.push_back(lower(risk::label(hit.signal)));
    level.push_back(
        plain(" " + capital(counted(labels.size(), "signal")) + " raised: " + listed(labels) + "."));
  }
  ask("What risk level is " + name + "?", std::move(level));
  ask("Can I rate-limit " + name + "?", {plain("Yes: by a counter for each grant, each server or all of "
                                               "them, in windows such as a minute, an hour or a day. "
                                               "The policy under \"Rate-limit it\" is one to start from.")});
  ask("How do I block " + name + " completely?",
      {plain("Name it under "), code("hide"), plain(". Agents then neither see it nor can call it.")},
      Code{"json", "", pretty(at.rule.block)});
  Text provides{at.server_link()};
  if (!at.server.listing.publisher.empty())
    provides.push_back(plain(", published by " + at.server.listing.publisher));
  if (!at.server.listing.version.empty()) provides.push_back(plain(", version " + at.server.listing.version));
  provides.push_back(plain("."));
  ask("Which server provides " + name + "?", std::move(provides));
  Text many{plain(capital(counted(at.tools, "tool")) + ".")};
  std::size_t worse = 0;
  for (const Severity severity : {Severity::high, Severity::critical})
    worse += at.server.by_severity[static_cast<std::size_t>(severity)];
  if (at.tools > 1) {
    many.push_back(plain(worse == 0 ? " None of them is of high or critical severity."
                                    : " " + capital(in_words(worse)) + " of them " +
                                          (worse == 1 ? "is" : "are") + " of high or critical severity."));
  }
  ask("How many tools does " + name_of(at.server) + " have?", std::move(many));
  return {"questions", "Questions and answers", {std::move(all)}};
}

Section where_defined(const Context& at) {
  Section section{"defined", "Where it is defined", {}};
  Facts facts;
  facts.rows.emplace_back("Server", Text{at.server_link()});
  for (const Package& package : at.server.listing.packages)
    facts.rows.emplace_back("Package", package_text(package));
  for (const Remote& remote : at.server.listing.remotes)
    facts.rows.emplace_back("Endpoint", Text{outside(remote.url, remote.url)});
  if (!at.server.listing.repository.empty()) {
    facts.rows.emplace_back("Repository",
                            Text{outside(at.server.listing.repository, at.server.listing.repository)});
  }
  section.blocks.emplace_back(std::move(facts));
  if (!at.view.code) {
    if (!at.server.listing.packages.empty()) {
      section.blocks.emplace_back(Paragraph{{plain(
          "File and lines are not known yet. For a package from npm on this machine they are found by:")}});
      section.blocks.emplace_back(
          Code{"sh", "", "doorward catalogue locate " + shell_word(at.server.slug) + " --package DIR"});
    } else if (!at.server.listing.remotes.empty()) {
      section.blocks.emplace_back(Paragraph{
          {plain("The server runs elsewhere: where its code defines the tool cannot be seen from here.")}});
    }
    return section;
  }
  const Implementation& implementation = *at.view.code;
  Text found{plain("Found in ")};
  append(found, package_text(implementation.package));
  found.push_back(plain(":"));
  section.blocks.emplace_back(Paragraph{std::move(found)});
  const auto lines = [](std::size_t first, std::size_t last) {
    return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
  };
  Table table{"Where " + at.tool.name + " stands in the code", {"What", "File", "Lines", "Built from"}, {}};
  for (const CodePlace& place : implementation.places) {
    Text built;
    if (!place.built_from.empty()) {
      built = {code(place.built_from)};
      if (place.built_first != 0) built.push_back(plain(" " + lines(place.built_first, place.built_last)));
    }
    table.rows.push_back({{plain(to_string(place.role))},
                          {code(place.file)},
                          {plain(lines(place.first, place.last))},
                          std::move(built)});
  }
  section.blocks.emplace_back(std::move(table));
  return section;
}

Section history_of(const Context& at) {
  Section section{"history", "Definition and history", {}};
  Facts facts;
  facts.rows.emplace_back("Definition hash", Text{code("sha256:" + to_hex(at.tool.key))});
  facts.rows.emplace_back("First seen", Text{plain(day_of(at.tool.first_seen_us))});
  facts.rows.emplace_back("Last seen", Text{plain(day_of(at.tool.last_seen_us))});
  if (at.tool.gone)
    facts.rows.emplace_back("No longer listed since", Text{plain(day_of(at.tool.gone_us))});
  const bool changed = at.view.versions.size() > 1;
  facts.rows.emplace_back("Last change",
                          Text{plain(changed ? day_of(at.tool.changed_us) : "none since it was first seen")});
  facts.rows.emplace_back("Size", Text{plain(token_text(at.tool.definition.size()))});
  section.blocks.emplace_back(std::move(facts));
  if (at.tool.override) {
    Text text{plain("A person corrected the rules"),
              plain(at.tool.override->author.empty() ? "" : " (" + at.tool.override->author + ")"),
              plain(": "), cited(at.tool.override->reason), plain(".")};
    section.blocks.emplace_back(Paragraph{std::move(text)});
  }
  if (changed) {
    Changes changes = changes_between(at.view.versions[1].definition, at.view.versions[0].definition);
    section.blocks.emplace_back(Paragraph{{plain("What the last change altered:")}});
    section.blocks.emplace_back(std::move(changes));
  }
  return section;
}

}  // namespace

Document tool_page(const ToolView& view) {
  const Context at(view);
  Document page;
  page.self = tool_ref(at.server.slug, at.tool.name);
  page.title = at.tool.name;
  page.title_is_name = true;
  page.eyebrow = "Tool of " + name_of(at.server);
  page.above = {{"Tool catalogue", {PageKind::index, {}}}, {name_of(at.server), at.server_page()}};
  const std::vector<std::string> sentences = sentences_of(at.read.facts.description);
  if (const std::string_view title = text_of(at.read.root, "title");
      !title.empty() && title != at.tool.name) {
    page.lead = {plain(title)};
  } else if (!sentences.empty()) {
    page.lead = {plain(sentences.front())};
  }
  page.summary = at.tool.name + " of " + name_of(at.server) + " is " +
                 std::string(doorward::to_string(at.risk.category)) + ", severity " +
                 std::string(to_string(at.risk.severity)) +
                 ": why, its parameters, and the policy that bounds it.";
  page.banner = banner_of(at);
  Section use{"use", "What an agent uses it for", use_of(at.read, at.tool, view.siblings)};
  page.sections = {what_it_does(at), std::move(use),     why_a_policy(at),  arguments_of(at),
                   output_of(at),    annotations_of(at), signals_of(at),    attacks_of(at),
                   policy_of(at),    apply_of(at),       limit_of(at),      block_of(at),
                   related_of(at),   questions_of(at),   where_defined(at), history_of(at)};
  return page;
}

}  // namespace doorward::catalogue
