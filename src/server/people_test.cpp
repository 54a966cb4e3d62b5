#include "server/people.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "identity/password.h"
#include "identity/token.h"
#include "store/migrations.h"

namespace doorward::server {
namespace {

namespace fs = std::filesystem;
using identity::Role;
using identity::Roles;

constexpr std::int64_t kMinute = 60'000'000;
constexpr const char* kPassword = "correct horse battery";

class PeopleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "doorward-people-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    auto opened = store::Database::open(directory_ + "/doorward.db", store::migrations());
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = *std::move(opened);
    people_ = std::make_unique<People>(
        *database_, loop_,
        [this](std::string_view event, std::span<const audit::EventRecord::Field>) {
          events_.emplace_back(event);
          return true;
        },
        clock_);
    static const std::string hash = *identity::hash_password(kPassword);
    store::UserRow alice{.name = "alice", .email = "alice@example.org", .roles = "viewer approver", .groups = {"finance"}};
    alice.password = hash;
    ASSERT_TRUE(people_->users().add(alice));
  }
  void TearDown() override {
    people_.reset();
    database_.reset();
    fs::remove_all(directory_);
  }

  std::expected<Login, People::Refusal> log_in(const std::string& user, const std::string& password,
                                               const LoginFrom& from = {"10.0.0.1", "browser", {}}) {
    std::optional<std::expected<Login, People::Refusal>> answer;
    people_->log_in(user, password, from, [&](auto given) { answer.emplace(std::move(given)); });
    while (!answer) loop_.poll(10'000);
    return std::move(*answer);
  }
  bool good(const std::string& cookie) { return people_->by_cookie(cookie, "10.0.0.1").has_value(); }

  std::string directory_;
  std::unique_ptr<store::Database> database_;
  FakeClock clock_;
  io::Loop loop_;
  std::vector<std::string> events_;
  std::unique_ptr<People> people_;
};

TEST_F(PeopleTest, ALoginMakesAnActor) {
  const auto login = log_in("alice", kPassword);
  ASSERT_TRUE(login) << login.error().error.message;
  const auto caller = people_->by_cookie(login->cookie, "10.0.0.2");
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->actor.name, "user:alice");
  EXPECT_EQ(caller->actor.roles, (Roles{Role::viewer, Role::approver}));
  EXPECT_EQ(caller->actor.groups, std::vector<std::string>{"finance"});
  EXPECT_EQ(caller->actor.also, std::vector<std::string>{"alice@example.org"});
  EXPECT_EQ(caller->actor.address, "10.0.0.2");
  EXPECT_EQ(caller->csrf, login->caller.csrf);
  EXPECT_EQ(caller->csrf, People::csrf_of(login->cookie));
  EXPECT_EQ(events_, std::vector<std::string>{"login"});
}

TEST_F(PeopleTest, ASessionEndsAfterSilenceAndAfterTwelveHours) {
  const auto silent = log_in("alice", kPassword);
  clock_.advance_us(29 * kMinute);
  EXPECT_TRUE(good(silent->cookie));
  clock_.advance_us(30 * kMinute);
  EXPECT_FALSE(good(silent->cookie));

  const auto busy = log_in("alice", kPassword);
  for (int i = 0; i < 12 * 6 - 1; ++i) {
    clock_.advance_us(10 * kMinute);
    EXPECT_TRUE(good(busy->cookie)) << i;
  }
  clock_.advance_us(10 * kMinute);
  EXPECT_FALSE(good(busy->cookie));
}

TEST_F(PeopleTest, AskingWhetherASessionStandsKeepsItNotAwake) {
  const auto login = log_in("alice", kPassword);
  const std::string via = login->caller.actor.via;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(people_->stands(via));
    clock_.advance_us(5 * kMinute);
  }
  clock_.advance_us(5 * kMinute);
  EXPECT_FALSE(people_->stands(via));
  EXPECT_FALSE(people_->stands("session:none"));
  EXPECT_FALSE(people_->stands("token:none"));
  EXPECT_FALSE(people_->stands(""));
}

TEST_F(PeopleTest, ALoginEndsTheSessionBefore) {
  const auto before = log_in("alice", kPassword);
  const auto after = log_in("alice", kPassword, {"10.0.0.1", "browser", before->cookie});
  ASSERT_TRUE(after);
  EXPECT_FALSE(good(before->cookie));
  EXPECT_TRUE(good(after->cookie));
}

TEST_F(PeopleTest, T282_RefusalsAreAlike) {
  const auto wrong = log_in("alice", "not the password at all");
  const auto unknown = log_in("nobody", kPassword);
  ASSERT_FALSE(wrong);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(wrong.error().error.message, unknown.error().error.message);
  EXPECT_EQ(wrong.error().error.kind, unknown.error().error.kind);
  EXPECT_EQ(events_, (std::vector<std::string>{"login.failed", "login.failed"}));
}

TEST_F(PeopleTest, T220_ALateRightPasswordWaitsToo) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(log_in("alice", "not the password at all"));
  const auto held = log_in("alice", kPassword);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().retry_s, 1);
  EXPECT_EQ(events_.back(), "login.throttled");
  clock_.advance_us(1'000'000);
  EXPECT_TRUE(log_in("alice", kPassword));
}

TEST_F(PeopleTest, AnOlderHashIsMadeAnewAtLogin) {
  ASSERT_TRUE(people_->users().set_password(
      "alice", "$argon2id$v=19$m=19456,t=2,p=1$UNbUf54LiPtC0Epic5+u3w$MBwH682xStUL9QWA+EYWl1YptVOhgfU4nkJpBEDRA80", 1));
  ASSERT_TRUE(log_in("alice", "an old long password"));
  const auto user = people_->users().find("alice");
  ASSERT_TRUE(user);
  EXPECT_FALSE(identity::needs_rehash(*user->password));
  EXPECT_TRUE(log_in("alice", "an old long password"));
}

TEST_F(PeopleTest, ADisabledUserIsOutAtOnce) {
  const auto login = log_in("alice", kPassword);
  auto user = *people_->users().find("alice");
  user.disabled = true;
  ASSERT_TRUE(people_->users().set(user));
  EXPECT_FALSE(good(login->cookie));
  EXPECT_FALSE(log_in("alice", kPassword));
}

TEST_F(PeopleTest, AnAccessTokenHasNoMoreThanItsUserHasNow) {
  const std::string token = identity::make_token(identity::kAccessTokenPrefix);
  ASSERT_TRUE(people_->users().add_token({.id = "t",
                                          .user = "alice",
                                          .label = "ci",
                                          .roles = "viewer admin",
                                          .token_hash = identity::hash_token(token),
                                          .created_us = clock_.wall_us(),
                                          .expires_us = clock_.wall_us() + kMinute}));
  const auto caller = people_->by_token(token, "10.0.0.1");
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->actor.roles, Roles{Role::viewer});
  EXPECT_TRUE(people_->stands("token:t"));
  clock_.advance_us(kMinute);
  EXPECT_FALSE(people_->by_token(token, "10.0.0.1"));
  EXPECT_FALSE(people_->stands("token:t"));
}

TEST_F(PeopleTest, ACodeIsGoodOnceAndForAMinute) {
  const identity::Actor local = identity::Actor::local(1000);
  const std::string code = people_->make_code(local);
  const auto login = people_->redeem(code, {});
  ASSERT_TRUE(login);
  EXPECT_EQ(login->caller.actor.name, "uid:1000");
  EXPECT_FALSE(people_->redeem(code, {}));
  const std::string late = people_->make_code(local);
  clock_.advance_us(kMinute);
  EXPECT_FALSE(people_->redeem(late, {}));
}

TEST_F(PeopleTest, APersonOfAnIssuerIsWhatTheMapSaysNow) {
  const IssuedPerson bo{"https://idp.example", "7", "bo@example.org", {"staff"}};
  EXPECT_FALSE(people_->log_in(bo, {}));
  people_->set_issuer("https://idp.example", identity::RoleMap{.roles = {{"staff", Role::viewer}}, .approver_groups = {}});
  const auto login = people_->log_in(bo, {});
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->caller.actor.name, "oidc:https://idp.example#7");
  EXPECT_TRUE(good(login->cookie));
  people_->set_issuer("https://idp.example", identity::RoleMap{.roles = {{"others", Role::viewer}}, .approver_groups = {}});
  EXPECT_FALSE(good(login->cookie));
  // Another issuer's subject 7 is another person (T203).
  people_->set_issuer("https://other.example", identity::RoleMap{.roles = {{"staff", Role::viewer}}, .approver_groups = {}});
  EXPECT_FALSE(good(login->cookie));
}

TEST_F(PeopleTest, OnePersonHasABoundedNumberOfSessions) {
  people_->set_issuer("https://idp.example", identity::RoleMap{.roles = {{"staff", Role::viewer}}, .approver_groups = {}});
  const IssuedPerson bo{"https://idp.example", "7", "", {"staff"}};
  std::string first;
  for (int i = 0; i < 21; ++i) {
    const auto login = people_->log_in(bo, {});
    ASSERT_TRUE(login);
    if (i == 0) first = login->cookie;
    clock_.advance_us(1);
  }
  EXPECT_FALSE(good(first));
  EXPECT_EQ(people_->sessions().all("oidc:https://idp.example#7")->size(), 20u);
}

TEST(Roles, TextsOfTheStoreAreReadBack) {
  const Roles some{Role::viewer, Role::policy_manager};
  EXPECT_EQ(write_roles(some), "viewer policy_manager");
  EXPECT_EQ(read_roles(write_roles(some)), some);
  EXPECT_EQ(read_roles(write_roles(Roles::all())), Roles::all());
  EXPECT_TRUE(read_roles("").empty());
  EXPECT_TRUE(read_roles("root superuser").empty());
}

}  // namespace
}  // namespace doorward::server
