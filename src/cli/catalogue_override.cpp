#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/catalogue_open.h"
#include "cli/catalogue_search.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kBatch = 2'000;

struct OverrideOptions {
  std::string server;
  std::string tool;
  std::string category;
  std::string severity;
  std::string reason;
  bool remove = false;
};

void override_tool(Session& session, const OverrideOptions& options) {
  if (options.remove == (!options.category.empty() || !options.severity.empty())) {
    return session.fail(Exit::usage, "say --category, --severity or both, or --remove alone");
  }
  if (!options.remove && options.reason.empty()) {
    return session.fail(Exit::usage, "give a --reason, so that others know why the rules are wrong here");
  }
  const auto members = [&](json::Writer& writer) {
    writer.key("server").string(options.server).key("tool").string(options.tool);
    if (!options.category.empty()) writer.key("category").string(options.category);
    if (!options.severity.empty()) writer.key("severity").string(options.severity);
    if (!options.remove) writer.key("reason").string(options.reason);
  };
  operate(session, options.remove ? "catalogue.unoverride" : "catalogue.override", members,
          [&](json::Value result) {
            const json::Value tool = result.find("tool");
            const std::string whose =
                options.remove ? " by the rules" : " because: " + member(tool.find("override"), "reason");
            print_line(member(tool, "tool") + " of " + member(tool, "server") + " is " +
                       member(tool, "category") + ", " + member(tool, "severity") + "," + whose);
          });
}

void reclassify(Session& session) {
  const auto opened = open_catalogue(session);
  if (!opened) return;
  const bool progress = isatty(STDERR_FILENO) == 1;
  catalogue::Reclassified sum;
  for (;;) {
    const auto done = opened->reclassify(kBatch);
    if (!done) return session.fail(done.error());
    sum.looked_at += done->looked_at;
    sum.changed += done->changed;
    sum.riskier += done->riskier;
    if (progress) std::fprintf(stderr, "\r%zu tools, %zu left ", sum.looked_at, done->left);
    if (done->left == 0 || done->looked_at == 0) break;
  }
  if (progress) std::fputs("\r\x1b[K", stderr);
  if (session.json) {
    std::string text;
    json::Writer(text)
        .begin_object()
        .key("schema")
        .string("doorward.catalogue.reclassify/1")
        .key("tools")
        .number(sum.looked_at)
        .key("changed")
        .number(sum.changed)
        .key("riskier")
        .number(sum.riskier)
        .end_object();
    return print_line(text);
  }
  print_line(std::to_string(sum.looked_at) + " tools were classified by older rules; " +
             std::to_string(sum.changed) + " are something else now, " + std::to_string(sum.riskier) +
             " of them riskier");
}

}  // namespace

void add_catalogue_override(CLI::App& catalogue, Session& session) {
  auto options = std::make_shared<OverrideOptions>();
  CLI::App* command = catalogue.add_subcommand("override", "Say what a tool is where the rules are wrong");
  command->add_option("server", options->server, "Slug, or name in the gateway")->required();
  command->add_option("tool", options->tool)->required();
  command->add_option("--category", options->category,
                      "Read, Write, Execute, Destructive, Financial or Other");
  command->add_option("--severity", options->severity, "low, medium, high or critical");
  command->add_option("--reason", options->reason, "Why the rules are wrong here");
  command->add_flag("--remove", options->remove, "Take back what was said; the rules say again");
  command->callback([options, &session] { override_tool(session, *options); });

  catalogue.add_subcommand("reclassify", "Classify anew what older rules classified; what people said stays")
      ->callback([&session] { reclassify(session); });
}

}  // namespace doorward::cli
