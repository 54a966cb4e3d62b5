#include "base/encoding.h"
#include "base/rfc3339.h"
#include "catalogue/grade.h"
#include "catalogue/implementation_json.h"
#include "catalogue/page_parts.h"
#include "catalogue/recommendation.h"
#include "catalogue/stack_report.h"
#include "catalogue/tool_words.h"
#include "catalogue/views.h"
#include "json/writer.h"
#include "mcp/definition_diff.h"
#include "mcp/one_line.h"

namespace doorward::catalogue {
namespace {

/// Null where there is none.
void write_time(json::Writer& writer, std::string_view key, std::int64_t time_us) {
  writer.key(key);
  time_us == 0 ? writer.null() : writer.string(format_time(time_us));
}

/// JSON text as it is, on one line; null where there is none.
void write_raw(json::Writer& writer, std::string_view text) {
  std::string line;
  mcp::append_one_line(line, text);
  line.empty() ? writer.null() : writer.raw(line);
}
void write_value(json::Writer& writer, std::string_view document, json::Value value) {
  if (!value) {
    writer.null();
    return;
  }
  write_raw(writer, document.substr(value.begin_offset(), value.end_offset() - value.begin_offset()));
}

void write_counts(json::Writer& writer, const std::array<std::size_t, kCategories.size()>& categories,
                  const std::array<std::size_t, kSeverities.size()>* severities) {
  writer.key("by_category").begin_object();
  for (const Category category : kCategories) {
    writer.key(doorward::to_string(category)).number(categories[static_cast<std::size_t>(category)]);
  }
  writer.end_object();
  if (severities == nullptr) return;
  writer.key("by_severity").begin_object();
  for (const Severity severity : kSeverities) {
    writer.key(to_string(severity)).number((*severities)[static_cast<std::size_t>(severity)]);
  }
  writer.end_object();
}

/// A tool in one line of a list.
void write_brief(json::Writer& writer, const ToolRecord& tool) {
  writer.begin_object().key("server").string(tool.server).key("name").string(tool.name);
  writer.key("category").string(doorward::to_string(tool.classification.category));
  writer.key("severity").string(to_string(tool.classification.severity));
  writer.key("signals").begin_array();
  for (const risk::SignalHit& hit : tool.classification.signals) writer.string(risk::to_string(hit.signal));
  writer.end_array().end_object();
}
void write_briefs(json::Writer& writer, std::string_view key, std::span<const ToolRecord> tools) {
  writer.key(key).begin_array();
  for (const ToolRecord& tool : tools) write_brief(writer, tool);
  writer.end_array();
}

void write_package(json::Writer& writer, const Package& package) {
  writer.begin_object().key("registry").string(package.registry).key("identifier").string(package.identifier);
  writer.key("version").string(package.version).key("transport").string(package.transport).end_object();
}

void write_identity(json::Writer& writer, const ServerRecord& server) {
  const Listing& listing = server.listing;
  writer.key("slug")
      .string(server.slug)
      .key("name")
      .string(listing.name)
      .key("title")
      .string(name_of(server));
  writer.key("version").string(listing.version).key("publisher").string(listing.publisher);
  writer.key("repository").string(listing.repository).key("auth").string(listing.auth);
  writer.key("packages").begin_array();
  for (const Package& package : listing.packages) write_package(writer, package);
  writer.end_array().key("remotes").begin_array();
  for (const Remote& remote : listing.remotes) {
    writer.begin_object().key("transport").string(remote.transport).key("url").string(remote.url);
    writer.key("needs_secret").boolean(remote.needs_secret).end_object();
  }
  writer.end_array().key("sources").begin_array();
  for (const std::string& source : server.sources) writer.string(source);
  writer.end_array();
  writer.key("tool_count").number(server.tool_count);
  write_counts(writer, server.by_category, &server.by_severity);
}

void write_parameters(json::Writer& writer, std::string_view key, const risk::Parameters& parameters) {
  writer.key(key).begin_array();
  for (const risk::Parameter& parameter : parameters.list) {
    writer.begin_object().key("name").string(parameter.name);
    if (parameter.parent >= 0)
      writer.key("of").string(parameters.list[static_cast<std::size_t>(parameter.parent)].name);
    writer.key("type").string(risk::type_text(parameter)).key("required").boolean(parameter.required);
    writer.key("description").string(parameter.description);
    if (const std::string fallback = risk::default_text(parameter); !fallback.empty())
      writer.key("default").string(fallback);
    writer.key("from").string(parameter.told ? "description" : "schema").end_object();
  }
  writer.end_array();
}

void write_attack(json::Writer& writer, const AttackPattern& pattern) {
  writer.key("id").string(pattern.id).key("name").string(pattern.name);
  writer.key("definition").string(pattern.definition);
}

}  // namespace

std::string tool_json(const ToolView& view) {
  const ToolRecord& tool = view.tool;
  const ReadTool read(tool);
  const ToolRule rule = recommend(tool.name, tool.classification);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.page.tool/1");
  writer.key("name").string(tool.name).key("title").string(text_of(read.root, "title"));
  writer.key("description").string(read.facts.description);
  writer.key("server").begin_object();
  write_identity(writer, view.server);
  writer.end_object();
  if (!tool.outer.empty()) writer.key("outer").string(tool.outer);
  writer.key("gone").boolean(tool.gone);
  write_time(writer, "gone_since", tool.gone_us);
  risk::write_classification(writer, tool.classification);
  writer.key("category_severity").string(to_string(category_severity(tool.classification.category)));
  writer.key("override");
  if (tool.override) {
    writer.begin_object();
    if (tool.override->category) writer.key("category").string(doorward::to_string(*tool.override->category));
    if (tool.override->severity) writer.key("severity").string(to_string(*tool.override->severity));
    writer.key("reason").string(tool.override->reason).key("author").string(tool.override->author);
    write_time(writer, "at", tool.override->at_us);
    writer.end_object();
  } else {
    writer.null();
  }
  writer.key("stakes").begin_array();
  for (const std::string& sentence : telling_sentences(read, tool.classification)) writer.string(sentence);
  writer.end_array();
  write_parameters(writer, "parameters", read.parameters);
  write_parameters(writer, "results", read.results);
  write_value(writer.key("output_schema"), tool.definition, read.facts.output_schema);
  write_value(writer.key("annotations"), tool.definition, read.facts.annotations);
  writer.key("attacks").begin_array();
  for (const Exposure& exposure : exposures(tool.name, tool.classification)) {
    writer.begin_object();
    write_attack(writer, *exposure.pattern);
    writer.key("why").string(exposure.why).end_object();
  }
  writer.end_array().key("recommendation").begin_object();
  write_raw(writer.key("policy"), rule.policy);
  write_raw(writer.key("published"), rule.published);
  writer.key("why").string(rule.why);
  write_raw(writer.key("rate_limit"), rule.rate_limit);
  write_raw(writer.key("block"), rule.block);
  writer.end_object();
  write_briefs(writer, "related", nearest_by_name(tool, view.siblings, 8));
  write_briefs(writer, "alike", view.alike);
  write_briefs(writer, "same_definition", view.same);
  writer.key("implementation");
  view.code ? write_implementation(writer, *view.code) : static_cast<void>(writer.null());
  writer.key("definition").begin_object().key("sha256").string(to_hex(tool.key));
  writer.key("bytes")
      .number(tool.definition.size())
      .key("tokens_estimate")
      .number(tokens_of(tool.definition.size()));
  write_raw(writer.key("text"), tool.definition);
  writer.end_object();
  write_time(writer, "first_seen", tool.first_seen_us);
  write_time(writer, "last_seen", tool.last_seen_us);
  write_time(writer, "changed", view.versions.size() > 1 ? tool.changed_us : 0);
  writer.key("versions").begin_array();
  for (const ToolVersion& version : view.versions) {
    writer.begin_object().key("sha256").string(to_hex(version.key));
    write_time(writer, "first_seen", version.first_seen_us);
    write_time(writer, "last_seen", version.last_seen_us);
    writer.end_object();
  }
  writer.end_array().end_object();
  return out;
}

std::string server_json(const ServerView& view) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.page.server/1");
  write_identity(writer, view.server);
  writer.key("description")
      .string(view.server.listing.description)
      .key("website")
      .string(view.server.listing.website);
  writer.key("licence").string(view.server.listing.licence).key("gone").boolean(view.server.listing.gone);
  write_time(writer, "first_seen", view.server.first_seen_us);
  write_time(writer, "last_seen", view.server.last_seen_us);
  const Grade given = grade(view.server, view.tools, view.look_alikes);
  writer.key("grade").begin_object().key("letter").string(std::string_view(&given.letter, 1));
  writer.key("points").number(given.points);
  writer.key("verification").string(to_string(given.identity.verification)).key("reasons").begin_array();
  for (const GradeReason& reason : given.reasons) {
    writer.begin_object().key("points").number(reason.points).key("what").string(reason.what).end_object();
  }
  writer.end_array().end_object().key("look_alikes").begin_array();
  for (const LookAlike& like : view.look_alikes) {
    writer.begin_object().key("how").string(to_string(like.how)).key("name").string(like.name);
    writer.key("other")
        .string(like.other)
        .key("server")
        .string(like.slug)
        .key("why")
        .string(like.why)
        .end_object();
  }
  writer.end_array();
  std::size_t bytes = 0;
  for (const ToolRecord& tool : view.tools) bytes += tool.outer.empty() ? tool.definition.size() : 0;
  writer.key("definitions")
      .begin_object()
      .key("bytes")
      .number(bytes)
      .key("tokens_estimate")
      .number(tokens_of(bytes));
  writer.key("window_tokens").number(kWindowTokens).end_object();
  writer.key("tools").begin_array();
  for (const ToolRecord& tool : view.tools) {
    writer.begin_object().key("name").string(tool.name);
    if (!tool.outer.empty()) writer.key("outer").string(tool.outer);
    risk::write_classification(writer, tool.classification);
    writer.key("tokens_estimate").number(tokens_of(tool.definition.size()));
    write_raw(writer.key("recommended_policy"), recommend(tool.name, tool.classification).policy);
    writer.end_object();
  }
  writer.end_array().key("gone_tools").begin_array();
  for (const ToolRecord& tool : view.gone) {
    writer.begin_object().key("name").string(tool.name);
    if (!tool.outer.empty()) writer.key("outer").string(tool.outer);
    write_time(writer, "last_seen", tool.last_seen_us);
    write_time(writer, "gone_since", tool.gone_us);
    writer.end_object();
  }
  writer.end_array().key("policies").begin_object();
  for (const Posture posture : {Posture::permissive, Posture::recommended, Posture::strict}) {
    const ServerPolicy policy = recommend(view.tools, posture);
    writer.key(to_string(posture)).begin_object();
    write_raw(writer.key("policy"), policy.policy);
    writer.key("why").begin_array();
    for (const std::string& line : policy.why) writer.string(line);
    writer.end_array().end_object();
  }
  writer.end_object().end_object();
  return out;
}

std::string stack_json(const StackView& view) {
  const StackReport report = report_of(view);
  const auto place = [&](json::Writer& writer, ToolAt at) {
    write_brief(writer, view.servers[at.server].tools[at.tool]);
  };
  const auto legs = [](json::Writer& writer, Legs held) {
    writer.key("legs").begin_array();
    for (const Leg leg : kLegs) {
      if ((held & bit(leg)) != 0) writer.string(to_string(leg));
    }
    writer.end_array();
  };
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.page.stack/1").key("tools").number(report.tools);
  write_counts(writer, report.by_category, &report.by_severity);
  writer.key("servers").begin_array();
  for (std::size_t i = 0; i < view.servers.size(); ++i) {
    writer.begin_object()
        .key("slug")
        .string(view.servers[i].server.slug)
        .key("tools")
        .number(report.servers[i].tools);
    write_counts(writer, report.servers[i].by_category, &report.servers[i].by_severity);
    legs(writer, report.servers[i].legs);
    writer.end_object();
  }
  writer.end_array().key("worst").begin_array();
  for (const ToolAt& at : report.worst) place(writer, at);
  writer.end_array().key("trifecta").begin_object().key("complete").boolean(report.trifecta.complete);
  legs(writer, report.trifecta.held);
  writer.key("ways").begin_array();
  for (const std::vector<ToolAt>& way : report.trifecta.ways) {
    writer.begin_array();
    for (const ToolAt& at : way) place(writer, at);
    writer.end_array();
  }
  writer.end_array().key("found").number(report.trifecta.found[0] + report.trifecta.found[1] +
                                         report.trifecta.found[2]);
  writer.end_object().key("clashes").begin_array();
  for (const NameClash& clash : report.clashes) {
    writer.begin_object()
        .key("same")
        .boolean(clash.same)
        .key("why")
        .string(clash.why)
        .key("tools")
        .begin_array();
    for (const ToolAt& at : clash.tools) place(writer, at);
    writer.end_array().end_object();
  }
  writer.end_array().key("shadows").begin_array();
  for (const Shadow& shadow : report.shadows) {
    writer.begin_object().key("by");
    place(writer, shadow.by);
    writer.key("names").begin_array();
    for (const ToolAt& at : shadow.named) place(writer, at);
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return out;
}

std::string attack_json(const AttackView& view) {
  const AttackPattern& pattern = *view.pattern;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.page.attack/1");
  write_attack(writer, pattern);
  writer.key("how").string(pattern.how).key("mitigation").string(pattern.mitigation);
  write_raw(writer.key("rule"), pattern.rule);
  writer.key("frameworks").begin_array();
  for (const std::string_view id : pattern.frameworks) writer.string(id);
  writer.end_array().key("incidents").begin_array();
  for (const Incident& incident : pattern.incidents) {
    writer.begin_object().key("date").string(incident.date).key("name").string(incident.name);
    writer.key("what")
        .string(incident.what)
        .key("lesson")
        .string(incident.lesson)
        .key("url")
        .string(incident.url)
        .end_object();
  }
  writer.end_array()
      .key("open")
      .begin_object()
      .key("found")
      .number(view.found)
      .key("servers")
      .number(view.servers);
  writer.key("tools_looked_at")
      .number(view.tools)
      .key("all_servers")
      .boolean(view.all_servers)
      .key("tools")
      .begin_array();
  for (const OpenTool& open : view.open) {
    writer.begin_object().key("server").string(open.tool.server).key("name").string(open.tool.name);
    writer.key("category").string(doorward::to_string(open.tool.classification.category));
    writer.key("severity")
        .string(to_string(open.tool.classification.severity))
        .key("why")
        .string(open.why)
        .end_object();
  }
  writer.end_array().end_object().end_object();
  return out;
}

std::string attacks_json() {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.page.attacks/1").key("attacks").begin_array();
  for (const AttackPattern& pattern : attack_patterns()) {
    writer.begin_object();
    write_attack(writer, pattern);
    writer.end_object();
  }
  writer.end_array().end_object();
  return out;
}

std::string index_json(const IndexView& view) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.page.index/1");
  writer.key("servers").number(view.counts.servers).key("tools").number(view.counts.tools);
  write_counts(writer, view.counts.by_category, nullptr);
  writer.key("shown").begin_array();
  for (const ServerRecord& server : view.servers) {
    writer.begin_object().key("slug").string(server.slug).key("title").string(name_of(server));
    writer.key("tool_count").number(server.tool_count);
    write_counts(writer, server.by_category, &server.by_severity);
    writer.end_object();
  }
  writer.end_array();
  write_briefs(writer, "worst", view.worst);
  writer.end_object();
  return out;
}

}  // namespace doorward::catalogue
