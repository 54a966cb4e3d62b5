#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace doorward {
namespace {

class Log : public testing::Test {
 protected:
  void TearDown() override { configure_log({}); }

  template <typename Write>
  std::string written(Write&& write) {
    testing::internal::CaptureStderr();
    write();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Log, TextLinesNameTimeLevelMessageAndFields) {
  const std::string line = written([] {
    log_line(LogLevel::warning, "the server is slow", {{"server", "stripe"}, {"waited_ms", 812}});
  });
  EXPECT_TRUE(std::regex_match(
      line, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning the server is slow )"
                       "server=stripe waited_ms=812\n")))
      << line;
}

TEST_F(Log, JsonLinesAreOneObject) {
  configure_log({.level = LogLevel::debug, .format = LogFormat::json});
  const std::string line = written([] { log_line(LogLevel::debug, "a \"b\"", {{"n", -3}, {"t", "x\ty"}}); });
  EXPECT_TRUE(line.starts_with("{\"time\":\"")) << line;
  EXPECT_TRUE(
      line.ends_with("\"level\":\"debug\",\"message\":\"a \\\"b\\\"\",\"n\":-3,\"t\":\"x\\u0009y\"}\n"))
      << line;
}

TEST_F(Log, NothingLeavesItsLineOrMovesTheCursor) {
  const std::string hostile = "x\n2026 info forged\r\x1b[2J\xff\xc2\x9b\xe2\x80\xae\xed\xa0\x80 {} {:d}";
  for (LogFormat format : {LogFormat::text, LogFormat::json}) {
    configure_log({.format = format});
    const std::string line = written([&] { log_line(LogLevel::info, hostile, {{"tool", hostile}}); });
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    EXPECT_EQ(line.back(), '\n');
    for (std::string_view bad : {"\r", "\x1b", "\xff", "\xc2\x9b", "\xe2\x80\xae", "\xed"}) {
      EXPECT_EQ(line.find(bad), std::string::npos);
    }
    EXPECT_NE(line.find("{} {:d}"), std::string::npos);
    EXPECT_NE(line.find("\\u202e"), std::string::npos);
  }
}

TEST_F(Log, LinesBelowTheLevelAreDropped) {
  configure_log({.level = LogLevel::error});
  EXPECT_EQ(written([] { log_line(LogLevel::warning, "no"); }), "");
  EXPECT_NE(written([] { log_line(LogLevel::error, "yes"); }), "");
  EXPECT_FALSE(log_enabled(LogLevel::info));
  EXPECT_EQ(parse_log_level("warning"), LogLevel::warning);
  EXPECT_FALSE(parse_log_level("Warning").has_value());
}

TEST_F(Log, LinesOfManyThreadsStayWhole) {
  const std::string all = written([] {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int k = 0; k < 200; ++k) log_line(LogLevel::info, "abcdefghij", {{"k", "v"}});
      });
    }
  });
  const std::regex whole(R"([^\n]{24} info abcdefghij k=v\n)");
  const auto lines =
      std::distance(std::sregex_iterator(all.begin(), all.end(), whole), std::sregex_iterator());
  EXPECT_EQ(lines, 800);
  EXPECT_EQ(std::ranges::count(all, '\n'), 800);
}

}  // namespace
}  // namespace doorward
