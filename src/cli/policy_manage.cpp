#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct PolicyOptions {
  std::string name;
  std::string server;
  std::string file;
  std::string comment;
  std::string over_failing_tests;
  std::optional<std::int64_t> version;
};

void write_name(json::Writer& writer, const PolicyOptions& options) {
  writer.key("name").string(options.name);
  if (!options.server.empty()) writer.key("server").string(options.server);
  if (options.version) writer.key("version").number(*options.version);
}

void print_version(Session& session, json::Value result) {
  const json::Value policy = result.find("policy");
  for (const json::Value warning : result.find("warnings").elements()) {
    session.say("warning: " + std::string(warning.string()));
  }
  print_line("policy " + member(policy, "name") + " of server " + member(policy, "server") +
             " is now version " + member(policy, "version") + " (sha256 " + member(policy, "sha256") + ")");
}

void add(Session& session, const PolicyOptions& options) {
  const auto text = read_input(options.file);
  if (!text) return session.fail(text.error());
  operate(
      session, "policy.add",
      [&](json::Writer& writer) {
        write_name(writer, options);
        writer.key("text").string(*text).key("file").string(options.file);
        if (!options.comment.empty()) writer.key("comment").string(options.comment);
        if (!options.over_failing_tests.empty()) writer.key("over_failing_tests").string(options.over_failing_tests);
      },
      [&](json::Value result) {
        print_version(session, result);
        session.say("next: doorward grant create LABEL --server " + options.server + " --policy " +
                    options.name);
      });
}

void list(Session& session, const PolicyOptions& options) {
  operate(
      session, "policy.list",
      [&](json::Writer& writer) {
        if (!options.server.empty()) writer.key("server").string(options.server);
      },
      [](json::Value result) {
        std::vector<std::vector<std::string>> rows = {
            {"NAME", "SERVER", "VERSION", "MODE", "SHA256", "OWNER"}};
        for (const json::Value policy : result.find("policies").elements()) {
          rows.push_back({member(policy, "name"), member(policy, "server"), member(policy, "version"),
                          member(policy, "mode"), member(policy, "sha256").substr(0, 12),
                          member(policy, "owner")});
        }
        print_table(rows);
      });
}

void show(Session& session, const PolicyOptions& options) {
  operate(
      session, "policy.show", [&](json::Writer& writer) { write_name(writer, options); },
      [&](json::Value result) {
        // The document goes out byte for byte, so that it can be piped into a file.
        const std::string_view text = result.find("text").string();
        print(text);
        if (!text.ends_with('\n')) print("\n");
      });
}

void remove(Session& session, const PolicyOptions& options) {
  operate(
      session, "policy.remove", [&](json::Writer& writer) { write_name(writer, options); },
      [&](json::Value) { print_line("policy " + options.name + " removed"); });
}

void revert(Session& session, const PolicyOptions& options) {
  operate(
      session, "policy.revert", [&](json::Writer& writer) { write_name(writer, options); },
      [&](json::Value result) { print_version(session, result); });
}

CLI::App* add_command(CLI::App& group, const char* name, const char* help, Session& session, bool with_name,
                      const std::shared_ptr<PolicyOptions>& options,
                      void (*run)(Session&, const PolicyOptions&)) {
  CLI::App* command = group.add_subcommand(name, help);
  if (with_name)
    command->add_option("name", options->name, "Name of the policy")->required()->type_name("NAME");
  command->callback([&session, options, run] { run(session, *options); });
  return command;
}

}  // namespace

void add_policy_management(CLI::App& policy, Session& session) {
  const auto make = [] { return std::make_shared<PolicyOptions>(); };
  constexpr const char* kServer = "The server that it is for";

  auto options = make();
  CLI::App* command = add_command(policy, "add", "Put a document, or a new version of it, in force", session,
                                  true, options, add);
  command->add_option("--server", options->server, kServer)->required()->type_name("NAME");
  command->add_option("--file", options->file, "The document (- for standard input)")
      ->required()
      ->type_name("FILE");
  command->add_option("--comment", options->comment, "Why; kept with the version");
  command->add_option("--over-failing-tests", options->over_failing_tests, "Why it is published although tests of it fail; recorded")
      ->type_name("REASON");

  options = make();
  command = add_command(policy, "list", "List the policies", session, false, options, list);
  command->alias("ls")->add_option("--server", options->server, kServer)->type_name("NAME");

  options = make();
  command = add_command(policy, "show", "Print the document of a policy", session, true, options, show);
  command->add_option("--server", options->server, kServer)->type_name("NAME");
  command->add_option("--version", options->version, "An older version")->type_name("N");

  options = make();
  command = add_command(policy, "remove", "Take a policy away", session, true, options, remove);
  command->add_option("--server", options->server, kServer)->type_name("NAME");

  options = make();
  command =
      add_command(policy, "revert", "Put an older version in force again", session, true, options, revert);
  command->add_option("--server", options->server, kServer)->type_name("NAME");
  command->add_option("--version", options->version, "The version")->required()->type_name("N");
}

}  // namespace doorward::cli
