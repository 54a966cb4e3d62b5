#include "server/control_request.h"

#include <gtest/gtest.h>

#include <string>

namespace doorward::server {
namespace {

std::string problem(const std::string& line, void (*take)(ControlRequest&)) {
  const auto request = ControlRequest::read(line);
  if (!request) return request.error().message;
  take(**request);
  const Status done = (*request)->finish();
  return done ? "" : done.error().message;
}

TEST(ControlRequest, TakesWhatIsThere) {
  const auto request =
      ControlRequest::read(R"({"op":"x","a":"text","n":7,"m":{"k":"v"},"j":{"deep":[1, 2]}})");
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ((*request)->op(), "x");
  EXPECT_EQ((*request)->need_text("a"), "text");
  EXPECT_EQ((*request)->number("n"), 7);
  EXPECT_EQ((*request)->texts("m").at(0).second, "v");
  EXPECT_EQ((*request)->need_json("j"), R"({"deep":[1, 2]})");
  EXPECT_FALSE((*request)->text("none").has_value());
  EXPECT_TRUE((*request)->finish().has_value());
}

TEST(ControlRequest, RefusesWhatIsWrong) {
  EXPECT_NE(problem("", [](ControlRequest&) {}).find("not JSON"), std::string::npos);
  EXPECT_NE(problem("[]", [](ControlRequest&) {}).find("\"op\""), std::string::npos);
  EXPECT_NE(problem(R"({"op":1})", [](ControlRequest&) {}).find("\"op\""), std::string::npos);
  EXPECT_NE(problem(R"({"op":"x","op":"y"})", [](ControlRequest&) {}).find("not JSON"), std::string::npos);
  EXPECT_EQ(problem(R"({"op":"x"})", [](ControlRequest& request) { request.need_text("a"); }),
            "x needs \"a\"");
  EXPECT_EQ(problem(R"({"op":"x","a":1})", [](ControlRequest& request) { request.text("a"); }),
            "\"a\" must be a text");
  EXPECT_EQ(problem(R"({"op":"x","a":1.5})", [](ControlRequest& request) { request.number("a"); }),
            "\"a\" must be a whole number");
  EXPECT_EQ(problem(R"({"op":"x","a":{"b":1}})", [](ControlRequest& request) { request.texts("a"); }),
            "the members of \"a\" must be texts");
  EXPECT_EQ(problem(R"({"op":"x","stray":1})", [](ControlRequest&) {}), "x takes no \"stray\"");
}

}  // namespace
}  // namespace doorward::server
