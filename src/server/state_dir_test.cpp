#include "server/state_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace doorward::server {
namespace {

TEST(StateDir, IsChosenInOrder) {
  setenv("HOME", "/home/x", 1);
  unsetenv("XDG_STATE_HOME");
  unsetenv("DOORWARD_STATE");
  EXPECT_EQ(choose_state_dir("")->path, "/home/x/.local/state/doorward");
  setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(choose_state_dir("")->path, "/home/x/.local/state/doorward");
  setenv("XDG_STATE_HOME", "/var/x", 1);
  EXPECT_EQ(choose_state_dir("")->path, "/var/x/doorward");
  setenv("DOORWARD_STATE", "/srv/state/", 1);
  EXPECT_EQ(choose_state_dir("")->path, "/srv/state");
  EXPECT_EQ(choose_state_dir("/given/../other")->path, "/other");
  unsetenv("DOORWARD_STATE");
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  EXPECT_FALSE(choose_state_dir("").has_value());
}

TEST(StateDir, IsOursAlone) {
  char pattern[] = "/tmp/doorward-state-XXXXXX";
  ASSERT_NE(mkdtemp(pattern), nullptr);
  const StateDir state{std::string(pattern) + "/deep/state"};
  ASSERT_TRUE(prepare_state_dir(state).has_value());
  struct stat facts {};
  ASSERT_EQ(stat(state.path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700U);
  ASSERT_EQ(chmod(state.path.c_str(), 0750), 0);
  const Status open = prepare_state_dir(state);
  ASSERT_FALSE(open.has_value());
  EXPECT_EQ(open.error().kind, ErrorKind::denied);
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace doorward::server
