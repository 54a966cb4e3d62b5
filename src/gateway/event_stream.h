#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/errand.h"
#include "gateway/front.h"
#include "identity/grant_table.h"
#include "mcp/revision.h"

namespace doorward::gateway {

class EventStreams;

/// Whether the events of the revision have ids to come back to.
constexpr bool has_event_ids(mcp::Revision revision) {
  return mcp::era_of(revision) == mcp::Era::legacy;
}

/// The response that carries a stream's events to its client at present. It is attached until it detaches
/// itself, or end_events() is called; a stream that is attached is not destroyed.
class EventOutlet {
 public:
  /// One whole event. The outlet may lose its client meanwhile, and detach itself.
  virtual void write_event(std::string_view text) = 0;
  /// Nothing more comes this way; the stream forgets the outlet first.
  virtual void end_events() = 0;

 protected:
  ~EventOutlet() = default;
};

/// What a worker keeps of all its sessions' events.
struct EventMemory {
  std::size_t bytes = 0;
  std::size_t most = 64u << 20;
};

/// An event stream of a legacy session that outlives the connection it is sent on (2025-03-26 and later):
/// every message has an id of ours, and is kept for a while, so that a client that lost the connection gets
/// the rest by GET with Last-Event-ID. Belongs to its session. Worker's thread.
class EventStream final : public Front {
 public:
  EventStream(EventStreams& owner, std::uint64_t number) : owner_(owner), number_(number) {}
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// Sends what came after an event, then goes on live; another outlet is ended. A stream that is over ends
  /// the outlet at once.
  void attach(EventOutlet& outlet, std::uint64_t after);
  /// The client's connection is gone: what comes is kept.
  void detach() { outlet_ = nullptr; }
  /// Gives up what still answers, forgets what is kept and ends the outlet.
  void abandon(std::string_view why);
  /// The outlet's client took less than was sent.
  void pause();
  void resume();

  bool live() const { return underway_ != nullptr; }
  bool attached() const { return outlet_ != nullptr; }
  std::uint64_t last() const { return last_; }  ///< of the events so far

  /// An error that ends a stream which is open.
  void answer(int status, Pieces json, std::string_view session) override;
  void send(Pieces json, std::string_view session) override;
  void open_stream(std::string_view session) override;
  void end_stream() override;
  bool prime(std::optional<std::uint32_t> retry_ms) override;
  void suspend(std::optional<std::uint32_t> retry_ms) override;
  const http::Headers* headers() const override { return nullptr; }
  bool heard() const override { return attached(); }

 private:
  friend class EventStreams;
  struct Kept {
    std::uint64_t event;
    std::string text;
  };
  void begin(Underway& underway, std::shared_ptr<const identity::Grant> grant, bool may_prime);
  std::string id_of(std::uint64_t event) const;
  void drop_oldest();

  EventStreams& owner_;
  const std::uint64_t number_;
  Underway* underway_ = nullptr;
  EventOutlet* outlet_ = nullptr;
  std::shared_ptr<const identity::Grant> grant_;
  std::list<Kept> kept_;
  std::size_t count_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t dropped_ = 0;     ///< the last event that is not kept any more
  std::int64_t away_until_us_ = 0;  ///< 0: has a client, or nobody has looked at the clock since it left
  std::int64_t pause_us_ = 0;  ///< for which the server asked the client to stay away
  bool may_prime_ = false;
  bool primed_ = false;
};

/// The event streams of one session, and how long they live without a client: a grace for what still answers
/// and for what a client may not have received, within bounds of memory.
class EventStreams {
 public:
  explicit EventStreams(EventMemory* memory = nullptr) : memory_(memory) {}
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  /// The stream of one answer. `underway` speaks through it from now on, until it ends it; the end of `grant`
  /// ends it, too. `may_prime`: the client understands events without data.
  EventStream& open(Underway& underway, std::shared_ptr<const identity::Grant> grant,
                                    bool may_prime);
  /// The stream of the session's own messages, which one GET after the other opens.
  EventStream& open_own(Underway& underway, std::shared_ptr<const identity::Grant> grant,
                                        bool may_prime);
  /// Null where no GET has opened it yet.
  EventStream* own() const { return own_.get(); }

  struct Place {
    EventStream* stream;
    std::uint64_t after;
  };
  /// Where a Last-Event-ID points to; nothing for what is no id of this session, or where events after it are
  /// kept no more. The session's own stream goes on from what there is.
  std::optional<Place> find(std::string_view last_event_id) const;

  /// Ends what has been without a client for too long, or whose grant has ended. A few times a second.
  void sweep(std::int64_t now_us, std::int64_t wall_s);
  /// The session has ended: gives up its own stream, and every other that has no client.
  void end(std::string_view why);
  /// Whether something still answers or has a client.
  bool busy() const;

  static constexpr std::int64_t kGraceUs = 30'000'000;
  static constexpr std::int64_t kLongestPauseUs = 300'000'000;
  /// Kept for a client that is connected and most likely has it, and for one that is away.
  static constexpr std::size_t kSentBytes = 1u << 20;
  static constexpr std::size_t kAwayBytes = 4u << 20;
  static constexpr std::size_t kEvents = 1024;   ///< of one stream
  static constexpr std::size_t kStreams = 256;

 private:
  friend class EventStream;
  void count(std::ptrdiff_t bytes);
  bool full(const EventStream& writing) const;
  /// Drops streams that are over, the oldest first, then what `writing` keeps, until the bounds are met.
  void make_room(EventStream& writing);

  EventMemory* memory_;
  std::size_t bytes_ = 0;
  std::uint64_t numbers_ = 0;
  std::vector<std::unique_ptr<EventStream>> streams_;  ///< the oldest first
  std::unique_ptr<EventStream> own_;
};

}  // namespace doorward::gateway
