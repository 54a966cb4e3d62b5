#include "server/account_book.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "store/migrations.h"

namespace doorward::server {
namespace {

class AccountBookTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/doorward-accounts-XXXXXX";
    folder_ = mkdtemp(pattern);
    auto opened = store::Database::open(folder_ + "/doorward.db", store::migrations());
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = std::move(*opened);
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  static KeptAccount account(const std::string& server, const std::string& owner) {
    KeptAccount kept{server, owner, "https://h/mcp", "uid:1", 5, {}};
    kept.account.issuer = "https://as";
    kept.account.token_endpoint = "https://as/token";
    kept.account.access_token = "canary-access";
    kept.account.refresh_token = "canary-refresh";
    kept.account.client = {"id", "canary-secret", "client_secret_basic", "http://127.0.0.1:1/callback"};
    kept.account.expires_us = 9;
    kept.account.obtained_us = 7;
    return kept;
  }

  std::string folder_;
  std::unique_ptr<store::Database> database_;
  const std::string key_ = std::string(32, 'k');
};

TEST_F(AccountBookTest, KeepsAnAccountWithItsSecretsSealed) {
  AccountBook book(*database_, key_);
  ASSERT_TRUE(book.save(account("s", "g"), 7));
  const auto loaded = book.load();
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_EQ(loaded->front().account, account("s", "g").account);
  store::Accounts rows(*database_);
  EXPECT_EQ(rows.all()->front().sealed.find("canary"), std::string::npos);
  EXPECT_TRUE(*book.remove("s", "g"));
  EXPECT_FALSE(*book.remove("s", "g"));
  EXPECT_TRUE(book.load()->empty());
}

TEST_F(AccountBookTest, test_T243_ARowThatWasMovedCannotBeOpened) {
  AccountBook book(*database_, key_);
  for (const std::string change : {"owner = 'other'", "server = 'other'", "url = 'https://evil/'"}) {
    ASSERT_TRUE(book.save(account("s", "g"), 7));
    ASSERT_TRUE(database_->execute("UPDATE oauth_accounts SET " + change));
    EXPECT_TRUE(book.load()->empty()) << change;
    ASSERT_TRUE(database_->execute("DELETE FROM oauth_accounts"));
  }
  ASSERT_TRUE(book.save(account("s", "g"), 7));
  AccountBook other(*database_, std::string(32, 'x'));
  EXPECT_TRUE(other.load()->empty());
}

TEST_F(AccountBookTest, KeepsARegistrationForItsIssuerAlone) {
  AccountBook book(*database_, key_);
  const upstream::OAuthClient client = account("s", "").account.client;
  ASSERT_TRUE(book.save_registration("s", "https://as", client, 1));
  EXPECT_EQ(book.registration("s", "https://as"), client);
  EXPECT_EQ(book.registration("s", "https://as2"), std::nullopt);
  EXPECT_EQ(book.registration("t", "https://as"), std::nullopt);
  ASSERT_TRUE(database_->execute("UPDATE oauth_registrations SET issuer = 'https://as2'"));
  EXPECT_EQ(book.registration("s", "https://as2"), std::nullopt);
}

}  // namespace
}  // namespace doorward::server
