#include "cli/live_names.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/log_view.h"
#include "clients/client.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/control_client.h"

namespace doorward::cli {
namespace {

/// The shell waits: SIGALRM ends the process without a word.
constexpr unsigned kMostSeconds = 2;
constexpr int kMostNames = 200;

/// Where the names of a kind come from.
struct Source {
  std::string_view kind;
  std::string_view op;
  std::string_view list;  ///< member of the answer
  std::string_view name;  ///< member of an element
  std::string_view text;  ///< likewise; what the name is
};
constexpr Source kSources[] = {
    {"server", "server.list", "servers", "name", ""},
    {"server", "server.list", "bundles", "name", ""},
    {"grant", "grant.list", "grants", "label", "server"},
    {"policy", "policy.list", "policies", "name", "server"},
    {"tool", "catalogue.search", "tools", "tool", "category"},
    {"user", "user.list", "users", "name", ""},
    {"secret", "secret.list", "secrets", "name", ""},
    {"approval", "approval.list", "approvals", "id", "tool"},
    {"decision", "record.list", "records", "id", "tool"},
    {"session", "session.list", "sessions", "id", "person"},
    {"token", "token.list", "tokens", "id", "label"},
    {"channel", "notify.list", "channels", "name", ""},
};

/// Whether a name stands for itself in every shell, at a terminal and as an argument. Servers name their tools as they like;
/// what a shell could take for something else (a command, a pattern, an earlier line, an option) is not offered.
bool is_harmless(std::string_view name) {
  const auto plain = [](char c) { return is_alnum(c) || c == '_'; };
  return !name.empty() && (plain(name.front()) || name.front() == '@') &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || std::string_view("-./:@+").find(c) != std::string_view::npos; });
}

std::string request_of(const Source& source, std::string_view server) {
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("op").string(source.op);
  if (source.op == "catalogue.search") {
    writer.key("limit").number(kMostNames);
    if (!server.empty()) writer.key("server").string(server);
  }
  if (source.op == "record.list") writer.key("limit").number(kMostNames).key("event").string("call.*");
  writer.end_object();
  return request;
}

}  // namespace

LiveNames live_names(const std::string& state_option) {
  return [state_option](std::string_view kind, std::string_view server) {
    std::vector<Candidate> names;
    const auto add = [&](std::string_view name, std::string_view text) {
      const bool known = std::ranges::any_of(names, [&](const Candidate& each) { return each.word == name; });
      if (!known && is_harmless(name)) {
        names.push_back({std::string(name), safe_text(text)});
      }
    };
    if (kind == "client") {
      for (const clients::Client& client : clients::all_clients()) add(client.id, client.label);
      return names;
    }
    const auto state = server::choose_state_dir(state_option);
    if (!state) return names;
    alarm(kMostSeconds);
    for (const Source& source : kSources) {
      if (source.kind != kind) continue;
      const auto answer = server::ask_page(*state, request_of(source, server));
      if (!answer) continue;
      json::Reader reader;
      const auto root = reader.read(*answer, {.bytes = 64u << 20});
      if (!root) continue;
      for (const json::Value each : root->find(source.list).elements()) {
        add(json::text_of(each, source.name), source.text.empty() ? std::string_view() : json::text_of(each, source.text));
      }
    }
    alarm(0);
    return names;
  };
}

}  // namespace doorward::cli
