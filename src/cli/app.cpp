#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

void collect_options(const CLI::App* app, std::vector<std::string>& names) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
}

const CLI::App* find_command(const CLI::App& app, const std::string& word) {
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->check_name(word)) return command;
  }
  return nullptr;
}

/// Names the first word that no command knows, with what was probably meant; empty where every word is known.
std::string explain_words(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* app = &root;
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      std::vector<std::string> options;
      collect_options(app, options);
      if (std::find(options.begin(), options.end(), name) != options.end()) continue;
      const std::string_view near = suggest(name, options);
      return "unknown option " + name + (near.empty() ? "" : "; did you mean " + std::string(near) + "?");
    }
    if (word.starts_with("-") || app->get_subcommands({}).empty()) continue;
    const CLI::App* next = find_command(*app, word);
    if (next == nullptr) {
      const std::vector<std::string> names = names_of_commands(*app);
      const std::string_view near = suggest(word, names);
      return "unknown command \"" + word + "\"" +
             (near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?");
    }
    app = next;
  }
  return {};
}

const CLI::App& deepest(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

/// What the command still needs; empty where that is not what is wrong.
std::string explain_missing(const CLI::App& command) {
  std::string names;
  const std::vector<const CLI::App*> subcommands = command.get_subcommands([](const CLI::App* each) { return !each->get_name().empty(); });
  if (command.get_subcommands().empty() && command.get_require_subcommand_min() > 0) {
    for (const CLI::App* each : subcommands) names += (names.empty() ? "" : ", ") + each->get_name();
    return "one of these must follow: " + names;
  }
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    // What values it takes may stand behind a colon.
    const std::string type = option->get_type_name().substr(0, option->get_type_name().find(':'));
    names += (names.empty() ? "" : ", ") + (option->get_positional() && !type.empty() ? type : option->get_name());
  }
  return names.empty() ? names : "missing: " + names;
}

/// The words that lead to a command: `doorward grant create`.
std::string path_of(const CLI::App* command) {
  std::string path;
  for (; command != nullptr; command = command->get_parent()) path = command->get_name() + (path.empty() ? "" : " " + path);
  return path;
}

int usage_error(CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  std::string message = explain_words(app, words);
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (message.empty() && required) message = explain_missing(deepest(app));
  if (message.empty()) message = error.what();
  std::fprintf(stderr, "doorward: error: %s; see `%s --help`\n", message.c_str(), path_of(&deepest(app)).c_str());
  return static_cast<int>(Exit::usage);
}

int run_commands(int argc, char** argv) {
  Session session;
  CLI::App app("MCP policy gateway: decides, counts and records every call of an agent.", "doorward");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--state", session.state_option,
                 "State directory (default: $DOORWARD_STATE, else $XDG_STATE_HOME/doorward, else "
                 "~/.local/state/doorward)")
      ->type_name("DIR");
  app.add_flag("--json", session.json, "Print data as JSON");
  app.add_flag("--quiet", session.quiet, "Print data, questions and errors alone");
  app.add_flag("--no-color", session.no_color, "Print without colour (as NO_COLOR does)");
  add_serve_commands(app, session);
  add_secret_commands(app, session);
  add_catalogue_commands(app, session);
  add_init_commands(app, session);
  add_client_commands(app, session);
  add_scan_command(app, session);
  add_precheck_command(app, session);
  add_coverage_command(app, session);
  add_run_command(app, session);
  add_connect_commands(app, session);
  add_ui_command(app, session);
  add_demo_command(app, session);
  add_status_commands(app, session);
  add_doctor_command(app, session);
  add_config_commands(app, session);
  add_server_commands(app, session);
  add_policy_commands(app, session);
  add_grant_commands(app, session);
  add_approval_commands(app, session);
  add_account_commands(app, session);
  add_agent_commands(app, session);
  add_user_commands(app, session);
  add_token_commands(app, session);
  add_session_commands(app, session);
  add_notify_commands(app, session);
  add_explain_command(app, session);
  add_allow_command(app, session);
  add_top_command(app, session);
  add_log_commands(app, session);
  add_audit_commands(app, session);
  add_shell_commands(app, session);
  add_backup_commands(app, session);
  add_version_command(app, session);
  add_bug_report_command(app, session);

  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    std::fputs(app.help().c_str(), stderr);
    return static_cast<int>(Exit::usage);
  }
  if (words.front() == "complete") {
    answer_completion(app, {words.begin() + 1, words.end()});
    return static_cast<int>(Exit::ok);
  }
  if (words.front() == "--version") words.front() = "version";
  if (words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  try {
    // The parser takes them from the end.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    const CLI::App& command = deepest(app);
    std::fputs(command.help(path_of(command.get_parent())).c_str(), stdout);
    return static_cast<int>(Exit::ok);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, words);
  }
  if (std::fflush(stdout) != 0 && session.exit == Exit::ok) {
    session.fail(Exit::unreachable, "standard output cannot be written");
  }
  return static_cast<int>(session.exit);
}

}  // namespace

int run(int argc, char** argv) noexcept {
  try {
    return run_commands(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "doorward: error: %s\n", error.what());
  } catch (...) {
    std::fputs("doorward: error: unknown failure\n", stderr);
  }
  return static_cast<int>(Exit::check_failed);
}

}  // namespace doorward::cli
