#include "io/gunzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace doorward::io {
namespace {

std::string packed(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Gunzip, UnpacksAllMembers) {
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(gunzip(packed("one"), 3), "one");
  EXPECT_EQ(gunzip(packed("one") + packed("two"), 100), "onetwo");
  EXPECT_EQ(gunzip(packed(large), large.size()), large);
  EXPECT_EQ(gunzip(packed(""), 0), "");
}

TEST(Gunzip, RefusesABomb) {
  const std::string bomb = packed(std::string(50'000'000, '\0'));
  ASSERT_LT(bomb.size(), 1'000'000U);
  const auto out = gunzip(bomb, 10u << 20);
  ASSERT_FALSE(out.has_value());
  EXPECT_EQ(out.error().kind, ErrorKind::exhausted);
}

TEST(Gunzip, RefusesWhatIsCutOffOrDamaged) {
  const std::string whole = packed("some text that is packed, some text that is packed");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(gunzip(whole.substr(0, size), 100).has_value()) << size;
  }
  std::string wrong = whole;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);  // the CRC
  EXPECT_FALSE(gunzip(wrong, 100).has_value());
  EXPECT_FALSE(gunzip(whole + "more", 100).has_value());
}

}  // namespace
}  // namespace doorward::io
