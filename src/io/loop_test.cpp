#include "io/loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "io/signals.h"
#include "io/stream.h"

namespace doorward::io {
namespace {

struct Fired {
  explicit Fired(std::vector<int>& list, int number) : log(list), id(number) {}
  void note() { log.push_back(id); }
  std::vector<int>& log;
  int id;
  Timer timer{call<&Fired::note>, this};
};

TEST(Timer, FiresInOrderAndNeverEarly) {
  FakeClock clock;
  Loop loop(clock);
  std::vector<int> log;
  Fired a(log, 1);
  Fired b(log, 2);
  Fired c(log, 3);
  a.timer.arm(loop, 3000);
  b.timer.arm(loop, 1000);
  c.timer.arm(loop, 2000);
  clock.advance_us(999);
  loop.poll(0);
  EXPECT_TRUE(log.empty());
  clock.advance_us(1001);
  loop.poll(0);
  EXPECT_EQ(log, (std::vector<int>{2, 3}));
  EXPECT_TRUE(a.timer.armed());
  EXPECT_FALSE(b.timer.armed());
}

TEST(Timer, ReArmingLaterEarlierAndDisarming) {
  FakeClock clock;
  Loop loop(clock);
  std::vector<int> log;
  Fired a(log, 1);
  Fired b(log, 2);
  a.timer.arm(loop, 1000);
  a.timer.arm(loop, 5000);
  b.timer.arm(loop, 9000);
  b.timer.arm(loop, 500);
  clock.advance_us(1000);
  loop.poll(0);
  EXPECT_EQ(log, std::vector<int>{2});
  a.timer.disarm();
  clock.advance_us(10'000);
  loop.poll(0);
  EXPECT_EQ(log, std::vector<int>{2});
  a.timer.arm(loop, 1);
  {
    Fired gone(log, 3);
    gone.timer.arm(loop, 1);
  }
  clock.advance_us(1);
  loop.poll(0);
  EXPECT_EQ(log, (std::vector<int>{2, 1}));
}

TEST(Timer, AnyOrderOfArmingAgreesWithASimpleList) {
  FakeClock clock;
  Loop loop(clock);
  std::vector<int> log;
  std::vector<std::unique_ptr<Fired>> timers;
  std::vector<std::int64_t> due(300, INT64_MAX);
  for (int i = 0; i < 300; ++i) timers.push_back(std::make_unique<Fired>(log, i));
  unsigned seed = 1;
  const auto next = [&seed](unsigned bound) { return (seed = seed * 1664525 + 1013904223) / 65536 % bound; };
  for (int round = 0; round < 5000; ++round) {
    const unsigned at = next(300);
    if (next(4) == 0) {
      timers[at]->timer.disarm();
      due[at] = INT64_MAX;
    } else {
      const std::int64_t delay = 1 + next(2000);
      timers[at]->timer.arm(loop, delay);
      due[at] = loop.now_us() + delay;
    }
    if (next(5) == 0) {
      clock.advance_us(next(300));
      log.clear();
      loop.poll(0);
      std::vector<int> expected;
      for (int i = 0; i < 300; ++i) {
        if (due[static_cast<std::size_t>(i)] <= clock.monotonic_us()) expected.push_back(i);
      }
      std::vector<int> got = log;
      std::sort(got.begin(), got.end());
      ASSERT_EQ(got, expected);
      for (const int i : expected) due[static_cast<std::size_t>(i)] = INT64_MAX;
    }
  }
}

TEST(Timer, OneThatReArmsItselfFiresOnceAnIteration) {
  FakeClock clock;
  Loop loop(clock);
  struct Again {
    Loop& loop;
    int count = 0;
    Timer timer{call<&Again::fire>, this};
    void fire() {
      ++count;
      timer.arm(loop, 0);
    }
  } again{loop};
  again.timer.arm(loop, 0);
  clock.advance_us(10);
  loop.poll(0);
  EXPECT_EQ(again.count, 1);
}

TEST(Timer, WakesASleepingLoop) {
  Loop loop;
  struct Stop {
    Loop& loop;
    Timer timer{call<&Stop::fire>, this};
    void fire() { loop.stop(); }
  } stop{loop};
  const std::int64_t before = system_clock().monotonic_us();
  stop.timer.arm(loop, 5000);
  loop.run();
  EXPECT_GE(system_clock().monotonic_us(), before + 5000);
}

TEST(Loop, PostedWorkOfManyThreadsRunsOnceAndInOrder) {
  Loop loop;
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  std::vector<int> last(kThreads, -1);
  int left = kThreads * kEach;
  bool ordered = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop.post([&, t, i] {
          ordered = ordered && last[static_cast<std::size_t>(t)] == i - 1;
          last[static_cast<std::size_t>(t)] = i;
          if (--left == 0) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(left, 0);
  EXPECT_TRUE(ordered);
}

TEST(Loop, AnIntrusiveTaskMayBePostedAgainOnceItHasRun) {
  Loop loop;
  struct Counter {
    Loop& loop;
    int count = 0;
    Task task{call<&Counter::run>, this};
    void run() {
      if (++count < 3) {
        loop.post(task);
      } else {
        loop.stop();
      }
    }
  } counter{loop};
  loop.post(counter.task);
  loop.run();
  EXPECT_EQ(counter.count, 3);
}

TEST(Loop, WorkStillQueuedIsDestroyedWithTheLoop) {
  auto held = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([held] {});
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Loop, DeferredWorkRunsAfterAllEventsOfTheIteration) {
  Loop loop;
  std::vector<int> log;
  struct Deferring {
    Loop& loop;
    std::vector<int>& log;
    Task task{call<&Deferring::run>, this};
    void run() { log.push_back(9); }
  } deferring{loop, log};
  loop.post([&] {
    loop.defer(deferring.task);
    log.push_back(1);
  });
  loop.post([&] { log.push_back(2); });
  loop.poll(0);
  EXPECT_EQ(log, (std::vector<int>{1, 2, 9}));
}

struct Pair {
  Pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    near = Stream(Fd(ends[0]));
    far = Stream(Fd(ends[1]));
  }
  Stream near;
  Stream far;
};

struct Recorder : Handler {
  void on_ready(std::uint32_t events) override {
    ++calls;
    seen |= events;
    last = events;
    if (then) then();
  }
  int calls = 0;
  std::uint32_t seen = 0;
  std::uint32_t last = 0;
  std::function<void()> then;
};

TEST(Loop, AHandlerRemovedByAnotherOfTheSameBatchIsNotCalled) {
  Loop loop;
  Pair a;
  Pair b;
  Recorder first;
  Recorder second;
  ASSERT_TRUE(loop.add(a.near.fd(), first));
  ASSERT_TRUE(loop.add(b.near.fd(), second));
  loop.poll(0);
  first.calls = second.calls = 0;
  first.then = [&] { loop.remove(b.near.fd(), second); };
  second.then = [&] { loop.remove(a.near.fd(), first); };
  a.far.write("x");
  b.far.write("x");
  loop.poll(0);
  EXPECT_EQ(first.calls + second.calls, 1);
}

TEST(Loop, AddingABadDescriptorFails) {
  Loop loop;
  Recorder recorder;
  EXPECT_FALSE(loop.add(-1, recorder));
}

TEST(Stream, AShortReadIsDrainedAndTheEndOfTheStreamStillArrives) {
  Loop loop;
  Pair pair;
  Recorder recorder;
  ASSERT_TRUE(loop.add(pair.near.fd(), recorder));
  loop.poll(0);
  char buffer[64];

  pair.far.write("hello");
  loop.poll(0);
  EXPECT_EQ(recorder.last & kReadToEnd, 0u);
  IoResult got = pair.near.read(buffer);
  EXPECT_EQ(got.bytes, 5u);
  EXPECT_TRUE(got.drained);

  // The end comes as an edge of its own when the data was read before.
  recorder.calls = 0;
  pair.far.close();
  loop.poll(0);
  EXPECT_EQ(recorder.calls, 1);
  EXPECT_NE(recorder.last & kReadToEnd, 0u);
  EXPECT_EQ(pair.near.read(buffer).state, IoState::eof);
  loop.remove(pair.near.fd(), recorder);
}

TEST(Stream, DataAndEndInOneEdgeAreMarked) {
  Loop loop;
  Pair pair;
  Recorder recorder;
  ASSERT_TRUE(loop.add(pair.near.fd(), recorder));
  loop.poll(0);
  pair.far.write("hello");
  pair.far.shutdown_write();
  loop.poll(0);
  EXPECT_NE(recorder.last & kPeerClosed, 0u);
  char buffer[64];
  EXPECT_TRUE(pair.near.read(buffer).drained);
  EXPECT_EQ(pair.near.read(buffer).state, IoState::eof);
  loop.remove(pair.near.fd(), recorder);
}

TEST(Stream, CountsCallsThatMovedBytesAndOthers) {
  Pair pair;
  char buffer[8];
  const SyscallCounts before = syscall_counts;
  EXPECT_EQ(pair.near.read(buffer).state, IoState::would_block);
  const iovec pieces[] = {{const_cast<char*>("ab"), 2}, {const_cast<char*>("cd"), 2}};
  EXPECT_EQ(pair.far.write(std::span(pieces)).bytes, 4u);
  EXPECT_EQ(pair.near.read(buffer).bytes, 4u);
  EXPECT_EQ(std::string_view(buffer, 4), "abcd");
  EXPECT_EQ(syscall_counts.moved - before.moved, 2u);
  EXPECT_EQ(syscall_counts.idle - before.idle, 1u);
}

TEST(Stream, WritingToAClosedPeerIsAnErrorWithoutASignal) {
  Pair pair;
  pair.far.close();
  const IoResult result = pair.near.write("x");
  EXPECT_EQ(result.state, IoState::error);
  EXPECT_EQ(pair.near.error_text(result), "EPIPE");
}

TEST(Stream, AFullPeerBlocksAndAnEdgeTellsWhenItReads) {
  Loop loop;
  Pair pair;
  Recorder recorder;
  ASSERT_TRUE(loop.add(pair.near.fd(), recorder));
  loop.poll(0);
  const std::string big(1 << 20, 'x');
  std::size_t sent = 0;
  for (;;) {
    const IoResult result = pair.near.write(big);
    if (result.state == IoState::would_block) break;
    sent += result.bytes;
    if (result.bytes < big.size()) break;
  }
  EXPECT_GT(sent, 0u);
  std::vector<char> sink(1 << 20);
  recorder.seen = 0;
  while (pair.far.read(sink).state == IoState::ok) {
  }
  loop.poll(0);
  EXPECT_NE(recorder.seen & kWritable, 0u);
  loop.remove(pair.near.fd(), recorder);
}

TEST(Signals, ArriveOnTheLoop) {
  std::thread([] {
    prepare_signals({SIGUSR1});
    Loop loop;
    int got = 0;
    SignalSource source(loop, [&](int signal) {
      got = signal;
      loop.stop();
    });
    ASSERT_TRUE(source.start({SIGUSR1}));
    ::pthread_kill(::pthread_self(), SIGUSR1);
    loop.run();
    EXPECT_EQ(got, SIGUSR1);
  }).join();
}

struct Deferred {
  explicit Deferred(std::vector<int>& ran, int number) : order(ran), id(number) {}
  void run() {
    order.push_back(id);
    if (victim != nullptr) loop->withdraw(victim->task);
  }
  std::vector<int>& order;
  int id;
  Loop* loop = nullptr;
  Deferred* victim = nullptr;
  Task task{call<&Deferred::run>, this};
};

TEST(Loop, WithdrawsDeferredTasksBeforeAndWhileTheyRun) {
  Loop loop;
  std::vector<int> order;
  Deferred first(order, 1);
  Deferred second(order, 2);
  Deferred third(order, 3);
  Deferred last(order, 4);
  for (Deferred* each : {&first, &second, &third}) loop.defer(each->task);
  loop.withdraw(third.task);  // the tail: what comes next must still be found
  loop.defer(last.task);
  first.loop = &loop;
  first.victim = &second;
  loop.poll(0);
  EXPECT_EQ(order, (std::vector<int>{1, 4}));
  loop.withdraw(first.task);  // not queued: nothing happens
  loop.defer(third.task);
  loop.poll(0);
  EXPECT_EQ(order, (std::vector<int>{1, 4, 3}));
}

}  // namespace
}  // namespace doorward::io
