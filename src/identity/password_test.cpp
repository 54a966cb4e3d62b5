#include "identity/password.h"

#include <gtest/gtest.h>

namespace doorward::identity {
namespace {

TEST(Password, IsKnownByItsHashAndNoOtherIs) {
  const auto hash = hash_password("correct horse battery");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
  EXPECT_TRUE(verify_password(*hash, "correct horse battery"));
  EXPECT_FALSE(verify_password(*hash, "correct horse battery "));
  EXPECT_FALSE(verify_password(*hash, ""));
  EXPECT_FALSE(needs_rehash(*hash));
  const auto again = hash_password("correct horse battery");
  ASSERT_TRUE(again);
  EXPECT_NE(*hash, *again);
}

TEST(Password, T282_LengthIsBoundBeforeAnythingIsHashed) {
  EXPECT_FALSE(check_password(std::string(11, 'x')));
  EXPECT_TRUE(check_password(std::string(12, 'x')));
  EXPECT_TRUE(check_password(std::string(1'024, 'x')));
  EXPECT_FALSE(check_password(std::string(1'025, 'x')));
  EXPECT_FALSE(hash_password(std::string(1u << 20, 'x')));
  EXPECT_FALSE(verify_password(nobodys_hash(), std::string(1u << 20, 'x')));
}

TEST(Password, T282_NobodysHashCostsWhatOthersCost) {
  EXPECT_FALSE(needs_rehash(nobodys_hash()));
  EXPECT_FALSE(verify_password(nobodys_hash(), "correct horse battery"));
}

TEST(Password, AnOlderHashIsGoodAndToBeMadeAnew) {
  // 19 MiB, two passes: the password is "an old long password".
  const std::string old =
      "$argon2id$v=19$m=19456,t=2,p=1$UNbUf54LiPtC0Epic5+u3w$MBwH682xStUL9QWA+EYWl1YptVOhgfU4nkJpBEDRA80";
  EXPECT_TRUE(verify_password(old, "an old long password"));
  EXPECT_TRUE(needs_rehash(old));
}

}  // namespace
}  // namespace doorward::identity
