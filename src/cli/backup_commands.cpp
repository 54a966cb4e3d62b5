#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "json/writer.h"
#include "server/audit_operations.h"
#include "server/backup.h"

namespace doorward::cli {
namespace {

void back_up(Session& session, const std::string& file) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  const auto report = server::make_backup(state, file, system_clock().wall_us());
  if (!report) return session.fail(report.error());
  if (session.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.backup.made/1").key("file").string(file);
    writer.key("files").number(report->files).key("bytes").number(report->bytes).end_object();
    return print_line(out);
  }
  print_line(file + ": " + std::to_string(report->files) + " files, " + std::to_string(report->bytes) + " bytes");
  session.say("it holds the keys, and with them every secret; keep it where only you read it. Next: doorward restore " + file +
              " --state NEWDIR");
}

void restore(Session& session, const std::string& file) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  const auto report = server::restore_backup(file, state);
  if (!report) return session.fail(report.error());
  if (session.json) {
    print_line(server::verify_report_json(*report));
  } else {
    print_line(state.path + ": " + std::to_string(report->records) + " records of the log, " +
               (report->ok ? std::string("every link and signature as it was written") : "and it is not whole: " + report->first_bad->reason));
  }
  if (!report->ok) return session.fail(Exit::check_failed, "the log of the backup is not as it was written; run doorward audit verify");
  session.say("next: doorward serve --state " + state.path);
}

}  // namespace

void add_backup_commands(CLI::App& app, Session& session) {
  const auto file = std::make_shared<std::string>();
  CLI::App* backup = app.add_subcommand("backup", "Copy the state directory into one file, also while a gateway runs");
  backup->add_option("file", *file, "A new file")->required()->type_name("FILE");
  backup->callback([&session, file] { back_up(session, *file); });
  CLI::App* restoring = app.add_subcommand("restore", "Put a backup into an empty state directory, and verify its log");
  restoring->add_option("file", *file, "The backup")->required()->type_name("FILE");
  restoring->callback([&session, file] { restore(session, *file); });
}

}  // namespace doorward::cli
