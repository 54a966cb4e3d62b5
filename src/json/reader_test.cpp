#include "json/reader.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <string>
#include <vector>

namespace doorward::json {
namespace {

using std::string_literals::operator""s;

// What became of a text: "ok" or the name of its ReadCode.
std::string verdict(std::string_view text, const Limits& limits = {}) {
  Reader reader;
  const auto result = reader.read(text, limits);
  if (result) return "ok";
  switch (result.error().code) {
    case ReadCode::syntax:
      return "syntax";
    case ReadCode::encoding:
      return "encoding";
    case ReadCode::duplicate_member:
      return "duplicate";
    case ReadCode::number_range:
      return "range";
    case ReadCode::too_deep:
      return "deep";
    case ReadCode::too_large:
      return "large";
    case ReadCode::forbidden_key:
      return "forbidden";
  }
  return "?";
}

struct Case {
  std::string name;
  std::string text;
  std::string wanted;
};

void check(const std::vector<Case>& cases, const Limits& limits = {}) {
  for (const Case& c : cases)
    EXPECT_EQ(verdict(c.text, limits), c.wanted) << c.name << ": " << c.text.substr(0, 80);
}

TEST(Reader, KeepsValuesSpellingsAndOffsets) {
  const std::string text = R"( {"a":[1.50,"x\ty",true,null], "b" : {"c":-0e+1}, "":[] } )";
  Reader reader;
  const auto result = reader.read(text);
  ASSERT_TRUE(result) << result.error().message;
  const Value root = *result;
  ASSERT_TRUE(root.is(Type::object));
  EXPECT_EQ(root.size(), 3u);
  EXPECT_EQ(text.substr(root.begin_offset(), root.end_offset() - root.begin_offset()),
            text.substr(1, text.size() - 2));
  const Value a = root.find("a");
  ASSERT_TRUE(a.is(Type::array));
  EXPECT_EQ(a.size(), 4u);
  EXPECT_EQ(a.at(0).number(), "1.50");
  EXPECT_EQ(a.at(1).string(), "x\ty");
  EXPECT_EQ(text.substr(a.at(1).begin_offset(), a.at(1).end_offset() - a.at(1).begin_offset()), R"("x\ty")");
  EXPECT_TRUE(a.at(2).boolean());
  EXPECT_EQ(a.at(3).type(), Type::null);
  EXPECT_FALSE(a.at(4));
  EXPECT_EQ(root.find("b").find("c").number(), "-0e+1");
  EXPECT_EQ(root.find("").size(), 0u);
  EXPECT_FALSE(root.find("absent"));
  EXPECT_FALSE(root.find("absent").find("below"));
  std::string keys;
  for (const Member member : root.members()) keys += std::string(member.key.string()) + ",";
  EXPECT_EQ(keys, "a,b,,");
}

TEST(Reader, ScalarRootsAndSpace) {
  check({{"string", "\"x\"", "ok"},
         {"number", " 12 ", "ok"},
         {"literal", "\r\n\ttrue\n", "ok"},
         {"empty text", "", "syntax"},
         {"spaces only", "  ", "syntax"}});
}

TEST(Reader, ErrorsSayWhereAndWhy) {
  Reader reader;
  const auto error = [&](std::string_view text) {
    const auto result = reader.read(text);
    return result ? ReadError{} : result.error();
  };
  ReadError e = error(R"({"name":"safe","n\u0061me":"delete"})");
  EXPECT_EQ(e.message, "duplicate member \"name\"");
  EXPECT_EQ(e.offset, 15u);
  e = error("[1,]");
  EXPECT_EQ(e.message, "unexpected ']' where a value must stand");
  EXPECT_EQ(e.offset, 3u);
  e = error(R"({"a" 1})");
  EXPECT_EQ(e.message, "unexpected '1' where ':' must stand");
  e = error("[1");
  EXPECT_EQ(e.message, "the text ends where ',' or ']' must stand");
  e = error("[1e400]");
  EXPECT_EQ(e.offset, 1u);
  EXPECT_TRUE(e.message.starts_with("number out of range")) << e.message;
  e = error("\"a\xFF\"");
  EXPECT_EQ(e.offset, 2u);
}

TEST(Reader, PositionCountsLinesAndBytes) {
  const std::string_view text = "a\nbc\n\nd";
  EXPECT_EQ(position_of(text, 0).line, 1u);
  EXPECT_EQ(position_of(text, 0).column, 1u);
  EXPECT_EQ(position_of(text, 3).line, 2u);
  EXPECT_EQ(position_of(text, 3).column, 2u);
  EXPECT_EQ(position_of(text, 6).line, 4u);
  EXPECT_EQ(position_of(text, 6).column, 1u);
  EXPECT_EQ(position_of(text, 99).column, 2u);
}

TEST(Reader, T001_T002_T003_T006_DuplicateMembers) {
  check({
      {"T001", R"({"params":{"name":"safe","name":"delete"}})", "duplicate"},
      {"T002", R"({"params":{"name":"safe","n\u0061me":"delete"}})", "duplicate"},
      {"T003", R"({"method":"tools/list","method":"tools/call"})", "duplicate"},
      {"T003 swapped", R"({"method":"tools/call","id":1,"method":"tools/list"})", "duplicate"},
      {"T006",
       R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"a","io.modelcontextprotocol\/protocolVersion":"b"}})",
       "duplicate"},
      {"null hides nothing", R"({"name":"safe","name":null})", "duplicate"},
      {"surrogate pair", R"({"😀":1,"\ud83d\ude00":2})", "duplicate"},
      {"empty keys", R"({"":1,"":2})", "duplicate"},
      {"in an inner object only", R"([{"a":1,"b":{"a":1}},{"a":{"b":2},"b":2}])", "ok"},
      {"after an inner object", R"({"a":{"b":1,"c":2},"b":3,"a":4})", "duplicate"},
      {"case differs", R"({"name":1,"Name":2,"NAME":3})", "ok"},
      {"prefix differs", R"({"abcdefgh1":1,"abcdefgh2":2,"abcdefgh":3})", "ok"},
      {"same ends", R"({"abcdefghXijklmnop":1,"abcdefghYijklmnop":2})", "ok"},
  });
}

TEST(Reader, T001_DuplicateAmongManyMembers) {
  for (const int count : {23, 24, 25, 26, 1000, 100000}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    EXPECT_EQ(verdict(text + "\"last\":0}"), "ok") << count;
    EXPECT_EQ(verdict(text + "\"k\\u0065y7\":0}"), "duplicate") << count;
    EXPECT_EQ(verdict(text + "\"key" + std::to_string(count - 1) + "\":0}"), "duplicate") << count;
  }
}

TEST(Reader, T012_T016_BytesAfterTheValue) {
  check({
      {"T012 NUL inside", "{\"name\":\"delete\0safe\"}"s, "syntax"},
      {"T012 NUL after", "{}\0"s, "syntax"},
      {"T012 NUL between",
       "[1,\0"
       "2]"s,
       "syntax"},
      {"T016 second object", "{\"name\":\"safe\"}{\"name\":\"delete\"}", "syntax"},
      {"T016 garbage", "{} x", "syntax"},
      {"T016 second value", "1 2", "syntax"},
      {"T016 spaces", "{}" + std::string(1 << 20, ' '), "ok"},
  });
  EXPECT_EQ(verdict("{}" + std::string(1 << 20, ' '), {.bytes = 1 << 20}), "large");
}

TEST(Reader, T011_EscapedNulIsData) {
  Reader reader;
  const auto result = reader.read(R"({"name":"delete\u0000safe","name\u0000":1})");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->find("name").string(), "delete\0safe"s);
}

TEST(Reader, T013_T014_T015_Encoding) {
  std::vector<Case> cases = {
      {"T014 lone high", R"("\ud800")", "encoding"},
      {"T014 lone high then text", R"("\ud800x")", "encoding"},
      {"T014 lone high then escape", R"("\ud800\n")", "encoding"},
      {"T014 two highs", R"("\ud800\ud800")", "encoding"},
      {"T014 lone low", R"("\udc00")", "encoding"},
      {"T014 swapped", R"("\udc00\ud800")", "encoding"},
      {"T014 pair", R"("\ud834\udd1e")", "ok"},
      {"T015 UTF-8 BOM", "\xEF\xBB\xBF{}", "encoding"},
      {"T015 UTF-16LE BOM", "\xFF\xFE{\0}\0"s, "encoding"},
      {"T015 UTF-16BE BOM", "\xFE\xFF\0{\0}"s, "encoding"},
      {"T015 UTF-16LE", "{\0}\0"s, "syntax"},
      {"T015 UTF-16BE", "\0{\0}"s, "syntax"},
      {"T015 UTF-32", "{\0\0\0}\0\0\0"s, "syntax"},
  };
  const std::vector<std::string> malformed = {"\xFF",
                                              "\xC1\xA1",
                                              "\xC0\x80",
                                              "\xED\xA0\x80",
                                              "\xED\xBF\xBF",
                                              "\xE0\x9F\xBF",
                                              "\xF0\x8F\xBF\xBF",
                                              "\xF4\x90\x80\x80",
                                              "\xF5\x80\x80\x80",
                                              "\x80",
                                              "\xBF",
                                              "\xC3",
                                              "\xE2\x82",
                                              "\xF0\x9F\x98",
                                              "\xC3(",
                                              "\xE2(\xA1",
                                              "\xE2\x82(",
                                              "\xF0\x28\x8C\xBC",
                                              "\xF0\x9F\x98(",
                                              "\xFC\x80\x80\x80\x80\x80"};
  for (const std::string& bytes : malformed) {
    for (const std::string& before : {""s, "a"s, std::string(16, 'a'), "\\n"s, "é"s}) {
      cases.push_back({"T013 in a string", "\"" + before + bytes + "\"", "encoding"});
      cases.push_back({"T013 in a key", "{\"" + before + bytes + "\":1}", "encoding"});
    }
  }
  const std::vector<std::string> well_formed = {"\xC2\x80",         "\xDF\xBF",         "\xE0\xA0\x80",
                                                "\xED\x9F\xBF",     "\xEE\x80\x80",     "\xEF\xBF\xBF",
                                                "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\x7F"};
  for (const std::string& bytes : well_formed) cases.push_back({"well formed", "\"" + bytes + "\"", "ok"});
  check(cases);
}

TEST(Reader, T017_Extensions) {
  check({{"comment", "{/*x*/}", "syntax"},
         {"line comment", "{}//x", "syntax"},
         {"hash comment", "{}#x", "syntax"},
         {"trailing comma in object", R"({"a":1,})", "syntax"},
         {"trailing comma in array", "[1,]", "syntax"},
         {"lone comma", "[,]", "syntax"},
         {"single quotes", "{'a':1}", "syntax"},
         {"bare key", "{a:1}", "syntax"},
         {"NaN", "NaN", "syntax"},
         {"Infinity", "[Infinity]", "syntax"},
         {"minus Infinity", "[-Infinity]", "syntax"},
         {"leading zero", "010", "syntax"},
         {"minus leading zero", "-01", "syntax"},
         {"plus", "+1", "syntax"},
         {"no whole part", ".5", "syntax"},
         {"no fraction", "1.", "syntax"},
         {"no exponent", "1e", "syntax"},
         {"no exponent digits", "1e+", "syntax"},
         {"minus alone", "-", "syntax"},
         {"hexadecimal", "0x10", "syntax"},
         {"True", "True", "syntax"},
         {"cut literal", "tru", "syntax"},
         {"long literal", "truex", "syntax"},
         {"mismatched close", "[1}", "syntax"},
         {"mismatched close of object", R"({"a":1])", "syntax"},
         {"number as key", "{1:1}", "syntax"},
         {"two colons", R"({"a"::1})", "syntax"},
         {"no value", R"({"a"})", "syntax"},
         {"escape x", R"("\x41")", "syntax"},
         {"escape quote", R"("\'")", "syntax"},
         {"escape upper U", R"("\U0041")", "syntax"},
         {"escape cut", "\"\\", "syntax"},
         {"escape with 3 digits", R"("\u004")", "syntax"},
         {"escape with bad digit", R"("\u00g0")", "syntax"}});
}

TEST(Reader, T018_NumbersOutOfRange) {
  const std::string long_zero_tail = "0.1" + std::string(500, '0');
  check({{"1e400", "1e400", "range"},
         {"-1e400", "-1e400", "range"},
         {"1e99999999", "1e99999999", "range"},
         {"1e-99999999999999999999", "1e-99999999999999999999", "range"},
         {"1e399", "1e399", "ok"},
         {"1e-400", "1e-400", "ok"},
         {"1e-401", "1e-401", "range"},
         {"zero with any exponent", "0e99999999999999999999", "ok"},
         {"400 digits", std::string(400, '9'), "ok"},
         {"401 digits", std::string(401, '9'), "range"},
         {"zeros at the end of a fraction", long_zero_tail, "ok"},
         {"401 places", "0." + std::string(400, '0') + "1", "range"},
         {"400 places", "0." + std::string(399, '0') + "1", "ok"}});
}

TEST(Reader, T019_KeepsEveryDigit) {
  for (const std::string number : {"9007199254740993", "18446744073709551616", "-9223372036854775809",
                                   "10000.0000000000000001", "1.0", "1E+0", "-0"}) {
    Reader reader;
    const std::string text = "[" + number + "]";
    const auto result = reader.read(text);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->at(0).number(), number);
  }
}

TEST(Reader, T023_Depth) {
  const auto arrays = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  const auto objects = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "{\"a\":";
    return text + "1" + std::string(depth, '}');
  };
  std::string open;
  while (open.size() < 250'000) open += "[{\"a\":";
  check({{"64 arrays", arrays(64), "ok"},
         {"65 arrays", arrays(65), "deep"},
         {"64 objects", objects(64), "ok"},
         {"65 objects", objects(65), "deep"},
         {"100,000 arrays", arrays(100'000), "deep"},
         {"250 KB open", open, "deep"}});
}

TEST(Reader, T023_StackDoesNotGrow) {
  // Two million levels in a thread whose stack holds 128 KB.
  static constexpr std::size_t kDepth = 2'000'000;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
  pthread_t thread;
  const auto body = [](void* out) -> void* {
    Reader reader;
    const std::string text = std::string(kDepth, '[') + std::string(kDepth, ']');
    *static_cast<bool*>(out) = reader.read(text, {.depth = kDepth, .nodes = kDepth}).has_value();
    return nullptr;
  };
  bool accepted = false;
  ASSERT_EQ(pthread_create(&thread, &attributes, body, &accepted), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_TRUE(accepted);
}

TEST(Reader, T025_EscapesAreResolved) {
  Reader reader;
  const auto result = reader.read(
      R"({"method":"tools\/call","name":"d\u0065lete","all":"\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00"})");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->find("method").string(), "tools/call");
  EXPECT_EQ(result->find("name").string(), "delete");
  EXPECT_EQ(result->find("all").string(), "\"\\/\b\f\n\r\té€😀");
}

TEST(Reader, T026_RawControlsAndForeignSpace) {
  std::vector<Case> cases = {{"form feed", "{\x0c}", "syntax"},
                             {"vertical tab", "{\x0b}", "syntax"},
                             {"NBSP", "{\xC2\xA0}", "syntax"},
                             {"U+2028",
                              "[1,\xE2\x80\xA8"
                              "2]",
                              "syntax"},
                             {"U+2028 inside a string", "\"\xE2\x80\xA8\"", "ok"},
                             {"DEL inside a string", "\"\x7F\"", "ok"}};
  for (char c = 0; c < 0x20; ++c) {
    for (const std::size_t before : {0, 3, 15, 16, 40}) {
      cases.push_back({"control", "\"" + std::string(before, 'x') + c + "\"", "syntax"});
    }
  }
  check(cases);
}

TEST(Reader, T027_ProtoKey) {
  const Limits strict{.refuse_proto = true};
  check({{"top", R"({"__proto__":{}})", "forbidden"},
         {"nested", R"({"a":[{"__proto__":1}]})", "forbidden"},
         {"escaped", R"({"__pr\u006fto__":1})", "forbidden"},
         {"constructor", R"({"constructor":{},"":1})", "ok"},
         {"as a value", R"({"a":"__proto__"})", "ok"}},
        strict);
  EXPECT_EQ(verdict(R"({"__proto__":{}})"), "ok");
}

TEST(Reader, Bounds) {
  EXPECT_EQ(verdict("[1,2,3]", {.nodes = 4}), "ok");
  EXPECT_EQ(verdict("[1,2,3,4]", {.nodes = 4}), "large");
  EXPECT_EQ(verdict(R"({"a":1})", {.nodes = 3}), "ok");
  EXPECT_EQ(verdict(R"({"a":1})", {.nodes = 2}), "large");
  EXPECT_EQ(verdict("12345", {.bytes = 5}), "ok");
  EXPECT_EQ(verdict("12345", {.bytes = 4}), "large");
  EXPECT_EQ(verdict("1", {.depth = 0}), "ok");
  EXPECT_EQ(verdict("[]", {.depth = 0}), "deep");
}

TEST(Reader, IsReusableAfterSuccessFailureAndHugeTexts) {
  Reader reader;
  std::string huge = "[";
  for (int i = 0; i < 100'000; ++i) huge += "\"\\n\",";
  huge += "0]";
  for (int round = 0; round < 3; ++round) {
    const auto big = reader.read(huge);
    ASSERT_TRUE(big);
    EXPECT_EQ(big->size(), 100'001u);
    EXPECT_EQ(big->at(99'999).string(), "\n");
    EXPECT_FALSE(reader.read(R"({"a":1,"b":{"c)"));
    const auto small = reader.read(R"({"a":"\u0041","b":2})");
    ASSERT_TRUE(small);
    EXPECT_EQ(small->find("a").string(), "A");
  }
}

// The 50 bodies on which packaged readers were seen to differ, and what "name" is where we accept.
TEST(Reader, BodiesOnWhichReadersDiffer) {
  struct Body {
    std::string text;
    std::string name;  // the value of "name" as text, or the verdict in angle brackets
  };
  const std::vector<Body> bodies = {
      {R"({"name":"safe","name":"delete"})", "<duplicate>"},
      {R"({"name":"safe","n\u0061me":"delete"})", "<duplicate>"},
      {R"({"name":"safe","Name":"delete"})", "safe"},
      {"{\"name\":\"safe\",\"\xC5\xBFname\":\"delete\"}", "safe"},
      {R"({"name":"d\u0065lete"})", "delete"},
      {R"({"name":"delete\u0000safe"})", "delete\0safe"s},
      {"{\"name\":\"delete\0safe\"}"s, "<syntax>"},
      {R"({"name\u0000":"delete","name":"safe"})", "safe"},
      {"{\"name\":\"cafe\xCC\x81\"}", "cafe\xCC\x81"},
      {R"({"name":"\ud800delete"})", "<encoding>"},
      {"{\"name\":\"dele\xFFte\"}", "<encoding>"},
      {"{\"name\":\"\xC1\xA1\"}", "<encoding>"},
      {"{\"name\":\"\xED\xA0\x80\"}", "<encoding>"},
      {"\xEF\xBB\xBF{\"name\":\"delete\"}", "<encoding>"},
      {"\xFF\xFE{\0\"\0n\0a\0m\0e\0\"\0:\0\"\0d\0\"\0}\0"s, "<encoding>"},
      {R"({"name":"delete",})", "<syntax>"},
      {R"({"name":"safe"}{"name":"delete"})", "<syntax>"},
      {"{\"name\":\"safe\"}\0"s, "<syntax>"},
      {R"({"name":"safe"/*,"name":"delete"*/})", "<syntax>"},
      {R"({"name":"safe"}#x)", "<syntax>"},
      {"{'name':'delete'}", "<syntax>"},
      {R"({"name":1e400})", "<range>"},
      {R"({"name":-1e400})", "<range>"},
      {R"({"name":9007199254740993})", "9007199254740993"},
      {R"({"name":18446744073709551616})", "18446744073709551616"},
      {R"({"name":-9223372036854775809})", "-9223372036854775809"},
      {R"({"name":-0})", "-0"},
      {R"({"name":1.0})", "1.0"},
      {R"({"name":1e0})", "1e0"},
      {R"({"name":10000.0000000000000001})", "10000.0000000000000001"},
      {R"({"name":NaN})", "<syntax>"},
      {R"({"name":Infinity})", "<syntax>"},
      {R"({"name":010})", "<syntax>"},
      {R"({"name":+1})", "<syntax>"},
      {R"({"name":0x10})", "<syntax>"},
      {R"({"name":.5})", "<syntax>"},
      {R"({"name":1.})", "<syntax>"},
      {R"({"name":"x","a":)" + std::string(1000, '[') + std::string(1000, ']') + "}", "<deep>"},
      {R"({"name":"x","a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}", "<deep>"},
      {"{\"name\":\"de\nlete\"}", "<syntax>"},
      {R"({"name":"de\xlete"})", "<syntax>"},
      {"{\x0c\"name\":\"delete\"}", "<syntax>"},
      {"{\xC2\xA0\"name\":\"delete\"}", "<syntax>"},
      {"{\"name\":\"de\xE2\x80\xA8lete\"}", "de\xE2\x80\xA8lete"},
      {R"({"name":"safe","name":null})", "<duplicate>"},
      {R"({"__proto__":{"name":"delete"}})", "<forbidden>"},
      {R"({"":"x","name":"safe"})", "safe"},
      {R"({"name":"a\/b"})", "a/b"},
      {R"({"name":1e-400})", "1e-400"},
      {R"({"name":"delete")", "<syntax>"},
  };
  ASSERT_EQ(bodies.size(), 50u);
  const Limits strict{.refuse_proto = true};
  for (const Body& body : bodies) {
    Reader reader;
    const auto result = reader.read(body.text, strict);
    std::string got = "<" + verdict(body.text, strict) + ">";
    if (result) {
      const Value name = result->find("name");
      got = name.is(Type::string) ? name.string() : name.number();
    }
    EXPECT_EQ(got, body.name) << body.text.substr(0, 80);
  }
}

}  // namespace
}  // namespace doorward::json
