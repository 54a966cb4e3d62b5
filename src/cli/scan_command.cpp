#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/scan_consent.h"
#include "cli/scan_view.h"
#include "cli/session.h"
#include "io/file.h"
#include "scan/known.h"
#include "scan/render.h"
#include "scan/report.h"
#include "scan/scan.h"
#include "server/config.h"

namespace doorward::cli {
namespace {

struct ScanOptions {
  std::vector<std::string> configs;
  std::vector<std::string> clients;
  std::vector<std::string> commands;
  std::vector<std::string> urls;
  std::vector<std::string> env;
  std::string fail_on;
  std::string timeout = "60s";
  std::vector<std::string> outputs;
  bool no_exec = false;
  bool ask_actions = false;
  bool yes = false;
  bool markdown = false;
  bool sarif = false;
};

/// What the command line asks for, checked.
struct Wanted {
  std::vector<const clients::Client*> clients;
  std::vector<clients::Entry> entries;
  std::optional<Severity> fail_on;
  scan::AskOptions ask;
};

std::optional<Wanted> check_options(Session& session, const ScanOptions& options) {
  Wanted wanted;
  const auto refuse = [&](const std::string& why) {
    session.fail(Exit::usage, why);
    return std::nullopt;
  };
  if ((session.json ? 1 : 0) + (options.markdown ? 1 : 0) + (options.sarif ? 1 : 0) > 1) {
    return refuse("give one of --json, --md and --sarif");
  }
  const auto clients = clients_of(session, options.clients);
  if (!clients) return std::nullopt;
  wanted.clients = *clients;
  for (const std::string& line : options.commands) {
    auto entry = scan::entry_of_command(line);
    if (!entry) return refuse(entry.error().message);
    entry->passed_env = options.env;
    wanted.entries.push_back(std::move(*entry));
  }
  for (const std::string& url : options.urls) wanted.entries.push_back(scan::entry_of_url(url));
  if (!options.fail_on.empty()) {
    wanted.fail_on = parse_severity(options.fail_on);
    if (!wanted.fail_on) return refuse("--fail-on must be low, medium, high or critical");
  }
  const auto timeout = server::parse_duration(options.timeout);
  if (!timeout || *timeout < std::chrono::milliseconds(100)) return refuse("--timeout must be a time such as 60s");
  wanted.ask.timeout = *timeout;
  wanted.ask.ask_actions = options.ask_actions;
  return wanted;
}

/// What is to be looked at; nothing has been started.
scan::Scan take_inventory(const ScanOptions& options, const Wanted& wanted) {
  std::vector<clients::ConfigFile> files;
  for (const std::string& path : options.configs) files.push_back(clients::read_config(path));
  if (options.configs.empty() && (wanted.entries.empty() || !wanted.clients.empty())) {
    const clients::Roots roots = clients::roots_of_process();
    std::vector<const clients::Client*> each = wanted.clients;
    if (each.empty()) each.push_back(nullptr);
    for (const clients::Client* client : each) {
      for (const clients::FoundFile& found : clients::find_files(roots, client)) files.push_back(clients::read_config(found));
    }
  }
  const scan::References references = scan::references_of_process();
  scan::Scan scan = scan::take_inventory(std::move(files), references);
  for (const clients::Entry& entry : wanted.entries) scan::add_server(scan, entry, references);
  return scan;
}

enum class Form { text, json, markdown, sarif };

/// The form that is asked for; of a file where none is, the one that its ending names.
Form form_of(const Session& session, const ScanOptions& options, std::string_view file) {
  if (session.json) return Form::json;
  if (options.markdown) return Form::markdown;
  if (options.sarif) return Form::sarif;
  if (file.ends_with(".json")) return Form::json;
  if (file.ends_with(".md")) return Form::markdown;
  return file.ends_with(".sarif") ? Form::sarif : Form::text;
}

std::string render(Form form, const scan::Report& report, bool color) {
  std::error_code ignored;
  switch (form) {
    case Form::json:
      return scan::render_json(report);
    case Form::markdown:
      return scan::render_markdown(report);
    case Form::sarif:
      return scan::render_sarif(report, std::filesystem::current_path(ignored).string());
    case Form::text:
      break;
  }
  return scan_view(report, color);
}

/// Prints the report, or writes it to the files. False after having failed.
bool give(Session& session, const ScanOptions& options, const scan::Report& report) {
  if (options.outputs.empty()) print(render(form_of(session, options, {}), report, session.color()));
  for (const std::string& file : options.outputs) {
    const Status written = io::write_file_atomic(file, render(form_of(session, options, file), report, false), 0644);
    if (written) continue;
    session.fail(written.error());
    return false;
  }
  return true;
}

void run_scan(Session& session, const ScanOptions& options) {
  const auto wanted = check_options(session, options);
  if (!wanted) return;
  scan::Scan scan = take_inventory(options, *wanted);
  for (const clients::ConfigFile& file : scan.files) {
    if (!options.configs.empty() && file.missing) session.say(safe_text(file.path) + ": there is no such file");
  }
  std::vector<scan::Server*> chosen;
  const bool complete = choose_servers({options.yes, options.no_exec}, scan, chosen);
  ask_chosen(chosen, wanted->ask);
  scan::KnownServers known(session.state_option);
  known.remember(scan);
  known.fill(scan);
  for (const std::string& trouble : known.troubles()) session.say(trouble);

  const scan::Report report = scan::judge(scan, known.looks_like());
  if (!give(session, options, report)) return;
  if (!complete) {
    return session.fail(Exit::usage,
                        "servers were not started, since nobody can be asked here; give --yes to start the commands that "
                        "are shown above, or --no-exec to judge by the catalogue alone");
  }
  if (report.invalid) return session.fail(Exit::invalid, "a configuration file cannot be read; it is named in the report");
  if (wanted->fail_on && report.worst && *report.worst >= *wanted->fail_on) {
    return session.fail(Exit::check_failed, "the worst of it is " + std::string(to_string(*report.worst)) + ", and --fail-on is " +
                                                options.fail_on);
  }
  if (report.unreachable) return session.fail(Exit::unreachable, "a server could not be reached; it is named in the report");
}

}  // namespace

void add_scan_command(CLI::App& app, Session& session) {
  const auto options = std::make_shared<ScanOptions>();
  CLI::App* command = app.add_subcommand("scan", "What the MCP servers of this computer's clients can do, and how risky it is");
  command->add_option("--config", options->configs, "Read this file instead of looking for the clients' own")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_option("--client", options->clients, "Only this client's files, such as cursor")
      ->allow_extra_args(false)
      ->type_name("ID");
  command->add_option("--command", options->commands, "Scan the server that this command line starts")
      ->allow_extra_args(false)
      ->type_name("'COMMAND...'");
  command->add_option("--url", options->urls, "Scan the server at this URL")->allow_extra_args(false)->type_name("URL");
  command->add_option("--env", options->env, "Variable of this process that the --command is to have")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_flag("--no-exec", options->no_exec, "Start and ask nothing: judge by the catalogue alone");
  command->add_flag("--yes", options->yes, "Start every server that is shown, without a question");
  command->add_flag("--ask-actions", options->ask_actions,
                    "Also call tools that hide actions behind an argument, to be told of them");
  command->add_option("--timeout", options->timeout, "For each server, from its start to the end of its list (default: 60s)")
      ->type_name("TIME");
  command->add_flag("--md", options->markdown, "Print Markdown, for a comment");
  command->add_flag("--sarif", options->sarif, "Print SARIF 2.1.0, for code scanning");
  command->add_option("--output", options->outputs,
                      "Write the report to this file; .json, .md and .sarif say how, where no option does")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_option("--fail-on", options->fail_on, "Exit with 1 where anything is this severe: low, medium, high, critical")
      ->type_name("SEVERITY");
  command->callback([&session, options] { run_scan(session, *options); });
}

}  // namespace doorward::cli
