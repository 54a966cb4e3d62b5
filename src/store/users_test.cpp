#include "store/users.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "store/migrations.h"
#include "store/sessions.h"

namespace doorward::store {
namespace {

namespace fs = std::filesystem;

class UsersTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "doorward-users-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    auto opened = Database::open(directory_ + "/doorward.db", migrations());
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = *std::move(opened);
  }
  void TearDown() override {
    database_.reset();
    fs::remove_all(directory_);
  }

  static UserRow alice() {
    return {.name = "alice",
            .email = "alice@example.org",
            .roles = "approver admin",
            .groups = {"finance", "ops"},
            .password = "hash",
            .created_us = 10};
  }
  static Digest digest(std::uint8_t byte) {
    Digest made{};
    made.fill(byte);
    return made;
  }

  std::string directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(UsersTest, AreKeptWithTheirGroups) {
  Users users(*database_);
  const auto added = users.add(alice());
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->groups, (std::vector<std::string>{"finance", "ops"}));
  EXPECT_EQ(users.add(alice()).error().kind, ErrorKind::conflict);
  UserRow changed = *added;
  changed.roles = "viewer";
  changed.groups = {"legal"};
  changed.disabled = true;
  ASSERT_TRUE(users.set(changed, 1));
  EXPECT_EQ(users.set(changed, 1).error().kind, ErrorKind::conflict);
  const auto found = users.find("alice");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->roles, "viewer");
  EXPECT_EQ(found->groups, std::vector<std::string>{"legal"});
  EXPECT_TRUE(found->disabled);
  EXPECT_EQ(found->password, "hash");
  EXPECT_EQ(found->revision, 2);
  ASSERT_TRUE(users.remove("alice"));
  EXPECT_EQ(users.find("alice").error().kind, ErrorKind::not_found);
  EXPECT_EQ(users.remove("alice").error().kind, ErrorKind::not_found);
}

TEST_F(UsersTest, T231_NamesAreOfOneSpelling) {
  for (const char* name : {"alice", "a", "7", "a.b-c_d"}) EXPECT_TRUE(is_user_name(name)) << name;
  for (const char* name : {"", "Alice", ".a", "-a", "a b", "a#b", "\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(is_user_name(name)) << name;
  }
  EXPECT_FALSE(is_user_name(std::string(65, 'a')));
}

TEST_F(UsersTest, ATokenGoesWithItsUser) {
  Users users(*database_);
  ASSERT_TRUE(users.add(alice()));
  const AccessTokenRow token{.id = "1",
                             .user = "alice",
                             .label = "ci",
                             .roles = "viewer",
                             .token_hash = digest(7),
                             .token_hint = "abcd",
                             .created_us = 1,
                             .expires_us = 2};
  ASSERT_TRUE(users.add_token(token));
  EXPECT_EQ(users.token_by_hash(digest(7))->id, "1");
  EXPECT_FALSE(users.token_by_hash(digest(8)));
  EXPECT_EQ(users.tokens("alice")->size(), 1u);
  EXPECT_EQ(users.tokens("bob")->size(), 0u);
  ASSERT_TRUE(users.remove("alice"));
  EXPECT_EQ(users.tokens("")->size(), 0u);
}

TEST_F(UsersTest, SessionsAreFoundByTheHashOfTheirCookie) {
  Sessions sessions(*database_);
  SessionRow session{.id = "s1",
                     .token_hash = digest(1),
                     .person = "user:alice",
                     .method = "oidc",
                     .email = "a@example.org",
                     .groups = {"g one", "g2"},
                     .address = "10.0.0.1",
                     .agent = "browser",
                     .created_us = 100,
                     .seen_us = 100};
  ASSERT_TRUE(sessions.add(session));
  session.id = "s2";
  EXPECT_EQ(sessions.add(session).error().kind, ErrorKind::conflict);
  session.token_hash = digest(2);
  session.created_us = session.seen_us = 200;
  ASSERT_TRUE(sessions.add(session));
  EXPECT_EQ(sessions.find(digest(1))->groups, (std::vector<std::string>{"g one", "g2"}));
  ASSERT_TRUE(sessions.see("s1", 300));
  ASSERT_TRUE(sessions.remove_old(250, 0));
  EXPECT_TRUE(sessions.find("s1"));
  EXPECT_FALSE(sessions.find("s2"));
  ASSERT_TRUE(sessions.remove_all("user:alice"));
  EXPECT_EQ(sessions.all("")->size(), 0u);
}

}  // namespace
}  // namespace doorward::store
