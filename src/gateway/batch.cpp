#include "gateway/batch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/worker.h"
#include "json/reader.h"
#include "mcp/denial.h"

namespace doorward::gateway {

/// Where one member's answers go; holds the member, which its errand refers to.
class Batch::Member final : public Front {
 public:
  Member(Batch& batch, std::string_view bytes) : text(bytes), batch_(batch) {}

  void answer(int, Pieces json, std::string_view) override {
    errand = nullptr;
    if (!json.empty()) batch_.gather(json);
    batch_.member_done();
  }
  void send(Pieces json, std::string_view) override { batch_.send(json); }
  void open_stream(std::string_view) override {}
  void end_stream() override {
    errand = nullptr;
    batch_.member_done();
  }
  const http::Headers* headers() const override { return nullptr; }
  bool heard() const override { return batch_.client_listens(); }

  const std::string text;
  Errand* errand = nullptr;

 private:
  Batch& batch_;
};

Batch::Batch(Worker& worker, const Caller& caller)
    : worker_(worker), caller_(caller), address_(caller.client_address), client_name_(caller.client_name) {
  caller_.client_address = address_;
  caller_.client_name = client_name_;
}

Batch::~Batch() = default;

std::optional<mcp::Refusal> Batch::check(json::Value array) {
  const auto refuse = [](std::string why) {
    mcp::Refusal refusal{.code = mcp::ErrorCode::invalid_request, .message = std::move(why)};
    refusal.batch = true;
    return refusal;
  };
  if (array.size() == 0) return refuse("A batch holds at least one message.");
  if (array.size() > kMostMembers) {
    return refuse("A batch holds at most " + std::to_string(kMostMembers) + " messages.");
  }
  std::vector<std::pair<json::Type, std::string_view>> ids;
  for (const json::Value element : array.elements()) {
    const auto message = mcp::read_message(element, mcp::Sender::client);
    if (!message) return refuse("A member of the batch is no message: " + message.error().message);
    if (message->method == mcp::Method::initialize) return refuse("initialize cannot be part of a batch.");
    if (message->kind != mcp::Kind::request) continue;
    const bool number = message->id.is(json::Type::number);
    const std::pair id{message->id.type(), number ? message->id.number() : message->id.string()};
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return refuse("Two requests of the batch share an id.");
    ids.push_back(id);
  }
  return std::nullopt;
}

void Batch::begin(Front& front, std::string_view text, json::Value array) {
  front_ = &front;
  for (const json::Value element : array.elements()) {
    members_.push_back(std::make_unique<Member>(*this, bytes_of_value(text, element)));
  }
  open_ = members_.size() + 1;
  for (const auto& member : members_) {
    if (front_ == nullptr) return;
    begin_member(*member);
  }
  member_done();
}

void Batch::begin_member(Member& member) {
  json::Limits limits;
  limits.bytes = member.text.size();
  limits.refuse_proto = true;
  const auto root = worker_.request_reader().read(member.text, limits);
  const auto message = mcp::read_message(*root, mcp::Sender::client);
  if (message->kind == mcp::Kind::result || message->kind == mcp::Kind::error) {
    if (!pass_response(worker_, caller_.session, member.text, *message)) {
      mcp::Refusal refusal{.code = mcp::ErrorCode::invalid_request,
                           .message = "The gateway has asked this client nothing under that id."};
      worker_.record_refusal(caller_, refusal, member.text, 0);
    }
    return member_done();
  }
  if (const auto refusal = mcp::check_method(*message, caller_.revision, mcp::Sender::client)) {
    worker_.record_refusal(caller_, *refusal, member.text, 0);
    if (!refusal->notification) {
      std::string body;
      mcp::append_refusal(body, *refusal, member.text);
      const std::string_view piece = body;
      gather({&piece, 1});
    }
    return member_done();
  }
  Errand& errand = worker_.take_errand(*caller_.grant);
  member.errand = &errand;
  errand.begin(member, caller_, member.text, *message);
}

void Batch::gather(Front::Pieces json) {
  if (streaming_) return send(json);
  std::string& answer = answers_.emplace_back();
  for (std::string_view piece : json) answer += piece;
}

void Batch::send(Front::Pieces json) {
  if (!std::exchange(streaming_, true)) {
    for (const std::string& answer : answers_) {
      const std::string_view piece = answer;
      if (front_ != nullptr) front_->send({&piece, 1}, {});
    }
  }
  if (front_ != nullptr) front_->send(json, {});
}

void Batch::member_done() {
  if (--open_ > 0 || front_ == nullptr) return;
  Front& to = *std::exchange(front_, nullptr);
  caller_ = Caller{};
  if (streaming_) return to.end_stream();
  if (answers_.empty()) return to.answer(202, {}, {});
  std::string array;
  for (const std::string& answer : answers_) (array += array.empty() ? '[' : ',') += answer;
  array += ']';
  const std::string_view piece = array;
  to.answer(200, {&piece, 1}, {});
}

void Batch::abandon(std::string_view why) {
  front_ = nullptr;
  for (const auto& member : members_) {
    if (Errand* errand = std::exchange(member->errand, nullptr)) errand->abandon(why);
  }
  caller_ = Caller{};
}

void Batch::pause() {
  for (const auto& member : members_) {
    if (member->errand != nullptr) member->errand->pause();
  }
}

void Batch::resume() {
  for (const auto& member : members_) {
    if (member->errand != nullptr) member->errand->resume();
  }
}

}  // namespace doorward::gateway
