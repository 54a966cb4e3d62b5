#include "audit/export.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "json/writer.h"

namespace doorward::audit {
namespace {

using json::Escape;
using json::Type;

/// The columns of CSV, which are paths of members.
constexpr std::array<std::string_view, 30> kColumns = {
    "time",      "writer",      "epoch",          "seq",           "id",     "event",       "actor", "verdict",
    "enforced",  "code",        "rule",           "result",        "server", "method",      "tool",  "target",
    "category",  "grant.id",    "grant.label",    "grant.owner",   "client.address", "client.name", "era",
    "policy.name", "policy.version", "policy.sha256", "args.digest", "duration_us", "reason", "degraded"};
constexpr std::string_view kHead =
    "\"time\",\"writer\",\"epoch\",\"seq\",\"id\",\"event\",\"actor\",\"verdict\",\"enforced\",\"code\",\"rule\","
    "\"result\",\"server\",\"method\",\"tool\",\"target\",\"category\",\"grant.id\",\"grant.label\",\"grant.owner\","
    "\"client.address\",\"client.name\",\"era\",\"policy.name\",\"policy.version\",\"policy.sha256\",\"args.digest\","
    "\"duration_us\",\"reason\",\"degraded\"\n";

json::Value at_path(json::Value value, std::string_view path) {
  while (!path.empty() && value) {
    const std::size_t dot = path.find('.');
    value = value.find(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return value;
}

/// A value as text: a string's own, anything else as the record spells it.
std::string_view text_at(const RecordView& record, std::string_view path) {
  const json::Value value = at_path(record.root, path);
  if (!value) return {};
  if (value.is(Type::string)) return value.string();
  return record.line.substr(value.begin_offset(), value.end_offset() - value.begin_offset());
}

void append_cell(std::string& out, std::string_view text) {
  const std::string plain = json::printable(text);
  out += '"';
  const std::size_t first = plain.find_first_not_of(' ');
  const bool computed = first != std::string::npos && std::string_view("=+-@|%\\").find(plain[first]) != std::string_view::npos;
  if (computed) out += '\'';
  for (const char c : plain) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv(std::string& out, const RecordView& record) {
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (i != 0) out += ',';
    append_cell(out, text_at(record, kColumns[i]));
  }
  out += '\n';
}

bool is_failure(const RecordView& record) {
  const std::string_view event = record.text("event");
  const std::string_view result = record.text("result");
  return event == "call.denied" || event.starts_with("request.rejected") || event.find("fail") != std::string_view::npos ||
         (event == "call.outcome" && result != "ok");
}

/// Severities of OCSF: 1 informational, 2 low, 3 medium.
int severity(const RecordView& record) {
  const std::string_view event = record.text("event");
  if (event == "call.denied" || event == "records.lost" || event == "anchor.failed" || event == "tool.changed") return 3;
  return is_failure(record) ? 2 : 1;
}

int activity(const RecordView& record) {
  const std::string_view event = record.text("event");
  const auto ends = [&](std::string_view suffix) { return event.ends_with(suffix); };
  if (event.starts_with("call.")) {
    const std::string_view category = record.text("category");
    if (category == "Read") return 2;
    if (category == "Write") return 3;
    if (category == "Destructive") return 4;
    return 99;
  }
  if (ends(".created") || ends(".added")) return 1;
  if (ends(".removed") || ends(".deleted") || ends(".revoked") || ends(".erased")) return 4;
  if (ends(".read") || ends(".exported") || ends(".verified")) return 2;
  if (ends(".rotated") || ends(".loaded") || ends(".reloaded") || ends(".reviewed")) return 3;
  return 99;
}

std::string_view activity_name(int id) {
  switch (id) {
    case 1: return "Create";
    case 2: return "Read";
    case 3: return "Update";
    case 4: return "Delete";
    default: return "Other";
  }
}

/// Members in the order of OCSF's class; what it has no place for goes to `unmapped`, the record itself to `raw_data`.
void append_ocsf(std::string& out, const RecordView& record, std::string_view version) {
  json::Writer writer(out, Escape::ascii);
  const auto text = [&](std::string_view key, std::string_view path) {
    if (const std::string_view value = text_at(record, path); !value.empty()) writer.key(key).string(value);
  };
  const int activity_id = activity(record);
  const std::string_view event = record.text("event");
  writer.begin_object().key("activity_id").number(activity_id).key("activity_name").string(activity_name(activity_id));
  writer.key("category_uid").number(6).key("category_name").string("Application Activity");
  writer.key("class_uid").number(6003).key("class_name").string("API Activity");
  writer.key("type_uid").number(600300 + activity_id);
  writer.key("severity_id").number(severity(record)).key("time").number(record.time_us / 1000);
  const std::string_view result = record.text("result");
  const bool outcome_known = event != "call.intent" && event != "call.outcome_unknown";
  writer.key("status_id").number(!outcome_known ? 0 : is_failure(record) ? 2 : 1);
  if (!result.empty()) writer.key("status").string(result);
  text("status_code", "code");
  text("status_detail", "reason");
  if (const json::Value duration = record.root.find("duration_us"); duration.is(Type::number)) {
    std::int64_t us = 0;
    std::from_chars(duration.number().data(), duration.number().data() + duration.number().size(), us);
    writer.key("duration").number(us / 1000);
  }
  writer.key("metadata").begin_object().key("version").string("1.8.0");
  writer.key("uid").string(std::string(record.writer) + "/" + std::to_string(record.epoch) + "/" + std::to_string(record.seq));
  if (const std::string_view id = record.text("id"); !id.empty()) writer.key("correlation_uid").string(id);
  writer.key("event_code").string(event).key("log_name").string("doorward.log").key("sequence").number(record.seq);
  writer.key("original_time").string(record.text("time"));
  writer.key("product").begin_object().key("name").string("Doorward").key("vendor_name").string("Doorward");
  writer.key("version").string(version).end_object().end_object();

  writer.key("actor").begin_object();
  const bool person = !record.text("actor").empty();
  if (person || !record.text("grant.id").empty()) {
    writer.key("user").begin_object();
    text("uid", person ? "actor" : "grant.id");
    if (!person) text("name", "grant.label");
    writer.key("type_id").number(person ? 1 : 4).end_object();
  }
  if (const std::string_view client = record.text("client.name"); !client.empty()) writer.key("app_name").string(client);
  else if (!person && record.text("grant.id").empty()) writer.key("app_name").string("doorward");
  writer.end_object();

  writer.key("api").begin_object();
  const std::string_view method = record.text("method");
  writer.key("operation").string(method.empty() ? event : method);
  if (!record.text("server").empty()) {
    writer.key("service").begin_object();
    text("name", "server");
    writer.end_object();
  }
  if (!record.text("id").empty()) {
    writer.key("request").begin_object();
    text("uid", "id");
    writer.end_object();
  }
  text("version", "revision");
  writer.end_object();

  writer.key("src_endpoint").begin_object();
  if (const std::string_view address = record.text("client.address"); !address.empty()) {
    writer.key("ip").string(address);
  } else {
    writer.key("name").string("unknown");
  }
  writer.end_object();
  for (const std::string_view named : {"tool", "target"}) {
    if (record.text(named).empty()) continue;
    writer.key("resources").begin_array().begin_object();
    text("name", named);
    writer.key("type").string(named == "tool" ? "tool" : "resource").end_object().end_array();
    break;
  }
  writer.key("unmapped").begin_object();
  for (const std::string_view member : {"verdict", "rule", "policy.sha256", "category", "args.digest"}) text(member, member);
  writer.end_object();
  writer.key("raw_data").string(record.line).end_object();
  out += '\n';
}

/// ArcSight's rules: in the header `|` and `\` are escaped, in the extension `=`, `\` and line breaks.
void append_cef_text(std::string& out, std::string_view text, char special) {
  for (const char c : json::printable(text)) {
    if (c == special || c == '\\') out += '\\';
    out += c;
  }
}

void append_cef(std::string& out, const RecordView& record, std::string_view version) {
  out += "CEF:0|Doorward|Doorward|";
  append_cef_text(out, version, '|');
  out += '|';
  append_cef_text(out, record.text("event"), '|');
  out += '|';
  const std::string_view tool = record.text("tool");
  append_cef_text(out, std::string(record.text("event")) + (tool.empty() ? "" : " " + std::string(tool)), '|');
  out += '|';
  out += std::to_string(severity(record) * 2 + 1);
  out += '|';
  bool first = true;
  const auto pair = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    if (!first) out += ' ';
    first = false;
    out.append(key).append("=");
    append_cef_text(out, value, '=');
  };
  pair("rt", std::to_string(record.time_us / 1000));
  pair("externalId", std::string(record.writer) + "/" + std::to_string(record.epoch) + "/" + std::to_string(record.seq));
  pair("src", record.text("client.address"));
  pair("suser", record.text("actor").empty() ? record.text("grant.label") : record.text("actor"));
  pair("suid", record.text("grant.id"));
  pair("act", record.text("verdict"));
  pair("outcome", record.text("result"));
  pair("app", record.text("method"));
  pair("dhost", record.text("server"));
  pair("reason", record.text("reason"));
  const std::array<std::pair<std::string_view, std::string_view>, 6> strings = {{{"id", record.text("id")},
                                                                                 {"tool", tool},
                                                                                 {"rule", record.text("rule")},
                                                                                 {"code", record.text("code")},
                                                                                 {"policy", record.text("policy.sha256")},
                                                                                 {"target", record.text("target")}}};
  for (std::size_t i = 0; i < strings.size(); ++i) {
    if (strings[i].second.empty()) continue;
    const std::string key = "cs" + std::to_string(i + 1);
    pair(key, strings[i].second);
    pair(key + "Label", strings[i].first);
  }
  out += '\n';
}

}  // namespace

std::optional<ExportFormat> parse_export_format(std::string_view name) {
  if (name == "jsonl") return ExportFormat::jsonl;
  if (name == "csv") return ExportFormat::csv;
  if (name == "ocsf") return ExportFormat::ocsf;
  if (name == "cef") return ExportFormat::cef;
  return std::nullopt;
}

std::string_view export_head(ExportFormat format) {
  return format == ExportFormat::csv ? kHead : std::string_view();
}

void append_export(std::string& out, ExportFormat format, const RecordView& record, std::string_view version) {
  switch (format) {
    case ExportFormat::jsonl:
      out.append(record.line).append("\n");
      return;
    case ExportFormat::csv:
      return append_csv(out, record);
    case ExportFormat::ocsf:
      return append_ocsf(out, record, version);
    case ExportFormat::cef:
      return append_cef(out, record, version);
  }
}

}  // namespace doorward::audit
