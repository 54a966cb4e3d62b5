#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "audit/export.h"
#include "audit/reader.h"
#include "base/clock.h"
#include "cli/audit_common.h"
#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "json/writer.h"
#include "server/control_client.h"
#include "server/evidence.h"
#include "server/time_text.h"

namespace doorward::cli {
namespace {

struct Period {
  std::string since;
  std::string until;
};

/// False after having failed.
bool read_time(Session& session, const char* option, const std::string& text, std::optional<std::int64_t>& into) {
  if (text.empty()) return true;
  into = server::parse_past(text, system_clock().wall_us());
  if (!into) {
    session.fail(Exit::usage,
                 std::string(option) + " must be a time like 2027-01-31T14:00:00Z or a span like 15m");
  }
  return into.has_value();
}

struct ExportArguments {
  audit::Query query;
  Period period;
  std::string format = "jsonl";
  std::string output;
};

/// Where exported lines go: a file, or standard output.
class Sink {
 public:
  explicit Sink(const std::string& file) : to_file_(!file.empty()) {
    if (to_file_) stream_.open(file, std::ios::binary | std::ios::trunc);
  }
  bool write(std::string_view bytes) {
    if (bytes.empty()) return true;  // fwrite takes no null
    if (!to_file_) return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return stream_.good();
  }
  bool finish() {
    if (!to_file_) return std::fflush(stdout) == 0;
    stream_.close();
    return !stream_.fail();
  }

 private:
  bool to_file_;
  std::ofstream stream_;
};

void export_records(Session& session, ExportArguments& arguments) {
  server::StateDir state;
  const auto format = audit::parse_export_format(arguments.format);
  if (!format) return session.fail(Exit::usage, "--format must be jsonl, csv, ocsf or cef");
  if (!read_time(session, "--since", arguments.period.since, arguments.query.since_us) ||
      !read_time(session, "--until", arguments.period.until, arguments.query.until_us) || !session.find_state(state)) {
    return;
  }
  Sink sink(arguments.output);
  bool whole = sink.write(audit::export_head(*format));
  std::int64_t records = 0;
  std::string line;
  const Status read = audit::LogReader(state.log()).for_each(arguments.query, [&](const audit::RecordView& record) {
    line.clear();
    audit::append_export(line, *format, record, DOORWARD_VERSION);
    ++records;
    whole = whole && sink.write(line);
    return whole;
  });
  if (!read) return session.fail(read.error());
  if (!sink.finish() || !whole)
    return session.fail(Exit::unreachable, "the export could not be written whole; free space or check the path");
  if (!arguments.output.empty()) session.say(std::to_string(records) + " records written to " + arguments.output);
  tell_gateway(session, "exported", arguments.format, records);
}

struct BundleArguments {
  std::string from;
  std::string to;
  std::string target;
  std::size_t samples = 25;
};

/// The answer of an operation as a document; where there is none, why.
std::string document(const server::StateDir& state, std::string_view op) {
  const auto answer = server::run_operation(state, R"({"op":")" + std::string(op) + R"("})");
  if (answer) return *answer + "\n";
  std::string out;
  json::Writer(out).begin_object().key("unavailable").string(answer.error().error.message).end_object();
  return out + "\n";
}

void bundle(Session& session, const BundleArguments& arguments) {
  namespace fs = std::filesystem;
  server::EvidenceOptions options;
  if (!session.find_state(options.state)) return;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  if (!read_time(session, "--from", arguments.from, from) || !read_time(session, "--to", arguments.to, to)) return;
  options.now_us = system_clock().wall_us();
  options.from_us = from.value_or(0);
  options.to_us = to.value_or(options.now_us);
  if (options.from_us >= options.to_us) return session.fail(Exit::usage, "--from must be before --to");
  options.samples = arguments.samples;
  const bool tar = arguments.target.ends_with(".tar");
  std::error_code ignored;
  if (fs::exists(arguments.target, ignored))
    return session.fail(Exit::check_failed, arguments.target + " exists already; name another one");
  options.folder = tar ? arguments.target.substr(0, arguments.target.size() - 4) : arguments.target;
  while (options.folder.size() > 1 && options.folder.ends_with('/')) options.folder.pop_back();
  if (fs::exists(options.folder, ignored))
    return session.fail(Exit::check_failed, options.folder + " exists already; name another one");
  options.documents["grants.json"] = document(options.state, "grant.list");
  options.documents["people.json"] = document(options.state, "user.list");
  options.documents["servers.json"] = document(options.state, "server.list");
  const auto report = server::write_evidence(options);
  if (!report) return session.fail(report.error());
  if (tar) {
    const Status packed = server::pack_tar(options.folder, arguments.target);
    if (!packed) return session.fail(packed.error());
    fs::remove_all(options.folder, ignored);
  }
  if (session.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.evidence.made/1").key("target").string(arguments.target);
    writer.key("records").number(report->records);
    for (const auto& [what, count] : report->counts) writer.key(what).number(count);
    writer.key("verified").boolean(report->verified).key("first_bad").string(report->first_bad).end_object();
    print_line(out);
  } else {
    print_line(arguments.target + ": " + std::to_string(report->records) + " records of the period");
    for (const auto& [what, count] : report->counts) print_line("  " + std::to_string(count) + " " + what);
    print_line(report->verified ? "ok: the log in it is whole" : "BROKEN: " + report->first_bad);
  }
  if (!report->verified) session.exit = Exit::check_failed;
  tell_gateway(session, "bundled", format_time(options.from_us) + " to " + format_time(options.to_us),
               static_cast<std::int64_t>(report->records));
}

void show_arguments(Session& session, const std::string& id, const std::string& output) {
  const auto members = [&](json::Writer& writer) { writer.key("id").string(id); };
  const auto answer = ask(session, "audit.arguments", members);
  if (!answer) return;
  if (session.json) return print_line(*answer);
  json::Reader reader;
  const auto root = reader.read(*answer, {.bytes = 64u << 20});
  if (!root) return;
  std::string openings;
  for (const json::Value argument : root->find("arguments").elements()) {
    if (output.empty()) print_line(member(argument, "path") + "  " + member(argument, "value"));
    json::Writer line(openings, json::Escape::ascii);
    line.begin_object().key("id").string(id);
    for (const char* key : {"path", "salt", "value"}) line.key(key).string(argument.find(key).string());
    line.end_object();
    openings += '\n';
  }
  if (openings.empty()) session.say("0 arguments of this call are kept: they were not stored, or their time is over");
  if (output.empty()) return;
  Sink sink(output);
  if (!sink.write(openings) || !sink.finish()) session.fail(Exit::unreachable, output + " cannot be written");
}

void erase(Session& session, const std::string& id, const std::string& path) {
  operate(
      session, "audit.erase",
      [&](json::Writer& writer) {
        writer.key("id").string(id);
        if (!path.empty()) writer.key("path").string(path);
      },
      [](json::Value result) { print_line(member(result, "erased") + " values erased; the records stay"); });
}

}  // namespace

void tell_gateway(Session& session, std::string_view what, std::string_view detail,
                  std::optional<std::int64_t> records) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("op").string("audit.note").key("what").string(what).key("detail").string(detail);
  if (records) writer.key("records").number(*records);
  writer.end_object();
  static_cast<void>(server::ask_gateway(state, request));
}

void add_evidence_commands(CLI::App& audit, Session& session) {
  const auto arguments = std::make_shared<ExportArguments>();
  CLI::App* exporting = audit.add_subcommand("export", "Write records for other tools");
  exporting->add_option("--format", arguments->format, "jsonl (default), csv, ocsf or cef");
  exporting->add_option("--grant", arguments->query.grant, "Id or label of the grant");
  exporting->add_option("--server", arguments->query.server, "Name of the server");
  exporting->add_option("--tool", arguments->query.tool, "Name of the tool");
  exporting->add_option("--verdict", arguments->query.verdict, "allow, deny, hide or approve");
  exporting->add_option("--policy", arguments->query.policy, "Name of the policy, or the SHA-256 of its document (eight digits are enough)");
  exporting->add_option("--event", arguments->query.event, "Event, or its beginning followed by *");
  exporting->add_option("--writer", arguments->query.writer, "Writer of the log");
  exporting->add_option("--since", arguments->period.since, "From this time on; a span such as 15m is that long ago")
      ->type_name("TIME");
  exporting->add_option("--until", arguments->period.until, "Before this time")->type_name("TIME");
  exporting->add_option("-o,--output", arguments->output, "Write to a file")->type_name("FILE");
  exporting->callback([&session, arguments] { export_records(session, *arguments); });

  const auto id = std::make_shared<std::string>();
  const auto opening = std::make_shared<std::string>();
  CLI::App* reading = audit.add_subcommand("arguments", "Print the stored arguments of a call; that is recorded");
  reading->add_option("id", *id, "Its id, such as dec_4m1x...")->required()->type_name("ID");
  reading->add_option("-o,--output", *opening, "Write them with their salts, for a verifier of commitments")
      ->type_name("FILE");
  reading->callback([&session, id, opening] { show_arguments(session, *id, *opening); });

  const auto erased = std::make_shared<std::string>();
  const auto path = std::make_shared<std::string>();
  CLI::App* erasing = audit.add_subcommand("erase", "Erase stored values and arguments of a call for good");
  erasing->add_option("id", *erased, "Its id, such as dec_4m1x...")->required()->type_name("ID");
  erasing->add_option("--path", *path, "Only this one, such as args.email")->type_name("PATH");
  erasing->callback([&session, erased, path] { erase(session, *erased, *path); });

  const auto bundling = std::make_shared<BundleArguments>();
  CLI::App* bundle_command = audit.add_subcommand("bundle", "Write an archive of a period for an auditor");
  bundle_command->add_option("target", bundling->target, "A new folder, or a file that ends in .tar")
      ->required()
      ->type_name("DIR|FILE.tar");
  bundle_command->add_option("--from", bundling->from, "From this time on (default: the log's beginning)")->type_name("TIME");
  bundle_command->add_option("--to", bundling->to, "Before this time (default: now)")->type_name("TIME");
  bundle_command->add_option("--samples", bundling->samples, "Calls with a proof each (default: 25)")->type_name("N");
  bundle_command->callback([&session, bundling] { bundle(session, *bundling); });
}

}  // namespace doorward::cli
