#include "catalogue/registry_sync.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/rfc3339.h"
#include "catalogue/test_support.h"

namespace doorward::catalogue {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000'000;  // 2027-01-15T08:00:00Z
constexpr const char* kBase = "http://127.0.0.1:1";

/// A registry that answers what it was given, in turn.
struct Registry {
  std::deque<Result<io::FetchAnswer>> answers;
  std::vector<std::string> asked;
  std::vector<std::int64_t> waits_ms;

  void page(const std::string& names, const std::string& next = "") {
    std::string body = R"({"servers":[)";
    for (const char c : names) {
      if (body.back() == '}') body += ',';
      body += R"({"server":{"name":"io.github.a/)" + std::string(1, c) + R"(","version":"1"}})";
    }
    body += R"(],"metadata":{"count":1)" + (next.empty() ? "" : R"(,"nextCursor":")" + next + '"') + "}}";
    status(200, body);
  }
  void status(int status, std::string body = "",
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    answers.emplace_back(
        io::FetchAnswer{.status = status, .headers = std::move(headers), .body = std::move(body)});
  }

  Synced sync(Catalogue& catalogue, bool anew = false, std::int64_t now_us = kNow) {
    const SyncWorld world{.get = [&](const std::string& url) -> Result<io::FetchAnswer> {
                            asked.push_back(url);
                            if (answers.empty()) return fail(ErrorKind::denied, "nothing is left to say");
                            auto answer = std::move(answers.front());
                            answers.pop_front();
                            return answer;
                          },
                          .wait = [&](std::chrono::milliseconds pause) { waits_ms.push_back(pause.count()); },
                          .now_us = [&] { return now_us; },
                          .tell = [](const Synced&, std::string_view) {}};
    return sync_registry(catalogue, kBase, anew, world);
  }
};

std::size_t servers(Catalogue& catalogue) {
  const auto counts = catalogue.counts();
  return counts ? counts->servers : 0;
}

TEST(RegistrySync, PagesThroughAndAsksLaterForWhatChanged) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  Registry registry;
  registry.page("ab", "b:1");
  registry.page("c");
  const Synced first = registry.sync(*catalogue);
  EXPECT_FALSE(first.stopped.has_value());
  EXPECT_EQ(first.pages, 2U);
  EXPECT_EQ(first.records, 3U);
  EXPECT_EQ(first.taken.servers_added, 3U);
  EXPECT_EQ(servers(*catalogue), 3U);
  EXPECT_EQ(registry.asked, (std::vector<std::string>{
                                "http://127.0.0.1:1/v0.1/servers?limit=100&version=latest",
                                "http://127.0.0.1:1/v0.1/servers?limit=100&version=latest&cursor=b%3A1"}));
  registry.asked.clear();
  registry.page("");
  const Synced second = registry.sync(*catalogue, false, kNow + 1);
  EXPECT_EQ(second.since, "2027-01-15T07:50:00Z");
  EXPECT_EQ(
      registry.asked.at(0),
      "http://127.0.0.1:1/v0.1/servers?limit=100&version=latest&updated_since=2027-01-15T07%3A50%3A00Z");
  registry.asked.clear();
  registry.page("");
  EXPECT_EQ(registry.sync(*catalogue, true).since, "");
}

TEST(RegistrySync, GoesOnWhereARunBrokeOff) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  Registry registry;
  registry.page("a", "a:1");
  registry.status(403);
  const Synced broken = registry.sync(*catalogue);
  ASSERT_TRUE(broken.stopped.has_value());
  EXPECT_EQ(broken.stopped->kind, ErrorKind::unavailable);
  EXPECT_EQ(broken.pages, 1U);
  EXPECT_EQ(servers(*catalogue), 1U);
  registry.asked.clear();
  registry.page("b");
  const Synced rest = registry.sync(*catalogue, false, kNow + 3'600'000'000);
  EXPECT_TRUE(rest.resumed);
  EXPECT_FALSE(rest.stopped.has_value());
  EXPECT_TRUE(registry.asked.at(0).ends_with("&cursor=a%3A1"));
  registry.asked.clear();
  registry.page("");
  // From the beginning of the run that broke, not from that of the one that went on.
  EXPECT_EQ(registry.sync(*catalogue).since, "2027-01-15T07:50:00Z");
}

TEST(RegistrySync, WaitsForABusyRegistry) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  Registry registry;
  registry.status(429, "", {{"retry-after", "7"}});
  registry.status(503);
  registry.answers.emplace_back(fail(ErrorKind::unavailable, "the connection broke"));
  registry.status(429, "", {{"retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"}});
  registry.status(429, "", {{"retry-after", "999999999"}});
  registry.page("a");
  EXPECT_FALSE(registry.sync(*catalogue).stopped.has_value());
  EXPECT_EQ(registry.waits_ms, (std::vector<std::int64_t>{7'000, 2'000, 4'000, 8'000, 300'000}));
  registry.waits_ms.clear();
  for (int i = 0; i < 7; ++i) registry.status(500);
  const Synced gave_up = registry.sync(*catalogue);
  ASSERT_TRUE(gave_up.stopped.has_value());
  EXPECT_EQ(gave_up.stopped->kind, ErrorKind::unavailable);
  EXPECT_EQ(registry.waits_ms.size(), 6U);
}

TEST(RegistrySync, FollowsNoRedirectAndRunsInNoCircle) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  Registry registry;
  registry.status(302, "", {{"location", "https://elsewhere.example/"}});
  const Synced moved = registry.sync(*catalogue);
  ASSERT_TRUE(moved.stopped.has_value());
  EXPECT_EQ(moved.stopped->kind, ErrorKind::denied);
  EXPECT_NE(moved.stopped->message.find("https://elsewhere.example/"), std::string::npos);
  registry.page("a", "x");
  registry.page("b", "x");
  const Synced circle = registry.sync(*catalogue);
  ASSERT_TRUE(circle.stopped.has_value());
  EXPECT_NE(circle.stopped->message.find("circles"), std::string::npos);
}

TEST(RegistrySync, FallsBackToTheOlderApi) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  Registry registry;
  registry.status(404);
  registry.page("a", "n");
  registry.page("b");
  EXPECT_FALSE(registry.sync(*catalogue).stopped.has_value());
  EXPECT_EQ(registry.asked.back(), "http://127.0.0.1:1/v0/servers?limit=100&version=latest&cursor=n");
}

TEST(RegistrySync, NamesWhatItLeftOutAndRefusesWhatIsNoPage) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  Registry registry;
  registry.status(
      200, R"({"servers":[{"server":{"name":"io.github.a/x","version":"1"}},{"server":{}}],"metadata":{}})");
  const Synced some = registry.sync(*catalogue);
  ASSERT_EQ(some.skipped.size(), 1U);
  EXPECT_EQ(some.skipped[0].where, "page 1 /servers/1");
  registry.status(200, "<html>");
  const Synced none = registry.sync(*catalogue);
  ASSERT_TRUE(none.stopped.has_value());
  EXPECT_EQ(none.stopped->kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace doorward::catalogue
