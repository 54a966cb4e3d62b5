#include "json/writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "json/pointer.h"
#include "json/reader.h"

namespace doorward::json {
namespace {

using std::string_literals::operator""s;

std::string json_string(std::string_view text, Escape escape = Escape::minimal) {
  std::string out;
  append_string(out, text, escape);
  return out;
}

TEST(Writer, SetsCommas) {
  std::string out = "x=";
  Writer(out)
      .begin_object()
      .key("a")
      .number(std::numeric_limits<std::int64_t>::min())
      .key("b")
      .begin_array()
      .string("s")
      .boolean(true)
      .null()
      .begin_object()
      .end_object()
      .raw("1.50")
      .end_array()
      .key("c")
      .begin_object()
      .key("d")
      .boolean(false)
      .end_object()
      .key("e")
      .number(std::numeric_limits<std::uint64_t>::max())
      .end_object();
  EXPECT_EQ(
      out,
      R"(x={"a":-9223372036854775808,"b":["s",true,null,{},1.50],"c":{"d":false},"e":18446744073709551615})");
}

TEST(Writer, Escapes) {
  EXPECT_EQ(json_string("a\"\\\b\f\n\r\t\x01\x1F/é"), R"("a\"\\\b\f\n\r\t\u0001\u001f/é")");
  EXPECT_EQ(json_string("\0"s), R"("\u0000")");
  EXPECT_EQ(json_string("\x7F\xE2\x80\xA8"), "\"\x7F\xE2\x80\xA8\"");
}

// T308: nothing in a log line may end it, move the cursor or turn the reading direction.
TEST(Writer, AsciiEscapes) {
  EXPECT_EQ(json_string("a\x7F"
                        "b\xC3\xA9\xE2\x80\xA8\xE2\x80\xAE\xF0\x9F\x98\x80\n",
                        Escape::ascii),
            R"("a\u007fb\u00e9\u2028\u202e\ud83d\ude00\n")");
}

TEST(Writer, RepairsWhatIsNotUtf8) {
  EXPECT_EQ(json_string("a\xFF"
                        "b"),
            R"("a\ufffdb")");
  EXPECT_EQ(json_string("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd")");
  EXPECT_EQ(json_string("\xE2\x82", Escape::ascii), R"("\ufffd\ufffd")");
}

TEST(Writer, FixedBufferStopsAtItsEnd) {
  std::array<char, 10> memory{};
  FixedBuffer fits(memory);
  FixedWriter(fits).begin_array().string("abc").number(12).end_array();
  EXPECT_FALSE(fits.overflown());
  EXPECT_EQ(fits.text(), R"(["abc",12])");
  FixedBuffer full(memory);
  FixedWriter(full).begin_array().string("abcd").number(12).number(3).end_array();
  EXPECT_TRUE(full.overflown());
  EXPECT_EQ(full.text(), R"(["abcd",12)");
}

RC_GTEST_PROP(Writer, EveryByteStringBecomesOneReadableString, (std::string bytes, bool ascii)) {
  const std::string out = json_string(bytes, ascii ? Escape::ascii : Escape::minimal);
  Reader reader;
  const auto value = reader.read(out);
  RC_ASSERT(value.has_value());
  RC_ASSERT(value->is(Type::string));
  RC_ASSERT(json_string(value->string(), ascii ? Escape::ascii : Escape::minimal) == out ||
            out.find("\\ufffd") != out.npos);
  if (ascii) RC_ASSERT(std::all_of(out.begin(), out.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
}

TEST(Pointer, EscapesSteps) {
  std::string pointer;
  append_step(pointer, "a/b");
  append_step(pointer, std::size_t{0});
  append_step(pointer, "~1");
  append_step(pointer, "");
  EXPECT_EQ(pointer, "/a~1b/0/~01/");
}

TEST(Pointer, FindsValuesAndKeys) {
  Reader reader;
  const std::string text = R"({"a":[1,{"b/c":[[],2]}],"d":{}})";
  const Value root = *reader.read(text);
  EXPECT_EQ(pointer_to(root, root), "");
  EXPECT_EQ(pointer_to(root, root.find("a").at(0)), "/a/0");
  EXPECT_EQ(pointer_to(root, root.find("a").at(1).find("b/c").at(1)), "/a/1/b~1c/1");
  EXPECT_EQ(pointer_to(root, root.find("d")), "/d");
  EXPECT_EQ(pointer_to(root, (*root.members().begin()).key), "/a");
}

}  // namespace
}  // namespace doorward::json
