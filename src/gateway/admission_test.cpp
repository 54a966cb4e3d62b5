#include "gateway/admission.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"

namespace doorward::gateway {
namespace {

using mcp::Revision;

/// The code of the refusal, or 0.
int code_of(Revision revision, const std::string& members, bool* notification = nullptr,
            bool* has_id = nullptr) {
  json::Reader reader;
  const std::string text = R"({"jsonrpc":"2.0",)" + members + "}";
  const auto root = reader.read(text);
  const auto message = mcp::read_message(*root, mcp::Sender::client);
  EXPECT_TRUE(message) << text;
  if (!message) return -1;
  const auto refusal = check_admission(*message, revision);
  if (!refusal) return 0;
  if (notification != nullptr) *notification = refusal->notification;
  if (has_id != nullptr) *has_id = static_cast<bool>(refusal->id);
  return static_cast<int>(refusal->code);
}

TEST(Admission, TheMethodsOfTheRevisionPass) {
  for (Revision revision : mcp::kRevisions) {
    EXPECT_EQ(code_of(revision, R"("id":1,"method":"tools/call","params":{"name":"x"})"), 0);
    EXPECT_EQ(code_of(revision, R"("id":1,"method":"tools/list")"), 0);
    EXPECT_EQ(code_of(revision, R"("method":"notifications/cancelled","params":{"requestId":1})"), 0);
  }
}

TEST(Admission, UnknownMethodsAreRefused_T042) {
  for (Revision revision : mcp::kRevisions) {
    for (const char* method :
         {"rpc.discover", "$/x", "tools/callTool", "vendor/x", "Tools/call", "tools/call "}) {
      EXPECT_EQ(code_of(revision, R"("id":1,"method":")" + std::string(method) + '"'), -32601) << method;
    }
  }
}

TEST(Admission, TasksAreNotCarriedInAnyRevision_T196) {
  for (Revision revision : mcp::kRevisions) {
    for (const char* method : {"tasks/get", "tasks/result", "tasks/cancel", "tasks/list"}) {
      const std::string params = std::string(method) == "tasks/list" ? "{}" : R"({"taskId":"t"})";
      bool notification = true, has_id = false;
      EXPECT_EQ(code_of(revision, R"("id":1,"method":")" + std::string(method) + R"(","params":)" + params,
                        &notification, &has_id),
                -32601)
          << method << " " << mcp::to_string(revision);
      EXPECT_FALSE(notification);
      EXPECT_TRUE(has_id);
    }
  }
  EXPECT_EQ(code_of(Revision::v2026_07_28,
                    R"("id":1,"method":"tasks/update","params":{"taskId":"t","inputResponses":{}})"),
            -32601);
}

TEST(Admission, ARefusedNotificationIsToldApart_T196) {
  bool notification = false, has_id = true;
  EXPECT_EQ(code_of(Revision::v2025_11_25,
                    R"("method":"notifications/tasks/status","params":{"taskId":"t","status":"working",)"
                    R"("createdAt":"2026-01-01T00:00:00Z","lastUpdatedAt":"2026-01-01T00:00:00Z","ttl":1})",
                    &notification, &has_id),
            -32601);
  EXPECT_TRUE(notification);
  EXPECT_FALSE(has_id);
}

}  // namespace
}  // namespace doorward::gateway
