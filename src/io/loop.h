#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/fd.h"

struct epoll_event;

namespace doorward::io {

/// Bits of Handler::on_ready; the values are those of EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP.
inline constexpr std::uint32_t kReadable = 0x001;
inline constexpr std::uint32_t kWritable = 0x004;
inline constexpr std::uint32_t kError = 0x008;
inline constexpr std::uint32_t kHangup = 0x010;
inline constexpr std::uint32_t kPeerClosed = 0x2000;
/// Any of these bits says: read until eof or error, a drained read (stream.h) is not the end.
inline constexpr std::uint32_t kReadToEnd = kError | kHangup | kPeerClosed;

/// Receives the readiness edges of one descriptor. Not owned by the loop.
class Handler {
 public:
  /// Edge-triggered: called once per change, so read and write until would_block (or a drained read).
  /// May remove and destroy any handler, itself included (touch no member afterwards).
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~Handler() = default;
};

/// A function pointer that calls `Method` of an owner given as void*: `Timer idle_{call<&Conn::idle>, this}`.
template <auto Method>
struct MethodCall;
template <typename Owner, void (Owner::*Method)()>
struct MethodCall<Method> {
  static void invoke(void* owner) { (static_cast<Owner*>(owner)->*Method)(); }
};
template <auto Method>
inline constexpr void (*call)(void*) = &MethodCall<Method>::invoke;

/// A piece of work in a loop's queue. Intrusive: whoever owns it keeps it alive until it has run, and posts
/// it again only after that. `run` may destroy the task.
class Task {
 public:
  Task(void (*run)(void*), void* owner) : run_(run), owner_(owner) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

 private:
  friend class Loop;
  Task* next_ = nullptr;
  void (*run_)(void*);
  void* owner_;
};

class Loop;

/// A one-shot timer of one loop. Arming to a later time and disarming are O(1) (the queue is corrected when
/// the old time comes), arming to an earlier one O(log n); no allocation once the queue has grown to its
/// size. Destroying disarms. Use on the loop's thread.
class Timer {
 public:
  Timer(void (*fire)(void*), void* owner) : fire_(fire), owner_(owner) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer();

  /// Fires `delay_us` microseconds after loop.now_us(), at millisecond grain, never early.
  void arm(Loop& loop, std::int64_t delay_us);
  void disarm() { deadline_ = kNever; }
  bool armed() const { return deadline_ != kNever; }

 private:
  friend class Loop;
  static constexpr std::int64_t kNever = INT64_MAX;
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  std::int64_t deadline_ = kNever;
  std::uint32_t position_ = kNowhere;
  Loop* loop_ = nullptr;
  void (*fire_)(void*);
  void* owner_;
};

/// An epoll reactor, one per thread. Everything but post(), wake() and stop() belongs to the thread that runs
/// it. Order within an iteration: readiness, timers, posted tasks, deferred tasks.
class Loop {
 public:
  /// `clock` must outlive the loop.
  explicit Loop(const Clock& clock = system_clock());
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Registers for all edges, once for the descriptor's life. What is ready already is reported in the next
  /// iteration. Fails with exhausted when the kernel has no room.
  Status add(int fd, Handler& handler);
  /// No event reaches `handler` after this, not even one of the current batch. Call before closing the fd.
  void remove(int fd, Handler& handler);

  /// From any thread; at most one eventfd write, and none while the loop is awake. Posted tasks run in order.
  void post(Task& task);
  /// The same for occasional work; allocates. A function still queued when the loop dies is destroyed unrun.
  void post(std::move_only_function<void()> work);
  /// Runs at the end of this iteration, on the loop's thread: where an object deletes itself.
  void defer(Task& task);
  /// Takes a deferred task back if it is still queued: for an owner that dies before the iteration ends.
  void withdraw(Task& task);

  /// Runs until stop(). `poll` does one iteration that sleeps at most `max_wait_us` (0: not at all).
  void run();
  void poll(std::int64_t max_wait_us);
  /// From any thread. The current iteration is finished; a stop before run() makes run() return at once.
  void stop();

  /// Cached once an iteration: CLOCK_MONOTONIC and wall-clock microseconds.
  std::int64_t now_us() const { return now_us_; }
  std::int64_t wall_us() {
    if (wall_us_ == 0) wall_us_ = clock_.wall_us();
    return wall_us_;
  }
  /// Reads the clock anew, for a handler that measures its own duration.
  void refresh_time();

 private:
  friend class Timer;
  struct Entry {
    std::int64_t time;
    Timer* timer;
  };

  void iterate(std::int64_t max_wait_us);
  int timeout_ms(std::int64_t max_wait_us) const;
  void dispatch(int count);
  void fire_timers();
  void run_posted();
  void run_deferred();
  void enqueue(Timer& timer, std::int64_t time);
  void dequeue(Timer& timer);
  void sift_up(std::uint32_t position, Entry entry);
  void sift_down(std::uint32_t position, Entry entry);
  void wake();

  static constexpr int kBatch = 256;

  const Clock& clock_;
  Fd epoll_;
  Fd event_;
  std::int64_t now_us_ = 0;
  std::int64_t wall_us_ = 0;
  std::vector<Entry> timers_;
  std::vector<epoll_event> events_;
  int batch_next_ = 0;
  int batch_count_ = 0;
  Task* deferred_ = nullptr;
  Task* running_ = nullptr;  ///< deferred tasks of this iteration that have not run yet
  Task** deferred_tail_ = &deferred_;
  alignas(64) std::atomic<Task*> posted_{nullptr};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace doorward::io
