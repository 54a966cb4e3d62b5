#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/errand.h"
#include "gateway/exchange.h"
#include "gateway/front.h"
#include "json/value.h"
#include "mcp/envelope.h"

namespace doorward::gateway {

class Worker;

/// A batch of a 2025-03-26 session: each member goes its own way, judged alone. The answers are gathered into
/// one array; where one of the members streams, they are sent one by one as they come. Worker's
/// thread.
class Batch final : public Underway {
 public:
  static constexpr std::size_t kMostMembers = 100;

  Batch(Worker& worker, const Caller& caller);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// Whether an array is a batch that can be taken: it has members, but not too many, all of them messages,
  /// none of them initialize, no two requests of one id.
  static std::optional<mcp::Refusal> check(json::Value array);

  /// Takes an array that passed check(); `array` was read from `text`, of which each member keeps its part.
  /// The front may be answered before this returns.
  void begin(Front& front, std::string_view text, json::Value array);

  void abandon(std::string_view why) override;
  void pause() override;
  void resume() override;
  void continue_in(Front& front) override { front_ = &front; }
  bool client_listens() const { return front_ != nullptr && front_->heard(); }

  /// The front is answered, or will not be called any more: the owner may destroy this from its next tick on.
  bool done() const { return front_ == nullptr; }

 private:
  class Member;
  void begin_member(Member& member);
  void gather(Front::Pieces json);
  void send(Front::Pieces json);
  void member_done();

  Worker& worker_;
  Caller caller_;
  std::string address_;
  std::string client_name_;
  Front* front_ = nullptr;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t open_ = 0;  ///< members that are not answered; one more while they are begun
  bool streaming_ = false;
  std::vector<std::string> answers_;  ///< gathered so far
};

}  // namespace doorward::gateway
