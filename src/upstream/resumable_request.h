#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/loop.h"
#include "upstream/call.h"
#include "upstream/http_pool.h"
#include "upstream/resume_point.h"

namespace doorward::upstream {

/// One legacy request whose answer may come over several connections: where the answer's event stream ends or
/// breaks off before the answer and has named an event, this comes back by GET with Last-Event-ID after the
/// time that the server asked for, and goes on delivering to the same Call. Private to the pool, which uses
/// it again and again.
class ResumableRequest final : public Call, public Ticket {
 public:
  explicit ResumableRequest(HttpPool& pool) : pool_(pool) {}

  void begin(const HttpRequest& request, Call& call);

  void cancel() override;
  void pause() override;
  void resume() override;
  void set_patient(bool patient) override;

  void on_head(int status, std::string_view session, bool stream) override;
  void on_challenge(std::string_view value) override {
    if (!reopening_) call_->on_challenge(value);
  }
  void on_message(std::string_view text) override;
  void on_priming(std::optional<std::uint32_t> retry_ms) override { call_->on_priming(retry_ms); }
  void on_end() override;
  void on_failure(const Failure& failure) override;

 private:
  bool resumable() const { return stream_ && !answered_ && point_.usable(); }
  bool is_answer(std::string_view text);
  /// The stream has ended, or an attempt to come back has failed.
  void come_back();
  void take_up();
  void give_up(FailureKind kind, std::string_view why);
  Call& release();

  HttpPool& pool_;
  Call* call_ = nullptr;
  Ticket* ticket_ = nullptr;  ///< null between two connections
  std::string lines_;
  ResumePoint point_;
  std::uint64_t id_ = 0;
  std::int64_t progress_us_ = 0;
  unsigned fruitless_ = 0;  ///< connections in a row that brought nothing
  int refused_ = 0;         ///< the status by which the server refuses to go on, or 0
  bool listening_ = false;
  bool stream_ = false;     ///< the answer is a stream
  bool reopening_ = false;  ///< the stream's next connection has not answered yet
  bool answered_ = false;
  bool paused_ = false;
  bool patient_ = false;
  io::Timer timer_{io::call<&ResumableRequest::take_up>, this};
};

}  // namespace doorward::upstream
