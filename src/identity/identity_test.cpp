#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "identity/grant_table.h"
#include "identity/token.h"

namespace doorward::identity {
namespace {

struct Made {
  std::string token;
  std::shared_ptr<Grant> grant;
};

Made make(const std::string& label) {
  Made made{make_token(), std::make_shared<Grant>()};
  made.grant->id = "id-" + label;
  made.grant->label = label;
  made.grant->server = "stripe";
  made.grant->token_hash = hash_token(made.token);
  return made;
}

TEST(Token, HasItsFormAndItsChecksum) {
  std::set<std::string> seen;
  std::map<char, int> counts;
  for (int i = 0; i < 20'000; ++i) {
    const std::string token = make_token();
    ASSERT_EQ(token.size(), kTokenSize);
    ASSERT_TRUE(token.starts_with("dwt_"));
    ASSERT_TRUE(is_token(token)) << token;
    ASSERT_TRUE(seen.insert(token).second);
    for (char c : token.substr(4, 43)) ++counts[c];
  }
  ASSERT_EQ(counts.size(), 62u);
  // 860,000 draws: 13,871 of each, standard deviation 117; eight of them is out of reach of chance.
  for (const auto& [c, count] : counts) EXPECT_NEAR(count, 13'871, 940) << c;
}

TEST(Token, TheFormIsTheSameInEveryVersion) {
  EXPECT_TRUE(is_token("dwt_000000000000000000000000000000000000000000021rW73"));
}

TEST(Token, AnyChangedCharacterIsMalformed) {
  const std::string token = make_token();
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (char c : {'a', 'Z', '0', '-', '\0', ' '}) {
      if (token[i] == c) continue;
      std::string changed = token;
      changed[i] = c;
      EXPECT_FALSE(is_token(changed)) << i << c;
    }
  }
  std::string swapped = token;
  for (std::size_t i = 5; i < token.size(); ++i) {
    if (token[i] == token[i - 1]) continue;
    std::swap(swapped[i], swapped[i - 1]);
    EXPECT_FALSE(is_token(swapped));
    std::swap(swapped[i], swapped[i - 1]);
  }
}

TEST(Token, HintIsTheEndOfTheRandomPart) {
  const std::string token = make_token();
  EXPECT_EQ(token_hint(token), token.substr(43, 4));
}

TEST(Bearer, SchemesAndSpaces) {
  EXPECT_EQ(bearer_credentials("Bearer abc"), "abc");
  EXPECT_EQ(bearer_credentials("bEARER   abc"), "abc");
  EXPECT_EQ(bearer_credentials("Bearer abc def"), "abc def");
  EXPECT_EQ(bearer_credentials("Bearer "), "");
  for (std::string_view value : {"", "Bearer", "Bearerabc", "Basic abc", "Token abc", "Bearer\tabc",
                                 " Bearer abc", "abc", "Bearer:abc", "Bear er abc"}) {
    EXPECT_FALSE(bearer_credentials(value)) << value;
  }
}

class Grants : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::shared_ptr<Grant>> grants;
    for (int i = 0; i < 500; ++i) {
      made_.push_back(make("g" + std::to_string(i)));
      grants.push_back(made_.back().grant);
    }
    made_[3].grant->expires_s = 1'000;
    auto built = GrantTable::build(grants);
    ASSERT_TRUE(built) << built.error().message;
    table_ = *std::move(built);
  }

  Verdict judge(std::string_view header, std::int64_t now_s = 500) const {
    return table_.verify(header, now_s).verdict;
  }

  std::vector<Made> made_;
  GrantTable table_;
};

TEST_F(Grants, EachTokenOpensItsOwnGrant) {
  for (std::size_t i = 0; i < made_.size(); ++i) {
    const Verification verified = table_.verify("Bearer " + made_[i].token, 500);
    ASSERT_EQ(verified.verdict, Verdict::good);
    ASSERT_EQ(verified.grant, made_[i].grant.get());
    ASSERT_EQ(verified.index, i);
  }
}

TEST_F(Grants, T201_T210_NothingButAGoodTokenIsLetIn) {
  EXPECT_EQ(table_.verify(std::nullopt, 500).verdict, Verdict::missing);
  EXPECT_EQ(judge(""), Verdict::missing);
  EXPECT_EQ(judge("Bearer"), Verdict::missing);
  EXPECT_EQ(judge("Bearer "), Verdict::missing);
  EXPECT_EQ(judge("Basic " + made_[0].token), Verdict::missing);
  EXPECT_EQ(judge("Bearer x"), Verdict::malformed);
  EXPECT_EQ(judge("Bearer " + make_token()), Verdict::unknown);
  EXPECT_EQ(judge(made_[0].token), Verdict::missing);
  EXPECT_EQ(GrantTable().verify("Bearer " + made_[0].token, 500).verdict, Verdict::unknown);
  EXPECT_EQ(table_.verify("Bearer " + make_token(), 500).grant, nullptr);
}

TEST_F(Grants, T212_WhatMerelyLooksLikeATokenIsRefused) {
  const std::string& token = made_[0].token;
  std::string cyrillic = token;
  cyrillic.replace(10, 1, "\xd0\xb0");  // the letter that looks like a
  std::string full_width = token;
  full_width.replace(0, 1, "\xef\xbd\x84");  // full-width d
  std::string other_case = token;
  for (char& c : other_case) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  const std::vector<std::string> bad = {token.substr(0, token.size() - 1),
                                        token.substr(1),
                                        token.substr(0, 20),
                                        token + "a",
                                        "a" + token,
                                        token + std::string(1, '\0'),
                                        std::string(1, '\0') + token,
                                        token.substr(0, 30) + std::string(1, '\0') + token.substr(31),
                                        token + " ",
                                        token + "=",
                                        token + "," + token,
                                        token + " " + made_[1].token,
                                        std::string(1'000'000, 'a'),
                                        "dwt_" + std::string(1'000'000, '0'),
                                        token + std::string(1'000'000, ' '),
                                        cyrillic,
                                        full_width,
                                        other_case,
                                        "DWT_" + token.substr(4),
                                        "%64" + token.substr(1)};
  for (const std::string& text : bad) {
    EXPECT_EQ(judge("Bearer " + text), Verdict::malformed) << text.substr(0, 80);
    EXPECT_EQ(table_.verify_token(text, 500).grant, nullptr);
  }
}

TEST_F(Grants, AHashIsNoToken) {
  const TokenHash hash = made_[0].grant->token_hash;
  EXPECT_EQ(judge("Bearer " + std::string(hash.begin(), hash.end())), Verdict::malformed);
}

TEST_F(Grants, ExpiresAtItsSecond) {
  const std::string header = "Bearer " + made_[3].token;
  EXPECT_EQ(judge(header, 999), Verdict::good);
  EXPECT_EQ(judge(header, 1'000), Verdict::expired);
  EXPECT_EQ(table_.verify(header, 1'000).grant, made_[3].grant.get());
}

TEST_F(Grants, TwoGrantsWithOneTokenAreRefused) {
  Made twin = make("twin");
  twin.grant->token_hash = made_[7].grant->token_hash;
  const auto built = GrantTable::build({made_[7].grant, twin.grant});
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().kind, ErrorKind::conflict);
}

TEST(Revocation, T217_ReachesEveryTableBeforeTheCallReturns) {
  Revocations revocations;
  Made made = make("a");
  made.grant->revoked = revocations.flag(made.grant->id, made.grant->token_hash);
  const auto old_table = GrantTable::build({made.grant});
  auto copy = std::make_shared<Grant>(*made.grant);
  copy->revoked = revocations.flag(copy->id, copy->token_hash);
  const auto new_table = GrantTable::build({copy});

  std::atomic<bool> revoked = false;
  std::atomic<int> late = 0;
  std::atomic<int> ready = 0;
  std::vector<std::jthread> workers;
  for (const GrantTable* table : {&*old_table, &*new_table, &*old_table, &*new_table}) {
    workers.emplace_back([&, table] {
      ready += table->verify_token(made.token, 0).verdict == Verdict::good;
      for (int i = 0; i < 20'000; ++i) {
        const bool was_revoked = revoked.load(std::memory_order_acquire);
        const bool good = table->verify_token(made.token, 0).verdict == Verdict::good;
        late += was_revoked && good;
      }
    });
  }
  while (ready < 4) std::this_thread::yield();
  revocations.revoke(made.grant->id);
  revoked.store(true, std::memory_order_release);
  workers.clear();
  EXPECT_EQ(late, 0);
  EXPECT_EQ(old_table->verify_token(made.token, 0).verdict, Verdict::revoked);
  EXPECT_EQ(new_table->verify_token(made.token, 0).verdict, Verdict::revoked);
  EXPECT_TRUE(revocations.flag(made.grant->id, made.grant->token_hash)->load());
}

TEST(Revocation, RotationEndsTheOldTokenAlone) {
  Revocations revocations;
  Made before = make("a");
  before.grant->revoked = revocations.flag(before.grant->id, before.grant->token_hash);
  Made after = make("a");
  after.grant->revoked = revocations.flag(after.grant->id, after.grant->token_hash);
  Made other = make("b");
  other.grant->revoked = revocations.flag(other.grant->id, other.grant->token_hash);
  const auto table = GrantTable::build({before.grant, after.grant, other.grant});
  revocations.revoke_others("id-a", after.grant->token_hash);
  EXPECT_EQ(table->verify_token(before.token, 0).verdict, Verdict::revoked);
  EXPECT_EQ(table->verify_token(after.token, 0).verdict, Verdict::good);
  EXPECT_EQ(table->verify_token(other.token, 0).verdict, Verdict::good);
}

}  // namespace
}  // namespace doorward::identity
