#include "cli/log_view.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"

namespace doorward::cli {
namespace {

std::string row(const std::string& record, bool color = false) {
  json::Reader reader;
  const auto value = reader.read(record);
  return value ? log_row(*value, color) : "not JSON";
}

constexpr const char* kDenied =
    R"({"v":1,"time":"2026-10-01T12:00:00.000001Z","event":"call.denied","id":"dec_abc","verdict":"deny",)"
    R"("enforced":true,"rule":"/tools/pay/deny_if/args.amount-gt","grant":{"id":"u","label":"ci"},)"
    R"("server":"stripe","tool":"pay"})";

TEST(LogView, ShowsWhatMatters) {
  const std::string text = row(kDenied);
  for (const char* part :
       {"2026-10-01T12:00:00Z", "Denied", "ci", "stripe.pay", "/tools/pay/deny_if/args.amount-gt", "dec_abc"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(LogView, UsesTheWordsOfAllPages) {
  EXPECT_EQ(decision_words("rate_limited"), "Rate-limited");
  EXPECT_EQ(decision_words("would_deny"), "Would deny");
  EXPECT_EQ(decision_words("\x1b[31m"), "\\u001b[31m");
}

TEST(LogView, LeavesWhatPeopleReadAndEscapesWhatATerminalWouldActOnOrHide) {
  EXPECT_EQ(safe_text(R"(reason is "late \ delivery")"), R"(reason is "late \ delivery")");
  EXPECT_EQ(safe_text("a\x1b[2Jb\r\n\x7f\tc"), R"(a\u001b[2Jb\r\n\u007f\tc)");
  EXPECT_EQ(safe_text("\u009b1m\u202eevil\u2066\u200b\ufeff"), R"(\u009b1m\u202eevil\u2066\u200b\ufeff)");
  EXPECT_EQ(safe_text("\xff\xc0"), R"(\ufffd\ufffd)");
}

TEST(LogView, SaysWhyInSixtyCharacters) {
  const std::string text = row(R"({"event":"call.denied","verdict":"deny","enforced":true,"id":"dec_a","rule":"/x","reason":"[POLICY DENIED] )" +
                               std::string(80, 'y') + "\"}");
  EXPECT_NE(text.find(std::string(57, 'y') + "...  dec_a"), std::string::npos) << text;
}

TEST(LogView, FitsTheTerminalAndKeepsIdsWhole) {
  json::Reader reader;
  const auto record = reader.read(R"({"time":"2026-10-01T12:00:00.000001Z","event":"call.denied","id":"dec_0123456789abcdef","verdict":"deny",)"
                                  R"("enforced":true,"rule":"/tools/pay/deny_if/args.amount-gt","reason":"args.amount is 12000; it must be at most 100.",)"
                                  R"("grant":{"label":"an-agent-with-a-long-name"},"server":"a-server-with-a-long-name","tool":"a_tool_with_a_long_name"})");
  ASSERT_TRUE(record.has_value());
  for (const std::size_t columns : {80u, 92u, 100u, 120u, 150u, 189u}) {
    const std::string line = log_row(*record, false, columns);
    EXPECT_LE(line.size(), columns + 1) << line;
    EXPECT_LE(log_head(false, columns).size(), columns + 1);
    EXPECT_NE(line.find("dec_0123456789abcdef"), std::string::npos) << line;
    EXPECT_NE(line.find("12:00:00"), std::string::npos) << line;
  }
  EXPECT_NE(log_row(*record, false, 150).find("args.amount is 12000"), std::string::npos);
  EXPECT_EQ(log_row(*record, false, 200), log_row(*record, false));
}

TEST(LogView, GivesEachCallOneLine) {
  const auto has_row = [](const std::string& record) {
    json::Reader reader;
    return is_row(*reader.read(record));
  };
  EXPECT_TRUE(has_row(kDenied));
  EXPECT_FALSE(has_row(R"({"event":"call.outcome","result":"ok"})"));
  EXPECT_TRUE(has_row(R"({"event":"call.outcome","result":"upstream_error"})"));
  EXPECT_FALSE(has_row(R"({"event":"call.arguments"})"));
  EXPECT_TRUE(has_row(R"({"event":"grant.created"})"));
}

TEST(LogView, ColoursOnlyExceptions) {
  EXPECT_TRUE(row(kDenied, true).starts_with("\x1b[31m"));
  EXPECT_TRUE(
      row(R"({"event":"call.intent","verdict":"deny","enforced":false})", true).starts_with("\x1b[33m"));
  EXPECT_EQ(row(R"({"event":"call.intent","verdict":"allow","enforced":true})", true).find('\x1b'),
            std::string::npos);
}

TEST(LogView, LetsNothingReachTheTerminal) {
  const std::string record =
      R"({"event":"call.intent","verdict":"allow","tool":"a\u001b[2J\nb\u202ec","grant":"\u0007"})";
  for (const char c : row(record)) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F));
  json::Reader reader;
  const auto value = reader.read(record);
  ASSERT_TRUE(value.has_value());
  for (const char c : log_detail(*value)) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F));
}

TEST(LogView, DetailNamesEveryMember) {
  json::Reader reader;
  const auto value = reader.read(R"({"a":{"b":[1,true,null,"x"]}})");
  ASSERT_TRUE(value.has_value());
  const std::string text = log_detail(*value);
  for (const char* part : {"a.b[0]", "a.b[1]", "a.b[2]", "a.b[3]"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace doorward::cli
