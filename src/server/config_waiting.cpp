#include "server/config_waiting.h"

#include <algorithm>
#include <utility>

namespace doorward::server {
namespace {

constexpr Milliseconds kShortest{1};
constexpr Milliseconds kLongest = std::chrono::hours(24);

gateway::ClientWait read_client(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "a client", context);
  gateway::ClientWait client;
  if (auto name = fields.take_text("name")) client.name = std::move(*name);
  client.hold = fields.take_duration("hold", kShortest, kLongest).value_or(Milliseconds(45'000));
  client.hold_with_progress = fields.take_duration("hold_with_progress", kShortest, kLongest).value_or(client.hold);
  fields.finish();
  if (node.find("name") == nullptr) fields.missing("name");
  if (node.find("hold") == nullptr) fields.missing("hold");
  return client;
}

}  // namespace

WaitingConfig read_waiting(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "waiting", context);
  WaitingConfig waiting;
  if (auto console = fields.take_text("console")) {
    while (console->ends_with('/')) console->pop_back();
    const bool url = console->starts_with("https://") || console->starts_with("http://");
    const bool plain = std::ranges::all_of(*console, [](char c) { return c > ' ' && c < 0x7f && c != '"'; });
    if (!url || !plain) {
      context.report(*node.find("console"), "\"console\" must be the URL of the console, such as https://gate.example.com");
    } else {
      waiting.console = std::move(*console);
    }
  }
  waiting.progress = fields.take_duration("progress", kShortest, kLongest).value_or(waiting.progress);
  fields.take_list("clients", [&](const yaml::Node& item) { waiting.clients.push_back(read_client(item, context)); });
  fields.finish();
  return waiting;
}

}  // namespace doorward::server
