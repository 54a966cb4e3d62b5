#include "upstream/masker.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::upstream {
namespace {

constexpr const char* kSecret = "s3cr/t+\"k\\y= 42";

std::string json_of(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string masked(const Masker& masker, std::string_view text) {
  std::string scratch;
  return std::string(masker.mask_json(text, scratch));
}

TEST(Masker, MasksInsideStringsAndLeavesTheRest) {
  const auto masker = Masker::make({kSecret, "other-secret"});
  const std::string in =
      "{\"a\" : " + json_of(std::string("x") + kSecret + "y") + " ,\"other-secret\":[1, null,\"é\\u2028\"] }";
  EXPECT_EQ(masked(*masker, in), "{\"a\" : \"x[masked]y\" ,\"[masked]\":[1, null,\"é\\u2028\"] }");
}

TEST(Masker, NothingFoundIsTheSameMemory) {
  const auto masker = Masker::make({kSecret});
  std::string scratch;
  const std::string_view text = R"({"a":"no secret \" \\ here"})";
  EXPECT_EQ(masker->mask_json(text, scratch).data(), text.data());
  EXPECT_EQ(masker->mask_text(text, scratch).data(), text.data());
  EXPECT_TRUE(scratch.empty());
}

TEST(Masker, EverySpellingOfAnEscape) {
  const auto masker = Masker::make({"a/b\"c\\d"});
  EXPECT_EQ(masked(*masker, R"(["a/b\"c\\d"])"), "[\"[masked]\"]");
  EXPECT_EQ(masked(*masker, R"(["a\/b\u0022c\u005cd"])"), "[\"[masked]\"]");
  EXPECT_EQ(masked(*masker, R"(["\u0061\u002F\u0062\u0022\u0063\u005C\u0064"])"), "[\"[masked]\"]");
  EXPECT_EQ(masked(*masker, json_of(json_of("a/b\"c\\d"))), R"("\"[masked]\"")");
  EXPECT_EQ(masked(*masker, json_of(json_of(json_of("a/b\"c\\d")))), R"("\"\\\"[masked]\\\"\"")");
}

TEST(Masker, DoesNotMaskAcrossStrings) {
  const auto masker = Masker::make({"abcdef"});
  EXPECT_EQ(masked(*masker, R"(["abc","def"])"), R"(["abc","def"])");
  EXPECT_EQ(masked(*masker, R"({"abc":"def"})"), R"({"abc":"def"})");
}

TEST(Masker, ANumberBecomesAText) {
  const auto masker = Masker::make({"12345678"});
  EXPECT_EQ(masked(*masker, R"({"pin":12345678,"n":1234567})"), R"({"pin":"[masked]","n":1234567})");
  EXPECT_EQ(masked(*masker, R"([-91234567890.5e3,"12345678"])"), R"(["[masked]","[masked]"])");
}

TEST(Masker, OverlappingSecretsAreOneMask) {
  const auto masker = Masker::make({"abcdefgh", "efghijkl"});
  EXPECT_EQ(masked(*masker, R"(["abcdefghijkl abcdefgh"])"), R"(["[masked] [masked]"])");
  EXPECT_EQ(masked(*Masker::make({"aaaaaa"}), R"(["aaaaaaaaa"])"), R"(["[masked]"])");
}

TEST(Masker, ShortSecretsAreNotMasked) {
  EXPECT_EQ(Masker::make({"12345", ""}), nullptr);
  EXPECT_EQ(Masker::make({}), nullptr);
}

TEST(Masker, TextsThatAreNoJson) {
  const auto masker = Masker::make({kSecret});
  std::string scratch;
  EXPECT_EQ(masker->mask_text(std::string("key=") + kSecret + "!", scratch), "key=[masked]!");
  EXPECT_EQ(masker->mask_text("log " + json_of(kSecret), scratch), "log \"[masked]\"");
  EXPECT_EQ(masker->mask_text("\"unbalanced " + std::string(kSecret), scratch), "\"unbalanced [masked]");
}

RC_GTEST_PROP(Masker, WhateverStandsAroundItTheSecretDoesNotShow, ()) {
  const std::string secret = *rc::gen::container<std::string>(10, rc::gen::inRange<char>('!', '~'));
  const std::string before = *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
  const std::string after = *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
  const auto masker = Masker::make({secret});
  const std::string in = "[" + json_of(before + secret + after) + "," +
                         json_of(to_base64(bytes_of(before + secret + after))) + ",7]";
  const std::string out = masked(*masker, in);
  json::Reader reader;
  const auto value = reader.read(out, {});
  RC_ASSERT(value.has_value());
  RC_ASSERT(value->at(0).string().find("[masked]") != std::string_view::npos);
  RC_ASSERT(value->at(0).string().find(secret) == std::string_view::npos);
  const auto shown = value->at(1).string();
  RC_ASSERT(shown.find("[masked]") != std::string_view::npos);
  RC_ASSERT(value->at(2).number() == "7");
}

RC_GTEST_PROP(Masker, TextsWithoutTheSecretStay, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
  const auto masker = Masker::make({"never-there-0123456789"});
  const std::string in = json_of(text);
  RC_ASSERT(masked(*masker, in) == in);
}

}  // namespace
}  // namespace doorward::upstream
