#include "gateway/client_waits.h"

#include <gtest/gtest.h>

namespace doorward::gateway {
namespace {

using std::chrono::seconds;

TEST(ClientWaits, TheShippedTableHasARowForEveryone) {
  const auto& rows = shipped_client_waits();
  ASSERT_GT(rows.size(), 5u);
  EXPECT_EQ(rows.back().name, "*");
  for (const ClientWait& row : rows) {
    EXPECT_GT(row.hold, seconds(0)) << row.name;
    EXPECT_GE(row.hold_with_progress, row.hold) << row.name;
  }
}

TEST(ClientWaits, TheNameOfTheClientChooses) {
  EXPECT_EQ(wait_of({}, "claude-code").hold_with_progress, seconds(270));
  EXPECT_EQ(wait_of({}, "Codex-MCP-client").hold, seconds(270));
  EXPECT_EQ(wait_of({}, "Visual Studio Code").hold, seconds(45));
  EXPECT_EQ(wait_of({}, "my-codex").hold, seconds(45));
  EXPECT_EQ(wait_of({}, "").hold, seconds(45));
}

TEST(ClientWaits, RowsOfTheConfigurationComeFirst) {
  const std::vector<ClientWait> own = {{"codex", seconds(1), seconds(2)}, {"b*", seconds(3), seconds(4)}};
  EXPECT_EQ(wait_of(own, "CODEX").hold, seconds(1));
  EXPECT_EQ(wait_of(own, "codex-mcp-client").hold, seconds(270));
  EXPECT_EQ(wait_of(own, "bot").hold_with_progress, seconds(4));
}

}  // namespace
}  // namespace doorward::gateway
