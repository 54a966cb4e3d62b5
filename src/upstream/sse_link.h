#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"
#include "upstream/call.h"
#include "upstream/channel.h"
#include "upstream/http_pool.h"
#include "upstream/request_table.h"

namespace doorward::upstream {

/// A server that speaks HTTP+SSE (2024-11-05): GET opens a stream whose first event, `endpoint`, names where
/// to POST; the server's messages come on the stream. The stream is the session: when it ends, so does the
/// channel. What is sent before the endpoint is known waits for it.
class SseLink final : public Channel, private Call {
 public:
  /// Opens the stream; how that goes is told to `listener`. `pool` and `listener` outlive the link.
  SseLink(io::Loop& loop, HttpPool& pool, ChannelListener& listener);
  ~SseLink() override;
  SseLink(const SseLink&) = delete;
  SseLink& operator=(const SseLink&) = delete;

  Ticket& send(std::uint64_t id, std::span<const std::string_view> json, Call& call,
               bool listening = false) override;
  void notify(std::span<const std::string_view> json) override;
  void stop() override;
  bool running() const override { return state_ != State::closed; }
  void tick() override;

 private:
  enum class State : std::uint8_t { opening, open, closed };
  struct Post;
  struct Waiting {
    std::uint64_t id;  ///< 0: a message without an answer
    std::string json;
  };

  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_endpoint(std::string_view uri) override;
  void on_end() override;
  void on_failure(const Failure& failure) override;

  bool queue(std::uint64_t id, std::span<const std::string_view> json);
  void post_waiting();
  void posted(Post& post, const Failure* failure);
  void close(const Failure& failure);
  void tell_closed();

  io::Loop& loop_;
  HttpPool& pool_;
  ChannelListener& listener_;
  RequestTable requests_;
  Ticket* stream_ = nullptr;
  State state_ = State::opening;
  int status_ = 0;  ///< of the stream's answer
  bool is_stream_ = false;
  std::string path_;  ///< where to post; empty: not known yet
  std::int64_t deadline_us_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::vector<std::unique_ptr<Post>> posts_;
  std::size_t notices_ = 0;  ///< posts under way of messages without an answer
  std::string why_;  ///< it was closed
  FailureKind why_kind_ = FailureKind::closed;
  io::Task closed_task_{io::call<&SseLink::tell_closed>, this};
};

}  // namespace doorward::upstream
