#include "gateway/event_stream.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "mcp/sse.h"

namespace doorward::gateway {
namespace {

bool is_over(const std::unique_ptr<EventStream>& stream) {
  return !stream->live() && !stream->attached();
}

}  // namespace

EventStream::~EventStream() {
  while (!kept_.empty()) drop_oldest();
}

std::string EventStream::id_of(std::uint64_t event) const {
  return std::to_string(number_) + "-" + std::to_string(event);
}

void EventStream::begin(Underway& underway, std::shared_ptr<const identity::Grant> grant, bool may_prime) {
  underway_ = &underway;
  grant_ = std::move(grant);
  may_prime_ = may_prime;
  primed_ = false;
  underway.continue_in(*this);
}

void EventStream::attach(EventOutlet& outlet, std::uint64_t after) {
  if (EventOutlet* other = std::exchange(outlet_, &outlet)) other->end_events();
  away_until_us_ = 0;
  for (const Kept& kept : kept_) {
    if (outlet_ != &outlet) return;
    if (kept.event > after) outlet.write_event(kept.text);
  }
  if (outlet_ != &outlet || live()) return;
  outlet_ = nullptr;
  outlet.end_events();
}

void EventStream::abandon(std::string_view why) {
  if (Underway* underway = std::exchange(underway_, nullptr)) underway->abandon(why);
  while (!kept_.empty()) drop_oldest();
  if (EventOutlet* outlet = std::exchange(outlet_, nullptr)) outlet->end_events();
}

void EventStream::pause() {
  if (underway_ != nullptr) underway_->pause();
}

void EventStream::resume() {
  if (underway_ != nullptr) underway_->resume();
}

void EventStream::answer(int, Pieces json, std::string_view session) {
  if (!json.empty()) send(json, session);
  end_stream();
}

void EventStream::open_stream(std::string_view) {
  if (may_prime_ && !primed_) prime({});
}

bool EventStream::prime(std::optional<std::uint32_t> retry_ms) {
  if (!may_prime_) return false;
  if (primed_ && !retry_ms) return true;
  primed_ = true;
  std::string text;
  mcp::append_sse_priming(text, id_of(++last_), retry_ms);
  if (outlet_ != nullptr) outlet_->write_event(text);
  return true;
}

void EventStream::suspend(std::optional<std::uint32_t> retry_ms) {
  if (!primed_ || outlet_ == nullptr) return;
  if (retry_ms) {
    pause_us_ = std::min(*retry_ms * std::int64_t{1000}, EventStreams::kLongestPauseUs);
    outlet_->write_event("retry: " + std::to_string(*retry_ms) + "\n\n");
  }
  if (EventOutlet* outlet = std::exchange(outlet_, nullptr)) outlet->end_events();
}

void EventStream::send(Pieces json, std::string_view session) {
  open_stream(session);
  static thread_local std::string message;
  message.clear();
  for (std::string_view piece : json) message += piece;
  Kept kept{++last_, {}};
  mcp::append_sse_message(kept.text, message, id_of(last_));
  owner_.count(static_cast<std::ptrdiff_t>(kept.text.size()));
  kept_.push_back(std::move(kept));
  ++count_;
  // The outlet may detach, which changes how much is kept.
  if (outlet_ != nullptr) outlet_->write_event(kept_.back().text);
  owner_.make_room(*this);
}

void EventStream::end_stream() {
  underway_ = nullptr;
  away_until_us_ = 0;
  if (EventOutlet* outlet = std::exchange(outlet_, nullptr)) outlet->end_events();
}

void EventStream::drop_oldest() {
  dropped_ = kept_.front().event;
  owner_.count(-static_cast<std::ptrdiff_t>(kept_.front().text.size()));
  kept_.pop_front();
  --count_;
}

EventStreams::~EventStreams() {
  own_.reset();
  streams_.clear();
}

EventStream& EventStreams::open(Underway& underway, std::shared_ptr<const identity::Grant> grant,
                                bool may_prime) {
  if (streams_.size() >= kStreams) {
    const auto over = std::find_if(streams_.begin(), streams_.end(), is_over);
    if (over != streams_.end()) streams_.erase(over);
  }
  streams_.push_back(std::make_unique<EventStream>(*this, ++numbers_));
  EventStream& stream = *streams_.back();
  stream.begin(underway, std::move(grant), may_prime);
  return stream;
}

EventStream& EventStreams::open_own(Underway& underway, std::shared_ptr<const identity::Grant> grant,
                                    bool may_prime) {
  if (!own_) own_ = std::make_unique<EventStream>(*this, 0);
  own_->begin(underway, std::move(grant), may_prime);
  return *own_;
}

std::optional<EventStreams::Place> EventStreams::find(std::string_view last_event_id) const {
  std::uint64_t number = 0;
  std::uint64_t event = 0;
  const char* const end = last_event_id.data() + last_event_id.size();
  const auto [dash, bad_number] = std::from_chars(last_event_id.data(), end, number);
  if (bad_number != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [rest, bad_event] = std::from_chars(dash + 1, end, event);
  if (bad_event != std::errc() || rest != end) return std::nullopt;
  if (number == 0) {
    if (!own_ || event > own_->last_) return std::nullopt;
    return Place{own_.get(), event};
  }
  for (const auto& stream : streams_) {
    if (stream->number_ != number) continue;
    if (event > stream->last_ || event < stream->dropped_) return std::nullopt;
    return Place{stream.get(), event};
  }
  return std::nullopt;
}

void EventStreams::count(std::ptrdiff_t bytes) {
  bytes_ += static_cast<std::size_t>(bytes);
  if (memory_ != nullptr) memory_->bytes += static_cast<std::size_t>(bytes);
}

bool EventStreams::full(const EventStream& writing) const {
  return bytes_ > (writing.attached() ? kSentBytes : kAwayBytes) || writing.count_ > kEvents ||
         (memory_ != nullptr && memory_->bytes > memory_->most);
}

void EventStreams::make_room(EventStream& writing) {
  while (full(writing)) {
    const auto over = std::find_if(streams_.begin(), streams_.end(), [&](const auto& stream) {
      return stream.get() != &writing && is_over(stream);
    });
    if (over != streams_.end() && writing.count_ <= kEvents) {
      streams_.erase(over);
    } else if (writing.count_ > 0) {
      writing.drop_oldest();
    } else {
      return;
    }
  }
}

void EventStreams::sweep(std::int64_t now_us, std::int64_t wall_s) {
  const auto over = [&](EventStream& stream) {
    if (stream.attached()) return false;
    const bool revoked = stream.grant_->is_revoked() || stream.grant_->is_expired(wall_s);
    if (stream.away_until_us_ == 0) stream.away_until_us_ = now_us + kGraceUs + stream.pause_us_;
    if (!revoked && now_us < stream.away_until_us_) return false;
    stream.abandon(revoked ? "grant_ended" : "client_gone");
    return true;
  };
  // Its object stays, so that no id is given twice.
  if (own_) over(*own_);
  for (std::size_t i = 0; i < streams_.size();) {
    // An exchange that is given up may end other things of the session, but opens no stream.
    if (over(*streams_[i])) {
      streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

void EventStreams::end(std::string_view why) {
  if (own_) own_->abandon(why);
  for (const auto& stream : streams_) {
    if (!stream->attached()) stream->abandon(why);
  }
}

bool EventStreams::busy() const {
  return (own_ && !is_over(own_)) ||
         !std::all_of(streams_.begin(), streams_.end(), [](const auto& stream) { return is_over(stream); });
}

}  // namespace doorward::gateway
