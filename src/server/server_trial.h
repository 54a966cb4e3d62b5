#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/resolver.h"
#include "json/reader.h"
#include "upstream/channel.h"
#include "upstream/http_pool.h"
#include "upstream/settings.h"

namespace doorward::server {

/// One step of a connection test, in the order in which they are taken.
struct TrialStep {
  std::string_view name;  ///< `resolve`, `connect`, `tls`, `start`, `authenticate`, `handshake`, `list_tools`
  bool ok = false;
  std::string detail;  ///< what failed, or what was found; may hold the server's words
};

struct TrialReport {
  std::vector<TrialStep> steps;  ///< up to the first that failed
  std::size_t tools = 0;
  std::vector<std::string> definitions;  ///< JSON text of each tool, where the whole list was asked for
  bool cut = false;                      ///< the list goes on beyond our bounds
  /// What tools that hide their actions answered when they were asked for them.
  struct Told {
    std::string tool;
    std::string text;
  };
  std::vector<Told> told;
  std::string server_name;     ///< what the server calls itself
  std::string server_version;
  std::string last_words;      ///< the first line with an error on a child's standard error, else the last line
  bool refused = false;        ///< it wants to know who asks: status 401 or 403
  bool ok() const { return !steps.empty() && steps.back().ok; }
};

/// How far a trial goes.
struct TrialOptions {
  std::chrono::milliseconds together{20'000};  ///< for all steps
  bool whole_list = false;                     ///< every page of the list, its definitions kept
  /// Also calls the tools that hide actions without listing them, with the questions of risk::propose_actions. Such a
  /// call is a call: a person has agreed to it.
  bool ask_actions = false;
};

/// Talks to a server once, as the gateway would: over the same links, in the same sandbox, within the same
/// bounds. Shakes hands (or, where the server has no handshake, goes without), lists the tools, and leaves. On
/// the loop's thread.
class ServerTrial final : upstream::Call, upstream::ChannelListener {
 public:
  using Done = std::move_only_function<void(TrialReport)>;

  /// `settings`: of a URL or a command. `resolver` outlives the trial.
  ServerTrial(io::Loop& loop, io::Resolver& resolver, std::shared_ptr<const upstream::ServerSettings> settings,
              Done done, TrialOptions options = {});
  ~ServerTrial();
  ServerTrial(const ServerTrial&) = delete;
  ServerTrial& operator=(const ServerTrial&) = delete;

  void start();
  /// It has answered and its link is gone: the object may be destroyed, but not from inside `done`.
  bool over() const { return finished_ && !(link_ && link_->running()); }

 private:
  enum class At { initialize, initialized, list, actions };

  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;
  void on_notification(std::string_view, const mcp::Message&) override {}
  void on_request(std::string_view, const mcp::Message&) override {}
  void on_protocol_error(std::string_view) override {}
  void on_error_line(std::string_view line) override;
  void on_closed(const upstream::Closing&) override {}

  void ask(At at, std::string json);
  void list(bool modern);
  void answered();
  /// Collects what is to be asked of the tools that were listed.
  void prepare_questions();
  void ask_next_question();
  void take_answer(json::Value result);
  /// Whether a refused POST means that the server speaks HTTP+SSE; the trial then goes on over its stream.
  bool try_stream();
  /// Keeps a page of the list; the cursor of the next one, or empty.
  std::string take_page(json::Value result);
  /// The steps that came before, then this one, and the end.
  void fail_at(std::string_view step, std::string detail);
  void pass(std::string_view step, std::string detail = {});
  void finish();
  void look();

  io::Loop& loop_;
  io::Resolver& resolver_;
  std::shared_ptr<const upstream::ServerSettings> settings_;
  Done done_;
  TrialOptions options_;
  io::Timer timer_;
  std::int64_t deadline_us_ = 0;
  std::unique_ptr<upstream::HttpPool> pool_;
  std::unique_ptr<upstream::Channel> link_;  ///< a child process or an HTTP+SSE stream; null: requests go by `pool_`
  upstream::Ticket* ticket_ = nullptr;
  json::Reader reader_;
  TrialReport report_;
  At at_ = At::initialize;
  bool modern_ = false;
  std::uint64_t last_id_ = 0;
  std::size_t bytes_ = 0;  ///< of the definitions kept
  std::size_t pages_ = 0;
  std::string cursor_;  ///< of the page that is asked for
  std::string hello_;   ///< the `initialize` request
  bool finished_ = false;
  int status_ = 0;
  std::string session_;
  std::string revision_;
  std::string answer_;
  std::shared_ptr<ServerTrial*> alive_ = std::make_shared<ServerTrial*>(this);
  struct Question {
    std::string tool;
    std::string arguments;  ///< a JSON object
  };
  std::deque<Question> questions_;
  std::string refusal_;  ///< of the handshake, where the server may have none
};

}  // namespace doorward::server
