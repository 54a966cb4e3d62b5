#include "cli/scan_consent.h"

#include <unistd.h>

#include <cstdio>

#include "base/suggest.h"
#include "base/text.h"
#include "cli/layout.h"
#include "cli/log_view.h"
#include "cli/question.h"
#include "cli/scan_view.h"
#include "cli/session.h"
#include "io/signals.h"

namespace doorward::cli {
namespace {

enum class Answer { yes, no, all, none };

/// One question on the terminal; the end of input means none.
Answer ask_person(bool is_command) {
  const std::string question = is_command ? "  start it?" : "  ask it?";
  for (;;) {
    const auto typed = ask_line(question + " [y]es, [n]o, [a]ll, [q]uit asking: ");
    if (!typed) return Answer::none;
    const std::string answer = lower(*typed);
    if (answer == "y" || answer == "yes") return Answer::yes;
    if (answer == "n" || answer == "no" || answer.empty()) return Answer::no;
    if (answer == "a" || answer == "all") return Answer::all;
    if (answer == "q" || answer == "quit") return Answer::none;
  }
}

/// Shows how many are still under way, where somebody looks.
class Progress {
 public:
  explicit Progress(std::size_t all) : all_(all), shown_(columns_of(STDERR_FILENO) != 0) { show(); }
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

bool choose_servers(const Consent& consent, scan::Scan& scan, std::vector<scan::Server*>& chosen) {
  const bool asks = can_ask();
  bool all = consent.yes;
  bool none = false;
  bool complete = true;
  bool explained = false;
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
    if (asks && !all && !typed && !explained) {
      std::fputs("\nTo see what a server can do, it has to be started, or asked at its URL. Neither happens without your answer.\n", stderr);
      explained = true;
    }
    // Not for --quiet to leave out: this is what is agreed to.
    std::fputs(("doorward: " + std::string(server.launch.is_command() ? "starts " : "asks ") + safe_text(server.name) + ": " +
                launch_line(server.launch) + "\n")
                   .c_str(),
               stderr);
    if (!all && !typed && !none && asks) {
      const Answer answer = ask_person(server.launch.is_command());
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
      server.why = asks ? "it was not started, as you chose" : "it was not started: --yes was not given";
      complete = complete && asks;
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
