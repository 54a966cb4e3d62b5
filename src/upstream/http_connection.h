#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/body.h"
#include "http/response_head.h"
#include "io/buffer.h"
#include "io/loop.h"
#include "io/stream.h"
#include "mcp/sse.h"
#include "upstream/call.h"
#include "upstream/http_pool.h"
#include "upstream/resume_point.h"

namespace doorward::upstream {

/// One connection of an HttpPool: at most one request at a time. Private to the pool.
class HttpConnection final : public io::Handler, public Ticket {
 public:
  explicit HttpConnection(HttpPool& pool) : pool_(pool), events_(pool.settings().result_bytes) {}
  ~HttpConnection();

  /// Takes the request; sends it at once where the connection stands. `point`, if any, learns of the events.
  void begin(const HttpRequest& request, Call& call, ResumePoint* point);
  /// Fails the request without dialling.
  void refuse(std::string why);
  /// The pool's addresses are known now, or there are none: dials one after the other until one answers.
  void dial();

  void cancel() override;
  void pause() override { paused_ = true; }
  void resume() override;
  void set_patient(bool patient) override;

  void on_ready(std::uint32_t events) override;
  void check_deadline(std::int64_t now_us);

  /// Closed, and no task of it is queued: the pool may destroy it.
  bool reapable() const { return state_ == State::closed && !failing_ && !resume_queued_; }

 private:
  enum class State : std::uint8_t {
    unconnected,
    resolving,
    connecting,
    handshaking,
    exchanging,
    idle,
    closed
  };
  enum class Body : std::uint8_t { head, json, events, discarded };

  void build(const HttpRequest& request);
  void dial_address();
  void dial_next();
  void connected();
  void shake_hands();
  void flush();
  void read_all(bool to_end);
  /// Works on what has been read; false where this connection is done with its call.
  bool take();
  bool take_head();
  bool take_body();
  bool take_events();
  void take_event(const mcp::SseEvent& event);
  void on_eof();
  void finish();
  bool nothing_follows();
  void fail(FailureKind kind, std::string_view detail);
  void fail_later(FailureKind kind, std::string detail);
  void report_failure();
  void resume_reading();
  void close();
  void push_deadline(std::int64_t limit_ms);

  HttpPool& pool_;
  Call* call_ = nullptr;
  ResumePoint* point_ = nullptr;
  io::Stream stream_;
  io::Buffer out_;
  io::Buffer in_;
  http::ResponseHead head_;
  http::BodyDecoder decoder_;
  mcp::SseReader events_;
  std::size_t decoded_ = 0;
  std::size_t address_ = 0;  ///< which of the pool's is dialled
  std::int64_t deadline_us_ = INT64_MAX;
  std::int64_t idle_limit_us_ = 0;
  State state_ = State::unconnected;
  Body body_ = Body::head;
  FailureKind pending_failure_ = FailureKind::connect;
  std::string pending_detail_;
  std::string masked_;  ///< what the server said last, where a secret in it was masked
  bool listening_ = false;
  bool patient_ = false;
  bool sent_ = false;
  bool paused_ = false;
  bool reusable_ = false;
  bool ending_ = false;   ///< the server has ended its side
  bool drained_ = false;  ///< the last read left nothing behind
  bool failing_ = false;
  bool refused_ = false;  ///< not dialled
  bool resume_queued_ = false;
  io::Task failure_task_{io::call<&HttpConnection::report_failure>, this};
  io::Task resume_task_{io::call<&HttpConnection::resume_reading>, this};
};

}  // namespace doorward::upstream
