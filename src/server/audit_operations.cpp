#include "server/audit_operations.h"

#include <array>
#include <utility>

#include "audit/export.h"
#include "audit/keys.h"
#include "audit/proof.h"
#include "audit/reader.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "json/writer.h"
#include "server/late_work.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Field = audit::EventRecord::Field;
using Json = Operations::Json;

constexpr std::int64_t kMostExported = 10'000;
constexpr std::size_t kExportBytes = 12u << 20;  // of one answer

Result<audit::VerifyReport> verify_own(const StateDir& state, std::vector<std::string> checkpoints) {
  audit::VerifyOptions options;
  const auto key = audit::load_public_key(state.keys() + "/audit.pub");
  if (!key) return std::unexpected(key.error());
  options.keys.push_back(*key);
  options.external = std::move(checkpoints);
  return audit::verify_log(state.log(), options);
}

void verify(const AuditReach& reach, ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
  const auto notes = request.text("checkpoints");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  auto checkpoints = notes ? audit::split_notes(*notes) : std::vector<std::string>();
  later(
      *reach.readers, *reach.loop, std::move(reply),
      [state = reach.state, checkpoints = std::move(checkpoints)] { return verify_own(state, checkpoints); },
      [reach, name = actor.name](Result<audit::VerifyReport> report) -> Json {
        if (!report) return std::unexpected(report.error());
        const std::string reason = report->first_bad ? report->first_bad->reason : std::string();
        const std::array<Field, 4> fields = {{{"actor", std::string_view(name)},
                                              {"ok", report->ok},
                                              {"records", static_cast<std::int64_t>(report->records)},
                                              {"first_bad", std::string_view(reason)}}};
        reach.record("audit.verified", fields);
        return verify_report_json(*report);
      });
}

void prove(const AuditReach& reach, ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
  const std::string name = request.need_text("record");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  later(
      *reach.readers, *reach.loop, std::move(reply), [state = reach.state, name] { return audit::prove_records(state.log(), name); },
      [reach, name, actor = actor.name](Result<std::vector<audit::InclusionProof>> proofs) -> Json {
        if (!proofs) return std::unexpected(proofs.error());
        const std::array<Field, 2> fields = {
            {{"actor", std::string_view(actor)}, {"record", std::string_view(name)}}};
        reach.record("audit.proved", fields);
        std::string file = audit::write_proofs({std::move(*proofs), {}});
        file.pop_back();
        return file;
      });
}

struct Exported {
  std::string text;
  std::int64_t records = 0;
  bool more = false;
};

Result<Exported> export_own(const StateDir& state, const audit::Query& query, audit::ExportFormat format,
                            std::int64_t limit) {
  Exported exported;
  exported.text = audit::export_head(format);
  const Status read = audit::LogReader(state.log()).for_each(query, [&](const audit::RecordView& record) {
    exported.more = exported.records == limit || exported.text.size() > kExportBytes;
    if (exported.more) return false;
    audit::append_export(exported.text, format, record, DOORWARD_VERSION);
    ++exported.records;
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return exported;
}

void export_records(const AuditReach& reach, ControlRequest& request, const identity::Actor& actor,
                    Operations::Reply reply) {
  audit::Query query;
  const std::string format_name = request.text("format").value_or("jsonl");
  const std::int64_t limit = request.number("limit").value_or(kMostExported);
  const std::pair<std::string_view, std::string*> filters[] = {
      {"grant", &query.grant}, {"server", &query.server}, {"tool", &query.tool},   {"verdict", &query.verdict},
      {"rule", &query.rule},   {"event", &query.event},   {"writer", &query.writer},
      {"policy", &query.policy}};
  for (const auto& [key, into] : filters) {
    if (auto text = request.text(key)) *into = std::move(*text);
  }
  const auto since = request.text("since");
  const auto until = request.text("until");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  const auto format = audit::parse_export_format(format_name);
  const std::int64_t now_us = system_clock().wall_us();
  if (since) query.since_us = parse_past(*since, now_us);
  if (until) query.until_us = parse_past(*until, now_us);
  if (!format || limit < 1 || limit > kMostExported || (since && !query.since_us) || (until && !query.until_us)) {
    return reply(fail(ErrorKind::invalid, "format must be jsonl, csv, ocsf or cef, limit 1 to 10000, since and until times"));
  }
  later(
      *reach.readers, *reach.loop, std::move(reply),
      [state = reach.state, query, format = *format, limit] { return export_own(state, query, format, limit); },
      [reach, format_name, actor = actor.name](Result<Exported> exported) -> Json {
        if (!exported) return std::unexpected(exported.error());
        const std::array<Field, 3> fields = {{{"actor", std::string_view(actor)},
                                              {"format", std::string_view(format_name)},
                                              {"records", exported->records}}};
        reach.record("audit.exported", fields);
        std::string out;
        json::Writer writer(out);
        writer.begin_object().key("schema").string("doorward.audit.export/1").key("format").string(format_name);
        writer.key("records").number(exported->records).key("more").boolean(exported->more);
        writer.key("text").string(exported->text).end_object();
        return out;
      });
}

Json note(const AuditReach& reach, ControlRequest& request, const identity::Actor& actor) {
  const std::string what = request.need_text("what");
  const auto detail = request.text("detail");
  const auto records = request.number("records");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (what != "verified" && what != "exported" && what != "proved" && what != "bundled")
    return fail(ErrorKind::invalid, "what must be verified, exported, proved or bundled");
  std::vector<Field> fields = {{"actor", std::string_view(actor.name)}, {"by", std::string_view("command")}};
  if (detail) fields.push_back({"detail", std::string_view(*detail)});
  if (records) fields.push_back({"records", *records});
  if (!reach.record("audit." + what, fields))
    return fail(ErrorKind::unavailable, "the log cannot store records; look at its disk");
  return std::string(R"({"schema":"doorward.audit.note/1"})");
}

void arguments(const AuditReach& reach, ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
  const std::string id = request.need_text("id");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  later(
      *reach.readers, *reach.loop, std::move(reply),
      [state = reach.state, id]() -> Result<std::vector<audit::StoredArgument>> {
        const auto key = audit::load_or_create_secret(state.keys(), audit::kArgumentKey);
        if (!key) return std::unexpected(key.error());
        return audit::read_arguments(state.log(), *key, id, system_clock().wall_us());
      },
      [reach, id, actor = actor.name](Result<std::vector<audit::StoredArgument>> found) -> Json {
        if (!found) return std::unexpected(found.error());
        const std::array<Field, 3> fields = {{{"actor", std::string_view(actor)},
                                              {"call", std::string_view(id)},
                                              {"count", static_cast<std::int64_t>(found->size())}}};
        // Nobody sees them unseen.
        if (!reach.record("audit.read", fields))
          return fail(ErrorKind::unavailable, "the log cannot store that they are read, so they are not shown");
        std::string out;
        json::Writer writer(out, json::Escape::ascii);
        writer.begin_object().key("schema").string("doorward.audit.arguments/1").key("id").string(id);
        writer.key("arguments").begin_array();
        for (const audit::StoredArgument& argument : *found) {
          writer.begin_object().key("path").string(argument.path).key("commit").string(argument.commit);
          writer.key("salt").string(argument.salt).key("value").string(argument.value).end_object();
        }
        writer.end_array().end_object();
        return out;
      });
}

void erase(const AuditReach& reach, ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
  const std::string id = request.need_text("id");
  const std::string path = request.text("path").value_or("");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  later(
      *reach.readers, *reach.loop, std::move(reply),
      [state = reach.state, log = reach.log, id, path]() -> Result<std::uint64_t> {
        if (log == nullptr) return audit::erase_values(state.log(), id, path);
        if (const Status closed = log->close_values(); !closed) return std::unexpected(closed.error());
        return audit::erase_values(state.log(), id, path, log->writer());
      },
      [reach, id, path, actor = actor.name](Result<std::uint64_t> erased) -> Json {
        if (!erased) return std::unexpected(erased.error());
        const std::array<Field, 4> fields = {{{"actor", std::string_view(actor)},
                                              {"call", std::string_view(id)},
                                              {"path", std::string_view(path)},
                                              {"count", static_cast<std::int64_t>(*erased)}}};
        if (!reach.record("audit.erased", fields))
          return fail(ErrorKind::unavailable, "the values are erased, and the log cannot store that they were");
        std::string out;
        json::Writer(out).begin_object().key("schema").string("doorward.audit.erase/1").key("erased").number(*erased).end_object();
        return out;
      });
}

}  // namespace

std::string verify_report_json(const audit::VerifyReport& report) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.audit.verify/1").key("ok").boolean(report.ok);
  writer.key("records").number(report.records).key("signed_records").number(report.signed_records);
  writer.key("bytes").number(report.bytes).key("segments").number(report.segments);
  writer.key("checkpoints").number(report.checkpoints).key("writers").number(report.writers);
  writer.key("epochs").number(report.epochs);
  if (report.first_bad) {
    const audit::VerifyFinding& bad = *report.first_bad;
    writer.key("first_bad").begin_object().key("file").string(bad.file).key("line").number(bad.line);
    writer.key("writer").string(bad.writer).key("epoch").number(bad.epoch).key("seq").number(bad.seq);
    writer.key("reason").string(bad.reason).end_object();
  }
  writer.key("heads").begin_array();
  for (const audit::Checkpoint& head : report.heads) {
    writer.begin_object().key("origin").string(audit::origin_of(head.writer, head.epoch));
    writer.key("size").number(head.size).key("root").string(to_base64(head.root)).end_object();
  }
  writer.end_array().key("notes").begin_array();
  for (const std::string& text : report.notes) writer.string(text);
  writer.end_array().end_object();
  return out;
}

void add_audit_operations(Operations& operations, AuditReach reach) {
  using enum identity::Role;
  const auto late = [&](std::string_view op, auto function) {
    operations.add_late(op, {auditor},
                        [reach, function](ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
                          function(reach, request, actor, std::move(reply));
                        });
  };
  late("audit.verify", verify);
  late("audit.prove", prove);
  late("audit.export", export_records);
  late("audit.arguments", arguments);
  operations.add_late("audit.erase", {},
                      [reach](ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
                        erase(reach, request, actor, std::move(reply));
                      });
  operations.add("audit.note", {auditor}, [reach](ControlRequest& request, const identity::Actor& actor) {
    return note(reach, request, actor);
  });
}

}  // namespace doorward::server
