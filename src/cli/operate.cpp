#include "cli/operate.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/hash.h"
#include "cli/log_view.h"
#include "cli/question.h"
#include "cli/session.h"
#include "server/control_client.h"
#include "server/secret.h"

namespace doorward::cli {

std::optional<std::string> ask(Session& session, std::string_view op,
                               const std::function<void(json::Writer&)>& members, bool gateway_only) {
  server::StateDir state;
  if (!session.find_state(state)) return std::nullopt;
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("op").string(op);
  if (members) members(writer);
  writer.end_object();
  auto answer = gateway_only ? server::ask_gateway(state, request) : server::run_operation(state, request);
  wipe(request);  // it may hold one
  if (answer) return std::move(*answer);
  for (const server::Finding& finding : answer.error().findings) session.say(finding.text());
  session.fail(answer.error().error);
  return std::nullopt;
}

void operate(Session& session, std::string_view op, const std::function<void(json::Writer&)>& members,
             const std::function<void(json::Value result)>& show) {
  const auto result = ask(session, op, members);
  if (!result) return;
  if (session.json) {
    print_line(*result);
    return;
  }
  json::Reader reader;
  if (const auto value = reader.read(*result, {.bytes = 64u << 20})) show(*value);
}

Answer::Answer(Session& session, std::string_view op, const std::function<void(json::Writer&)>& members, bool gateway_only) {
  auto text = ask(session, op, members, gateway_only);
  if (!text) return;
  text_ = std::move(*text);
  if (const auto root = reader_.read(text_, {.bytes = 64u << 20})) root_ = *root;
  if (!root_) session.fail(Exit::unreachable, "the answer is not JSON");
}

bool confirm(Session& session, bool yes, std::string_view question) {
  if (yes) return true;
  if (isatty(STDIN_FILENO) != 1) {
    session.fail(Exit::usage, "standard input is no terminal, so nobody can be asked; add --yes");
    return false;
  }
  if (ask_yes(question)) return true;
  session.exit = Exit::check_failed;
  session.say("nothing was changed");
  return false;
}

std::string member(json::Value object, std::string_view key) {
  const json::Value value = object.find(key);
  if (value.is(json::Type::string)) return safe_text(value.string());
  return value.is(json::Type::number) ? std::string(value.number()) : std::string();
}

std::string countdown(json::Value object, std::string_view key) {
  constexpr std::int64_t kDay = 86'400;
  std::int64_t seconds = 0;
  const std::string text = member(object, key);
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (seconds >= 2 * kDay) return fmt::format("{} days", seconds / kDay);
  if (seconds >= 3600) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::optional<std::vector<std::pair<std::string, std::string>>> split_pairs(
    Session& session, std::string_view option, const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      session.fail(Exit::usage, std::string(option) + " must be KEY=VALUE, not \"" + word + "\"");
      return std::nullopt;
    }
    pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return pairs;
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    print_line(line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

}  // namespace doorward::cli
