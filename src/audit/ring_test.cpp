#include "audit/ring.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <thread>

#include "audit/test_support.h"

namespace doorward::audit {
namespace {

using test::TempDir;
constexpr std::size_t kSmall = 36864;

std::unique_ptr<Ring> make(const std::string& path, std::size_t bytes = kSmall) {
  auto ring = Ring::create(path, bytes);
  EXPECT_TRUE(ring) << (ring ? "" : ring.error().message);
  return ring ? std::move(*ring) : nullptr;
}

TEST(RingTest, GivesBackWhatWasAppendedInOrder) {
  TempDir dir;
  auto ring = make(dir / "ring");
  ASSERT_TRUE(ring->append("one"));
  ASSERT_TRUE(ring->append("two", EntryKind::value));
  std::string scratch;
  std::uint64_t next = 0;
  Ring::Entry entry = ring->peek(0, scratch, next);
  EXPECT_EQ(entry.bytes, "one");
  EXPECT_EQ(entry.kind, EntryKind::record);
  entry = ring->peek(next, scratch, next);
  EXPECT_EQ(entry.bytes, "two");
  EXPECT_EQ(entry.kind, EntryKind::value);
  EXPECT_EQ(next, ring->position());
  EXPECT_TRUE(ring->peek(next, scratch, next).bytes.empty());
  EXPECT_EQ(ring->drained(), 0u);
  ring->release(next);
  EXPECT_EQ(ring->drained(), ring->position());
}

TEST(RingTest, AnIntentKeepsTheRoomOfItsOutcome) {
  TempDir dir;
  auto ring = make(dir / "ring");
  const std::string large(kMaxOutcome, 'x');
  std::size_t open = 0;
  while (ring->append_intent("intent")) ++open;
  ASSERT_GT(open, 3u);
  EXPECT_EQ(ring->open_intents(), open);
  EXPECT_EQ(ring->lost().intents, 1u);
  // Denials may take what is left, never what is set aside.
  while (ring->append(std::string(16, 'd'))) {
  }
  EXPECT_GE(ring->lost().records, 1u);
  for (std::size_t i = 0; i < open; ++i) ring->append_outcome(large);
  EXPECT_EQ(ring->open_intents(), 0u);
  const auto left = Ring::recover(dir / "ring");
  ASSERT_TRUE(left);
  EXPECT_FALSE(left->damaged);
  EXPECT_EQ(left->lost.intents, 1u);
  EXPECT_EQ(std::count_if(left->entries.begin(), left->entries.end(),
                          [&](const auto& item) { return item.bytes == large; }),
            static_cast<long>(open));
}

TEST(RingDeathTest, AnOutcomeWithoutIntentEndsTheProcess) {
  TempDir dir;
  auto ring = make(dir / "ring");
  EXPECT_DEATH(ring->append_outcome("x"), "without an open intent");
}

TEST(RingTest, RefusesASizeThatIsNotOfPages) {
  TempDir dir;
  EXPECT_FALSE(Ring::create(dir / "ring", 40000));
  EXPECT_FALSE(Ring::create(dir / "ring", 4096));
  EXPECT_FALSE(Ring::create(dir / "missing/ring", kSmall));
}

TEST(RingTest, RecoversNothingFromForeignFiles) {
  TempDir dir;
  EXPECT_TRUE(Ring::recover(dir / "none")->entries.empty());
  test::write_file(dir / "short", "abc");
  EXPECT_TRUE(Ring::recover(dir / "short")->entries.empty());
  test::write_file(dir / "long", std::string(3 * 4096, 'z'));
  EXPECT_TRUE(Ring::recover(dir / "long")->entries.empty());
}

TEST(RingTest, RecoveryStopsAtADamagedEntry) {
  TempDir dir;
  {
    auto ring = make(dir / "ring");
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(ring->append("entry " + std::to_string(i)));
  }
  std::string bytes = test::read_file(dir / "ring");
  const std::size_t at = bytes.find("entry 3");
  ASSERT_NE(at, std::string::npos);
  for (const std::size_t offset : {at, at - 16, at - 12, at - 4}) {
    std::string changed = bytes;
    changed[offset] = static_cast<char>(changed[offset] ^ 0x40);
    test::write_file(dir / "ring", changed);
    const auto left = Ring::recover(dir / "ring");
    ASSERT_TRUE(left);
    EXPECT_TRUE(left->damaged) << offset;
    EXPECT_EQ(left->entries.size(), 3u) << offset;
  }
}

TEST(RingTest, BehavesAsAQueueWithABound) {
  EXPECT_TRUE(
      rc::check("ring against a deque", [](const std::vector<std::pair<std::uint8_t, std::uint16_t>>& steps) {
        TempDir dir;
        auto ring = make(dir / "ring");
        std::deque<std::string> model;
        std::size_t open = 0;
        std::uint64_t read = 0;
        std::string scratch;
        std::uint64_t number = 0;
        for (const auto& [action, size] : steps) {
          const std::string bytes = std::to_string(number++) + std::string(size % 6000, 'b');
          switch (action % 4) {
            case 0:
              if (ring->append(bytes)) model.push_back(bytes);
              break;
            case 1:
              if (ring->append_intent(bytes)) {
                model.push_back(bytes);
                ++open;
              }
              break;
            case 2:
              if (open > 0) {
                ring->append_outcome(std::string_view(bytes).substr(0, kMaxOutcome));
                model.push_back(bytes.substr(0, kMaxOutcome));
                --open;
              }
              break;
            default: {
              std::uint64_t next = 0;
              const Ring::Entry entry = ring->peek(read, scratch, next);
              RC_ASSERT(entry.bytes.empty() == model.empty());
              if (model.empty()) break;
              RC_ASSERT(entry.bytes == model.front());
              model.pop_front();
              read = next;
              ring->release(read);
            }
          }
        }
        const auto left = Ring::recover(dir / "ring");
        RC_ASSERT(left.has_value());
        RC_ASSERT(!left->damaged);
        RC_ASSERT(left->entries.size() == model.size());
        for (std::size_t i = 0; i < model.size(); ++i) RC_ASSERT(left->entries[i].bytes == model[i]);
      }));
}

TEST(RingTest, OneProducerAndOneConsumerLoseAndRepeatNothing) {
  TempDir dir;
  Wake wake;
  auto made = Ring::create(dir / "ring", kSmall, &wake);
  ASSERT_TRUE(made);
  Ring& ring = **made;
  constexpr std::uint64_t kCount = 100'000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kCount;) {
      if (ring.append(std::to_string(i) + std::string(i % 300, '.'))) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t position = 0;
  std::string scratch;
  for (std::uint64_t i = 0; i < kCount;) {
    std::uint64_t next = 0;
    const Ring::Entry entry = ring.peek(position, scratch, next);
    if (entry.bytes.empty()) {
      wake.prepare();
      if (ring.has_entry(position)) {
        wake.cancel();
      } else {
        wake.sleep(-1);
      }
      continue;
    }
    ASSERT_EQ(entry.bytes, std::to_string(i) + std::string(i % 300, '.'));
    position = next;
    ring.release(position);
    ++i;
  }
  producer.join();
}

}  // namespace
}  // namespace doorward::audit
