#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "upstream/call.h"
#include "upstream/challenge.h"
#include "upstream/http_pool.h"
#include "upstream/token_slot.h"

namespace doorward::upstream {

/// One request to a server that wants a token of ours: waits for the token where there is none, and where the server
/// refuses it (401, or 403 for its scope), which says that nothing ran, is sent once more with the next token, if there is
/// one. A second refusal is a failure. Private to the pool, which uses it again and again.
class AuthorizedRequest final : public Call, public Ticket {
 public:
  explicit AuthorizedRequest(HttpPool& pool) : pool_(pool) {}

  void begin(const HttpRequest& request, Call& call);
  /// The account's state has changed.
  void token_changed();
  void check_deadline(std::int64_t now_us);

  void cancel() override;
  void pause() override;
  void resume() override;
  void set_patient(bool patient) override;

  void on_challenge(std::string_view value) override { challenge_ = parse_challenge(value); }
  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override { call_->on_message(text); }
  void on_end() override { release().on_end(); }
  void on_priming(std::optional<std::uint32_t> retry_ms) override { call_->on_priming(retry_ms); }
  void on_suspended(std::optional<std::uint32_t> retry_ms) override { call_->on_suspended(retry_ms); }
  void on_endpoint(std::string_view uri) override { call_->on_endpoint(uri); }
  void on_failure(const Failure& failure) override { release().on_failure(failure); }
  bool wants_log() const override { return call_->wants_log(); }

 private:
  void wait_for(TokenNeed need);
  void send();
  void refuse();
  Call& release();

  HttpPool& pool_;
  Call* call_ = nullptr;
  Ticket* ticket_ = nullptr;  ///< null while it waits for a token
  std::string lines_;
  std::string body_;
  std::string path_;
  std::string hops_;
  std::string_view body_piece_;
  HttpRequest request_;
  Challenge challenge_;
  std::uint64_t token_ = 0;  ///< the number of the token that it was sent with
  std::int64_t deadline_us_ = INT64_MAX;
  bool refused_ = false;  ///< by the server, with the first token
  bool paused_ = false;
  bool patient_ = false;
  std::string problem_;
  io::Task refuse_task_{io::call<&AuthorizedRequest::refuse>, this};
};

}  // namespace doorward::upstream
