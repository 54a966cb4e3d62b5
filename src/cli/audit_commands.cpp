#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/keys.h"
#include "audit/proof.h"
#include "audit/segment.h"
#include "audit/verify.h"
#include "base/encoding.h"
#include "cli/audit_common.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "io/file.h"
#include "json/writer.h"
#include "server/audit_operations.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kCheckpointBytes = 64u << 20;

struct VerifyArguments {
  std::string path;
  std::vector<std::string> checkpoints;
  std::vector<std::string> keys;
  std::string since;
  std::string proof;
  bool window = false;
};

struct ProveArguments {
  std::string record;
  std::string from;
  std::string to;
  std::string output;
};

std::string public_key_file(const server::StateDir& state) {
  return state.keys() + "/audit.pub";
}

std::optional<std::vector<std::string>> read_notes(Session& session, const std::string& file) {
  auto text = io::read_file(file, kCheckpointBytes);
  if (!text) {
    session.fail(text.error());
    return std::nullopt;
  }
  std::vector<std::string> notes = audit::split_notes(*text);
  if (notes.empty()) {
    session.fail(Exit::invalid, file + " holds no checkpoint");
    return std::nullopt;
  }
  return notes;
}

/// Collects keys and outside checkpoints; false after having failed.
bool prepare(Session& session, const VerifyArguments& arguments, std::string& path,
             audit::VerifyOptions& options) {
  std::vector<std::string> key_files = arguments.keys;
  path = arguments.path;
  if ((path.empty() && arguments.proof.empty()) || key_files.empty()) {
    server::StateDir state;
    if (!session.find_state(state)) return false;
    // The machine's own key says nothing about a log that came from elsewhere, so it is the default for its
    // own log only, and for proofs from it.
    if (key_files.empty() && path.empty() && access(public_key_file(state).c_str(), F_OK) == 0) {
      key_files.push_back(public_key_file(state));
    }
    if (path.empty()) path = state.log();
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
    auto notes = read_notes(session, file);
    if (!notes) return false;
    options.external.insert(options.external.end(), notes->begin(), notes->end());
  }
  if (!arguments.since.empty()) {
    auto notes = read_notes(session, arguments.since);
    if (!notes) return false;
    options.since = std::move(notes->back());
  }
  options.window = arguments.window;
  return true;
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

void verify_proof(Session& session, const VerifyArguments& arguments, const audit::VerifyOptions& options) {
  const auto text = read_input(arguments.proof);
  if (!text) return session.fail(text.error());
  if (options.keys.empty()) return session.fail(Exit::usage, "a proof is verified with the public key: --key FILE");
  const auto proofs = audit::read_proofs(*text);
  if (!proofs) return session.fail(proofs.error());
  const auto wrong = audit::first_wrong(*proofs, options.keys);
  if (session.json) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .key("schema")
        .string("doorward.audit.proven/1")
        .key("ok")
        .boolean(!wrong)
        .key("reason")
        .string(wrong.value_or(""))
        .end_object();
    print_line(out);
  } else {
    print_line(wrong ? "NOT PROVEN: " + *wrong
                     : "ok: " + std::to_string(proofs->inclusions.size()) + " records and " +
                           std::to_string(proofs->consistencies.size()) + " extensions are proven");
  }
  if (wrong) session.exit = Exit::check_failed;
}

void verify(Session& session, const VerifyArguments& arguments) {
  std::string path;
  audit::VerifyOptions options;
  if (!prepare(session, arguments, path, options)) return;
  if (!arguments.proof.empty()) return verify_proof(session, arguments, options);
  const auto report = audit::verify_log(path, options);
  if (!report) return session.fail(report.error());
  if (session.json) {
    print_line(server::verify_report_json(*report));
  } else {
    print_text(*report);
  }
  if (!report->ok) session.exit = Exit::check_failed;
  if (arguments.path.empty()) {
    tell_gateway(session, "verified", report->ok ? "ok" : report->first_bad->reason,
                 static_cast<std::int64_t>(report->records));
  }
}

void prove(Session& session, const ProveArguments& arguments) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  if (arguments.record.empty() == arguments.from.empty())
    return session.fail(Exit::usage, "give a record, or --from with an older checkpoint");
  audit::ProofFile file;
  if (!arguments.record.empty()) {
    auto proofs = audit::prove_records(state.log(), arguments.record);
    if (!proofs) return session.fail(proofs.error());
    file.inclusions = std::move(*proofs);
  } else {
    const auto from = read_notes(session, arguments.from);
    if (!from) return;
    std::string to;
    if (arguments.to.empty()) {
      auto newest = audit::newest_checkpoint(state.log(), from->back());
      if (!newest) return session.fail(newest.error());
      to = std::move(*newest);
    } else {
      const auto notes = read_notes(session, arguments.to);
      if (!notes) return;
      to = notes->back();
    }
    auto proof = audit::prove_consistency(state.log(), from->back(), to);
    if (!proof) return session.fail(proof.error());
    file.consistencies.push_back(std::move(*proof));
  }
  const std::string text = audit::write_proofs(file);
  if (arguments.output.empty()) {
    print(text);
  } else if (const Status written = io::write_file_atomic(arguments.output, text); !written) {
    return session.fail(written.error());
  }
  tell_gateway(session, "proved", arguments.record.empty() ? "consistency" : arguments.record, std::nullopt);
}

/// The last checkpoint of each epoch of each writer, to be kept where nobody who could rewrite the log can reach it.
void show_checkpoints(Session& session, const std::string& output) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  const auto writers = audit::list_writers(state.log());
  if (!writers) return session.fail(writers.error());
  std::vector<std::string> notes;
  for (const std::string& writer : *writers) {
    const std::string folder = state.log() + "/" + writer;
    for (const std::uint64_t epoch : audit::list_checkpoint_epochs(folder)) {
      auto all = audit::read_notes(folder, epoch);
      if (!all) return session.fail(all.error());
      if (!all->empty()) notes.push_back(std::move(all->back()));
    }
  }
  if (notes.empty()) return session.fail(Exit::check_failed, "nothing is signed yet; a running gateway signs every few seconds what was recorded");
  std::string out;
  if (session.json) {
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.audit.checkpoint/1").key("checkpoints").begin_array();
    for (const std::string& note : notes) writer.string(note);
    writer.end_array().end_object();
    out += "\n";
  } else {
    for (const std::string& note : notes) out += note + "\n";
  }
  if (output.empty()) return print(out);
  if (const Status written = io::write_file_atomic(output, out); !written) return session.fail(written.error());
  session.say("keep it where whoever holds this machine cannot change it; later: doorward audit verify --checkpoint " + output);
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
  CLI::App* audit = app.add_subcommand("audit", "Verify the log, prove and export records");
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
  command->add_option("--since", arguments->since, "Start at this checkpoint, which is trusted")->type_name("FILE");
  command->add_flag("--window", arguments->window,
                    "The records are those of a period; a checkpoint vouches for what came before");
  command->add_option("--proof", arguments->proof, "Verify the proofs in this file instead")->type_name("FILE");
  command->callback([&session, arguments] { verify(session, *arguments); });

  const auto proving = std::make_shared<ProveArguments>();
  CLI::App* prove_command =
      audit->add_subcommand("prove", "Write proofs that records are in the signed log, or that it was only extended");
  prove_command->add_option("record", proving->record, "Id of a call, or writer/epoch/number of a record")
      ->type_name("RECORD");
  prove_command->add_option("--from", proving->from, "Prove that the log extends this checkpoint")->type_name("FILE");
  prove_command->add_option("--to", proving->to, "Up to this one (default: the newest of its epoch)")->type_name("FILE");
  prove_command->add_option("-o,--output", proving->output, "Write to a file")->type_name("FILE");
  prove_command->callback([&session, proving] { prove(session, *proving); });

  const auto output = std::make_shared<std::string>();
  CLI::App* checkpoint = audit->add_subcommand("checkpoint", "Print the newest signed checkpoints, to be kept elsewhere");
  checkpoint->add_option("-o,--output", *output, "Write to a file")->type_name("FILE");
  checkpoint->callback([&session, output] { show_checkpoints(session, *output); });

  audit->add_subcommand("key", "Print the public key that checkpoints are signed with")->callback([&session] {
    show_key(session);
  });
  add_evidence_commands(*audit, session);
}

}  // namespace doorward::cli
