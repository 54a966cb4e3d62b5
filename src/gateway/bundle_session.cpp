#include "gateway/bundle_session.h"

#include <algorithm>

#include "gateway/bundle_call.h"
#include "gateway/bundles.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {

/// After a failed handshake the next one waits for this long.
constexpr std::int64_t kRetryUs = 1'000'000;

}  // namespace

/// The handshake with one member, step by step: initialize, then what the client has told its session since.
class BundleSession::Opening final : public Front {
 public:
  Opening(BundleSession& owner, std::size_t member, const Caller& caller)
      : owner_(owner), member_(member), caller_(caller), address_(caller.client_address) {
    caller_.client_address = address_;
    caller_.client_name = {};
  }

  void start() { tell(Step::initialize, owner_.initialize_); }
  void abandon() {
    if (exchange_ != nullptr) exchange_->abandon("session_ended");
    exchange_ = nullptr;
  }

  void answer(int, Pieces json, std::string_view session) override {
    for (std::string_view piece : json) answer_ += piece;
    if (!session.empty()) session_ = session;
    next();
  }
  void send(Pieces json, std::string_view session) override {
    // The answer is the last message; what comes before it belongs to no request of the client's.
    answer_.clear();
    for (std::string_view piece : json) answer_ += piece;
    if (!session.empty()) session_ = session;
  }
  void open_stream(std::string_view) override {}
  void end_stream() override { next(); }
  const http::Headers* headers() const override { return nullptr; }

 private:
  enum class Step : std::uint8_t { initialize, initialized, log_level };

  void tell(Step step, const std::string& text) {
    step_ = step;
    answer_.clear();
    text_ = text;
    exchange_ = &owner_.worker_.take_exchange();
    begin_member(owner_.worker_, *exchange_, *this, caller_, text_);
  }

  void next() {
    exchange_ = nullptr;
    Member& member = owner_.members_[member_];
    switch (step_) {
      case Step::initialize:
        if (!take_answer(member)) return owner_.opened(member_, false);
        if (owner_.initialized_) {
          return tell(Step::initialized, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
        }
        [[fallthrough]];
      case Step::initialized:
        if (!owner_.log_level_.empty()) return tell(Step::log_level, owner_.log_level_);
        [[fallthrough]];
      case Step::log_level:
        return owner_.opened(member_, true);
    }
  }

  bool take_answer(Member& member) {
    const auto root = owner_.worker_.bundles().reader().read(answer_);
    const json::Value result = root ? root->find("result") : json::Value();
    std::shared_ptr<Session> session = owner_.worker_.sessions().find(session_, caller_.grant->grant->id);
    if (!result || session == nullptr || session->ended) return false;
    const json::Value capabilities = result.find("capabilities");
    const json::Value instructions = result.find("instructions");
    member.capabilities = capabilities ? bytes_of_value(answer_, capabilities) : std::string_view();
    member.instructions = instructions.is(json::Type::string) ? instructions.string() : std::string_view();
    member.session = session;
    caller_.session = session;
    caller_.revision = session->revision;
    return true;
  }

  BundleSession& owner_;
  std::size_t member_;
  Caller caller_;
  std::string address_;
  std::string text_;
  std::string answer_;
  std::string session_;
  Exchange* exchange_ = nullptr;
  Step step_ = Step::initialize;
};

BundleSession::BundleSession(Worker& worker, std::shared_ptr<const BundleSettings> settings,
                             std::string initialize)
    : worker_(worker),
      settings_(std::move(settings)),
      initialize_(std::move(initialize)),
      members_(settings_->members.size()) {}

BundleSession::~BundleSession() = default;

BundleSession::Ready BundleSession::need(std::size_t member, const Caller& caller, MemberWaiter& waiter) {
  if (ended_) return Ready::no;
  Member& of = members_[member];
  if (is_open(member)) return Ready::yes;
  if (of.opening == nullptr) {
    if (worker_.loop().now_us() < of.retry_us) return Ready::no;
    of.waiters.push_back(&waiter);
    of.opening = std::make_unique<Opening>(*this, member, caller);
    of.opening->start();
    return Ready::later;
  }
  of.waiters.push_back(&waiter);
  return Ready::later;
}

void BundleSession::stop_waiting(MemberWaiter& waiter) {
  for (Member& member : members_) std::erase(member.waiters, &waiter);
}

std::shared_ptr<Session> BundleSession::session(std::size_t member) const {
  const std::shared_ptr<Session>& session = members_[member].session;
  return session != nullptr && !session->ended ? session : nullptr;
}

void BundleSession::opened(std::size_t member, bool ok) {
  Member& of = members_[member];
  done_.clear();
  done_.push_back(std::move(of.opening));
  if (!ok) of.retry_us = worker_.loop().now_us() + kRetryUs;
  std::vector<MemberWaiter*> waiters;
  waiters.swap(of.waiters);
  for (MemberWaiter* waiter : waiters) waiter->on_member(ok);
  if (ok && listener != nullptr) listener->attach(member);
}

bool BundleSession::has_member(std::string_view server) const {
  return std::ranges::find(settings_->members, server, &BundleMember::server) != settings_->members.end();
}

void BundleSession::touch(std::int64_t now_us) {
  for (const Member& member : members_) {
    if (member.session != nullptr) member.session->last_used_us = now_us;
  }
}

void BundleSession::end() {
  if (ended_) return;
  ended_ = true;
  for (Member& member : members_) {
    if (member.opening) member.opening->abandon();
    std::vector<MemberWaiter*> waiters;
    waiters.swap(member.waiters);
    for (MemberWaiter* waiter : waiters) waiter->on_member(false);
    if (member.session != nullptr) worker_.end_session(*member.session);
  }
  if (listener != nullptr) listener->finish();
}

void begin_member(Worker& worker, Exchange& exchange, Front& front, const Caller& caller,
                  std::string_view text) {
  json::Limits limits;
  limits.bytes = text.size();
  const auto root = worker.request_reader().read(text, limits);
  exchange.begin(front, caller, text, *mcp::read_message(*root, mcp::Sender::client));
}

}  // namespace doorward::gateway
