#include "mcp/tool_definition.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::mcp {
namespace {

std::string definition(const std::string& text) {
  json::Reader reader;
  json::Canonical canonical;
  std::string out;
  append_definition(*reader.read(text), canonical, out);
  return out;
}

std::string flaw(const std::string& text) {
  json::Reader reader;
  return flaw_of_definition(*reader.read(text)).value_or("");
}

TEST(ToolDefinition, IsOneForEveryOrderOfKeysAndSpelling) {
  const std::string one = definition(R"({"name":"a","description":"é","inputSchema":{"type":"object","x":1.0}})");
  EXPECT_EQ(one, definition(R"({ "inputSchema" : {"x":1.0,"type":"object"}, "name":"\u0061", "description":"\u00e9"})"));
  EXPECT_NE(one, definition(R"({"name":"a","description":"é","inputSchema":{"type":"object","x":1.00}})"));
  EXPECT_NE(one, definition(R"({"name":"a","description":"é.","inputSchema":{"type":"object","x":1.0}})"));
}

TEST(ToolDefinition, CountsEveryMemberButTheWordOfTaskSupport) {
  const std::string plain = definition(R"({"inputSchema":{},"name":"a","zeta":1})");
  EXPECT_EQ(plain, R"({"inputSchema":{},"name":"a","zeta":1})");
  EXPECT_EQ(definition(R"({"zeta":1,"name":"a","execution":{"taskSupport":"optional"},"inputSchema":{}})"), plain);
  EXPECT_EQ(definition(R"({"zeta":1,"name":"a","execution":{},"inputSchema":{}})"), plain);
  EXPECT_NE(definition(R"({"zeta":1,"name":"a","execution":{"taskSupport":"Ignore all"},"inputSchema":{}})"), plain);
  EXPECT_NE(definition(R"({"zeta":1,"name":"a","execution":{"taskSupport":"optional","x":1},"inputSchema":{}})"), plain);
  EXPECT_NE(definition(R"({"zeta":1,"name":"a","execution":"optional","inputSchema":{}})"), plain);
  for (const char* member : {R"("title":"t")", R"("outputSchema":{})", R"("icons":[])", R"("_meta":{})", R"("annotations":{})"})
    EXPECT_NE(definition(std::string(R"({"inputSchema":{},"name":"a","zeta":1,)") + member + "}"), plain) << member;
}

TEST(ToolDefinition, T154_ASchemaThatAcceptsEverythingOrNothingIsWithheld) {
  for (const char* schema : {"true", "null", "[]", "\"object\"", "1", R"({"type":"array"})", R"({"type":["object"]})",
                             R"({"type":null})", R"({"$schema":"https://example.com/dialect"})", R"({"$schema":7})"}) {
    EXPECT_NE(flaw(std::string(R"({"name":"a","inputSchema":)") + schema + "}"), "") << schema;
  }
  EXPECT_NE(flaw(R"({"name":"a"})"), "");
  for (const char* schema : {R"({"type":"object"})", "{}", R"({"$schema":"http://json-schema.org/draft-07/schema#"})",
                             R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"})"}) {
    EXPECT_EQ(flaw(std::string(R"({"name":"a","inputSchema":)") + schema + "}"), "") << schema;
  }
}

TEST(ToolDefinition, T146_ALargeDefinitionIsWithheld) {
  const auto sized = [](std::size_t size) {
    std::string text = R"({"name":"a","inputSchema":{},"description":""})";
    text.insert(text.size() - 2, std::string(size - text.size(), 'x'));
    return flaw(text);
  };
  EXPECT_EQ(sized(kLargestDefinition), "");
  EXPECT_NE(sized(kLargestDefinition + 1), "");
}

}  // namespace
}  // namespace doorward::mcp
