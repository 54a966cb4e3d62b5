#include "mcp/header_mirror.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/encoding.h"
#include "json/reader.h"
#include "mcp/param_mirror.h"

namespace doorward::mcp {
namespace {

constexpr const char* kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

std::string request(const std::string& method, const std::string& members, const std::string& meta = kMeta) {
  return R"({"jsonrpc":"2.0","id":9,"method":")" + method + R"(","params":{)" + members +
         (members.empty() || meta.empty() ? "" : ",") + meta + "}}";
}

struct Headers {
  std::string version = "2026-07-28";
  std::string method = "tools/call";
  std::string name = "read_file";
  unsigned version_count = 1, method_count = 1, name_count = 1;
};

std::string judge(const std::string& text, const Headers& headers) {
  json::Reader reader;
  const auto root = reader.read(text);
  EXPECT_TRUE(root) << text;
  const auto message = read_message(*root, Sender::client);
  EXPECT_TRUE(message) << text;
  const MirrorHeaders mirror{{headers.version, headers.version_count},
                             {headers.method, headers.method_count},
                             {headers.name, headers.name_count}};
  const auto revision = check_modern(*message, &mirror);
  return revision ? "ok" : std::to_string(static_cast<int>(revision.error().code)) + revision.error().data;
}

const std::string kCall = request("tools/call", R"("name":"read_file")");

TEST(HeaderMirror, T051_NameAndMethod) {
  EXPECT_EQ(judge(kCall, {}), "ok");
  EXPECT_EQ(judge(request("tools/call", R"("name":"delete_everything")"), {}), "-32020");
  EXPECT_EQ(judge(kCall, {.name = "delete_everything"}), "-32020");
  EXPECT_EQ(judge(kCall, {.name = "Read_file"}), "-32020");
  EXPECT_EQ(judge(kCall, {.name_count = 0}), "-32020");
  EXPECT_EQ(judge(kCall, {.method = "tools/list"}), "-32020");
  EXPECT_EQ(judge(kCall, {.method = "Tools/Call"}), "-32020");
  EXPECT_EQ(judge(kCall, {.method_count = 0}), "-32020");
  EXPECT_EQ(judge(request("tools/list", ""), {.method = "tools/list", .name_count = 0}), "ok");
  EXPECT_EQ(judge(request("resources/read", R"("uri":"file:///a b")"),
                  {.method = "resources/read", .name = "file:///a b"}),
            "ok");
  EXPECT_EQ(judge(request("prompts/get", R"("name":"p")"), {.method = "prompts/get", .name = "q"}), "-32020");
}

TEST(HeaderMirror, T197_TaskIds) {
  EXPECT_EQ(judge(request("tasks/get", R"("taskId":"t1")"), {.method = "tasks/get", .name = "t1"}), "ok");
  EXPECT_EQ(judge(request("tasks/cancel", R"("taskId":"t1")"), {.method = "tasks/cancel", .name = "t2"}),
            "-32020");
}

TEST(HeaderMirror, T054_VersionsAndRequiredKeys) {
  const std::string old_meta =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25","io.modelcontextprotocol/clientCapabilities":{}})";
  EXPECT_EQ(judge(request("tools/call", R"("name":"read_file")", old_meta), {}), "-32020");
  EXPECT_EQ(judge(kCall, {.version = "2025-11-25"}), "-32020");
  for (
      const std::string meta :
      {"", R"("_meta":{})", R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})",
       R"("_meta":{"io.modelcontextprotocol/clientCapabilities":{}})",
       R"("_meta":{"io.modelcontextprotocol/protocolVersion":1,"io.modelcontextprotocol/clientCapabilities":{}})",
       R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]})"}) {
    EXPECT_EQ(judge(request("tools/call", R"("name":"read_file")", meta), {}), "-32602") << meta;
  }
}

TEST(HeaderMirror, T055_UnsupportedVersions) {
  EXPECT_EQ(judge(kCall, {.version_count = 0}), "-32020");
  const std::string supported = R"("supported":["2026-07-28"])";
  for (const std::string version : {"2099-01-01", "2025-11-25", "", "2026-07-28 "}) {
    const std::string meta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":")" + version +
                             R"(","io.modelcontextprotocol/clientCapabilities":{}})";
    EXPECT_EQ(judge(request("tools/call", R"("name":"read_file")", meta), {.version = version}),
              "-32022{" + supported + R"(,"requested":")" + version + "\"}");
  }
}

TEST(HeaderMirror, T055_TheBodySaysTheEra) {
  json::Reader reader;
  const auto era = [&](const std::string& text, std::string_view header, bool in_session) {
    return era_of(*read_message(*reader.read(text), Sender::client), header, in_session);
  };
  const std::string plain = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  const std::string initialize = R"({"jsonrpc":"2.0","id":1,"method":"initialize"})";
  for (const std::string_view header : {"", "2025-11-25", "2026-07-28", "x"}) {
    EXPECT_EQ(era(kCall, header, false), Era::modern) << header;
    EXPECT_EQ(era(kCall, header, true), Era::modern) << header;
  }
  EXPECT_EQ(era(plain, "", false), Era::legacy);
  EXPECT_EQ(era(plain, "2025-06-18", true), Era::legacy);
  EXPECT_EQ(era(plain, "2026-07-28", true), Era::modern);
  EXPECT_EQ(era(plain, "2099-01-01", false), Era::modern);
  EXPECT_EQ(era(plain, "2099-01-01", true), Era::legacy);
  EXPECT_EQ(era(initialize, "2024-10-07", false), Era::legacy);
}

TEST(HeaderMirror, OverStdioTheBodyAloneCounts) {
  json::Reader reader;
  const auto message = read_message(*reader.read(kCall), Sender::client);
  const auto revision = check_modern(*message, nullptr);
  ASSERT_TRUE(revision);
  EXPECT_EQ(*revision, Revision::v2026_07_28);
  const std::vector<Revision> none;
  EXPECT_EQ(check_modern(*message, nullptr, none).error().code, ErrorCode::unsupported_version);
}

TEST(HeaderMirror, T056_T057_Sentinel) {
  const auto encoded = [](std::string_view text) { return "=?base64?" + to_base64(bytes_of(text)) + "?="; };
  EXPECT_EQ(judge(kCall, {.name = encoded("read_file")}), "ok");
  const std::vector<std::string> bad = {encoded("delete_everything"),
                                        "=?base64?cmVhZF9maWx?=",    // padding missing
                                        "=?base64?cmVhZF9maWxl=?=",  // padding too much
                                        "=?BASE64?cmVhZF9maWxl?=",   // markers are case-sensitive
                                        "=?base64?cmVhZF9maWxl?= ",  // a space that HTTP would have trimmed
                                        encoded(encoded("read_file")),  // encoded twice
                                        "=?base64?/w==?=",              // 0xFF is not UTF-8
                                        "=?base64?"
                                        "?=",
                                        "=?base64?cmVh ZF9maWxl?=",
                                        "read_file\xFF"};
  for (const std::string& value : bad) EXPECT_EQ(judge(kCall, {.name = value}), "-32020") << value;
  // The URL-safe alphabet: `_-8=` would be fine there.
  std::string scratch;
  EXPECT_FALSE(decode_header_value("=?base64?w7_Dvw==?=", scratch));
  EXPECT_EQ(decode_header_value("=?base64?w7/Dvw==?=", scratch), "\xC3\xBF\xC3\xBF");
  // T057: a tool named like the sentinel, sent raw, is decoded and so differs.
  const std::string odd = encoded("x");
  EXPECT_EQ(judge(request("tools/call", R"("name":")" + odd + "\""), {.name = odd}), "-32020");
}

TEST(HeaderMirror, T058_RepeatedHeaders) {
  EXPECT_EQ(judge(kCall, {.name_count = 2}), "-32020");
  EXPECT_EQ(judge(kCall, {.version_count = 2}), "-32020");
  EXPECT_EQ(judge(kCall, {.method_count = 2}), "-32020");
  EXPECT_EQ(judge(kCall, {.name = "read_file, read_file"}), "-32020");
}

TEST(HeaderMirror, LinesForAServerAreMadeFromTheBody) {
  json::Reader reader;
  std::string out;
  append_mirror_lines(out, *read_message(*reader.read(kCall), Sender::client), Revision::v2026_07_28);
  EXPECT_EQ(out, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: read_file\r\n");
  out.clear();
  const std::string list = request("tools/list", "");
  append_mirror_lines(out, *read_message(*reader.read(list), Sender::client), Revision::v2026_07_28);
  EXPECT_EQ(out, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n");
  out.clear();
  const std::string read = request("resources/read", R"("uri":"file:///\u00e9")");
  append_mirror_lines(out, *read_message(*reader.read(read), Sender::client), Revision::v2026_07_28);
  EXPECT_EQ(out,
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: resources/read\r\nMcp-Name: "
            "=?base64?ZmlsZTovLy/DqQ==?=\r\n");
}

TEST(HeaderMirror, T061_ValuesRoundTripWithoutControlCharacters) {
  const std::vector<std::string> values = {"us-west1",
                                           "two words",
                                           " padded",
                                           "padded ",
                                           "\ttab",
                                           "a\tb",
                                           "line1\r\nX-Evil: 1",
                                           "caf\xC3\xA9",
                                           "",
                                           "=?base64?eA==?=",
                                           "=?base64?"
                                           "?=",
                                           "=?base64?",
                                           std::string("nul\0", 4),
                                           "\x7F"};
  for (const std::string& value : values) {
    std::string header;
    append_header_value(header, value);
    for (const char c : header) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << value;
    EXPECT_FALSE(header.starts_with(' ') || header.ends_with(' ')) << value;
    std::string scratch;
    EXPECT_EQ(decode_header_value(header, scratch), value);
  }
  std::string plain;
  append_header_value(plain, "two words");
  EXPECT_EQ(plain, "two words");
}

std::string compile(const std::string& schema) {
  json::Reader reader;
  const auto mirror = ParamMirror::compile(*reader.read(schema));
  return mirror ? (mirror->empty() ? "empty" : "ok") : mirror.error();
}

TEST(ParamMirror, T060_Annotations) {
  const auto property = [](const std::string& rest) {
    return R"({"type":"object","properties":{"p":{)" + rest + "}}}";
  };
  EXPECT_EQ(compile(R"({"type":"object"})"), "empty");
  EXPECT_EQ(compile(property(R"("type":"string","x-mcp-header":"Region")")), "ok");
  EXPECT_EQ(compile(property(R"("type":"integer","x-mcp-header":"N")")), "ok");
  EXPECT_EQ(
      compile(property(R"("type":"object","properties":{"q":{"type":"boolean","x-mcp-header":"Deep"}})")),
      "ok");
  // A parameter of that name is no annotation, and data are no schemas.
  EXPECT_EQ(compile(R"({"properties":{"x-mcp-header":{"type":"string"}}})"), "empty");
  EXPECT_EQ(compile(property(R"("type":"object","default":{"x-mcp-header":"A"})")), "empty");
  const std::vector<std::string> bad = {
      property(R"("type":"string","x-mcp-header":"Authorization")"),
      property(R"("type":"string","x-mcp-header":"COOKIE")"),
      property(R"("type":"string","x-mcp-header":"")"),
      property(R"("type":"string","x-mcp-header":"a b")"),
      property(R"("type":"string","x-mcp-header":"a\r\nX: y")"),
      property(R"("type":"string","x-mcp-header":"a:")"),
      property(R"("type":"string","x-mcp-header":"caf\u00e9")"),
      property(R"("type":"string","x-mcp-header":1)"),
      property(R"("type":"number","x-mcp-header":"N")"),
      property(R"("type":["string","null"],"x-mcp-header":"N")"),
      property(R"("x-mcp-header":"N")"),
      property(R"("type":"array","items":{"type":"string","x-mcp-header":"N"})"),
      property(R"("oneOf":[{"type":"string","x-mcp-header":"N"}])"),
      R"({"x-mcp-header":"Root","type":"string"})",
      R"({"properties":{"p":{"$ref":"#/$defs/q"}},"$defs":{"q":{"type":"string","x-mcp-header":"N"}}})",
      R"({"properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"string","x-mcp-header":"REGION"}}})",
      R"({"additionalProperties":{"type":"string","x-mcp-header":"N"}})",
      R"({"allOf":[{"properties":{"p":{"type":"string","x-mcp-header":"N"}}}]})",
      R"({"items":{"properties":{"p":{"type":"string","x-mcp-header":"N"}}}})",
  };
  for (const std::string& schema : bad)
    EXPECT_TRUE(compile(schema).starts_with("x-mcp-header ")) << schema << ": " << compile(schema);
}

TEST(ParamMirror, T061_HeadersFromArguments) {
  json::Reader reader;
  const std::string schema = R"({"properties":{
      "region":{"type":"string","x-mcp-header":"Region"},
      "count":{"type":"integer","x-mcp-header":"Count"},
      "dry":{"type":"boolean","x-mcp-header":"Dry-Run"},
      "deep":{"type":"object","properties":{"x":{"type":"string","x-mcp-header":"X"}}}}})";
  const auto mirror = ParamMirror::compile(*reader.read(schema));
  ASSERT_TRUE(mirror) << mirror.error();
  const auto lines = [&](const std::string& arguments) {
    std::string out;
    mirror->append_lines(out, *reader.read(arguments));
    return out;
  };
  EXPECT_EQ(lines(R"({"region":"eu","count":4.20e1,"dry":false,"deep":{"x":"y"}})"),
            "Mcp-Param-Region: eu\r\nMcp-Param-Count: 42\r\nMcp-Param-Dry-Run: false\r\nMcp-Param-X: y\r\n");
  EXPECT_EQ(lines(R"({"region":"a\r\nX-Evil: 1"})"), "Mcp-Param-Region: =?base64?YQ0KWC1FdmlsOiAx?=\r\n");
  EXPECT_EQ(lines(R"({"region":null,"count":1.5,"dry":[],"deep":3})"), "");
  EXPECT_EQ(lines("{}"), "");

  const auto mismatch = [&](const std::string& arguments, const Header& region, const Header& count) {
    return mirror
        ->mismatch(
            *reader.read(arguments),
            [&](std::string_view name) {
              return name == "Mcp-Param-Region" ? region : name == "Mcp-Param-Count" ? count : Header{};
            })
        .value_or("ok");
  };
  EXPECT_EQ(mismatch(R"({"region":"eu","count":42})", {"eu", 1}, {"42", 1}), "ok");
  EXPECT_EQ(mismatch(R"({"region":"eu","count":42})", {"=?base64?ZXU=?=", 1}, {"42.0", 1}), "ok");
  EXPECT_EQ(mismatch("{}", {}, {}), "ok");
  EXPECT_EQ(mismatch(R"({"region":null})", {}, {}), "ok");
  EXPECT_NE(mismatch(R"({"region":"eu"})", {"us", 1}, {}), "ok");
  EXPECT_NE(mismatch(R"({"region":"eu"})", {"eu", 2}, {}), "ok");
  EXPECT_NE(mismatch(R"({"region":"eu"})", {}, {}), "ok");
  EXPECT_NE(mismatch(R"({"count":42})", {}, {"43", 1}), "ok");
  EXPECT_NE(mismatch(R"({"count":42})", {}, {"1e999999999", 1}), "ok");
  EXPECT_NE(mismatch("{}", {"eu", 1}, {}), "ok");
}

}  // namespace
}  // namespace doorward::mcp
