#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/explanation_view.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

void explain(Session& session, const std::string& id) {
  operate(
      session, "record.explain", [&](json::Writer& writer) { writer.key("id").string(id); },
      [&](json::Value explanation) {
        print(explanation_text(explanation, session.look()));
        if (member(explanation, "decision") != "allow") session.say("next: doorward allow " + id + " drafts the rule that would let it pass");
      });
}

}  // namespace

void add_explain_command(CLI::App& app, Session& session) {
  const auto id = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("explain", "Say why a recorded call was allowed or refused");
  command->add_option("id", *id, "Its id, such as dec_4m1x...; agents are told it as Ref")->required()->type_name("DECISION");
  command->callback([&session, id] { explain(session, *id); });
}

}  // namespace doorward::cli
