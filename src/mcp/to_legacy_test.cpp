#include "mcp/to_legacy.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"

namespace doorward::mcp {
namespace {

using enum Revision;

std::string result(std::string_view text, Method method, Revision revision) {
  json::Reader reader;
  const auto root = reader.read(text);
  EXPECT_TRUE(root.has_value()) << text;
  std::string out;
  append_legacy_result(out, text, *root, method, revision);
  EXPECT_TRUE(json::Reader().read(out).has_value()) << out;
  return out;
}

TEST(ToLegacy, LeavesOutWhatOnlyTheModernProtocolHas) {
  EXPECT_EQ(result(R"({"resultType":"complete","ttlMs":5,"cacheScope":"public","completion":{"values":["a"]},)"
                   R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"},"own":1}})",
                   Method::completion_complete, v2025_11_25),
            R"({"completion":{"values":["a"]},"_meta":{"own":1}})");
  EXPECT_EQ(result(R"({"resultType":"complete","content":[],"_meta":{"io.modelcontextprotocol/serverInfo":{}}})",
                   Method::tools_call, v2024_11_05),
            R"({"content":[]})");
}

TEST(ToLegacy, ToolsByRevision) {
  constexpr std::string_view kList =
      R"({"tools":[{"name":"t","title":"T","icons":[{"src":"x"}],"execution":{},"_meta":{"a":1},)"
      R"("annotations":{"readOnlyHint":true},"inputSchema":{"type":"object","title":"kept"},)"
      R"("outputSchema":{"type":"object"}}],"nextCursor":"c"})";
  EXPECT_EQ(result(kList, Method::tools_list, v2025_11_25),
            R"({"tools":[{"name":"t","title":"T","icons":[{"src":"x"}],"_meta":{"a":1},)"
            R"("annotations":{"readOnlyHint":true},"inputSchema":{"type":"object","title":"kept"},)"
            R"("outputSchema":{"type":"object"}}],"nextCursor":"c"})");
  EXPECT_EQ(result(kList, Method::tools_list, v2025_06_18),
            R"({"tools":[{"name":"t","title":"T","_meta":{"a":1},)"
            R"("annotations":{"readOnlyHint":true},"inputSchema":{"type":"object","title":"kept"},)"
            R"("outputSchema":{"type":"object"}}],"nextCursor":"c"})");
  EXPECT_EQ(result(kList, Method::tools_list, v2025_03_26),
            R"({"tools":[{"name":"t","annotations":{"readOnlyHint":true},)"
            R"("inputSchema":{"type":"object","title":"kept"}}],"nextCursor":"c"})");
  EXPECT_EQ(result(kList, Method::tools_list, v2024_11_05),
            R"({"tools":[{"name":"t","inputSchema":{"type":"object","title":"kept"}}],"nextCursor":"c"})");
}

TEST(ToLegacy, OnlyObjectSchemasAndObjectsAreStructured) {
  EXPECT_EQ(result(R"({"tools":[{"name":"t","inputSchema":{"type":"object"},"outputSchema":{"type":"array"}}]})",
                   Method::tools_list, v2025_11_25),
            R"({"tools":[{"name":"t","inputSchema":{"type":"object"}}]})");
  EXPECT_EQ(result(R"({"content":[{"type":"text","text":"[1]"}],"structuredContent":[1]})", Method::tools_call,
                   v2025_11_25),
            R"({"content":[{"type":"text","text":"[1]"}]})");
  EXPECT_EQ(result(R"({"structuredContent":[1,"a"],"content":[]})", Method::tools_call, v2025_11_25),
            R"({"content":[{"type":"text","text":"[1,\"a\"]"}]})");
  EXPECT_EQ(result(R"({"structuredContent":{"a":1},"content":[]})", Method::tools_call, v2025_11_25),
            R"({"structuredContent":{"a":1},"content":[]})");
  EXPECT_EQ(result(R"({"structuredContent":{"a":1},"content":[]})", Method::tools_call, v2025_03_26),
            R"({"content":[{"type":"text","text":"{\"a\":1}"}]})");
}

TEST(ToLegacy, BlocksThatTheRevisionLacksSayWhatTheyWere) {
  constexpr std::string_view kAudio =
      R"({"content":[{"type":"audio","data":"AA==","mimeType":"audio/wav"},{"type":"text","text":"x","_meta":{}}]})";
  EXPECT_EQ(result(kAudio, Method::tools_call, v2024_11_05),
            R"({"content":[{"type":"text","text":"[An audio recording (audio/wav) stood here; this client's )"
            R"(revision of the protocol has no audio.]"},{"type":"text","text":"x"}]})");
  EXPECT_EQ(result(kAudio, Method::tools_call, v2025_06_18), kAudio);
  constexpr std::string_view kLink =
      R"({"messages":[{"role":"user","content":{"type":"resource_link","uri":"file:///a","name":"a",)"
      R"("description":"D","mimeType":"text/plain"}}]})";
  EXPECT_EQ(result(kLink, Method::prompts_get, v2025_03_26),
            R"({"messages":[{"role":"user","content":{"type":"text","text":)"
            R"("[Link to the resource file:///a: a (text/plain). D]"}}]})");
  EXPECT_EQ(result(kLink, Method::prompts_get, v2025_06_18), kLink);
  EXPECT_EQ(result(R"({"content":[{"type":"resource","resource":{"uri":"a","text":"b","_meta":{"c":1}}}]})",
                   Method::tools_call, v2025_03_26),
            R"({"content":[{"type":"resource","resource":{"uri":"a","text":"b"}}]})");
}

TEST(ToLegacy, OtherLists) {
  EXPECT_EQ(result(R"({"prompts":[{"name":"p","title":"P","arguments":[{"name":"a","title":"A"}]}]})",
                   Method::prompts_list, v2025_03_26),
            R"({"prompts":[{"name":"p","arguments":[{"name":"a"}]}]})");
  EXPECT_EQ(result(R"({"resources":[{"uri":"u","name":"n","icons":[],"title":"t"}]})", Method::resources_list,
                   v2025_06_18),
            R"({"resources":[{"uri":"u","name":"n","title":"t"}]})");
  EXPECT_EQ(result(R"({"contents":[{"uri":"u","text":"n","_meta":{"a":1}}]})", Method::resources_read,
                   v2025_03_26),
            R"({"contents":[{"uri":"u","text":"n"}]})");
}

TEST(ToLegacy, WhatHasAnotherShapeStays) {
  EXPECT_EQ(result(R"({"content":"odd","structuredContent":1})", Method::tools_call, v2025_11_25),
            R"({"content":"odd"})");
  EXPECT_EQ(result(R"({"tools":7})", Method::tools_list, v2025_11_25), R"({"tools":7})");
  EXPECT_EQ(result(R"({"content":[1,null]})", Method::tools_call, v2025_03_26), R"({"content":[1,null]})");
}

std::string error(std::string_view text, Method method) {
  json::Reader reader;
  std::string out;
  append_legacy_error(out, text, *reader.read(text), method);
  return out;
}

TEST(ToLegacy, ErrorCodes) {
  EXPECT_EQ(error(R"({"code":-32602,"message":"m","data":{"uri":"u"}})", Method::resources_read),
            R"({"code":-32002,"message":"m","data":{"uri":"u"}})");
  EXPECT_EQ(error(R"({"code":-32602,"message":"m"})", Method::tools_call), R"({"code":-32602,"message":"m"})");
  EXPECT_EQ(error(R"({"code":-32020,"message":"m","data":1})", Method::tools_call),
            R"({"code":-32603,"message":"m"})");
  EXPECT_EQ(error(R"({"code":-32021,"message":"m","data":{}})", Method::tools_call),
            R"({"code":-32602,"message":"m"})");
  EXPECT_EQ(error(R"({"code":-32022,"message":"m","data":{}})", Method::tools_call),
            R"({"code":-32603,"message":"m"})");
}

TEST(ToLegacy, Notifications) {
  const auto translated = [](std::string_view text, Revision revision) {
    json::Reader reader;
    std::string out;
    append_legacy_notification(out, text, *read_message(*reader.read(text), Sender::server), revision, "7");
    return out;
  };
  EXPECT_EQ(translated(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed",)"
                       R"("params":{"_meta":{"io.modelcontextprotocol/subscriptionId":5}}})",
                       v2025_11_25),
            R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}})");
  EXPECT_EQ(translated(R"({"jsonrpc":"2.0","method":"notifications/progress",)"
                       R"("params":{"progressToken":900,"progress":1,"message":"x"}})",
                       v2024_11_05),
            R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}})");
}

TEST(ToLegacy, AnswersInitializeFromWhatTheServerDiscovers) {
  constexpr std::string_view kDiscovered =
      R"({"supportedVersions":["2026-07-28"],"ttlMs":0,"cacheScope":"public","resultType":"complete",)"
      R"("instructions":"Be kind.","capabilities":{"tools":{"listChanged":true},"completions":{},)"
      R"("extensions":{"io.modelcontextprotocol/tasks":{}}},)"
      R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1","title":"S","description":"d"}}})";
  json::Reader reader;
  const json::Value root = *reader.read(kDiscovered);
  std::string out;
  append_initialize_result(out, kDiscovered, root, v2025_11_25, "x");
  EXPECT_EQ(out,
            R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"completions":{}},)"
            R"("serverInfo":{"name":"s","version":"1","title":"S","description":"d"},"instructions":"Be kind."})");
  out.clear();
  append_initialize_result(out, kDiscovered, root, v2024_11_05, "x");
  EXPECT_EQ(out,
            R"({"protocolVersion":"2024-11-05","capabilities":{"tools":{"listChanged":true}},)"
            R"("serverInfo":{"name":"s","version":"1"},"instructions":"Be kind."})");
  constexpr std::string_view kShy = R"({"capabilities":{}})";
  out.clear();
  append_initialize_result(out, kShy, *reader.read(kShy), v2025_06_18, "demo");
  EXPECT_EQ(out,
            R"({"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"demo","version":""}})");
}

TEST(ToLegacy, NegotiatesALegacyRevision) {
  const auto agreed = [](std::string_view params) {
    json::Reader reader;
    return negotiate_legacy(*reader.read(params));
  };
  EXPECT_EQ(agreed(R"({"protocolVersion":"2024-11-05"})"), v2024_11_05);
  EXPECT_EQ(agreed(R"({"protocolVersion":"2026-07-28"})"), v2025_11_25);
  EXPECT_EQ(agreed(R"({"protocolVersion":"2024-10-07"})"), v2025_11_25);
  EXPECT_EQ(agreed(R"({})"), v2025_11_25);
}

}  // namespace
}  // namespace doorward::mcp
