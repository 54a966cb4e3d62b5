#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/keys.h"
#include "audit/verify.h"
#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "io/file.h"
#include "json/writer.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kCheckpointBytes = 64u << 20;

struct VerifyArguments {
  std::string path;
  std::vector<std::string> checkpoints;
  std::vector<std::string> keys;
};

std::string public_key_file(const server::StateDir& state) {
  return state.keys() + "/audit.pub";
}

/// Collects keys and outside checkpoints; false after having failed.
bool prepare(Session& session, const VerifyArguments& arguments, std::string& path,
             audit::VerifyOptions& options) {
  std::vector<std::string> key_files = arguments.keys;
  path = arguments.path;
  if (path.empty() || key_files.empty()) {
    server::StateDir state;
    if (!session.find_state(state)) return false;
    if (path.empty()) path = state.log();
    // The machine's own key says nothing about a log that came from elsewhere, so it is the default for its
    // own log only.
    if (key_files.empty() && arguments.path.empty() && access(public_key_file(state).c_str(), F_OK) == 0) {
      key_files.push_back(public_key_file(state));
    }
  }
  for (const std::string& file : key_files) {
    auto key = audit::load_public_key(file);
    if (!key) {
      session.fail(key.error());
      return false;
    }
    options.keys.push_back(std::move(*key));
  }
  for (const std::string& file : arguments.checkpoints) {
    auto text = io::read_file(file, kCheckpointBytes);
    if (!text) {
      session.fail(text.error());
      return false;
    }
    for (std::string& note : audit::split_notes(*text)) options.external.push_back(std::move(note));
  }
  return true;
}

void print_json(const audit::VerifyReport& report) {
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
  for (const std::string& note : report.notes) writer.string(note);
  writer.end_array().end_object();
  print_line(out);
}

void print_text(const audit::VerifyReport& report) {
  for (const std::string& note : report.notes) print_line("note: " + note);
  if (report.first_bad) {
    const audit::VerifyFinding& bad = *report.first_bad;
    print_line("BROKEN: " + bad.file + (bad.line == 0 ? "" : ":" + std::to_string(bad.line)) + ": record " +
               std::to_string(bad.seq) + " of " + bad.writer + ", epoch " + std::to_string(bad.epoch) + ": " +
               bad.reason);
  }
  print_line((report.ok ? "ok: " : "read: ") + std::to_string(report.records) + " records of " +
             std::to_string(report.writers) + " writers in " + std::to_string(report.epochs) + " epochs, " +
             std::to_string(report.signed_records) + " under " + std::to_string(report.checkpoints) +
             " signed checkpoints");
}

void verify(Session& session, const VerifyArguments& arguments) {
  std::string path;
  audit::VerifyOptions options;
  if (!prepare(session, arguments, path, options)) return;
  const auto report = audit::verify_log(path, options);
  if (!report) return session.fail(report.error());
  if (session.json) {
    print_json(*report);
  } else {
    print_text(*report);
  }
  if (!report->ok) session.exit = Exit::check_failed;
}

void show_key(Session& session) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  const auto key = audit::load_public_key(public_key_file(state));
  if (!key) return session.fail(key.error());
  const std::string text = to_base64(bytes_of(key->bytes));
  if (!session.json) return print_line(text);
  std::string out;
  json::Writer(out)
      .begin_object()
      .key("schema")
      .string("doorward.audit.key/1")
      .key("algorithm")
      .string("ed25519")
      .key("public_key")
      .string(text)
      .end_object();
  print_line(out);
}

}  // namespace

void add_audit_commands(CLI::App& app, Session& session) {
  CLI::App* audit = app.add_subcommand("audit", "Verify the log");
  audit->require_subcommand(1);
  const auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* command = audit->add_subcommand("verify", "Check every link, tree head and signature; offline");
  command
      ->add_option("path", arguments->path,
                   "Log directory or exported file (default: the state directory's log)")
      ->type_name("PATH");
  command->add_option("--checkpoint", arguments->checkpoints, "Checkpoints that were kept elsewhere")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--key", arguments->keys, "Public key (default, for the own log: the state directory's)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->callback([&session, arguments] { verify(session, *arguments); });
  audit->add_subcommand("key", "Print the public key that checkpoints are signed with")->callback([&session] {
    show_key(session);
  });
}

}  // namespace doorward::cli
