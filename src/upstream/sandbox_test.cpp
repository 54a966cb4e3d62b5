// Children in a bubblewrap sandbox; skipped where bubblewrap or user namespaces are missing.
#include "upstream/sandbox.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "upstream/stdio_link.h"
#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

bool available() {
  return std::system("bwrap --ro-bind / / --unshare-pid --proc /proc true >/dev/null 2>&1") == 0;
}

struct SandboxTest : ::testing::Test {
  SandboxTest() {
    char name[] = "/var/tmp/doorward-sandbox-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~SandboxTest() override { std::filesystem::remove_all(folder); }
  void run(const std::string& script, const std::string& hidden = {}) {
    settings.target = StdioTarget{{"/bin/sh", "-c", script}, {}, folder, true, hidden};
    auto started = StdioLink::start(loop, std::make_shared<const ServerSettings>(settings), listener);
    ASSERT_TRUE(started) << started.error().message;
    link = std::move(*started);
    EXPECT_TRUE(run_until(loop, [&] { return listener.closed; }));
  }
  FakeClock clock;
  io::Loop loop{clock};
  ServerSettings settings;
  Listener listener;
  std::string folder;
  std::unique_ptr<StdioLink> link;
};

TEST_F(SandboxTest, WritesInItsFolderAloneAndSeesNoOtherProcess) {
  if (!available()) GTEST_SKIP() << "bubblewrap or user namespaces are not available";
  run("exec >&2; pwd; echo in > inside && echo wrote-inside; echo x > /var/tmp/doorward-outside || echo no-outside; "
      "echo x > /etc/doorward-outside || echo no-etc; ls /tmp | wc -l; echo t > /tmp/t && echo wrote-tmp; "
      "ls -d /proc/[0-9]* | wc -l; kill -0 " +
      std::to_string(::getpid()) + " || echo no-gateway");
  EXPECT_THAT(listener.lines, Contains(folder));
  EXPECT_THAT(listener.lines, Contains("wrote-inside"));
  EXPECT_THAT(listener.lines, Contains("no-outside"));
  EXPECT_THAT(listener.lines, Contains("no-etc"));
  EXPECT_THAT(listener.lines, Contains("wrote-tmp"));
  EXPECT_THAT(listener.lines, Contains("no-gateway"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/inside"));
  EXPECT_FALSE(std::filesystem::exists("/var/tmp/doorward-outside"));
}

TEST_F(SandboxTest, SeesNothingOfTheGatewaysOwnFolder) {
  if (!available()) GTEST_SKIP() << "bubblewrap or user namespaces are not available";
  const std::string beside = folder + "-state";
  const std::string other_name = folder + "-link";
  std::filesystem::create_directory_symlink(beside, other_name);
  for (const auto& [own, named] : {std::pair(beside, beside), std::pair(beside, other_name), std::pair(folder + "/state", folder + "/state")}) {
    SCOPED_TRACE(named);
    std::filesystem::create_directories(own + "/keys");
    std::ofstream(own + "/keys/signing") << "secret";
    listener = {};
    run("exec >&2; cat " + own + "/keys/signing || echo no-key; ls " + own + " | wc -l; echo x > own && echo wrote-inside", named);
    EXPECT_THAT(listener.lines, Contains("no-key"));
    EXPECT_THAT(listener.lines, Contains("0"));
    EXPECT_THAT(listener.lines, Contains("wrote-inside"));
    EXPECT_THAT(listener.lines, Not(Contains(HasSubstr("secret"))));
    EXPECT_TRUE(std::filesystem::exists(own + "/keys/signing"));
    std::filesystem::remove_all(own);
  }
  std::filesystem::remove(other_name);
}

TEST_F(SandboxTest, CannotWorkInTheGatewaysOwnFolder) {
  io::SpawnOptions options;
  options.program = "/bin/true";
  options.directory = folder;
  const char* path = std::getenv("PATH");
  if (!io::find_program("bwrap", path)) GTEST_SKIP() << "bubblewrap is not available";
  const Status made = sandbox(options, path, folder);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("state directory"));
}

TEST_F(SandboxTest, WithoutBubblewrapNothingStarts) {
  io::SpawnOptions options;
  options.program = "/bin/true";
  const Status made = sandbox(options, folder, {});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("bwrap is not installed"));
  EXPECT_EQ(options.program, "/bin/true");
}

}  // namespace
}  // namespace doorward::upstream::test
