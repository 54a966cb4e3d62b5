#include "mcp/envelope.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "json/reader.h"
#include "json/test_support.h"
#include "mcp/tool_name.h"

namespace doorward::mcp {
namespace {

// A text as read_message and, where a revision is given, check_method see it. "ok" or the JSON-RPC code.
struct Judged {
  std::string verdict;
  Refusal refusal;
  std::string id;  // echoed id as spelled, or ""
};

Judged judge(const std::string& text, std::optional<Revision> revision = std::nullopt,
             Sender sender = Sender::client) {
  json::Reader reader;
  const auto refused = [&](const Refusal& refusal) {
    const std::string id = refusal.id ? text.substr(refusal.id.begin_offset(),
                                                    refusal.id.end_offset() - refusal.id.begin_offset())
                                      : "";
    return Judged{std::to_string(static_cast<int>(refusal.code)), refusal, id};
  };
  const auto root = reader.read(text);
  if (!root) return refused(refuse_text(root.error()));
  const auto message = read_message(*root, sender);
  if (!message) return refused(message.error());
  if (revision) {
    if (const auto refusal = check_method(*message, *revision, sender)) return refused(*refusal);
  }
  return {"ok", {}, ""};
}

std::string call(const std::string& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)" + params + "}";
}

TEST(Envelope, ReadsARequest) {
  json::Reader reader;
  const std::string text =
      R"({"jsonrpc":"2.0","id":"a-1","method":"tools\/call","params":{"name":"x","_meta":{"progressToken":7}}})";
  const auto message = read_message(*reader.read(text), Sender::client);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_request(Method::tools_call));
  EXPECT_EQ(message->method_name, "tools/call");
  EXPECT_EQ(text.substr(message->id.begin_offset(), message->id.end_offset() - message->id.begin_offset()),
            "\"a-1\"");
  EXPECT_EQ(message->params.find("name").string(), "x");
  EXPECT_TRUE(message->meta);
  EXPECT_EQ(message->progress_token.number(), "7");
}

TEST(Envelope, ReadsAnswers) {
  json::Reader reader;
  const std::string result = R"({"jsonrpc":"2.0","id":3,"result":{"tools":[],"_meta":{}}})";
  auto message = read_message(*reader.read(result), Sender::server);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, Kind::result);
  EXPECT_TRUE(message->meta);
  const std::string error = R"({"jsonrpc":"2.0","id":3,"error":{"code":-32601,"message":"no","data":1}})";
  message = read_message(*reader.read(error), Sender::server);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, Kind::error);
}

TEST(Envelope, T001_T003_DuplicatesAreInvalidRequests) {
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"})").verdict,
            "-32600");
  EXPECT_NE(judge(call(R"({"name":"a","n\u0061me":"b"})")).refusal.message.find("duplicate member"),
            std::string::npos);
  EXPECT_EQ(judge("{").verdict, "-32700");
  EXPECT_EQ(judge(call(R"({"name":"a","arguments":{"x":1e400}})")).verdict, "-32600");
}

TEST(Envelope, T008_T009_UnknownMembers) {
  for (const std::string key : {"Name", "NAME", "Method", "Params", "ID", "Jsonrpc", "param\xC5\xBF",
                                "\xE2\x84\xAA"
                                "ind",
                                "\xEF\xBD\x8E"
                                "ame",
                                "extra", "", "id "}) {
    const Judged judged = judge(R"({"jsonrpc":"2.0","id":1,"method":"ping",")" + key + R"(":1})");
    EXPECT_EQ(judged.verdict, "-32600") << key;
    EXPECT_EQ(judged.id, "1") << key;
    EXPECT_EQ(judge(call(R"({"name":"x",")" + key + R"(":"delete"})"), Revision::v2025_11_25).verdict,
              "-32602")
        << key;
  }
  // Instead of the exact member.
  EXPECT_EQ(judge(call(R"({"Name":"delete"})"), Revision::v2025_11_25).verdict, "-32602");
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,"Method":"tools/call"})").verdict, "-32600");
}

TEST(Envelope, T011_T166_NamesWithControlCharacters) {
  const std::vector<std::string> bad = {R"(delete\u0000safe)", R"(a\nb)", R"(a\u007f)", "",
                                        std::string(129, 'a')};
  for (const std::string& name : bad) {
    EXPECT_EQ(judge(call(R"({"name":")" + name + R"("})"), Revision::v2026_07_28).verdict, "-32602") << name;
  }
  // Outside the grammar, but nothing to hide: answered as a tool that does not exist (T129).
  for (const std::string name : {"./x", "x ", "x%20", "X\xC3\xA9"}) {
    EXPECT_EQ(judge(call(R"({"name":")" + name + R"("})"), Revision::v2026_07_28).verdict, "ok") << name;
    EXPECT_FALSE(is_tool_name(name)) << name;
  }
  EXPECT_TRUE(is_tool_name("Az09_.-"));
  EXPECT_TRUE(is_tool_name(std::string(128, 'a')));
  EXPECT_FALSE(is_tool_name(std::string(129, 'a')));
  EXPECT_FALSE(is_tool_name(""));
}

TEST(Envelope, T030_Version) {
  for (const std::string version : {"", R"("jsonrpc":"1.0",)", R"("jsonrpc":2.0,)", R"("jsonrpc":"2.0 ",)",
                                    R"("jsonrpc":null,)", R"("jsonrpc":["2.0"],)"}) {
    EXPECT_EQ(judge("{" + version + R"("id":1,"method":"ping"})").verdict, "-32600") << version;
  }
}

TEST(Envelope, T031_Batches) {
  const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  const std::vector<std::string> batches = {"[" + ping + "," + call("{}") + "]",
                                            "[" + ping + "]",
                                            "[]",
                                            "[[" + ping + "]]",
                                            "  [" + ping + "]",
                                            "\n[" + ping + "]"};
  for (const std::string& text : batches) {
    const Judged judged = judge(text);
    EXPECT_EQ(judged.verdict, "-32600") << text;
    EXPECT_TRUE(judged.refusal.batch) << text;
  }
  EXPECT_EQ(judge("\xEF\xBB\xBF[" + ping + "]").verdict, "-32700");
  for (const std::string text : {"1", "\"x\"", "null", "true"}) {
    EXPECT_EQ(judge(text).verdict, "-32600") << text;
    EXPECT_FALSE(judge(text).refusal.batch) << text;
  }
}

TEST(Envelope, T032_RequestsWithoutId) {
  for (const std::string method :
       {"tools/call", "resources/read", "prompts/get", "tools/list", "initialize"}) {
    const Judged judged =
        judge(R"({"jsonrpc":"2.0","method":")" + method + R"(","params":{"name":"x","uri":"y"}})",
              Revision::v2025_11_25);
    EXPECT_EQ(judged.verdict, "-32600") << method;
    EXPECT_TRUE(judged.refusal.notification) << method;
  }
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,"method":"notifications/initialized"})", Revision::v2025_11_25)
                .verdict,
            "-32600");
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", Revision::v2025_11_25).verdict,
            "ok");
}

TEST(Envelope, T034_Ids) {
  const auto with_id = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"ping"})";
  };
  const std::vector<std::string> bad = {"null",
                                        "true",
                                        "{}",
                                        "[]",
                                        "1.5",
                                        "1e3",
                                        "1E3",
                                        "1.0",
                                        "\"\"",
                                        "\"" + std::string(257, 'x') + "\"",
                                        "\"" + std::string(10'000, 'x') + "\"",
                                        R"("a\nb")",
                                        R"("\u0000")",
                                        R"("\u007f")",
                                        std::string(257, '1')};
  for (const std::string& id : bad) {
    const Judged judged = judge(with_id(id));
    EXPECT_EQ(judged.verdict, "-32600") << id;
    EXPECT_EQ(judged.id, "") << id;
  }
  for (const std::string id :
       {"0", "-1", "9007199254740993", "18446744073709551616", "\"x\"", "\"1\"", R"("\u00e9")"}) {
    EXPECT_EQ(judge(with_id(id)).verdict, "ok") << id;
  }
  EXPECT_EQ(judge(with_id("\"" + std::string(256, 'x') + "\"")).verdict, "ok");
  for (const std::string& id : bad) {
    EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})").verdict, "-32600") << id;
  }
}

TEST(Envelope, T039_MixedShapes) {
  for (const std::string rest :
       {R"("method":"ping","result":{})", R"("method":"ping","error":{"code":1,"message":"x"})",
        R"("result":{},"error":{"code":1,"message":"x"})", R"("params":{})", R"("result":{},"params":{})"}) {
    EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,)" + rest + "}").verdict, "-32600") << rest;
  }
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1})").verdict, "-32600");
  EXPECT_EQ(judge("{}").verdict, "-32600");
  for (const std::string rest :
       {R"("result":[])", R"("result":null)", R"("error":{})", R"("error":{"code":"1","message":"x"})",
        R"("error":{"code":1.5,"message":"x"})", R"("error":{"code":1})", R"("error":"x")",
        R"("result":{"_meta":1})"}) {
    EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,)" + rest + "}", std::nullopt, Sender::server).verdict,
              "-32600")
        << rest;
  }
  for (const std::string rest : {R"("method":1)", R"("method":null)", R"("method":["ping"])",
                                 R"("method":"ping","params":[])", R"("method":"ping","params":null)"}) {
    EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,)" + rest + "}").verdict, "-32600") << rest;
  }
}

TEST(Envelope, T040_Answers) {
  const std::string result = R"({"jsonrpc":"2.0","id":1,"result":{}})";
  EXPECT_EQ(judge(result, Revision::v2026_07_28).verdict, "-32600");
  EXPECT_EQ(judge(result, Revision::v2025_11_25).verdict, "ok");
  // Nobody's request: only a server may answer without an id, and only with an error.
  for (const std::string id : {R"("id":null,)", ""}) {
    const std::string error = R"({"jsonrpc":"2.0",)" + id + R"("error":{"code":-32700,"message":"x"}})";
    EXPECT_EQ(judge(error, Revision::v2025_11_25, Sender::server).verdict, "ok");
    EXPECT_EQ(judge(error, Revision::v2025_11_25, Sender::client).verdict, "-32600");
    EXPECT_EQ(
        judge(R"({"jsonrpc":"2.0",)" + id + R"("result":{}})", Revision::v2025_11_25, Sender::server).verdict,
        "-32600");
  }
  // The id of an answer is not echoed: it is not this message's.
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,"result":{},"x":1})").id, "");
}

TEST(Envelope, T041_T042_MethodsThatDoNotExist) {
  for (const std::string method :
       {"Tools/Call", " tools/call", R"(tools/call\n)", "tools//call", "tools/call/",
        "tools\xE2\x81\x84"
        "call",
        "\xEF\xBD\x94ools/call", "", "rpc.discover", "$/x", "tools/callTool", "vendor/x",
        R"(tools/call\u0000)"}) {
    for (const Revision revision : kRevisions) {
      const Judged judged =
          judge(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{"name":"x"}})", revision);
      EXPECT_EQ(judged.verdict, "-32601") << method;
      EXPECT_EQ(judged.id, "1");
    }
  }
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","method":"vendor/x"})", Revision::v2025_11_25).verdict, "-32601");
}

TEST(Envelope, MethodsComeAndGoWithRevisions) {
  struct Row {
    std::string method;
    std::string params;
    Revision first, last;
  };
  using enum Revision;
  const std::vector<Row> rows = {
      {"ping", "{}", v2024_11_05, v2025_11_25},
      {"logging/setLevel", R"({"level":"info"})", v2024_11_05, v2025_11_25},
      {"resources/subscribe", R"({"uri":"x:"})", v2024_11_05, v2025_11_25},
      {"tools/list", "{}", v2024_11_05, v2026_07_28},
      {"server/discover", "{}", v2026_07_28, v2026_07_28},
      {"subscriptions/listen", R"({"notifications":{}})", v2026_07_28, v2026_07_28},
      {"tasks/list", "{}", v2025_11_25, v2025_11_25},
      {"tasks/get", R"({"taskId":"t"})", v2025_11_25, v2026_07_28},
      {"tasks/update", R"({"taskId":"t","inputResponses":{}})", v2026_07_28, v2026_07_28},
  };
  for (const Row& row : rows) {
    for (const Revision revision : kRevisions) {
      const bool there = row.first <= revision && revision <= row.last;
      EXPECT_EQ(
          judge(R"({"jsonrpc":"2.0","id":1,"method":")" + row.method + R"(","params":)" + row.params + "}",
                revision)
              .verdict,
          there ? "ok" : "-32601")
          << row.method << " " << to_string(revision);
    }
  }
  // T111: a server's requests are no client's, and the other way round.
  const std::string sampling =
      R"({"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}})";
  EXPECT_EQ(judge(sampling, v2025_11_25, Sender::server).verdict, "ok");
  EXPECT_EQ(judge(sampling, v2026_07_28, Sender::server).verdict, "-32601");
  EXPECT_EQ(judge(sampling, v2025_11_25, Sender::client).verdict, "-32601");
  EXPECT_EQ(judge(call(R"({"name":"x"})"), v2025_11_25, Sender::server).verdict, "-32601");
}

TEST(Envelope, T046_MembersOfParams) {
  for (const std::string extra :
       {"tool", "toolName", "server", "user", "identity", "allowedTools", "Arguments", "_Meta"}) {
    EXPECT_EQ(judge(call(R"({"name":"x",")" + extra + R"(":{}})"), Revision::v2026_07_28).verdict, "-32602")
        << extra;
  }
  for (const std::string params :
       {R"({})", R"({"name":1})", R"({"name":null})", R"({"name":["x"]})", R"({"name":"x","arguments":[]})",
        R"({"name":"x","arguments":null})", R"({"name":"x","arguments":"{}"})"}) {
    EXPECT_EQ(judge(call(params), Revision::v2025_11_25).verdict, "-32602") << params;
  }
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", Revision::v2025_11_25).verdict,
            "-32602");
  // Members that one revision has and another has not.
  EXPECT_EQ(judge(call(R"({"name":"x","task":{}})"), Revision::v2025_11_25).verdict, "ok");
  EXPECT_EQ(judge(call(R"({"name":"x","task":{}})"), Revision::v2026_07_28).verdict, "ok") << "without meaning";
  EXPECT_EQ(judge(call(R"({"name":"x","task":{}})"), Revision::v2025_06_18).verdict, "-32602");
  EXPECT_EQ(
      judge(call(R"({"name":"x","requestState":"s","inputResponses":{}})"), Revision::v2026_07_28).verdict,
      "ok");
  EXPECT_EQ(judge(call(R"({"name":"x","requestState":"s"})"), Revision::v2025_11_25).verdict, "-32602");
  EXPECT_EQ(judge(call(R"({"name":"x","arguments":{"anything":[{"goes":1}]},"_meta":{"a/b":1}})"),
                  Revision::v2024_11_05)
                .verdict,
            "ok");
}

TEST(Envelope, T048_ProgressTokens) {
  for (const std::string token : {"1.5", "null", "true", "{}", "\"\"", R"("a\u0000")"}) {
    EXPECT_EQ(judge(call(R"({"name":"x","_meta":{"progressToken":)" + token + "}}")).verdict, "-32602")
        << token;
  }
  EXPECT_EQ(judge(call(R"({"name":"x","_meta":{"progressToken":"t"}})")).verdict, "ok");
  EXPECT_EQ(judge(call(R"({"name":"x","_meta":[]})")).verdict, "-32602");
}

// Every example message of the newest revision passes as what it is.
TEST(Envelope, ExamplesOfTheSpecification) {
  const auto folder = testing::shared_path("data/mcp-schema/2026-07-28/examples");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  int messages = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = testing::read_file(entry.path());
    json::Reader reader;
    const auto root = reader.read(text);
    ASSERT_TRUE(root) << entry.path() << root.error().message;
    if (!root->find("jsonrpc")) continue;
    ++messages;
    const Sender sender = root->find("method") && exists(parse_method(root->find("method").string()),
                                                         Revision::v2026_07_28, Sender::client)
                              ? Sender::client
                              : Sender::server;
    const Judged judged = judge(text, Revision::v2026_07_28, sender);
    EXPECT_EQ(judged.verdict, "ok") << entry.path() << " " << judged.refusal.message;
  }
  EXPECT_GT(messages, 20);
}

}  // namespace
}  // namespace doorward::mcp
