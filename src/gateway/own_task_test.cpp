#include "gateway/own_task.h"

#include <gtest/gtest.h>

namespace doorward::gateway {
namespace {

constexpr std::int64_t kStart = 1'790'000'000'000'000;

std::string members(const OwnTask& task) {
  std::string out;
  task.append_members(out, "task_1");
  return out;
}

TEST(OwnTask, WorksUntilItIsFinished) {
  OwnTask task("waiting for \"payments\"", kStart, 600'000'000, nullptr);
  EXPECT_EQ(members(task),
            R"("taskId":"task_1","status":"working","statusMessage":"waiting for \"payments\"",)"
            R"("createdAt":"2026-09-21T14:13:20Z","lastUpdatedAt":"2026-09-21T14:13:20Z","ttlMs":600000,"pollIntervalMs":5000)");
  task.say("running", kStart + 1'000'000);
  EXPECT_NE(members(task).find(R"("statusMessage":"running")"), std::string::npos);
  EXPECT_NE(members(task).find(R"("lastUpdatedAt":"2026-09-21T14:13:21Z")"), std::string::npos);
  task.finish(R"({"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":true}})", kStart + 2'000'000);
  EXPECT_NE(members(task).find(R"("status":"completed")"), std::string::npos);
  EXPECT_NE(members(task).find(R"("result":{"content":[],"isError":true})"), std::string::npos);
  EXPECT_EQ(members(task).find("statusMessage"), std::string::npos);
}

TEST(OwnTask, AnErrorOrNoAnswerIsAFailure) {
  OwnTask refused("", kStart, 1'000'000, nullptr);
  refused.finish(R"({"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no"}})", kStart);
  EXPECT_NE(members(refused).find(R"("status":"failed")"), std::string::npos);
  EXPECT_NE(members(refused).find(R"("error":{"code":-32603,"message":"no"})"), std::string::npos);
  OwnTask silent("", kStart, 1'000'000, nullptr);
  silent.finish("", kStart);
  EXPECT_NE(members(silent).find(R"("error":{"code":-32603)"), std::string::npos);
}

TEST(OwnTask, ACancelledOneStaysCancelled) {
  int cancelled = 0;
  OwnTask task("waiting", kStart, 1'000'000, [&] { ++cancelled; });
  task.cancel(kStart);
  task.cancel(kStart);
  task.finish(R"({"jsonrpc":"2.0","id":7,"result":{}})", kStart);
  EXPECT_EQ(cancelled, 1);
  EXPECT_NE(members(task).find(R"("status":"cancelled")"), std::string::npos);
  EXPECT_EQ(members(task).find("result"), std::string::npos);
}

TEST(OwnTask, AFinishedOneIsNotCancelled) {
  int cancelled = 0;
  OwnTask task("waiting", kStart, 1'000'000, [&] { ++cancelled; });
  task.finish(R"({"jsonrpc":"2.0","id":7,"result":{}})", kStart);
  task.cancel(kStart);
  EXPECT_EQ(cancelled, 0);
  EXPECT_NE(members(task).find(R"("status":"completed")"), std::string::npos);
}

}  // namespace
}  // namespace doorward::gateway
