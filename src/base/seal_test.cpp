#include "base/seal.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"

namespace doorward {
namespace {

const std::string kKey(32, 'k');
constexpr std::int64_t kNow = 1'800'000'000;

TEST(Sealer, OpensWhatItSealed) {
  const Sealer sealer(kKey);
  const Sealer same(kKey);
  for (const std::string& text :
       {std::string(), std::string("{\"a\":1}"), std::string("\0\xff", 2), std::string(100'000, 'x')}) {
    const std::string sealed = sealer.seal(text, "grant/server", kNow + 60);
    EXPECT_EQ(sealed.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_EQ(sealer.open(sealed, "grant/server", kNow), text);
    EXPECT_EQ(same.open(sealed, "grant/server", kNow), text);
  }
}

TEST(Sealer, ShowsNothingOfTheTextAndNeverSealsTwiceAlike) {
  const Sealer sealer(kKey);
  const std::string text = "account 4711 of the customer";
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string sealed = sealer.seal(text, "c", kNow);
    EXPECT_TRUE(seen.insert(sealed).second);
    EXPECT_EQ(from_base64(sealed, Base64::url)->find("4711"), std::string::npos);
  }
}

TEST(Sealer, IsBoundToItsContextAndKey) {
  const Sealer sealer(kKey);
  const std::string sealed = sealer.seal("state", "grant-a", kNow + 60);
  for (const char* context : {"", "grant-b", "grant-", "grant-aa"})
    EXPECT_FALSE(sealer.open(sealed, context, kNow));
  std::string other = kKey;
  other.back() = 'l';
  EXPECT_FALSE(Sealer(other).open(sealed, "grant-a", kNow));
}

TEST(Sealer, EndsAtItsMoment) {
  const Sealer sealer(kKey);
  const std::string sealed = sealer.seal("state", "c", kNow);
  EXPECT_TRUE(sealer.open(sealed, "c", kNow - 1));
  EXPECT_FALSE(sealer.open(sealed, "c", kNow));
  EXPECT_FALSE(sealer.open(sealed, "c", kNow + 1));
}

TEST(Sealer, NoChangedByteIsAccepted) {
  const Sealer sealer(kKey);
  const std::string sealed = sealer.seal("state", "c", kNow + 60);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (const char c : {'A', 'B', '_', '=', ' ', '\0'}) {
      std::string changed = sealed;
      changed[at] = c;
      EXPECT_TRUE(changed == sealed || !sealer.open(changed, "c", kNow)) << at;
    }
  }
  const std::string bytes = *from_base64(sealed, Base64::url);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(sealer.open(to_base64(bytes_of(changed), Base64::url), "c", kNow)) << bit;
  }
}

TEST(Sealer, NothingCutOffOrAddedIsAccepted) {
  const Sealer sealer(kKey);
  const std::string bytes = *from_base64(sealer.seal("state", "c", kNow + 60), Base64::url);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(sealer.open(to_base64(bytes_of(bytes).first(length), Base64::url), "c", kNow)) << length;
  }
  EXPECT_FALSE(sealer.open(to_base64(bytes_of(bytes + '\0'), Base64::url), "c", kNow));
  EXPECT_TRUE(sealer.open(to_base64(bytes_of(bytes), Base64::url), "c", kNow));
  EXPECT_FALSE(sealer.open(to_base64(bytes_of(bytes), Base64::url) + "==", "c", kNow));
}

}  // namespace
}  // namespace doorward
