// What happens to the file when others use it, too, or spoil it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <utility>

#include "catalogue/schema.h"
#include "catalogue/terms.h"
#include "catalogue/test_support.h"
#include "catalogue/write_lock.h"
#include "json/reader.h"
#include "store/database.h"

namespace doorward::catalogue {
namespace {

using test::live;
using test::take;
using test::tool;

/// Opens the file, which looks for damage, and runs the query.
template <typename Read>
void query(const test::Directory& directory, const std::string& sql, Read&& read) {
  auto database =
      store::Database::open(directory.path() + "/catalogue.db", migrations(), {.checkpoint_on_close = false});
  ASSERT_TRUE(database) << database.error().message;
  ASSERT_TRUE((*database)->execute(
      "CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'tool_index', 'instance')"));
  auto statement = (*database)->prepare(sql);
  ASSERT_TRUE(statement) << statement.error().message;
  for (;;) {
    const auto row = statement->step();
    ASSERT_TRUE(row) << row.error().message;
    if (!*row) return;
    read(*statement);
  }
}

/// The index has exactly the documents of the tools that are there.
void expect_index_is_true(const test::Directory& directory) {
  std::set<std::pair<std::string, std::int64_t>> expected;
  std::set<std::pair<std::string, std::int64_t>> found;
  json::Reader reader;
  query(directory,
        "SELECT t.id, t.server, slug, t.name, d.text, t.category, t.severity, t.signals FROM tools t JOIN "
        "servers s ON s.id = server "
        "JOIN definitions d ON d.id = definition WHERE t.gone = 0",
        [&](const store::Statement& row) {
          const std::string slug = row.text(2);
          const std::string name = row.text(3);
          const std::string definition = row.text(4);
          const auto root = reader.read(definition);
          ASSERT_TRUE(root);
          const auto category = static_cast<Category>(row.number(5));
          const std::string terms = terms_of(ToolTerms{.name = name,
                                                       .description = json::text_of(*root, "description"),
                                                       .slug = slug,
                                                       .server = row.number(1),
                                                       .category = category,
                                                       .signals = static_cast<SignalBits>(row.number(7))});
          const std::int64_t place = place_of(category, static_cast<Severity>(row.number(6)), row.number(0));
          std::istringstream words(terms);
          for (std::string word; words >> word;) expected.emplace(word, place);
        });
  query(directory, "SELECT term, doc FROM temp.terms",
        [&](const store::Statement& row) { found.emplace(row.text(0), row.number(1)); });
  EXPECT_EQ(found, expected);
}

TEST(SharedFileTest, TheIndexFollowsEveryChange) {
  const test::Directory directory;
  const auto catalogue = test::open(directory);
  std::mt19937 random(7);
  const std::vector<std::string> verbs = {"list", "delete", "update", "Pay", "run"};
  const std::vector<std::string> nouns = {"order", "Größe", "订单", "key's", "user_2"};
  const auto any = [&](const auto& words) { return words[random() % words.size()]; };
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> tools;
    for (std::size_t i = random() % 6; i > 0; --i) {
      tools.push_back(tool(any(verbs) + "_" + any(nouns),
                           any(verbs) + "s — the “" + any(nouns) + "” of " + any(nouns),
                           random() % 3 == 0 ? R"({"destructiveHint":true})" : ""));
    }
    const auto known = random() % 2 == 0 ? ToolsKnown::whole : ToolsKnown::partial;
    take(*catalogue, live("server-" + std::to_string(random() % 3), tools, known), 1'000 + round);
    const auto some = catalogue->search_tools({});
    ASSERT_TRUE(some);
    if (some->records.empty()) continue;
    const ToolRecord& record = any(some->records);
    if (random() % 2 == 0) {
      Override said{.category = any(kCategories),
                    .severity = std::nullopt,
                    .reason = "test",
                    .author = "me",
                    .at_us = 1};
      ASSERT_TRUE(catalogue->set_override(record.server, record.name, said));
    } else if (record.override) {
      ASSERT_TRUE(catalogue->remove_override(record.server, record.name));
    }
  }
  expect_index_is_true(directory);
}

TEST(SharedFileTest, TwoProcessesWriteByTurns) {
  const test::Directory directory;
  constexpr int kRounds = 60;
  static_cast<void>(test::open(directory));
  const auto write = [&](const std::string& who) {
    const auto catalogue = Catalogue::open(directory.path());
    if (!catalogue) return false;
    for (int i = 0; i < kRounds; ++i) {
      const Listing listing =
          live(who + std::to_string(i % 20),
               {tool("list_" + who, "Round " + std::to_string(i)), tool("delete_" + who)});
      if (!(*catalogue)->take(std::span(&listing, 1), 1'000 + i)) return false;
      if (!(*catalogue)->search_tools({.words = "list"})) return false;
    }
    return true;
  };
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(write("child") ? 0 : 1);
  EXPECT_TRUE(write("parent"));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);

  const auto catalogue = test::open(directory);
  EXPECT_EQ(catalogue->counts()->servers, 40U);
  EXPECT_EQ(catalogue->counts()->tools, 80U);
  EXPECT_EQ(catalogue->search_tools({.words = "delete_child"})->found, 20U);
  expect_index_is_true(directory);
}

// A kill at any moment leaves the file as a transaction left it, and the lock free.
TEST(SharedFileTest, AKilledWriterLeavesNothingHalfDone) {
  const test::Directory directory;
  const auto catalogue = test::open(directory);
  for (std::size_t servers = 10; servers <= 50; servers += 10) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto own = Catalogue::open(directory.path());
      for (std::size_t i = 0;; ++i) {
        const std::string name = "server-" + std::to_string(servers) + '-' + std::to_string(i);
        const std::vector<Listing> two = {live(name, {tool("list_orders"), tool("delete_order", name)}),
                                          live(name + "-twin", {tool("list_orders")})};
        if (!own || !(*own)->take(two, 2'000)) ::_exit(1);
      }
    }
    while (catalogue->counts()->servers < servers && ::waitpid(child, nullptr, WNOHANG) == 0) ::usleep(1'000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto counts = catalogue->counts();
    ASSERT_TRUE(counts);
    EXPECT_GE(counts->servers, servers);
    EXPECT_EQ(counts->servers % 2, 0U) << "two servers a transaction";
    EXPECT_EQ(counts->tools, counts->servers / 2 * 3);
  }
  EXPECT_EQ(take(*catalogue, live("after", {tool("list_orders")})).servers_added, 1U);
  expect_index_is_true(directory);
}

TEST(SharedFileTest, ReadersNeverWaitAndWritersSayWhoDoes) {
  const test::Directory directory;
  const auto catalogue = Catalogue::open(directory.path(), {.busy_ms = 0});
  ASSERT_TRUE(catalogue);
  take(**catalogue, live("shop", {tool("list_orders")}));
  const auto lock = WriteLock::take(directory.path() + "/catalogue.lock", 0);
  ASSERT_TRUE(lock);
  EXPECT_EQ(test::found(**catalogue, "orders").size(), 1U);
  const Listing listing = live("other", {tool("list_orders")});
  const auto refused = (*catalogue)->take(std::span(&listing, 1), 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_NE(refused.error().message.find("another process"), std::string::npos);
  const auto second = Catalogue::open(directory.path(), {.busy_ms = 0});
  ASSERT_TRUE(second) << "one that is there is opened while somebody writes";
  EXPECT_EQ(test::found(**second, "orders").size(), 1U);
}

TEST(SharedFileTest, ADamagedFileIsAnErrorWithANextStep) {
  const test::Directory directory;
  const std::string path = directory.path() + "/catalogue.db";
  std::ofstream(path) << "this is no database, and long enough to be looked at as one "
                         "........................................";
  ::chmod(path.c_str(), 0600);
  const auto opened = Catalogue::open(directory.path(), {.busy_ms = 0});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
  EXPECT_NE(opened.error().message.find("catalogue.db"), std::string::npos);
}

TEST(SharedFileTest, PagesThatAreOverwrittenNeverCrash) {
  const test::Directory directory;
  {
    const auto catalogue = test::open(directory);
    std::vector<std::string> tools;
    for (int i = 0; i < 400; ++i)
      tools.push_back(tool("list_" + std::to_string(i), "Lists orders " + std::to_string(i * 7919)));
    take(*catalogue, live("shop", tools));
  }
  ASSERT_TRUE((*store::Database::open(directory.path() + "/catalogue.db", migrations()))->checkpoint());
  std::mt19937 random(3);
  const auto size = std::filesystem::file_size(directory.path() + "/catalogue.db");
  std::fstream file(directory.path() + "/catalogue.db", std::ios::in | std::ios::out | std::ios::binary);
  for (int i = 0; i < 60; ++i) {
    file.seekp(static_cast<std::streamoff>(4096 + random() % (size - 8192)));
    for (int byte = 0; byte < 64; ++byte) file.put(static_cast<char>(random()));
  }
  file.close();
  const auto opened = Catalogue::open(directory.path(), {.busy_ms = 0});
  if (!opened) return;
  bool failed = false;
  for (int i = 0; i < 40; ++i) failed = !(*opened)->search_tools({.words = std::to_string(i)}) || failed;
  const auto tools = (*opened)->tools("shop");
  const Listing listing = live("shop", {tool("list_0", "another")});
  const auto taken = (*opened)->take(std::span(&listing, 1), 5);
  EXPECT_TRUE(failed || !tools || !taken) << "damage is told";
}

TEST(SharedFileTest, AFileOfALaterProgramIsLeftAlone) {
  const test::Directory directory;
  static_cast<void>(test::open(directory));
  ASSERT_TRUE((*store::Database::open(directory.path() + "/catalogue.db", migrations()))
                  ->execute("PRAGMA user_version = 99"));
  const auto opened = Catalogue::open(directory.path());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("newer"), std::string::npos);
}

}  // namespace
}  // namespace doorward::catalogue
