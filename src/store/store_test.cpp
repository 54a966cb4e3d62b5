#include "store/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/hash.h"
#include "store/migrations.h"
#include "store/state_lock.h"

namespace doorward::store {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "doorward-store-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    store_ = open();
    ASSERT_NE(store_, nullptr);
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(directory_);
  }

  std::unique_ptr<Store> open(const DatabaseOptions& options = {}) {
    auto opened = Store::open(directory_, options);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  std::string path() const { return directory_ + "/doorward.db"; }

  static GrantRow grant(const std::string& label, std::uint8_t byte) {
    GrantRow row;
    row.id = "00000000-0000-4000-8000-0000000000" + std::to_string(10 + byte);
    row.label = label;
    row.owner = "ana@example.com";
    row.labels = {{"team", "support"}, {"env", "prod"}};
    row.server = "stripe";
    row.policy = "refunds";
    row.token_hash.fill(byte);
    row.token_hint = "abcd";
    row.created_us = 1'000;
    return row;
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
};

template <typename T>
ErrorKind kind(const Result<T>& result) {
  return result ? ErrorKind{0xff} : result.error().kind;
}

TEST_F(StoreTest, FilesAreTheOwnersAlone) {
  ASSERT_TRUE(store_->set_setting("a", "b"));
  for (const auto& entry : fs::directory_iterator(directory_)) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
  store_.reset();
  ASSERT_EQ(::chmod(path().c_str(), 0640), 0);
  EXPECT_EQ(kind(Store::open(directory_)), ErrorKind::denied);
  fs::rename(path(), directory_ + "/other.db");
  fs::create_symlink(directory_ + "/other.db", path());
  EXPECT_EQ(kind(Store::open(directory_)), ErrorKind::denied);
  EXPECT_EQ(kind(Store::open(directory_ + "/missing")), ErrorKind::not_found);
}

TEST_F(StoreTest, IsDurableStrictAndCheckedAsPromised) {
  const auto pragma = [&](const std::string& name) {
    auto query = store_->database().prepare("PRAGMA " + name);
    EXPECT_TRUE(query->step());
    return query->text(0);
  };
  EXPECT_EQ(pragma("journal_mode"), "wal");
  EXPECT_EQ(pragma("synchronous"), "2");  // FULL
  EXPECT_EQ(pragma("foreign_keys"), "1");
  EXPECT_EQ(pragma("user_version"), std::to_string(migrations().size()));
  auto loose = store_->database().prepare(
      "SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND strict = 0 "
      "AND name NOT LIKE 'sqlite_%'");
  ASSERT_TRUE(loose->step());
  EXPECT_EQ(loose->number(0), 0);
}

TEST_F(StoreTest, ServersAreAddedChangedAndRemoved) {
  const auto added = store_->add_server("stripe", "u-1", R"({"url":"https://x"})", 5);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->revision, 1);
  EXPECT_EQ(kind(store_->add_server("stripe", "u-2", "{}", 6)), ErrorKind::conflict);
  for (std::string_view name : {"", "Stripe", "a b", "a/b", "a\n", "\xc3\xa9"}) {
    EXPECT_EQ(kind(store_->add_server(name, "u-3", "{}", 6)), ErrorKind::invalid) << name;
  }
  EXPECT_EQ(kind(store_->add_server(std::string(65, 'a'), "u-3", "{}", 6)), ErrorKind::invalid);

  EXPECT_EQ(store_->server("u-1")->name, "stripe");
  EXPECT_EQ(kind(store_->set_server("stripe", "{}", 7, 2)), ErrorKind::conflict);
  EXPECT_EQ(store_->server("stripe")->settings, R"({"url":"https://x"})");
  const auto changed = store_->set_server("stripe", "{}", 7, 1);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->revision, 2);
  EXPECT_EQ(changed->updated_us, 7);
  EXPECT_EQ(changed->created_us, 5);

  ASSERT_TRUE(store_->put_policy("stripe", "p", "{}", "ana", "", 8));
  EXPECT_EQ(store_->remove_server("stripe").error().kind, ErrorKind::conflict);
  ASSERT_TRUE(store_->remove_policy("stripe", "p"));
  EXPECT_EQ(store_->remove_server("stripe", 1).error().kind, ErrorKind::conflict);
  EXPECT_TRUE(store_->remove_server("stripe", 2));
  EXPECT_EQ(kind(store_->server("stripe")), ErrorKind::not_found);
  EXPECT_EQ(store_->servers()->size(), 0u);
}

TEST_F(StoreTest, PoliciesKeepEveryVersion) {
  const auto first = store_->put_policy("stripe", "refunds", "one", "ana", "first", 1, 0);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->current, 1);
  EXPECT_EQ(kind(store_->put_policy("stripe", "refunds", "two", "ben", "", 2, 0)), ErrorKind::conflict);
  EXPECT_EQ(store_->put_policy("stripe", "refunds", "two", "ben", "second", 2, 1)->current, 2);
  // The same text again is no new version.
  EXPECT_EQ(store_->put_policy("stripe", "refunds", "two", "ben", "again", 3)->revision, 2);
  const auto reverted = store_->revert_policy("stripe", "refunds", 1, "cy", 4);
  ASSERT_TRUE(reverted) << reverted.error().message;
  EXPECT_EQ(reverted->current, 3);

  const auto current = store_->current_policy("stripe", "refunds");
  ASSERT_TRUE(current);
  EXPECT_EQ(current->text, "one");
  EXPECT_EQ(current->author, "cy");
  EXPECT_EQ(current->sha256, sha256("one"));
  const auto versions = store_->policy_versions("stripe", "refunds");
  ASSERT_EQ(versions->size(), 3u);
  EXPECT_EQ(versions->front().version, 3);
  EXPECT_EQ(versions->at(1).comment, "second");
  EXPECT_EQ(kind(store_->revert_policy("stripe", "refunds", 9, "cy", 5)), ErrorKind::not_found);
  EXPECT_EQ(kind(store_->policy("other", "refunds")), ErrorKind::not_found);

  EXPECT_FALSE(store_->database().execute("UPDATE policy_versions SET text = 'x' WHERE version = 1"));
  EXPECT_FALSE(store_->database().execute("DELETE FROM policy_versions"));
  EXPECT_EQ(store_->policy_version("stripe", "refunds", 1)->text, "one");

  ASSERT_TRUE(store_->remove_policy("stripe", "refunds"));
  EXPECT_EQ(store_->policy_version("stripe", "refunds", 2)->text, "two");
  EXPECT_EQ(store_->put_policy("stripe", "refunds", "two", "ana", "", 6)->current, 4);
}

TEST_F(StoreTest, GrantsAreAddedRotatedAndRevoked) {
  const auto added = store_->add_grant(grant("support", 1));
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->version, 1);
  EXPECT_EQ(added->labels, (Labels{{"env", "prod"}, {"team", "support"}}));
  EXPECT_FALSE(added->expires_us);
  EXPECT_EQ(kind(store_->add_grant(grant("support", 2))), ErrorKind::conflict);
  EXPECT_EQ(kind(store_->add_grant(grant("bad label", 2))), ErrorKind::invalid);
  GrantRow same_token = grant("other", 1);
  same_token.id = "x";
  EXPECT_EQ(kind(store_->add_grant(same_token)), ErrorKind::conflict);
  EXPECT_EQ(store_->grants()->size(), 1u);

  Digest fresh{};
  fresh.fill(9);
  const auto rotated = store_->rotate_grant("support", fresh, "wxyz", 2'000, 1);
  ASSERT_TRUE(rotated) << rotated.error().message;
  EXPECT_EQ(rotated->token_hash, fresh);
  EXPECT_EQ(rotated->rotated_us, 2'000);
  EXPECT_EQ(rotated->version, 2);
  EXPECT_EQ(kind(store_->rotate_grant("support", fresh, "wxyz", 2'000, 1)), ErrorKind::conflict);
  EXPECT_EQ(store_->set_grant_policy("support", "")->policy, "");

  const auto revoked = store_->revoke_grant("support", 3'000);
  EXPECT_EQ(revoked->revoked_us, 3'000);
  EXPECT_EQ(store_->revoke_grant(revoked->id, 4'000)->revoked_us, 3'000);
  EXPECT_EQ(kind(store_->grant("support")), ErrorKind::not_found);
  EXPECT_EQ(kind(store_->rotate_grant(revoked->id, fresh, "wxyz", 5'000)), ErrorKind::conflict);
  EXPECT_EQ(kind(store_->set_grant_policy(revoked->id, "p")), ErrorKind::conflict);
  EXPECT_TRUE(store_->add_grant(grant("support", 3)));  // the label is free again
  EXPECT_EQ(store_->grants()->size(), 2u);
}

TEST_F(StoreTest, AGrantHoldsItsPolicyAndItsServer) {
  ASSERT_TRUE(store_->add_server("stripe", "u-1", "{}", 1));
  ASSERT_TRUE(store_->put_policy("stripe", "refunds", "{}", "ana", "", 1));
  ASSERT_TRUE(store_->add_grant(grant("support", 1)));
  EXPECT_EQ(store_->remove_policy("stripe", "refunds").error().kind, ErrorKind::conflict);
  EXPECT_EQ(store_->remove_server("stripe").error().kind, ErrorKind::conflict);
  ASSERT_TRUE(store_->revoke_grant("support", 2));
  EXPECT_TRUE(store_->remove_policy("stripe", "refunds"));
  EXPECT_TRUE(store_->remove_server("stripe"));
}

TEST_F(StoreTest, T011_TextsAreBoundNeverCutOrInterpreted) {
  const std::string hostile = "'; DROP TABLE servers; -- \" \\ ? ?1 :a \n \xf0\x9f\x98\x80";
  ASSERT_TRUE(store_->set_setting(hostile, hostile));
  EXPECT_EQ(*store_->setting(hostile), hostile);
  EXPECT_EQ(*store_->setting("'"), std::nullopt);
  EXPECT_TRUE(store_->servers());
  const std::string cut("delete\0safe", 11);
  EXPECT_EQ(store_->set_setting(cut, "x").error().kind, ErrorKind::invalid);
  EXPECT_EQ(store_->set_setting("k", cut).error().kind, ErrorKind::invalid);
  EXPECT_EQ(kind(store_->server(cut)), ErrorKind::invalid);
  EXPECT_EQ(*store_->setting("k"), std::nullopt);
}

TEST_F(StoreTest, R4_AWriterWhoWaitsTooLongIsToldSoAndReadersNeverWait) {
  ASSERT_TRUE(store_->set_setting("k", "before"));
  const auto other = open({.busy_ms = 50});
  {
    auto held = Transaction::begin(store_->database());
    ASSERT_TRUE(held);
    ASSERT_TRUE(store_->database().execute("UPDATE settings SET value = 'during'"));
    EXPECT_EQ(*other->setting("k"), "before");
    const auto refused = other->set_setting("k", "late");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  }
  EXPECT_EQ(*store_->setting("k"), "before");  // rolled back
  EXPECT_TRUE(other->set_setting("k", "now"));
  const auto patient = open({.busy_ms = 5'000});
  auto held = Transaction::begin(other->database());
  ASSERT_TRUE(held);
  std::jthread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(held->commit());
  });
  EXPECT_TRUE(patient->set_setting("k", "waited"));
}

TEST_F(StoreTest, R1_WhatWasAnsweredSurvivesAKill) {
  store_.reset();
  for (int round = 0; round < 10; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto opened = Store::open(directory_);
      if (!opened) ::_exit(1);
      for (std::int64_t i = 0;; ++i) {
        const std::string text = std::to_string(round) + "-" + std::to_string(i);
        if (!(*opened)->put_policy("stripe", "p", text, "ana", "", i)) ::_exit(1);
        const auto current = (*opened)->policy("stripe", "p")->current;
        if (::write(ends[1], &current, sizeof(current)) != sizeof(current)) ::_exit(1);
      }
    }
    ::close(ends[1]);
    std::int64_t answered = 0;
    for (int i = 0; i < 5 + round; ++i) ASSERT_EQ(::read(ends[0], &answered, sizeof(answered)), 8);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (std::int64_t later = 0; ::read(ends[0], &later, sizeof(later)) == 8;) answered = later;
    ::close(ends[0]);
    const auto reopened = open();
    ASSERT_NE(reopened, nullptr);
    const auto row = reopened->policy("stripe", "p");
    ASSERT_TRUE(row);
    EXPECT_GE(row->current, answered);
    EXPECT_LE(row->current, answered + 1);
    EXPECT_EQ(reopened->policy_versions("stripe", "p")->size(), static_cast<std::size_t>(row->current));
  }
}

TEST_F(StoreTest, ADamagedFileIsRefused) {
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(store_->set_setting("key" + std::to_string(i), std::string(200, 'v')));
  ASSERT_TRUE(store_->database().checkpoint());
  store_.reset();
  const auto size = fs::file_size(path());
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t at = 4096 + 40; at < size; at += 512) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write("\xff\xff\xff\xff", 4);
    }
  }
  const auto damaged = Store::open(directory_);
  EXPECT_EQ(kind(damaged), ErrorKind::corrupt);
  std::ofstream(path(), std::ios::trunc) << "this is no database at all, but it is long enough";
  EXPECT_EQ(kind(Store::open(directory_)), ErrorKind::corrupt);
}

TEST_F(StoreTest, MigrationsAreAppliedOnceAndInOrder) {
  const std::string file = directory_ + "/m.db";
  const std::string_view first = "CREATE TABLE a (x INTEGER NOT NULL) STRICT; INSERT INTO a VALUES (1)";
  const std::string_view second = "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1";
  const std::string_view broken = "UPDATE a SET y = 100; CREATE TABLE a (x INTEGER) STRICT";
  const std::array one = {first};
  const std::array two = {first, second};
  const std::array three = {first, second, broken};
  const auto value = [&](Database& database, const char* sql) {
    auto query = database.prepare(sql);
    EXPECT_TRUE(query && query->step());
    return query->number(0);
  };
  EXPECT_EQ((*Database::open(file, one))->version(), 1);
  EXPECT_EQ(kind(Database::open(file, two, {.read_only = true})), ErrorKind::invalid);
  EXPECT_EQ(value(**Database::open(file, two), "SELECT y FROM a"), 2);
  // One that fails leaves nothing of itself.
  EXPECT_FALSE(Database::open(file, three));
  EXPECT_EQ(value(**Database::open(file, two), "SELECT y FROM a"), 2);
  const auto older = Database::open(file, one);
  EXPECT_EQ(kind(older), ErrorKind::invalid);
  EXPECT_NE(older.error().message.find("newer"), std::string::npos);
}

TEST_F(StoreTest, AReaderChangesNothing) {
  const auto reader = open({.read_only = true});
  EXPECT_EQ(reader->set_setting("k", "v").error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(reader->servers());
}

TEST_F(StoreTest, OneProcessHoldsTheState) {
  const std::string directory = directory_ + "/state";
  {
    const auto held = StateLock::take(directory);
    ASSERT_TRUE(held) << held.error().message;
    const auto second = StateLock::take(directory);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos);
  }
  EXPECT_TRUE(StateLock::take(directory));
  struct stat status {};
  ASSERT_EQ(::stat(directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
  EXPECT_EQ(kind(StateLock::take(directory)), ErrorKind::denied);
}

TEST_F(StoreTest, ADeadHolderHoldsNothing) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = StateLock::take(directory_);
    const char answer = held ? 'y' : 'n';
    if (::write(ends[1], &answer, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ends[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(StateLock::take(directory_).has_value());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_TRUE(StateLock::take(directory_).has_value());
}

Digest digest_of(std::string_view text) { return sha256(text); }

TEST_F(StoreTest, TheFirstListOfAServerCountsAsReviewed) {
  const std::vector<SeenTool> first = {{"a", digest_of("a1"), "a1"}, {"b", digest_of("b1"), "b1"}};
  EXPECT_FALSE(store_->knows_tools("up").value());
  EXPECT_EQ(store_->see_tools("up", first, true, 10).value(), (std::vector{SeenAs::first, SeenAs::first}));
  EXPECT_TRUE(store_->knows_tools("up").value());
  EXPECT_FALSE(store_->knows_tools("other").value());
  // Another worker's first list, a moment later: not the first any more.
  const std::vector<SeenTool> second = {{"a", digest_of("a2"), "a2"}, {"c", digest_of("c1"), "c1"}};
  EXPECT_EQ(store_->see_tools("up", second, true, 11).value(), (std::vector{SeenAs::changed, SeenAs::added}));
  const auto tools = store_->tools("up").value();
  ASSERT_EQ(tools.size(), 3u);
  EXPECT_EQ(tools[0].reviewed, digest_of("a1"));
  EXPECT_EQ(tools[0].seen, digest_of("a2"));
  EXPECT_EQ(tools[0].reviewer, "first list");
  EXPECT_EQ(tools[2].reviewed, std::nullopt);
  EXPECT_EQ(store_->see_tools("up", second, false, 12).value(), (std::vector{SeenAs::known, SeenAs::known}));
}

TEST_F(StoreTest, ADefinitionIsAcceptedOrRejectedByItsDigest) {
  const std::vector<SeenTool> first = {{"a", digest_of("a1"), "a1"}};
  const std::vector<SeenTool> later = {{"a", digest_of("a2"), "a2"}};
  ASSERT_TRUE(store_->see_tools("up", first, true, 10));
  ASSERT_TRUE(store_->see_tools("up", later, false, 11));
  EXPECT_EQ(store_->review_tool("up", "a", digest_of("a3"), true, "ana", 12).error().kind, ErrorKind::not_found);
  EXPECT_EQ(store_->review_tool("up", "b", digest_of("a2"), true, "ana", 12).error().kind, ErrorKind::not_found);
  ASSERT_TRUE(store_->review_tool("up", "a", digest_of("a2"), true, "ana", 12));
  EXPECT_EQ(store_->tools("up")->front().reviewed, digest_of("a2"));
  EXPECT_EQ(store_->tools("up")->front().reviewer, "ana");
  ASSERT_TRUE(store_->review_tool("up", "a", digest_of("a2"), false, "ana", 13));
  EXPECT_EQ(store_->tools("up")->front().reviewed, std::nullopt);
  EXPECT_EQ(store_->tools("up")->front().rejected, digest_of("a2"));
  store_.reset();
  store_ = open();
  EXPECT_EQ(store_->tools("up")->front().rejected, digest_of("a2"));
  ASSERT_TRUE(store_->forget_tools("up"));
  EXPECT_FALSE(store_->knows_tools("up").value());
  EXPECT_TRUE(store_->tools("up")->empty());
  EXPECT_TRUE(store_->tool_definitions("up", "a")->empty());
}

TEST_F(StoreTest, SeveralPoliciesArePutAllOrNone) {
  ASSERT_TRUE(store_->put_policy("a", "p", "one", "ana", "", 1));
  const std::vector<NewPolicy> good = {{"a", "p", "two"}, {"b", "q", "new"}};
  const auto rows = store_->put_policies(good, "ana", "both", 2);
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].current, 2);
  EXPECT_EQ((*rows)[1].current, 1);
  EXPECT_EQ(store_->current_policy("b", "q")->comment, "both");
  const std::vector<NewPolicy> bad = {{"a", "p", "three"}, {"b", "no name", "x"}};
  EXPECT_FALSE(store_->put_policies(bad, "ana", "", 3));
  EXPECT_EQ(store_->current_policy("a", "p")->text, "two");
}

TEST_F(StoreTest, MetToolsComeWithTheirLatestDefinition) {
  const std::vector<SeenTool> first = {{"a", digest_of("a1"), "a1"}, {"b", digest_of("b1"), ""}};
  const std::vector<SeenTool> later = {{"a", digest_of("a2"), "a2"}};
  ASSERT_TRUE(store_->see_tools("up", first, true, 10));
  ASSERT_TRUE(store_->see_tools("up", later, false, 11));
  const auto met = store_->met_tools("up").value();
  ASSERT_EQ(met.size(), 2u);
  EXPECT_EQ(met[0].row.name, "a");
  EXPECT_EQ(met[0].definition, "a2");
  EXPECT_EQ(met[0].row.reviewed, digest_of("a1"));
  EXPECT_EQ(met[1].definition, "");
}

TEST_F(StoreTest, AToolIsGoneUntilItIsListedOrMetAgain) {
  const std::vector<SeenTool> first = {{"a", digest_of("a1"), "a1"}, {"b", digest_of("b1"), "b1"}};
  ASSERT_TRUE(store_->see_tools("up", first, true, 10));
  const std::vector<std::string> both = {"a", "b"};
  const std::vector<std::string> none;
  EXPECT_EQ(store_->mark_gone("up", both, none, 20).value(), 2u);
  EXPECT_EQ(store_->mark_gone("up", both, none, 30).value(), 0u);
  EXPECT_EQ(store_->tools("up")->at(0).gone_us, 20);
  EXPECT_EQ(store_->mark_gone("other", both, none, 20).value(), 0u);
  ASSERT_TRUE(store_->see_tools("up", std::span(first).first(1), false, 40));
  EXPECT_EQ(store_->tools("up")->at(0).gone_us, std::nullopt);
  EXPECT_EQ(store_->mark_gone("up", none, both, 50).value(), 1u);
  EXPECT_EQ(store_->met_tools("up")->at(1).row.gone_us, std::nullopt);
  EXPECT_EQ(store_->met_tools("up")->at(1).definition, "b1");
}

TEST_F(StoreTest, OfAToolThatChangesWithoutEndAFewDefinitionsAreKept) {
  const std::vector<SeenTool> first = {{"a", digest_of("v0"), "v0"}};
  ASSERT_TRUE(store_->see_tools("up", first, true, 1));
  for (int i = 1; i <= 100; ++i) {
    const std::string text = "v" + std::to_string(i);
    const std::vector<SeenTool> seen = {{"a", digest_of(text), text}};
    ASSERT_EQ(store_->see_tools("up", seen, false, i + 1)->front(), SeenAs::changed);
  }
  const auto kept = store_->tool_definitions("up", "a").value();
  EXPECT_LE(kept.size(), Store::kMostDefinitions);
  EXPECT_EQ(kept.front().text, "v100");
  EXPECT_EQ(kept.back().text, "v0");  // the reviewed one, which a diff needs
}

}  // namespace
}  // namespace doorward::store
