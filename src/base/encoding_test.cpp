#include "base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace doorward {
namespace {

using std::string_literals::operator""s;

TEST(Encoding, Hex) {
  EXPECT_EQ(to_hex(bytes_of("\0\x7f\xff"s)), "007fff");
  EXPECT_EQ(from_hex("007FfF"), "\0\x7f\xff"s);
  EXPECT_EQ(from_hex(""), "");
  for (const std::string_view bad : {"0", "0g", "0x", " 00", "00 "}) EXPECT_FALSE(from_hex(bad)) << bad;
}

// RFC 4648 section 10.
TEST(Encoding, Base64Vectors) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), text);
    EXPECT_EQ(from_base64(text), plain);
  }
  EXPECT_EQ(to_base64(bytes_of("\xfb\xff")), "+/8=");
  EXPECT_EQ(to_base64(bytes_of("\xfb\xff"), Base64::url), "-_8");
}

TEST(Encoding, Base64IsStrict) {
  for (const std::string_view bad : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z", "=",
                                     "====", "Zg==Zg==", "Zg= =", "Zm9v\n", " Zm9v", "-_8=", "Z\0=="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
  for (const std::string_view bad : {"-_8=", "+/8", "Z", "Zh", "Zg=="})
    EXPECT_FALSE(from_base64(bad, Base64::url)) << bad;
}

TEST(Encoding, Base32) {
  const auto text = [](std::string_view bytes) {
    std::string out;
    append_base32(out, bytes_of(bytes));
    return out;
  };
  EXPECT_EQ(text(""), "");
  EXPECT_EQ(text("\xff"), "zw");
  EXPECT_EQ(text("\0\0\0\0\1"s), "00000001");
  EXPECT_EQ(text(std::string(16, '\0')).size(), 26u);
  for (const std::string_view bad : {"z", "zz", "zW", "000000", "000", "il", "ou", "0 "}) {
    EXPECT_FALSE(from_base32(bad)) << bad;
  }
}

RC_GTEST_PROP(Encoding, RoundTrips, (std::string bytes)) {
  std::string base32;
  append_base32(base32, bytes_of(bytes));
  RC_ASSERT(from_base32(base32) == bytes);
  RC_ASSERT(from_hex(to_hex(bytes_of(bytes))) == bytes);
  RC_ASSERT(from_base64(to_base64(bytes_of(bytes))) == bytes);
  RC_ASSERT(from_base64(to_base64(bytes_of(bytes), Base64::url), Base64::url) == bytes);
}

// Strict: what decodes is exactly what encoding makes.
RC_GTEST_PROP(Encoding, OneTextForEachValue, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("AZaz09+/=-_w")));
  if (const auto bytes = from_base64(text)) RC_ASSERT(to_base64(bytes_of(*bytes)) == text);
  if (const auto bytes = from_base64(text, Base64::url))
    RC_ASSERT(to_base64(bytes_of(*bytes), Base64::url) == text);
}

}  // namespace
}  // namespace doorward
