#include "risk/parameter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/writer.h"
#include "risk/argument_text.h"

namespace doorward::risk {
namespace {

/// A tool from text, with its parameters.
class Tool {
 public:
  explicit Tool(std::string_view schema, std::string description = {})
      : text_(schema), description_(description) {
    const auto value = reader_.read(text_);
    EXPECT_TRUE(value) << text_;
    facts.name = "tool";
    facts.description = description_;
    facts.input_schema = *value;
    parameters = parameters_of(facts);
  }
  const Parameter& operator[](std::string_view name) const {
    for (const Parameter& parameter : parameters.list) {
      if (parameter.name == name) return parameter;
    }
    ADD_FAILURE() << "no parameter " << name;
    static const Parameter kNone;
    return kNone;
  }

 private:
  std::string text_;
  std::string description_;
  json::Reader reader_;

 public:
  ToolFacts facts;
  Parameters parameters;
};

TEST(Parameter, OfASchema) {
  const Tool tool(
      R"({"type":"object","required":["q","mode"],"$defs":{"Size":{"type":"integer","description":"How big"},
    "Loop":{"$ref":"#/$defs/Loop"}},"properties":{
    "q":{"type":"string","description":"What to look for","format":"uri"},
    "mode":{"enum":["a","b"]},
    "limit":{"anyOf":[{"type":"integer"},{"type":"null"}],"default":20,"description":"At most"},
    "when":{"type":["string","null"]},
    "ids":{"type":"array","items":{"type":"string"}},
    "size":{"$ref":"#/$defs/Size"},
    "loop":{"$ref":"#/$defs/Loop"},
    "far":{"$ref":"https://example.org/schema"},
    "free":{},
    "odd":7}})");
  EXPECT_EQ(tool.parameters.count, 10u);
  EXPECT_FALSE(tool.parameters.cut);
  EXPECT_TRUE(tool["q"].required);
  EXPECT_FALSE(tool["limit"].required);
  EXPECT_EQ(tool["q"].description, "What to look for");
  EXPECT_EQ(tool["q"].format, "uri");
  EXPECT_EQ(type_text(tool["q"]), "string");
  EXPECT_EQ(type_text(tool["mode"]), R"("a" or "b")");
  EXPECT_TRUE(tool["mode"].types.has(Types::string));
  EXPECT_EQ(type_text(tool["limit"]), "integer or null");
  EXPECT_EQ(default_text(tool["limit"]), "20");
  EXPECT_EQ(type_text(tool["when"]), "string or null");
  EXPECT_EQ(type_text(tool["ids"]), "array of string");
  EXPECT_EQ(type_text(tool["size"]), "integer");
  EXPECT_EQ(tool["size"].description, "How big");
  for (const char* name : {"loop", "far", "free", "odd"}) EXPECT_EQ(type_text(tool[name]), "any") << name;
  EXPECT_EQ(pointer_of(tool.facts, tool["limit"]), "/inputSchema/properties/limit");
}

TEST(Parameter, OfObjectsInObjects) {
  const Tool tool(
      R"({"properties":{"filter":{"type":"object","required":["a/b"],"properties":{"a/b":{"type":"string"},
    "deep":{"properties":{"deeper":{"properties":{"deepest":{"type":"string"}}}}}}},
    "items":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"}}}},
    "one":{"anyOf":[{"type":"object","properties":{"url":{"type":"string"}}},{"type":"string"}]}}})");
  EXPECT_EQ(tool.parameters.count, 3u);
  EXPECT_EQ(tool.parameters.list.at(0).parent, -1);
  EXPECT_EQ(tool["a/b"].parent, 0);
  EXPECT_TRUE(tool["a/b"].required);
  EXPECT_EQ(pointer_of(tool.facts, tool["a/b"]), "/inputSchema/properties/filter/properties/a~1b");
  EXPECT_EQ(pointer_of(tool.facts, tool["id"]), "/inputSchema/properties/items/items/properties/id");
  EXPECT_EQ(pointer_of(tool.facts, tool["url"]), "/inputSchema/properties/one/anyOf/0/properties/url");
  EXPECT_EQ(tool["deeper"].name, "deeper");
  for (const Parameter& parameter : tool.parameters.list) EXPECT_NE(parameter.name, "deepest");
}

TEST(Parameter, OfABareMapAndOfVariants) {
  const Tool bare(R"({"query":{"type":"string","description":"SQL"},"limit":{"type":"integer"}})");
  EXPECT_EQ(bare.parameters.count, 2u);
  EXPECT_EQ(bare["query"].description, "SQL");
  const Tool variants(R"({"type":"object","oneOf":[{"properties":{"url":{"type":"string"}}},
    {"properties":{"path":{"type":"string"}}}]})");
  EXPECT_EQ(variants.parameters.count, 2u);
  EXPECT_EQ(variants["path"].types, Types(Types::string));
  for (const char* none : {"{}", R"({"type":"object"})", R"({"properties":[1]})", R"({"properties":null})",
                           "[]", "7", R"({"title":"x","description":"y"})"}) {
    const Tool tool(none);
    EXPECT_EQ(tool.parameters.count, 0u) << none;
    EXPECT_TRUE(tool.parameters.list.empty()) << none;
  }
}

TEST(Parameter, OfADescriptionInOneRun) {
  const Tool tool(
      "{}",
      "Permanently delete one of the caller's API keys. Two ways: - As the full key string (gai_...). Args: "
      "api_key: GeodesicAI account-level API key (starts with gai_). key_to_delete: Either the full API key "
      "string OR the key_id from list_api_keys. confirm: Must be true to actually delete. If false, returns "
      "a preview without deleting. Default: false. Returns: status: \"ok\" | \"preview\" deleted: metadata");
  ASSERT_EQ(tool.parameters.list.size(), 3u);
  EXPECT_EQ(tool.parameters.count, 3u);
  EXPECT_EQ(tool["api_key"].description, "GeodesicAI account-level API key (starts with gai_).");
  EXPECT_EQ(tool["key_to_delete"].description,
            "Either the full API key string OR the key_id from list_api_keys.");
  EXPECT_EQ(default_text(tool["confirm"]), "false");
  EXPECT_EQ(tool.parameters.returns, "status: \"ok\" | \"preview\" deleted: metadata");
  EXPECT_EQ(pointer_of(tool.facts, tool["confirm"]), "/description");
  EXPECT_TRUE(tool["confirm"].told);

  const Tool plain(
      "{}", "Disconnect from a server Args: session_id: The id file_path: The path Returns: A dictionary");
  ASSERT_EQ(plain.parameters.list.size(), 2u);
  EXPECT_EQ(plain["session_id"].description, "The id");
  const Tool typed("{}", "Fetches anime. Args: limit (int): The number of results offset (int): The offset.");
  ASSERT_EQ(typed.parameters.list.size(), 2u);
  EXPECT_EQ(type_text(typed["offset"]), "int");
  const Tool context(
      "{}", "Issues of a board. Args: ctx: The context. board_id: The ID of the board. expand: Optional.");
  ASSERT_EQ(context.parameters.list.size(), 2u);
  EXPECT_EQ(context["board_id"].description, "The ID of the board.");
}

TEST(Parameter, OfADescriptionInLines) {
  const Tool tool(
      R"({"properties":{"symbol":{"type":"string"},"period":{"type":"string","description":"own"}}})",
      "Prices of a stock.\n\n    Args:\n        symbol (str): Stock symbol\n            in Yahoo's format: "
      "see there"
      "\n        period (str): The period. Defaults to \"1mo\".\n            Valid: \"1d\"\n"
      "        gone (int): is not in the schema\n\n    Returns:\n        Prices\n\n    Raises:\n        "
      "ValueError: no");
  ASSERT_EQ(tool.parameters.list.size(), 2u);
  EXPECT_EQ(tool["symbol"].description, "Stock symbol\n            in Yahoo's format: see there");
  EXPECT_EQ(tool["period"].description, "own");
  EXPECT_EQ(tool.parameters.returns, "Prices");
  EXPECT_EQ(type_text(tool["symbol"]), "string");

  const Tool dashes("{}",
                    "Executes code.\n\n**Parameters:**\n- code: The code to run\n- `track_index` - The "
                    "track\n\nMore words: here.");
  ASSERT_EQ(dashes.parameters.list.size(), 2u);
  EXPECT_EQ(dashes["code"].description, "The code to run");
  EXPECT_EQ(dashes["track_index"].description, "The track");
}

TEST(Parameter, ADescriptionWithoutBlocksNamesNone) {
  for (const char* text : {"", "Args", "Args:", "Parameters: none.", "Use these formats: a, b. Note: c.",
                           "Lists args: nothing", "See https://example.org/Args:x", "Returns: "}) {
    const Tool tool("{}", text);
    EXPECT_TRUE(tool.parameters.list.empty()) << text;
  }
}

TEST(Parameter, AToolWithoutASchema) {
  ToolFacts facts;
  facts.name = "tool";
  EXPECT_TRUE(parameters_of(facts).list.empty());
  EXPECT_TRUE(results_of(facts).list.empty());
  facts.description = "Adds. Args: a: The first. b: The second.";
  EXPECT_EQ(parameters_of(facts).count, 2u);
}

TEST(Parameter, TheDefaultThatATextNames) {
  EXPECT_EQ(told_default("Must be true. Default: false. More."), "false");
  EXPECT_EQ(told_default("The period (default: \"1 mo.\")"), "\"1 mo.\"");
  EXPECT_EQ(told_default("Defaults to 0.5"), "0.5");
  EXPECT_EQ(told_default("default is 10 and max 100"), "10 and max 100");
  EXPECT_EQ(told_default("(default 'all')"), "'all'");
  EXPECT_EQ(told_default("The default branch of the repository"), "");
  EXPECT_EQ(told_default("default"), "");
}

TEST(Parameter, HostileSchemasAreCut) {
  std::string wide = R"({"properties":{)";
  for (int i = 0; i < 5000; ++i) wide += (i ? ",\"p" : "\"p") + std::to_string(i) + R"(":{"type":"string"})";
  const Tool many(wide + "}}");
  EXPECT_EQ(many.parameters.count, 5000u);
  EXPECT_EQ(many.parameters.list.size(), kMostParameters);
  EXPECT_TRUE(many.parameters.cut);

  // Every property refers to one schema that holds as many again: no more is read than the bounds say.
  std::string bomb = R"({"$defs":{"a":{"properties":{)";
  for (int i = 0; i < 200; ++i)
    bomb += (i ? ",\"b" : "\"b") + std::to_string(i) + R"(":{"$ref":"#/$defs/a"})";
  bomb += R"(}}},"properties":{)";
  for (int i = 0; i < 200; ++i)
    bomb += (i ? ",\"c" : "\"c") + std::to_string(i) + R"(":{"$ref":"#/$defs/a"})";
  const Tool refs(bomb + "}}");
  EXPECT_EQ(refs.parameters.list.size(), kMostParameters);
  EXPECT_TRUE(refs.parameters.cut);

  std::string text = "Args: ";
  for (int i = 0; i < 500; ++i) text += "a_" + std::to_string(i) + ": x. ";
  EXPECT_EQ(Tool("{}", text).parameters.list.size(), kMostToldArguments);
}

TEST(Parameter, AToolWithoutASchemaHasNone) {
  EXPECT_TRUE(parameters_of({}).list.empty());
}

TEST(Parameter, Results) {
  const std::string text =
      R"({"properties":{"ok":{"type":"boolean"},"data":{"properties":{"token":{"type":"string"}}}}})";
  json::Reader reader;
  const auto schema = reader.read(text);
  ASSERT_TRUE(schema);
  ToolFacts facts;
  facts.output_schema = *schema;
  const Parameters results = results_of(facts);
  ASSERT_EQ(results.list.size(), 3u);
  EXPECT_EQ(results.list[2].name, "token");
}

}  // namespace
}  // namespace doorward::risk
