#include "cli/scan_consent.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "base/suggest.h"
#include "cli/log_view.h"
#include "cli/scan_view.h"
#include "cli/session.h"
#include "io/signals.h"

namespace doorward::cli {
namespace {

enum class Answer { yes, no, all, none };

/// One question on the terminal; the end of input means none.
Answer ask_person() {
  for (;;) {
    std::fputs("  start it? [y]es, [n]o, [a]ll, [q]uit asking: ", stderr);
    std::string line;
    if (!std::getline(std::cin, line)) return Answer::none;
    if (line == "y" || line == "yes") return Answer::yes;
    if (line == "n" || line == "no" || line.empty()) return Answer::no;
    if (line == "a" || line == "all") return Answer::all;
    if (line == "q" || line == "quit") return Answer::none;
  }
}

/// Shows how many are still under way, where somebody looks.
class Progress {
 public:
  explicit Progress(std::size_t all) : all_(all), shown_(::isatty(STDERR_FILENO) == 1) { show(); }
  void done(const scan::Server& server) {
    clear();
    const std::string what = server.unreachable ? server.why : std::to_string(server.tools.size()) + (server.tools.size() == 1 ? " tool" : " tools");
    std::fputs(("doorward: " + safe_text(server.name) + ": " + safe_text(what) + "\n").c_str(), stderr);
    ++done_;
    show();
  }
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void show() const {
    if (shown_ && done_ < all_) std::fprintf(stderr, "\r%zu of %zu servers have answered ...", done_, all_);
  }
  void clear() const {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }
  std::size_t all_;
  std::size_t done_ = 0;
  bool shown_;
};

}  // namespace

bool choose_servers(Session& session, const Consent& consent, scan::Scan& scan, std::vector<scan::Server*>& chosen) {
  const bool can_ask = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  bool all = consent.yes;
  bool none = false;
  bool complete = true;
  for (scan::Server& server : scan.servers) {
    if (!server.active || server.launch.is_doorward()) continue;
    if (!server.launch.settings) {
      server.why = "it cannot be started: " + server.launch.problem;
      continue;
    }
    if (consent.no_exec) {
      server.why = "it was not started (--no-exec)";
      continue;
    }
    // A URL on the command line is asked by whoever typed it, and starts nothing.
    const bool typed = server.places.empty() && !server.launch.is_command();
    session.say((server.launch.is_command() ? "starts " : "asks ") + safe_text(server.name) + ": " + launch_line(server.launch));
    if (!all && !typed && !none && can_ask) {
      const Answer answer = ask_person();
      all = answer == Answer::all;
      none = answer == Answer::none;
      if (answer == Answer::yes || answer == Answer::all) {
        chosen.push_back(&server);
        continue;
      }
      server.why = "it was not started, as you chose";
    } else if (all || typed) {
      chosen.push_back(&server);
    } else {
      server.why = can_ask ? "it was not started, as you chose" : "it was not started: --yes was not given";
      complete = complete && can_ask;
    }
  }
  return complete;
}

void ask_chosen(const std::vector<scan::Server*>& chosen, const scan::AskOptions& options) {
  if (chosen.empty()) return;
  io::prepare_signals({});
  Progress progress(chosen.size());
  scan::ask_servers(chosen, options, [&](const scan::Server& server) { progress.done(server); });
}

std::optional<std::vector<const clients::Client*>> clients_of(Session& session, const std::vector<std::string>& ids_given) {
  std::vector<const clients::Client*> clients;
  for (const std::string& id : ids_given) {
    const clients::Client* client = clients::find_client(id);
    if (client == nullptr) {
      std::vector<std::string> ids;
      for (const clients::Client& each : clients::all_clients()) ids.emplace_back(each.id);
      const std::string_view near = suggest(id, ids);
      std::string all;
      for (const std::string& each : ids) all += (all.empty() ? "" : ", ") + each;
      session.fail(Exit::usage, "there is no client \"" + safe_text(id) + "\"; " +
                    (near.empty() ? "it may be one of " + all : "did you mean " + std::string(near) + "?"));
      return std::nullopt;
    }
    clients.push_back(client);
  }
  return clients;
}

}  // namespace doorward::cli
