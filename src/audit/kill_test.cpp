#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "audit/reader.h"
#include "audit/test_support.h"

namespace doorward::audit {
namespace {

using test::id_of;
using test::intent;
using test::options_in;
using test::outcome;
using test::TempDir;
using test::verified;
using test::why;

/// What the child has acknowledged, in memory that outlives it: the count of intents appended ("forwarded"),
/// and of outcomes appended ("answered"), per ring.
struct Acknowledged {
  std::atomic<std::uint64_t> intents[2];
  std::atomic<std::uint64_t> outcomes[2];
};

constexpr std::uint64_t kRingFactor = 1'000'000'000;
constexpr std::uint64_t kInFlight = 5;

void work(Ring& ring, unsigned index, std::uint64_t first, Acknowledged& done) {
  const std::uint64_t base = index * kRingFactor;
  for (std::uint64_t i = first;; ++i) {
    while (!ring.append_intent(intent(id_of(base + i)))) std::this_thread::yield();
    done.intents[index].store(i + 1);
    if (i >= first + kInFlight) {
      ring.append_outcome(outcome(id_of(base + i - kInFlight)));
      done.outcomes[index].store(i + 1 - kInFlight);
    }
  }
}

/// T312 in small: a process that records calls is killed at random, again and again.
TEST(KillTest, T312_NothingAcknowledgedIsLostBySigkill) {
  TempDir dir;
  void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& done = *new (shared) Acknowledged{};
  std::mt19937 random(20261121);
  constexpr int kCycles = 100;
  std::vector<std::array<std::pair<std::uint64_t, std::uint64_t>, 2>>
      answered;  // per cycle and ring: [from, to)
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    std::uint64_t first[2];
    for (unsigned ring = 0; ring < 2; ++ring) {
      first[ring] = done.intents[ring].load() + 1;
      done.outcomes[ring].store(first[ring]);
      done.intents[ring].store(first[ring]);
    }
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      LogOptions options = options_in(dir);
      options.rings = 2;
      options.ring_bytes = 65536;
      options.segment_bytes = 256 * 1024;
      options.sync_interval = std::chrono::milliseconds(5);
      options.checkpoint_interval = std::chrono::milliseconds(3);
      options.checkpoint_records = 100;
      options.durability = cycle % 4 == 3 ? Durability::power : Durability::process;
      auto log = LogWriter::open(options);
      if (!log) {
        (void)!::write(2, log.error().message.c_str(), log.error().message.size());
        ::_exit(2);
      }
      std::thread other([&] { work((*log)->ring(1), 1, first[1], done); });
      work((*log)->ring(0), 0, first[0], done);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 25'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself in cycle " << cycle << " with " << status;
    answered.push_back(
        {std::pair(first[0], done.outcomes[0].load()), std::pair(first[1], done.outcomes[1].load())});
    for (unsigned ring = 0; ring < 2; ++ring) {
      answered.back()[ring].second = std::max(answered.back()[ring].second, first[ring]);
    }
  }
  LogOptions options = options_in(dir);
  options.rings = 2;
  auto log = LogWriter::open(options);
  ASSERT_TRUE(log) << log.error().message;
  ASSERT_TRUE((*log)->stop());

  const VerifyReport report = verified(dir);
  ASSERT_TRUE(report.ok) << why(report);
  struct Call {
    int intents = 0;
    int outcomes = 0;
    int unknown = 0;
  };
  std::map<std::string, Call> calls;
  LogReader reader(dir / "log");
  ASSERT_TRUE(reader.for_each({}, [&](const RecordView& record) {
    const std::string id(record.text("id"));
    const std::string_view event = record.text("event");
    if (event == "call.intent") ++calls[id].intents;
    if (event == "call.outcome") ++calls[id].outcomes;
    if (event == "call.outcome_unknown") ++calls[id].unknown;
    return true;
  }));
  std::uint64_t acknowledged = 0;
  for (const auto& cycle : answered) {
    for (unsigned ring = 0; ring < 2; ++ring) {
      for (std::uint64_t i = cycle[ring].first; i < cycle[ring].second; ++i) {
        ++acknowledged;
        const Call& call = calls[id_of(ring * kRingFactor + i)];
        ASSERT_EQ(call.intents, 1) << "ring " << ring << " call " << i;
        ASSERT_EQ(call.outcomes, 1) << "ring " << ring << " call " << i;
      }
    }
  }
  EXPECT_GT(acknowledged, 0u);
  for (const auto& [id, call] : calls) {
    EXPECT_EQ(call.intents, 1) << id;
    EXPECT_EQ(call.outcomes + call.unknown, 1) << id;
  }
  ::munmap(shared, 4096);
}

}  // namespace
}  // namespace doorward::audit
