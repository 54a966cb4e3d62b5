#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct NotifyOptions {
  std::string channel;
  int limit = 50;
};

/// An operation that only a running gateway has.
void ask_gateway(Session& session, std::string_view op, const std::function<void(json::Writer&)>& members,
                 const std::function<void(json::Value)>& show) {
  const auto answer = ask(session, op, members, true);
  if (!answer) return;
  if (session.json) return print_line(*answer);
  json::Reader reader;
  if (const auto root = reader.read(*answer)) show(*root);
}

void list(Session& session) {
  ask_gateway(session, "notify.list", {}, [&](json::Value root) {
    const json::Value channels = root.find("channels");
    if (channels.size() == 0) return session.say("the configuration names no channel under \"notifications\"");
    std::vector<std::vector<std::string>> rows = {{"CHANNEL", "TYPE", "EVENTS"}};
    for (const json::Value channel : channels.elements()) {
      std::string events;
      for (const json::Value event : channel.find("events").elements()) {
        events += (events.empty() ? "" : ", ") + std::string(event.string());
      }
      rows.push_back({member(channel, "name"), member(channel, "type"), events.empty() ? "all" : events});
    }
    print_table(rows);
  });
}

void test(Session& session, const NotifyOptions& options) {
  ask_gateway(
      session, "notify.test", [&](json::Writer& writer) { writer.key("channel").string(options.channel); },
      [&](json::Value root) { print_line("delivered through " + member(root, "channel")); });
}

void log(Session& session, const NotifyOptions& options) {
  ask_gateway(
      session, "notify.log",
      [&](json::Writer& writer) {
        if (!options.channel.empty()) writer.key("channel").string(options.channel);
        writer.key("limit").number(options.limit);
      },
      [&](json::Value root) {
        std::vector<std::vector<std::string>> rows = {{"TIME", "CHANNEL", "EVENT", "REQUEST", "TRY", "STATE", "DETAIL"}};
        for (const json::Value row : root.find("deliveries").elements()) {
          rows.push_back({member(row, "time").substr(0, 19) + "Z", member(row, "channel"), member(row, "event"),
                          member(row, "request"), member(row, "attempt"), member(row, "state"), member(row, "detail")});
        }
        print_table(rows);
      });
}

}  // namespace

void add_notify_commands(CLI::App& app, Session& session) {
  const auto options = std::make_shared<NotifyOptions>();
  CLI::App* group = app.add_subcommand("notify", "Messages to people");
  group->require_subcommand(1);
  group->add_subcommand("list", "List the channels")->alias("ls")->callback([&session] { list(session); });

  CLI::App* test_command = group->add_subcommand("test", "Send a test through a channel, once");
  test_command->add_option("channel", options->channel, "Name of the channel")->required()->type_name("CHANNEL");
  test_command->callback([&session, options] { test(session, *options); });

  CLI::App* log_command = group->add_subcommand("log", "Show what was delivered and what was not");
  log_command->add_option("channel", options->channel, "Only this channel")->type_name("CHANNEL");
  log_command->add_option("-n,--count", options->limit, "So many tries")->type_name("N");
  log_command->callback([&session, options] { log(session, *options); });
}

}  // namespace doorward::cli
