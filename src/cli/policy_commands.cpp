#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/policy_offline.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

void add_validate(CLI::App& policy, Session& session) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      policy.add_subcommand("validate", "Check documents, run their tests, print every finding");
  command->add_option("files", *files, "Policy documents (- for standard input)")
      ->required()
      ->type_name("FILE");
  command->callback([&session, files] { validate_policies(session, *files); });
}

void add_explain(CLI::App& policy, Session& session) {
  const auto options = std::make_shared<ExplainOptions>();
  const auto labels = std::make_shared<std::vector<std::string>>();
  CLI::App* command = policy.add_subcommand("explain", "Decide one call by a document and say why");
  command->add_option("file", options->file, "Policy document")->required()->type_name("FILE");
  command->add_option("--tool", options->tool, "Name of the tool")->required()->type_name("NAME");
  command->add_option("--args", options->args, "Arguments of the call")->type_name("JSON|@FILE");
  command->add_option("--category", options->category, "Risk category (default: by the tool's name)");
  command->add_option("--grant", options->grant, "Label of the grant")->type_name("LABEL");
  command->add_option("--label", *labels, "Label of the grant's own")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_option("--server", options->server, "Name of the server")->type_name("NAME");
  command->add_option("--config", session.config_option, "Take the server's actions from this configuration")
      ->type_name("FILE");
  command->add_option("--at", options->at, "Time of the call (default: now)")->type_name("TIME");
  command->callback([&session, options, labels] {
    for (const std::string& label : *labels) {
      const std::size_t equals = label.find('=');
      if (equals == 0 || equals == std::string::npos) {
        return session.fail(Exit::usage, "--label must be KEY=VALUE, not \"" + label + "\"");
      }
      options->labels[label.substr(0, equals)] = label.substr(equals + 1);
    }
    explain_policy(session, *options);
  });
}

void add_import(CLI::App& policy, Session& session) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command = policy.add_subcommand("import", "Translate the older YAML dialect")->alias("migrate");
  command->add_option("file", *file, "Document in the older dialect")->required()->type_name("FILE");
  command->callback([&session, file] { import_policy(session, *file); });
}

}  // namespace

void add_policy_commands(CLI::App& app, Session& session) {
  CLI::App* policy = app.add_subcommand("policy", "Check, explain and manage policies");
  policy->require_subcommand(1);
  add_validate(*policy, session);
  add_explain(*policy, session);
  policy->add_subcommand("schema", "Print the JSON Schema of the document")->callback([] {
    print_policy_schema();
  });
  add_import(*policy, session);
  add_policy_text(*policy, session);
  add_policy_effect(*policy, session);
  add_policy_management(*policy, session);
}

}  // namespace doorward::cli
