#include "upstream/sse_link.h"

#include <algorithm>

#include "upstream/post_path.h"

namespace doorward::upstream {
namespace {

/// From the stream's beginning to its endpoint event, beside the time for connecting.
constexpr std::int64_t kEndpointUs = 5'000'000;
/// What may wait to be posted before requests fail.
constexpr std::size_t kMostWaiting = 16u << 20;

}  // namespace

/// One message on its way to the server.
struct SseLink::Post final : Call {
  Post(SseLink& link, std::uint64_t number) : owner(link), id(number) {}
  void on_head(int code, std::string_view, bool) override { status = code; }
  void on_message(std::string_view) override {}
  void on_end() override {
    ticket = nullptr;
    if (status >= 200 && status < 300) return owner.posted(*this, nullptr);
    const Failure refused{status == 404 ? FailureKind::session_lost : FailureKind::protocol, true,
                          "the server refused a message that was posted to it"};
    owner.posted(*this, &refused);
  }
  void on_failure(const Failure& failure) override {
    ticket = nullptr;
    owner.posted(*this, &failure);
  }
  SseLink& owner;
  std::uint64_t id;
  int status = 0;
  Ticket* ticket = nullptr;
  bool done = false;
};

SseLink::SseLink(io::Loop& loop, HttpPool& pool, ChannelListener& listener)
    : loop_(loop),
      pool_(pool),
      listener_(listener),
      requests_(loop, pool.settings(), listener),
      deadline_us_(loop.now_us() + pool.settings().timeouts.connect.count() * 1000 + kEndpointUs) {
  stream_ = &pool_.start({.method = http::Method::get, .listening = true}, *this);
}

SseLink::~SseLink() {
  if (stream_ != nullptr) stream_->cancel();
  for (const auto& post : posts_) {
    if (post->ticket != nullptr) post->ticket->cancel();
  }
  loop_.withdraw(closed_task_);
}

Ticket& SseLink::send(std::uint64_t id, std::span<const std::string_view> json, Call& call, bool listening) {
  Ticket& ticket = requests_.add(id, call, listening);
  if (!queue(id, json)) requests_.fail_later(id, {FailureKind::closed, false, "the server takes no messages"});
  return ticket;
}

void SseLink::notify(std::span<const std::string_view> json) {
  queue(0, json);
}

bool SseLink::queue(std::uint64_t id, std::span<const std::string_view> json) {
  if (state_ == State::closed || waiting_bytes_ > kMostWaiting) return false;
  std::string text;
  for (std::string_view piece : json) text += piece;
  waiting_bytes_ += text.size();
  waiting_.push_back({id, std::move(text)});
  post_waiting();
  return true;
}

void SseLink::post_waiting() {
  // Posts travel side by side, but nothing overtakes a notification: a server that gets a call before
  // `initialized` refuses it.
  while (state_ == State::open && !waiting_.empty() && notices_ == 0) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.json.size();
    if (next.id == 0) ++notices_;
    posts_.push_back(std::make_unique<Post>(*this, next.id));
    const std::string_view piece = next.json;
    posts_.back()->ticket = &pool_.start({.body = {&piece, 1}, .path = path_}, *posts_.back());
  }
}

void SseLink::posted(Post& post, const Failure* failure) {
  post.done = true;  // destroyed at a tick: it is on the stack
  if (post.id == 0) {
    --notices_;
    if (failure != nullptr) listener_.on_protocol_error("the server refused a notification");
  } else if (failure != nullptr) {
    requests_.fail(post.id, *failure);
  }
  post_waiting();
}

void SseLink::on_head(int status, std::string_view, bool stream) {
  status_ = status;
  is_stream_ = stream && status == 200;
}

void SseLink::on_message(std::string_view text) {
  if (is_stream_) requests_.take(text);
}

void SseLink::on_endpoint(std::string_view uri) {
  if (!path_.empty()) return listener_.on_protocol_error("a second endpoint event");
  Result<std::string> path = post_path(pool_.settings().http(), uri);
  if (!path) return close({FailureKind::protocol, false, path.error().message});
  path_ = std::move(*path);
  state_ = State::open;
  deadline_us_ = INT64_MAX;
  post_waiting();
}

void SseLink::on_end() {
  stream_ = nullptr;
  if (is_stream_) return close({FailureKind::closed, true, "the server ended the event stream"});
  close({FailureKind::protocol, true, "the server does not open an event stream"});
}

void SseLink::on_failure(const Failure& failure) {
  stream_ = nullptr;
  close(failure);
}

void SseLink::stop() {
  close({FailureKind::closed, true, "the session has ended"});
}

void SseLink::close(const Failure& failure) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  why_ = failure.detail;
  why_kind_ = failure.kind;
  if (stream_ != nullptr) stream_->cancel();
  stream_ = nullptr;
  loop_.defer(closed_task_);
}

void SseLink::tell_closed() {
  for (const auto& post : posts_) {
    if (post->ticket != nullptr) post->ticket->cancel();
    post->ticket = nullptr;
  }
  std::deque<Waiting> unsent;
  unsent.swap(waiting_);
  for (const Waiting& each : unsent) requests_.fail(each.id, {why_kind_, false, why_});
  requests_.fail_all({why_kind_, true, why_});
  listener_.on_closed({.why = why_, .process = {}, .established = !path_.empty()});
}

void SseLink::tick() {
  if (loop_.now_us() >= deadline_us_) {
    deadline_us_ = INT64_MAX;
    close({FailureKind::timeout, false, "the server's event stream names no endpoint"});
  }
  std::erase_if(posts_, [](const auto& post) { return post->done; });
  requests_.tick();
}

}  // namespace doorward::upstream
