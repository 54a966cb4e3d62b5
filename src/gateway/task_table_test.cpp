#include "gateway/task_table.h"

#include <gtest/gtest.h>

namespace doorward::gateway {
namespace {

TaskEntry task(std::string grant, std::string id, std::string session = "s") {
  TaskEntry entry;
  entry.grant = std::move(grant);
  entry.server = "up";
  entry.session = std::move(session);
  entry.server_id = std::move(id);
  entry.tool = "build";
  return entry;
}

TEST(TaskTable, AHandleIsGoodForItsGrantAndServerAlone) {
  TaskTable table;
  const std::string handle = table.add(task("g1", "1"));
  EXPECT_TRUE(handle.starts_with("task_"));
  EXPECT_GE(handle.size(), 5u + 26u);
  ASSERT_TRUE(table.find(handle, "g1", "up"));
  EXPECT_EQ(table.find(handle, "g1", "up")->server_id, "1");
  EXPECT_EQ(table.find(handle, "g1", "up")->tool, "build");
  EXPECT_FALSE(table.find(handle, "g2", "up"));
  EXPECT_FALSE(table.find(handle, "g1", "other"));
  EXPECT_FALSE(table.find("1", "g1", "up"));
}

TEST(TaskTable, OneTaskHasOneHandleAndEqualIdsOfTwoCallersHaveTwo) {
  TaskTable table;
  const std::string handle = table.add(task("g1", "1"));
  EXPECT_EQ(table.add(task("g1", "1")), handle);
  EXPECT_NE(table.add(task("g2", "1")), handle);
  EXPECT_NE(table.add(task("g1", "1", "another session")), handle);
  EXPECT_EQ(table.handle("g1", "up", "s", "1"), handle);
  EXPECT_FALSE(table.handle("g1", "up", "s", "2"));
}

TEST(TaskTable, TheOldestMakesRoom) {
  TaskTable table(2);
  const std::string first = table.add(task("g", "1"));
  const std::string second = table.add(task("g", "2"));
  const std::string third = table.add(task("g", "3"));
  EXPECT_FALSE(table.find(first, "g", "up"));
  EXPECT_FALSE(table.handle("g", "up", "s", "1"));
  EXPECT_TRUE(table.find(second, "g", "up"));
  EXPECT_TRUE(table.find(third, "g", "up"));
}

TEST(TaskTable, OpenKeysAreKept) {
  TaskTable table;
  const std::string handle = table.add(task("g", "1"));
  table.set_open_keys(handle, {"confirm"});
  EXPECT_EQ(table.find(handle, "g", "up")->open_keys, std::vector<std::string>{"confirm"});
}

}  // namespace
}  // namespace doorward::gateway
