#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audit/reader.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/control_client.h"

namespace doorward::cli {
namespace {

constexpr std::int64_t kSpanUs = 60'000'000;
constexpr int kRefreshMs = 1'000;
constexpr int kAskEvery = 2;  ///< refreshes between two questions to the gateway
constexpr std::size_t kMostRows = 15;
constexpr std::size_t kTables = 3;

volatile sig_atomic_t ended = 0;

void end(int) {
  ended = 1;
}

/// The terminal while the table is on it: another screen, keys without Enter. Restored at its end, also after a signal.
class Screen {
 public:
  Screen() {
    if (tcgetattr(STDIN_FILENO, &before_) == 0) {
      termios raw = before_;
      raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      keys_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    struct sigaction action {};
    action.sa_handler = end;
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &handlers_[i]);
    print("\x1b[?1049h\x1b[?25l");
  }
  ~Screen() {
    print("\x1b[?25h\x1b[?1049l");
    std::fflush(stdout);
    if (keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &handlers_[i], nullptr);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Waits for the next refresh; false when it is time to leave.
  bool wait() const {
    pollfd keyboard{STDIN_FILENO, POLLIN, 0};
    if (poll(&keyboard, keys_ ? 1 : 0, kRefreshMs) > 0) {
      char key = 0;
      if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q') return false;
    }
    return ended == 0;
  }

  static std::pair<std::size_t, std::size_t> size() {
    winsize window{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0) return {24, 80};
    return {window.ws_row, window.ws_col};
  }

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
  termios before_{};
  std::array<struct sigaction, 3> handlers_{};
  bool keys_ = false;
};

/// Decisions of the last minute.
struct Decision {
  std::int64_t time_us = 0;
  std::string agent;
  std::string call;  ///< `server.tool`
  audit::DecisionWord word = audit::DecisionWord::none;
};

struct Row {
  std::string name;
  std::array<std::uint64_t, audit::kDecisionWords> words{};
  std::uint64_t calls = 0;

  std::uint64_t count(audit::DecisionWord word) const { return words[static_cast<std::size_t>(word)]; }
};

/// The limit of a grant that is the nearest to full.
struct Quota {
  std::string grant;
  std::string limit;  ///< the limit's name
  std::string used;
  std::string most;
  int percent = 0;
  std::string counts;  ///< what is added up, and in which window
  std::string resets;  ///< how long until nothing is counted, if nobody calls; empty: nothing is
  std::string json;    ///< as the gateway tells of it
};

/// Limits in the order of what they leave, the fullest first.
std::vector<Quota> read_quotas(const std::string& answer) {
  std::vector<Quota> quotas;
  json::Reader reader;
  const auto root = reader.read(answer, {.bytes = 64u << 20});
  if (!root) return quotas;
  for (const json::Value grant : root->find("grants").elements()) {
    const json::Value gauge = grant.find("fullest");
    if (!gauge) continue;
    Quota quota;
    quota.grant = member(grant, "label");
    quota.limit = member(gauge, "counter");
    quota.used = member(gauge, "used");
    quota.most = member(gauge, "max");
    const std::string percent = member(gauge, "used_percent");
    std::from_chars(percent.data(), percent.data() + percent.size(), quota.percent);
    quota.counts = member(gauge, "counts") + " / " + member(gauge, "window");
    if (member(gauge, "resets_in_s") != "0") quota.resets = countdown(gauge, "resets_in_s");
    quota.json = answer.substr(gauge.begin_offset(), gauge.end_offset() - gauge.begin_offset());
    quotas.push_back(std::move(quota));
  }
  std::ranges::sort(quotas, [](const Quota& a, const Quota& b) { return std::pair(b.percent, a.grant) < std::pair(a.percent, b.grant); });
  return quotas;
}

std::string quota_table(const std::vector<Quota>& quotas, std::size_t most) {
  const auto line = [](const Quota& quota, const std::string& full) {
    return cell(quota.grant, 20, false) + "  " + cell(quota.limit, 18, false) + cell(quota.used, 10, true) + cell(quota.most, 10, true) +
           cell(full, 7, true) + "  " + cell(quota.counts, 16, false) + cell(quota.resets, 9, true);
  };
  std::string text = line({"GRANT", "LIMIT", "USED", "OF", 0, "COUNTS", "RESETS IN", ""}, "FULL") + "\n";
  for (std::size_t i = 0; i < std::min(quotas.size(), most); ++i) {
    const std::string row = line(quotas[i], std::to_string(quotas[i].percent) + "%");
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  if (quotas.empty()) text += "(no grant has a limit)\n";
  return text;
}

class Top {
 public:
  explicit Top(Session& session) : session_(session) {}

  void run(bool once) {
    if (!session_.find_state(state_)) return;
    audit::LogReader reader(state_.log());
    // From here on nothing is missed; what was written before comes by the window.
    if (const Status begun = reader.poll({}, [](const audit::RecordView&) { return false; }); !begun) return session_.fail(begun.error());
    audit::Query window;
    window.since_us = system_clock().wall_us() - kSpanUs;
    window.calls = true;
    audit::LogReader past(state_.log());
    if (const Status read = past.for_each(window, [this](const audit::RecordView& record) { return take(record); }); !read) {
      return session_.fail(read.error());
    }
    ask_gateway();
    if (once || session_.json || isatty(STDOUT_FILENO) != 1) return print_once();
    follow(reader);
  }

 private:
  bool take(const audit::RecordView& record) {
    const std::string_view event = record.text("event");
    if (event != "call.intent" && event != "call.denied") return true;
    std::string call = safe_text(record.text("server"));
    const std::string_view tool = record.text("tool");
    call += "." + safe_text(tool.empty() ? record.text("method") : tool);
    decisions_.push_back({record.time_us, safe_text(record.text("grant.label")), std::move(call), record.word()});
    return true;
  }

  void ask_gateway() {
    status_.clear();
    waiting_.clear();
    quotas_.clear();
    if (const auto answer = server::ask_gateway(state_, R"({"op":"status"})")) {
      json::Reader reader;
      if (const auto root = reader.read(*answer)) status_ = member(*root, "url");
    }
    std::size_t pending = 0;
    if (const auto answer = server::ask_gateway(state_, R"({"op":"approval.list","state":"pending"})")) {
      json::Reader reader;
      if (const auto root = reader.read(*answer, {.bytes = 64u << 20})) pending = root->find("approvals").size();
      waiting_ = std::to_string(pending);
    }
    if (const auto answer = server::ask_gateway(state_, R"({"op":"grant.usage"})")) quotas_ = read_quotas(*answer);
  }

  void forget() {
    const std::int64_t since_us = system_clock().wall_us() - kSpanUs;
    while (!decisions_.empty() && decisions_.front().time_us < since_us) decisions_.pop_front();
  }

  std::vector<Row> rows(std::string Decision::*by) const {
    std::map<std::string_view, Row> all;
    for (const Decision& decision : decisions_) {
      Row& row = all[decision.*by];
      row.name = decision.*by;
      ++row.calls;
      ++row.words[static_cast<std::size_t>(decision.word)];
    }
    std::vector<Row> sorted;
    for (auto& [name, row] : all) sorted.push_back(std::move(row));
    std::ranges::sort(sorted, [](const Row& a, const Row& b) { return std::pair(b.calls, a.name) < std::pair(a.calls, b.name); });
    return sorted;
  }

  Row total() const {
    Row all;
    for (const Decision& decision : decisions_) {
      ++all.calls;
      ++all.words[static_cast<std::size_t>(decision.word)];
    }
    return all;
  }

  static std::uint64_t refused(const Row& row) {
    using enum audit::DecisionWord;
    return row.count(denied) + row.count(hidden) + row.count(rate_limited);
  }

  static std::string rate(std::uint64_t calls) {
    const std::uint64_t tenths = calls * 10 / 60;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
  }

  std::string head() const {
    const Row all = total();
    std::string text = "doorward top  " + (status_.empty() ? std::string("no gateway runs here") : status_) + "  last minute: " +
                       std::to_string(all.calls) + " calls (" + rate(all.calls) + "/s), " + std::to_string(refused(all)) + " refused";
    if (!waiting_.empty() && waiting_ != "0") text += ", " + waiting_ + " waiting for a person";
    return text;
  }

  std::string tables(std::size_t most) const {
    std::string text = table("AGENT", &Decision::agent, most) + "\n" + table("TOOL", &Decision::call, most);
    if (!status_.empty()) text += "\n" + quota_table(quotas_, most);
    return text;
  }

  std::string table(std::string_view title, std::string Decision::*by, std::size_t most) const {
    std::string text = cell(std::string(title), 40, false);
    for (const char* column : {"CALLS", "CALLS/S", "ALLOWED", "REFUSED", "ASKED", "WOULD"}) text += cell(column, 9, true);
    text += "\n";
    const std::vector<Row> all = rows(by);
    for (std::size_t i = 0; i < std::min(all.size(), most); ++i) {
      using enum audit::DecisionWord;
      const Row& row = all[i];
      text += cell(row.name.empty() ? "-" : row.name, 40, false) + cell(std::to_string(row.calls), 9, true) + cell(rate(row.calls), 9, true) +
              cell(std::to_string(row.count(allowed)), 9, true) + cell(std::to_string(refused(row)), 9, true) +
              cell(std::to_string(row.count(needs_approval)), 9, true) + cell(std::to_string(row.count(would_deny)), 9, true) + "\n";
    }
    if (all.empty()) text += "(no calls in the last minute)\n";
    return text;
  }

  void write_rows(json::Writer& writer, std::string_view key, std::string Decision::*by) const {
    writer.key(key).begin_array();
    for (const Row& row : rows(by)) {
      writer.begin_object().key("name").string(row.name).key("calls").number(row.calls).key("decisions").begin_object();
      for (std::size_t i = 1; i < audit::kDecisionWords; ++i) {
        writer.key(to_string(static_cast<audit::DecisionWord>(i))).number(row.words[i]);
      }
      writer.end_object().end_object();
    }
    writer.end_array();
  }

  void print_once() {
    forget();
    if (!session_.json) {
      print_line(head());
      print("\n" + tables(kMostRows));
      return;
    }
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.top/1").key("time").string(format_time(system_clock().wall_us()));
    writer.key("seconds").number(kSpanUs / 1'000'000).key("running").boolean(!status_.empty());
    if (!waiting_.empty()) writer.key("approvals_waiting").number(std::stoull(waiting_));
    writer.key("calls").number(total().calls);
    write_rows(writer, "agents", &Decision::agent);
    write_rows(writer, "tools", &Decision::call);
    writer.key("quotas").begin_array();
    for (const Quota& quota : quotas_) {
      writer.begin_object().key("grant").string(quota.grant).key("fullest").raw(quota.json).end_object();
    }
    writer.end_array().end_object();
    print_line(out);
  }

  void follow(audit::LogReader& reader) {
    const Screen screen;
    const bool color = session_.color();
    for (int turn = 1; screen.wait(); ++turn) {
      const Status polled = reader.poll({}, [this](const audit::RecordView& record) { return take(record); });
      if (!polled) {
        // The directory is not there for a moment while a gateway restarts elsewhere; what comes is read then.
        status_.clear();
      }
      if (turn % kAskEvery == 0) ask_gateway();
      forget();
      draw(color);
    }
  }

  void draw(bool color) const {
    const auto [height, width] = Screen::size();
    // The head, what stands around each table, and the line at the foot.
    constexpr std::size_t kAround = 3 + 2 * kTables;
    const std::size_t most = std::min(kMostRows, height > kAround + kTables ? (height - kAround) / kTables : 1);
    std::string text = "\x1b[H" + (color ? "\x1b[1m" + head() + "\x1b[0m" : head()) + "\n\n";
    text += tables(most) + "\nq quits";
    // Each line ends where the screen does, and clears what stood behind it.
    std::string out;
    std::size_t column = 0;
    bool escape = false;
    for (const char c : text) {
      if (c == '\n') {
        out += "\x1b[K\r\n";
        column = 0;
        continue;
      }
      if (c == '\x1b') escape = true;
      if (escape || column < width) out += c;
      if (!escape) ++column;
      if (escape && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) escape = false;
    }
    print(out + "\x1b[K\x1b[J");
    std::fflush(stdout);
  }

  Session& session_;
  server::StateDir state_;
  std::deque<Decision> decisions_;
  std::string status_;   ///< the gateway's URL; empty: none runs
  std::string waiting_;  ///< approvals; empty: not known
  std::vector<Quota> quotas_;
};

}  // namespace

void add_top_command(CLI::App& app, Session& session) {
  const auto once = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("top", "Watch what agents do now: calls and refusals by agent and tool, and the grants closest to their limits");
  command->add_flag("--once", *once, "Print the table once, for scripts");
  command->callback([&session, once] { Top(session).run(*once); });
}

}  // namespace doorward::cli
