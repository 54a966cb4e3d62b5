#include "store/secrets.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "store/store.h"

namespace doorward::store {
namespace {

namespace fs = std::filesystem;

class SecretsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "doorward-secrets-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    auto opened = Store::open(directory_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    masters_.push_back(SealingKey::draw());
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(directory_);
  }
  void sql(const std::string& text) { ASSERT_TRUE(store_->database().execute(text)); }

  std::string directory_;
  std::unique_ptr<Store> store_;
  std::vector<SealingKey> masters_;
};

TEST_F(SecretsTest, WhatIsSealedOpens) {
  Secrets secrets(store_->database());
  const auto first = secrets.put("a", "value one", masters_[0], 7);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->version, 1);
  EXPECT_EQ(secrets.open("a", masters_).value(), "value one");
  const auto second = secrets.put("a", "value two", masters_[0], 9);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->version, 2);
  EXPECT_EQ(second->created_us, 7);
  EXPECT_EQ(second->updated_us, 9);
  EXPECT_EQ(secrets.open("a", masters_).value(), "value two");
  EXPECT_EQ(secrets.list()->size(), 1u);
  ASSERT_TRUE(secrets.remove("a"));
  EXPECT_EQ(secrets.open("a", masters_).error().kind, ErrorKind::not_found);
  EXPECT_EQ(secrets.remove("a").error().kind, ErrorKind::not_found);
}

TEST_F(SecretsTest, AnotherVersionThanExpectedIsAConflict) {
  Secrets secrets(store_->database());
  EXPECT_EQ(secrets.put("a", "x", masters_[0], 1, 1).error().kind, ErrorKind::conflict);
  ASSERT_TRUE(secrets.put("a", "x", masters_[0], 1, 0));
  EXPECT_EQ(secrets.put("a", "y", masters_[0], 1, 0).error().kind, ErrorKind::conflict);
  EXPECT_EQ(secrets.remove("a", 2).error().kind, ErrorKind::conflict);
  EXPECT_EQ(secrets.open("a", masters_).value(), "x");
}

TEST_F(SecretsTest, NoRowStandsInForAnother) {
  Secrets secrets(store_->database());
  ASSERT_TRUE(secrets.put("a", "of a", masters_[0], 1));
  ASSERT_TRUE(secrets.put("b", "of b", masters_[0], 1));
  for (const char* columns :
       {"wrapped_key = (SELECT wrapped_key FROM secrets WHERE name = 'b'), "
        "sealed = (SELECT sealed FROM secrets WHERE name = 'b')",
        "sealed = (SELECT sealed FROM secrets WHERE name = 'b')", "version = version + 1",
        "sealed = substr(sealed, 1, length(sealed) - 1)", "sealed = x''", "wrapped_key = x''"}) {
    ASSERT_TRUE(secrets.put("a", "of a", masters_[0], 1));
    sql("UPDATE secrets SET " + std::string(columns) + " WHERE name = 'a'");
    EXPECT_EQ(secrets.open("a", masters_).error().kind, ErrorKind::corrupt) << columns;
  }
  EXPECT_EQ(secrets.open("b", masters_).value(), "of b");
}

TEST_F(SecretsTest, RewrappingChangesTheWrappingAlone) {
  Secrets secrets(store_->database());
  ASSERT_TRUE(secrets.put("a", "of a", masters_[0], 1));
  ASSERT_TRUE(secrets.put("b", "of b", masters_[0], 1));
  const auto sealed = [&] {
    auto statement = store_->database().prepare("SELECT group_concat(hex(sealed)) FROM secrets");
    EXPECT_TRUE(statement->step().value());
    return statement->text(0);
  };
  const std::string before = sealed();
  const SealingKey next = SealingKey::draw();
  EXPECT_EQ(secrets.rewrap(masters_, next).value(), 2u);
  EXPECT_EQ(secrets.rewrap(masters_, next).value(), 0u);
  EXPECT_EQ(sealed(), before);
  EXPECT_EQ(secrets.open("a", masters_).error().kind, ErrorKind::unavailable) << "the old key opens nothing";
  std::vector<SealingKey> now;
  now.push_back(SealingKey::from(next.bytes()).value());
  EXPECT_EQ(secrets.open("a", now).value(), "of a");
  EXPECT_EQ(secrets.open("b", now).value(), "of b");
}

TEST_F(SecretsTest, RewrappingIsAllOrNothing) {
  Secrets secrets(store_->database());
  ASSERT_TRUE(secrets.put("a", "of a", masters_[0], 1));
  ASSERT_TRUE(secrets.put("b", "of b", masters_[0], 1));
  sql("UPDATE secrets SET wrapped_key = x'00' WHERE name = 'b'");
  EXPECT_FALSE(secrets.rewrap(masters_, SealingKey::draw()));
  EXPECT_EQ(secrets.open("a", masters_).value(), "of a");
}

TEST(Sealing, IsBoundToItsPlaceAndKey) {
  const SealingKey key = SealingKey::draw();
  const std::string sealed = seal(key, "text", "place");
  EXPECT_EQ(unseal(key, sealed, "place"), "text");
  EXPECT_FALSE(unseal(key, sealed, "elsewhere"));
  EXPECT_FALSE(unseal(SealingKey::draw(), sealed, "place"));
  EXPECT_FALSE(unseal(key, sealed.substr(1), "place"));
  EXPECT_FALSE(unseal(key, "", "place"));
  EXPECT_NE(seal(key, "text", "place"), sealed) << "a fresh nonce each time";
  EXPECT_NE(key.id(), SealingKey::draw().id());
  EXPECT_FALSE(SealingKey::from("short"));
}

}  // namespace
}  // namespace doorward::store
