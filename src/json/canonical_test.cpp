#include "json/canonical.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "json/equal.h"
#include "json/reader.h"
#include "json/test_random.h"

namespace doorward::json {
namespace {

std::string canonical(std::string_view text) {
  Reader reader;
  const auto value = reader.read(text);
  if (!value) return "refused: " + value.error().message;
  std::string out;
  Canonical().append(*value, out);
  return out;
}

TEST(Canonical, SortsKeysByTheirBytes) {
  EXPECT_EQ(canonical(R"({"b":1,"a":2,"B":3,"":4,"aa":5,"\u00e9":6,"z":7})"),
            R"({"":4,"B":3,"a":2,"aa":5,"b":1,"z":7,"é":6})");
  // U+FF61 is below U+1F600 in UTF-8 and in code points, but above it in UTF-16.
  EXPECT_EQ(canonical(R"({"\ud83d\ude00":1,"\uff61":2})"), "{\"\xEF\xBD\xA1\":2,\"\xF0\x9F\x98\x80\":1}");
}

TEST(Canonical, KeepsNumbersAsSpelled) {
  EXPECT_EQ(canonical("[1000.0, 1000, 1e3, 10000.0000000000000001, -0, 0]"),
            "[1000.0,1000,1e3,10000.0000000000000001,-0,0]");
}

TEST(Canonical, EscapesNoMoreThanNeeded) {
  EXPECT_EQ(canonical(R"("\u0041\/\u00e9\u2028\u007f\"\\\b\f\n\r\t\u0001\u001F")"),
            "\"A/é\xE2\x80\xA8\x7F\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"");
}

TEST(Canonical, Containers) {
  EXPECT_EQ(canonical(" [ ] "), "[]");
  EXPECT_EQ(canonical("{ }"), "{}");
  EXPECT_EQ(canonical(R"([{"b":[],"a":{}},[[true,false,null]],"x"])"),
            R"([{"a":{},"b":[]},[[true,false,null]],"x"])");
  EXPECT_EQ(canonical(R"({"b":{"d":1,"c":[{"f":1,"e":2}]},"a":{"z":1,"y":2}})"),
            R"({"a":{"y":2,"z":1},"b":{"c":[{"e":2,"f":1}],"d":1}})");
}

TEST(Canonical, OneObjectWorksThroughManyTexts) {
  Canonical form;
  Reader reader;
  std::string out;
  for (int i = 0; i < 3; ++i) {
    out = "x";
    const std::string text = R"({"b":[1],"a":{"d":1,"c":2}})";
    form.append(*reader.read(text), out);
    EXPECT_EQ(out, R"(x{"a":{"c":2,"d":1},"b":[1]})");
  }
}

RC_GTEST_PROP(Canonical, IsOneForAllSpellingsAndItsOwnCanonicalForm, (std::uint64_t seed)) {
  testing::Samples samples(seed);
  const testing::Sample sample = samples.value(5);
  const std::string one = samples.spell(sample);
  const std::string other = samples.spell(sample);
  const std::string form = canonical(one);
  RC_ASSERT(form == canonical(other));
  RC_ASSERT(form == canonical(form));
  Reader first;
  Reader second;
  const auto a = first.read(one);
  const auto b = second.read(form);
  RC_ASSERT(a.has_value());
  RC_ASSERT(b.has_value());
  RC_ASSERT(equal(*a, *b));
}

RC_GTEST_PROP(Canonical, TellsUnequalValuesApart, (std::uint64_t seed)) {
  testing::Samples samples(seed);
  const std::string one = samples.spell(samples.value(2));
  const std::string other = samples.spell(samples.value(2));
  Reader first;
  Reader second;
  const auto a = first.read(one);
  const auto b = second.read(other);
  RC_ASSERT(a.has_value());
  RC_ASSERT(b.has_value());
  if (!equal(*a, *b)) RC_ASSERT(canonical(one) != canonical(other));
}

}  // namespace
}  // namespace doorward::json
