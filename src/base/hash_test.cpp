#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

#include "base/encoding.h"
#include "base/random.h"

namespace doorward {
namespace {

std::string hex(const Digest& digest) {
  return to_hex(digest);
}

// FIPS 180-4 examples.
TEST(Hash, Sha256) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Hash, PiecesAndReuse) {
  Sha256 hash;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(hex(hash.update("a").update("").update("bc").finish()), hex(sha256("abc")));
  }
  hash.update("a");
  Sha256 fork = hash;
  EXPECT_EQ(fork.update("bc").finish(), sha256("abc"));
  EXPECT_EQ(hash.update("d").finish(), sha256("ad"));
}

// RFC 4231, test cases 1, 2 and 6.
TEST(Hash, Hmac) {
  HmacSha256 first(std::string(20, '\x0b'));
  EXPECT_EQ(hex(first("Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  HmacSha256 second("Jefe");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(hex(second.update("what do ya want ").update("for nothing?").finish()),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }
  HmacSha256 long_key(std::string(131, '\xaa'));
  EXPECT_EQ(hex(long_key("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hash, ConstantTimeEqual) {
  EXPECT_TRUE(constant_time_equal("secret", "secret"));
  EXPECT_FALSE(constant_time_equal("secret", "secreT"));
  EXPECT_FALSE(constant_time_equal("secret", "secre"));
  EXPECT_TRUE(constant_time_equal("", ""));
}

TEST(Random, IdsAreLongAndDiffer) {
  const std::string one = random_id("x_");
  EXPECT_EQ(one.size(), 2u + 26u);
  EXPECT_TRUE(one.starts_with("x_"));
  EXPECT_TRUE(from_base32(one.substr(2)));
  EXPECT_NE(one, random_id("x_"));
}

}  // namespace
}  // namespace doorward
