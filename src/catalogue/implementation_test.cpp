#include "catalogue/implementation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "catalogue/implementation_json.h"
#include "catalogue/script_tokens.h"
#include "catalogue/source_map.h"
#include "json/reader.h"

namespace doorward::catalogue {
namespace {

/// The places of one tool as `role file first-last`, a line each.
std::string places(const std::vector<SourceFile>& files, const std::string& tool) {
  const Located located = locate_tools(files, std::vector<std::string>{tool}, {});
  std::string out;
  for (const Implementation& one : located.tools) {
    for (const CodePlace& place : one.places) {
      out += std::string(to_string(place.role)) + " " + place.file + " " + std::to_string(place.first) + "-" +
             std::to_string(place.last);
      if (!place.built_from.empty()) out += " from " + place.built_from;
      if (place.built_first != 0)
        out += " " + std::to_string(place.built_first) + "-" + std::to_string(place.built_last);
      out += "\n";
    }
  }
  return out;
}

TEST(Implementation, ACallWithASchemaAndAServiceElsewhere) {
  const SourceFile file{"build/index.js", R"JS(// src/services/keys.service.ts
var KeysService = class {
  async deleteApiKey(id) {
    await this.delete(`/api-keys/${id}`);
    return { success: true };
  }
};

// src/tools/keys.tools.ts
var SCHEMAS = {
  deleteApiKey: {
    id: z.string().uuid().describe("The UUID; a brace } in a string")
  }
};
function register(server, service) {
  server.tool(
    "delete_api_key",
    "Delete an API key by UUID.",
    SCHEMAS.deleteApiKey,
    async (params) => {
      const result = await service.keys.deleteApiKey(params.id);
      return jsonResult({ success: result.success });
    }
  );
}
)JS"};
  EXPECT_EQ(places({file}, "delete_api_key"),
            "registration build/index.js 16-24 from src/tools/keys.tools.ts\n"
            "schema build/index.js 11-13 from src/tools/keys.tools.ts\n"
            "handler build/index.js 20-23 from src/tools/keys.tools.ts\n"
            "service build/index.js 3-6 from src/services/keys.service.ts\n");
}

TEST(Implementation, AConfigurationObjectAndANamedHandler) {
  const SourceFile file{"dist/echo.js", R"JS(export const EchoSchema = z.object({
  message: z.string(),
});
const name = "echo";
const config = {
  title: "Echo",
  inputSchema: EchoSchema,
};
async function handle(args) {
  return args;
}
server.registerTool(name, config, handle);
)JS"};
  EXPECT_EQ(places({file}, "echo"),
            "registration dist/echo.js 12-12\nschema dist/echo.js 1-3\nhandler dist/echo.js 9-11\n");
}

TEST(Implementation, AListOfToolsAndASwitch) {
  const SourceFile file{"index.js", R"JS(server.setRequestHandler(List, async () => ({
  tools: [
    {
      name: "read_file",
      description: "Read it. /* no comment */",
      inputSchema: zodToJsonSchema(ReadArgs),
    },
  ],
}));
const ReadArgs = z.object({ path: z.string() });
switch (name) {
  case "read_file": {
    return await read(path);
  }
  default:
    throw new Error(`no ${`nested ${name}`} tool`);
}
)JS"};
  EXPECT_EQ(places({file}, "read_file"),
            "registration index.js 3-7\nschema index.js 10-10\nhandler index.js 12-14\n");
}

TEST(Implementation, SourcesComeBeforeWhatWasBuiltAndTestsLast) {
  const std::string text = "server.tool(\"x\", \"does\", { a: z.string() }, async () => 1);";
  EXPECT_EQ(places({{"dist/a.js", text}, {"src/a.ts", "\n" + text}, {"tests/a.ts", text}}, "x"),
            "registration src/a.ts 2-2\nschema src/a.ts 2-2\nhandler src/a.ts 2-2\n");
}

TEST(Implementation, LinesOfASourceMap) {
  // Lines 1 and 2 of the built file come from lines 3 and 5 of src/a.ts.
  const SourceFile built{
      "dist/a.js", "server.tool(\"x\", \"does\", {},\n async () => 1);\n//# sourceMappingURL=a.js.map\n"};
  const SourceFile map{"dist/a.js.map",
                       R"({"version":3,"sources":["../src/a.ts"],"names":[],"mappings":"AAEA;AAEA"})"};
  EXPECT_EQ(places({built, map}, "x").substr(0, 46), "registration dist/a.js 1-2 from src/a.ts 3-5\ns");
}

TEST(Implementation, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(places({{"a.js", "const x = \"delete\"; call(\"delete\");"}}, "delete"), "");
  EXPECT_EQ(places({}, "x"), "");
}

TEST(Implementation, SurvivesItsJson) {
  Implementation one;
  one.tool = "x";
  one.package = {"npm", "p", "1.0.0", ""};
  one.places = {{PlaceRole::handler, "a.js", 3, 5, "src/a.ts", 1, 2},
                {PlaceRole::schema, "b.js", 1, 1, "", 0, 0}};
  std::string text;
  json::Writer writer(text);
  write_implementation(writer, one);
  const Implementation again = read_implementation("x", text);
  EXPECT_EQ(again.places, one.places);
  EXPECT_EQ(again.package, one.package);
  EXPECT_TRUE(read_implementation("x", "{").places.empty());
}

TEST(Script, TellsStringsCommentsAndPatternsApart) {
  const Script script("a = /[/\"]\\/x/g.test(b) ? c / 2 : 'it\\'s'; // \"no\"\n`t ${ {a: `u`} } v` /* ' */");
  std::string kinds;
  for (std::size_t i = 0; i < script.size(); ++i) kinds += std::to_string(static_cast<int>(script[i].kind));
  EXPECT_EQ(script.value(script.size() - 3), "it's");
  EXPECT_EQ(script[script.size() - 1].kind, ScriptToken::Kind::pattern);
  EXPECT_TRUE(script.is(2, "/[/\"]\\/x/g"));
}

TEST(Script, AStrayBracketClosesNothing) {
  const Script script("f(a] , b)");
  EXPECT_EQ(script[1].partner, script.size() - 1);
}

RC_GTEST_PROP(Script, TokensStandInOrderWhateverTheText, (const std::string& any)) {
  const Script script(any);
  std::uint32_t last = 0;
  for (const ScriptToken& token : script.tokens()) {
    RC_ASSERT(token.begin >= last && token.end > token.begin && token.end <= any.size());
    last = token.end;
  }
  locate_tools(std::vector<SourceFile>{{"a.js", "f(\"x\"," + any}}, std::vector<std::string>{"x"}, {});
}

TEST(Implementation, AConstantThatTheFileEndsInNamesNoPlace) {
  const std::vector<SourceFile> files = {
      {"a.js", "const name = \"x\"; registerTool(name, config, h); const config ="}};
  const Located located = locate_tools(files, std::vector<std::string>{"x"}, {});
  ASSERT_EQ(located.tools.size(), 1u);
  ASSERT_EQ(located.tools[0].places.size(), 1u);
  EXPECT_EQ(located.tools[0].places[0].role, PlaceRole::registration);
}

TEST(SourceMap, HostileMappingsAreRefused) {
  for (const char* mappings : {"!!!!", "AAAAAAAAAA", "zzzzzzzzzzzzzzzz", "AADA", "A/A"}) {
    const auto map =
        SourceMap::read(std::string(R"({"version":3,"sources":["a"],"mappings":")") + mappings + "\"}");
    if (map) {
      EXPECT_FALSE(map->place_of(1, 1) && map->place_of(1, 1)->first > 1000) << mappings;
    }
  }
  EXPECT_FALSE(SourceMap::read("{}").has_value());
}

}  // namespace
}  // namespace doorward::catalogue
