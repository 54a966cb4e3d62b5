#include "audit/anchor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "audit/test_support.h"
#include "json/reader.h"

namespace doorward::audit {
namespace {

using test::read_file;
using test::TempDir;
using test::write_file;
using namespace std::chrono_literals;

std::string note(std::uint64_t epoch, std::uint64_t size) {
  static const auto signer = make_ed25519_signer(std::string(32, 'n'));
  return *sign_checkpoint({"gateway-test1", epoch, size, {}}, **signer);
}

/// Takes what it is given, or fails as often as it is told.
struct Taken {
  std::mutex mutex;
  std::vector<std::string> ids;
  std::atomic<int> failures{0};
  std::atomic<int> tries{0};

  std::vector<std::string> now() {
    std::lock_guard guard(mutex);
    return ids;
  }
};

class TakingTarget final : public AnchorTarget {
 public:
  explicit TakingTarget(Taken& taken) : taken_(taken) {}
  Status deliver(const std::string&, const std::string& id) override {
    ++taken_.tries;
    if (taken_.failures > 0) {
      --taken_.failures;
      return fail(ErrorKind::unavailable, "the target is down");
    }
    std::lock_guard guard(taken_.mutex);
    taken_.ids.push_back(id);
    return {};
  }

 private:
  Taken& taken_;
};

AnchorFeed::Options quick(const TempDir& dir) {
  AnchorFeed::Options options;
  options.name = "test";
  options.cursor_file = dir / "cursor";
  options.first_pause = 1ms;
  options.longest_pause = 4ms;
  return options;
}

template <typename Condition>
void wait_until(Condition condition) {
  for (int i = 0; i < 5000 && !condition(); ++i) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(condition());
}

TEST(AnchorTest, NotesAreDeliveredInOrder) {
  TempDir dir;
  Taken taken;
  AnchorFeed feed(quick(dir), std::make_unique<TakingTarget>(taken));
  for (std::uint64_t size = 1; size <= 3; ++size) feed.offer(note(1, size));
  wait_until([&] { return taken.now().size() == 3; });
  EXPECT_EQ(taken.now(), (std::vector<std::string>{"gateway-test1/1/1", "gateway-test1/1/2", "gateway-test1/1/3"}));
  feed.stop();
  EXPECT_EQ(read_file(dir / "cursor"), "gateway-test1 1 3\n");
}

// Attack case T317: down for long, then up; what is kept is bounded, and the newest note of every epoch arrives.
TEST(AnchorTest, T317_ATargetThatIsDownLosesNoEpoch) {
  TempDir dir;
  Taken taken;
  taken.failures = 1 << 30;
  std::vector<std::string> changes;
  std::mutex mutex;
  auto options = quick(dir);
  options.most_pending = 10;
  options.on_change = [&](const std::string& why, std::chrono::milliseconds) {
    std::lock_guard guard(mutex);
    changes.push_back(why);
  };
  AnchorFeed feed(options, std::make_unique<TakingTarget>(taken));
  for (std::uint64_t epoch = 1; epoch <= 4; ++epoch) {
    for (std::uint64_t size = 1; size <= 50; ++size) feed.offer(note(epoch, size));
  }
  wait_until([&] { return taken.tries > 3; });
  const AnchorFeed::State down = feed.state();
  EXPECT_TRUE(down.failing);
  EXPECT_EQ(down.why, "the target is down");
  EXPECT_EQ(down.pending, 10u);
  EXPECT_EQ(down.superseded, 190u);
  taken.failures = 0;
  wait_until([&] { return feed.state().pending == 0; });
  const auto ids = taken.now();
  for (const char* id : {"gateway-test1/1/50", "gateway-test1/2/50", "gateway-test1/3/50", "gateway-test1/4/50"})
    EXPECT_NE(std::ranges::find(ids, id), ids.end()) << id;
  EXPECT_FALSE(feed.state().failing);
  wait_until([&] {
    std::lock_guard guard(mutex);
    return changes.size() == 2;
  });
  EXPECT_EQ(changes, (std::vector<std::string>{"the target is down", ""}));
}

TEST(AnchorTest, T317_WhatWasPendingIsDeliveredAfterARestart) {
  TempDir dir;
  LogOptions log = test::options_in(dir);
  for (int start = 0; start < 3; ++start) {
    auto core = LogCore::open(log);
    ASSERT_TRUE(core);
    ASSERT_TRUE((*core)->stop());
  }
  auto options = quick(dir);
  options.log_directory = log.directory;
  Taken taken;
  taken.failures = 1 << 30;
  { AnchorFeed feed(options, std::make_unique<TakingTarget>(taken)); }
  EXPECT_TRUE(taken.now().empty());
  taken.failures = 0;
  {
    AnchorFeed feed(options, std::make_unique<TakingTarget>(taken));
    wait_until([&] { return taken.now().size() == 3; });
  }
  {
    AnchorFeed feed(options, std::make_unique<TakingTarget>(taken));
    feed.offer(note(9, 1));
    wait_until([&] { return taken.now().size() == 4; });
  }
  EXPECT_EQ(taken.now().back(), "gateway-test1/9/1");
}

TEST(AnchorTest, AFileHoldsNotesThatVerifyReads) {
  TempDir dir;
  const auto target = make_file_anchor(dir / "anchor");
  ASSERT_TRUE(target->deliver(note(1, 1), "a"));
  ASSERT_TRUE(target->deliver(note(1, 2), "b"));
  const auto notes = split_notes(read_file(dir / "anchor"));
  EXPECT_EQ(notes, (std::vector<std::string>{note(1, 1), note(1, 2)}));
  write_file(dir / "anchor", "doorward.log/x");
  EXPECT_FALSE(target->deliver(note(1, 3), "c"));
  EXPECT_EQ(read_file(dir / "anchor"), "doorward.log/x");
  EXPECT_FALSE(make_file_anchor(dir / "missing/anchor")->deliver(note(1, 1), "a"));
}

TEST(AnchorTest, ASyslogMessageCarriesTheNoteOnOneLine) {
  const std::string message = syslog_message(note(1, 7), "host", 1'800'000'000'000'000);
  EXPECT_TRUE(message.starts_with("<109>1 2027-01-15T08:00:00.000000Z host doorward ")) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
  const std::size_t at = message.find(" checkpoint - ");
  ASSERT_NE(at, std::string::npos);
  const std::string text = message.substr(at + 14);
  json::Reader reader;
  const auto value = reader.read(text);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->string(), note(1, 7));
}

TEST(AnchorTest, ALocalSyslogSocketGetsDatagrams) {
  TempDir dir;
  const std::string path = dir / "log";
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  SyslogTarget local;
  local.path = path;
  const auto target = make_syslog_anchor(local);
  ASSERT_TRUE(target->deliver(note(1, 1), "a"));
  char buffer[2048];
  EXPECT_GT(::recv(fd, buffer, sizeof buffer, 0), 100);
  ::close(fd);
  EXPECT_FALSE(target->deliver(note(1, 2), "b"));
}

}  // namespace
}  // namespace doorward::audit
