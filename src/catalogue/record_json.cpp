#include "catalogue/record_json.h"

#include "base/encoding.h"
#include "catalogue/listing_json.h"
#include "json/reader.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kShortDescription = 400;

void write_override(json::Writer& writer, const Override& said) {
  writer.key("override").begin_object();
  if (said.category) writer.key("category").string(to_string(*said.category));
  if (said.severity) writer.key("severity").string(to_string(*said.severity));
  writer.key("reason")
      .string(said.reason)
      .key("author")
      .string(said.author)
      .key("at_us")
      .number(said.at_us)
      .end_object();
}

/// At most so many bytes, whole characters.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kShortDescription) return text;
  std::size_t end = kShortDescription;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void write_names(json::Writer& writer, const ToolRecord& tool) {
  writer.key("server").string(tool.server).key("tool").string(tool.name);
  if (!tool.outer.empty()) writer.key("outer").string(tool.outer);
  if (tool.gone) writer.key("gone").boolean(true);
}

}  // namespace

void write_summary(json::Writer& writer, const ToolRecord& tool) {
  write_names(writer, tool);
  writer.key("category").string(to_string(tool.classification.category));
  writer.key("severity").string(to_string(tool.classification.severity));
  writer.key("confidence").raw(risk::fraction(tool.classification.confidence)).key("signals").begin_array();
  for (const risk::SignalHit& hit : tool.classification.signals) writer.string(risk::to_string(hit.signal));
  writer.end_array();
  json::Reader reader;
  const auto root = reader.read(tool.definition);
  writer.key("description")
      .string(root ? shortened(json::text_of(*root, "description")) : std::string_view());
  if (tool.override) write_override(writer, *tool.override);
}

void write_members(json::Writer& writer, const ToolRecord& tool) {
  write_names(writer, tool);
  risk::write_classification(writer, tool.classification);
  if (tool.override) write_override(writer, *tool.override);
  writer.key("definition").raw(tool.definition).key("key").string(to_hex(tool.key));
  writer.key("first_seen_us").number(tool.first_seen_us).key("last_seen_us").number(tool.last_seen_us);
  writer.key("changed_us").number(tool.changed_us);
  if (tool.gone) writer.key("gone_since_us").number(tool.gone_us);
}

void write_members(json::Writer& writer, const ServerRecord& server) {
  writer.key("slug").string(server.slug).key("listing").raw(to_json(server.listing));
  writer.key("sources").begin_array();
  for (const std::string& source : server.sources) writer.string(source);
  writer.end_array().key("tools").number(server.tool_count).key("by_category").begin_object();
  for (std::size_t i = 0; i < kCategories.size(); ++i)
    writer.key(to_string(kCategories[i])).number(server.by_category[i]);
  writer.end_object().key("by_severity").begin_object();
  for (std::size_t i = 0; i < kSeverities.size(); ++i)
    writer.key(to_string(kSeverities[i])).number(server.by_severity[i]);
  writer.end_object()
      .key("first_seen_us")
      .number(server.first_seen_us)
      .key("last_seen_us")
      .number(server.last_seen_us);
}

}  // namespace doorward::catalogue
