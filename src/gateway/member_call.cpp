#include "gateway/member_call.h"

#include "gateway/bundle_call.h"
#include "gateway/worker.h"

namespace doorward::gateway {

void MemberCall::ask(std::string text) {
  want_ = Want::ask;
  text_ = std::move(text);
  go();
}

void MemberCall::open() {
  want_ = Want::open;
  go();
}

void MemberCall::learn_tools() {
  want_ = Want::tools;
  go();
}

void MemberCall::listen() {
  want_ = Want::listen;
  go();
}

void MemberCall::go() {
  if (call_.legacy()) {
    switch (call_.bundle_session().need(member_, call_.member_caller(member_, nullptr), *this)) {
      case BundleSession::Ready::later:
        waiting_ = true;
        return;
      case BundleSession::Ready::no:
        return call_.on_unavailable(*this);
      case BundleSession::Ready::yes:
        break;
    }
  }
  begin();
}

void MemberCall::on_member(bool ready) {
  waiting_ = false;
  if (!ready) return call_.on_unavailable(*this);
  begin();
}

void MemberCall::begin() {
  Worker& worker = call_.worker();
  std::shared_ptr<Session> session = call_.legacy() ? call_.bundle_session().session(member_) : nullptr;
  const Caller caller = call_.member_caller(member_, session);
  switch (want_) {
    case Want::open:
      return call_.on_answer(*this, 200, {});
    case Want::tools:
      waiting_ = true;
      return caller.server->list_tools(session.get(), caller.revision, caller.grant->grant->id, *this);
    case Want::listen:
      if (session == nullptr || session->listener != nullptr) return call_.on_unavailable(*this);
      exchange_ = &worker.take_exchange();
      return exchange_->begin_listening(*this, caller);
    case Want::ask:
      exchange_ = &worker.take_exchange();
      return begin_member(worker, *exchange_, *this, caller, text_);
  }
}

void MemberCall::on_tools_listed(bool) {
  waiting_ = false;
  call_.on_answer(*this, 200, {});
}

void MemberCall::abandon(std::string_view why) {
  done = true;
  if (waiting_) {
    waiting_ = false;
    if (call_.legacy()) call_.bundle_session().stop_waiting(*this);
    if (want_ == Want::tools) {
      call_.link(member_).stop_waiting(*this);
    }
  }
  if (exchange_ == nullptr) return;
  Exchange* exchange = exchange_;
  exchange_ = nullptr;
  exchange->abandon(why);
}

void MemberCall::pause() {
  if (exchange_ != nullptr) exchange_->pause();
}

void MemberCall::resume() {
  if (exchange_ != nullptr) exchange_->resume();
}

void MemberCall::answer(int status, Pieces json, std::string_view) {
  exchange_ = nullptr;
  call_.on_answer(*this, status, json);
}

void MemberCall::send(Pieces json, std::string_view) {
  call_.on_message(*this, json);
}

void MemberCall::open_stream(std::string_view) {
  call_.on_stream(*this);
}

bool MemberCall::prime(std::optional<std::uint32_t> retry_ms) {
  return call_.on_priming(retry_ms);
}

void MemberCall::suspend(std::optional<std::uint32_t> retry_ms) {
  call_.on_suspended(retry_ms);
}

void MemberCall::end_stream() {
  exchange_ = nullptr;
  call_.on_end(*this);
}

const http::Headers* MemberCall::headers() const {
  return call_.client_headers();
}

bool MemberCall::heard() const {
  return call_.client_listens();
}

std::string_view MemberCall::shown_tool(std::string_view name) const {
  return call_.shown_tool(member_, name);
}

}  // namespace doorward::gateway
