#include "io/child.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "io/stream.h"

namespace doorward::io {
namespace {

const std::string kShell = "/bin/sh";

std::string drain(int fd) {
  std::string out;
  char buffer[4096];
  for (;;) {
    const IoResult got = read_some(fd, buffer);
    if (got.state == IoState::would_block) {
      ::usleep(1000);
      continue;
    }
    if (got.state != IoState::ok) return out;
    out.append(buffer, got.bytes);
  }
}

struct Outcome {
  std::string out;
  std::string err;
  ExitStatus status;
};

/// Runs a shell script to its end, its stdin closed.
Outcome run(const std::string& script, std::vector<std::string> environment = {},
            const std::string& directory = "") {
  Loop loop;
  std::optional<ExitStatus> status;
  auto child = Child::spawn(loop, {kShell, {"-c", script}, std::move(environment), directory},
                            [&](ExitStatus s) { status = s; });
  EXPECT_TRUE(child) << child.error().message;
  (*child)->close_input();
  Outcome result;
  result.out = drain((*child)->output());
  result.err = drain((*child)->errors());
  while (!status) loop.poll(100'000);
  result.status = *status;
  return result;
}

bool alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  const auto at = text.rfind(") ");
  return at != std::string::npos && text[at + 2] != 'Z';
}

std::set<int> open_descriptors() {
  std::set<int> open;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    open.insert(std::stoi(entry.path().filename()));
  }
  return open;
}

bool gone_within(const std::vector<pid_t>& pids, int ms) {
  for (int i = 0; i < ms; ++i) {
    bool any = false;
    for (const pid_t pid : pids) any = any || alive(pid);
    if (!any) return true;
    ::usleep(1000);
  }
  return false;
}

/// A script that leaves `count` processes behind which have detached themselves in every usual way; it prints
/// their pids and waits.
std::string detaching(int count) {
  return "i=0; while [ $i -lt " + std::to_string(count) +
         " ]; do (setsid sh -c 'trap \"\" TERM HUP INT; echo $$; exec sleep 1000' &) ; i=$((i+1)); done; "
         "echo $$; sleep 1000";
}

std::vector<pid_t> read_pids(int fd, std::size_t count) {
  std::string text;
  char buffer[256];
  std::vector<pid_t> pids;
  while (pids.size() < count) {
    const IoResult got = read_some(fd, buffer);
    if (got.state == IoState::eof || got.state == IoState::error) break;
    text.append(buffer, got.bytes);
    pids.clear();
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
    ::usleep(500);
  }
  return pids;
}

TEST(Child, T253_SeesOnlyTheVariablesItWasGiven) {
  ::setenv("DOORWARD_SECRET_OF_THE_PARENT", "x", 1);
  const Outcome result = run("/usr/bin/env", {"PATH=/usr/bin:/bin", "TOKEN=a b\nc"});
  EXPECT_EQ(result.out.find("SECRET"), std::string::npos);
  EXPECT_NE(result.out.find("TOKEN=a b\nc"), std::string::npos);
  std::set<std::string> names;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.find('=') != line.npos) names.insert(line.substr(0, line.find('=')));
  }
  names.erase("_");
  EXPECT_EQ(names, (std::set<std::string>{"PATH", "PWD", "TOKEN"})) << "PWD is the shell's own";
}

TEST(Child, T254_HasNoOtherDescriptors) {
  const Fd leak(::dup(2));  // not close-on-exec
  const Outcome result = run("ls /proc/self/fd", {"PATH=/usr/bin:/bin"});
  EXPECT_EQ(result.out, "0\n1\n2\n3\n") << "3 is what ls opened to look";
}

TEST(Child, HasASessionOfItsOwnAndDefaultSignals) {
  ::signal(SIGPIPE, SIG_IGN);
  const Outcome result =
      run("ps -o pid=,sid=,pgid= -p $$; grep -E 'SigBlk|SigIgn' /proc/self/status", {"PATH=/usr/bin:/bin"});
  std::istringstream words(result.out);
  pid_t pid = 0;
  pid_t sid = 0;
  pid_t group = 0;
  words >> pid >> sid >> group;
  EXPECT_EQ(pid, sid);
  EXPECT_EQ(pid, group);
  EXPECT_NE(result.out.find("SigBlk:\t0000000000000000"), std::string::npos) << result.out;
  const auto ignored = result.out.find("SigIgn:");
  ASSERT_NE(ignored, std::string::npos);
  // 32 and 33 are glibc's own, which posix_spawn leaves ignored.
  EXPECT_EQ(std::stoull(result.out.substr(ignored + 8), nullptr, 16) & 0x7fffffff, 0u) << result.out;
}

TEST(Child, ReportsHowItEnded) {
  EXPECT_EQ(run("exit 7").status.code, 7);
  EXPECT_EQ(run("exit 0").status.code, 0);
  EXPECT_EQ(run("kill -9 $$").status.signal, SIGKILL);
  EXPECT_EQ(run("kill -TERM $$").status.signal, SIGTERM);
  EXPECT_EQ(run("echo out; echo err >&2").err, "err\n");
  EXPECT_EQ(run("pwd", {}, "/usr").out, "/usr\n");
}

TEST(Child, SaysWhyItCannotStart) {
  Loop loop;
  EXPECT_FALSE(Child::spawn(loop, {"relative", {}, {}, ""}, [](ExitStatus) {}));
  EXPECT_FALSE(Child::spawn(loop, {kShell, {}, {}, "/no/such/folder"}, [](ExitStatus) {}));
  std::optional<ExitStatus> status;
  auto child = Child::spawn(loop, {"/etc/passwd", {}, {}, ""}, [&](ExitStatus s) { status = s; });
  ASSERT_TRUE(child);
  EXPECT_EQ(drain((*child)->errors()), "doorward: cannot start /etc/passwd: EACCES\n");
  while (!status) loop.poll(100'000);
  EXPECT_EQ(status->code, 127);
}

TEST(Child, T265_ManyStartsAndStopsLeaveNothing) {
  Loop loop;
  const std::set<int> before = open_descriptors();
  for (int i = 0; i < 100; ++i) {
    bool ended = false;
    auto child = Child::spawn(loop, {"/bin/cat", {}, {}, ""}, [&](ExitStatus) { ended = true; });
    ASSERT_TRUE(child) << child.error().message;
    if (i % 3 == 0) {
      (*child)->kill();
    } else {
      (*child)->close_input();
    }
    if (i % 2 == 0) {
      while (!ended) loop.poll(100'000);
    }
  }
  // Half of the children were destroyed while running; nobody waits for them but the loop.
  for (int i = 0; i < 5000 && ::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) == 0; ++i)
    loop.poll(1000);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Child, T265_DescendantsEndWithTheChild) {
  Loop loop;
  bool ended = false;
  auto child = Child::spawn(
      loop,
      {kShell, {"-c", "(setsid sh -c 'echo $$; exec sleep 1000' &); sleep 0.2"}, {"PATH=/usr/bin:/bin"}, ""},
      [&](ExitStatus) { ended = true; });
  ASSERT_TRUE(child);
  const std::vector<pid_t> pids = read_pids((*child)->output(), 1);
  ASSERT_EQ(pids.size(), 1u);
  EXPECT_TRUE(alive(pids[0]));
  while (!ended) loop.poll(100'000);
  EXPECT_FALSE(alive(pids[0]));
}

TEST(Child, T266_NothingSurvivesAKilledGateway) {
  int report[2];
  ASSERT_EQ(::pipe(report), 0);
  const pid_t gateway = ::fork();
  ASSERT_GE(gateway, 0);
  if (gateway == 0) {
    Loop loop;
    std::vector<std::unique_ptr<Child>> children;
    std::string pids;
    for (int i = 0; i < 20; ++i) {
      auto child =
          Child::spawn(loop, {kShell, {"-c", detaching(2)}, {"PATH=/usr/bin:/bin"}, ""}, [](ExitStatus) {});
      if (!child) ::_exit(1);
      children.push_back(std::move(*child));
      pids += std::to_string(children.back()->pid()) + "\n";
      for (const pid_t pid : read_pids(children.back()->output(), 3)) pids += std::to_string(pid) + "\n";
    }
    [[maybe_unused]] const ssize_t n = ::write(report[1], pids.data(), pids.size());
    for (;;) ::pause();
  }
  const std::vector<pid_t> pids = read_pids(report[0], 80);
  ::close(report[0]);
  ::close(report[1]);
  ASSERT_EQ(pids.size(), 80u);
  for (const pid_t pid : pids) EXPECT_TRUE(alive(pid));
  ::kill(gateway, SIGKILL);
  ::waitpid(gateway, nullptr, 0);
  EXPECT_TRUE(gone_within(pids, 2000));
}

TEST(Child, T266_TheChildDiesWithItsSupervisor) {
  Loop loop;
  bool ended = false;
  auto child = Child::spawn(loop, {kShell, {"-c", "echo $$; exec sleep 1000"}, {"PATH=/usr/bin:/bin"}, ""},
                            [&](ExitStatus status) {
                              ended = true;
                              EXPECT_EQ(status.signal, SIGKILL);
                            });
  ASSERT_TRUE(child);
  const std::vector<pid_t> pids = read_pids((*child)->output(), 1);
  ::kill((*child)->pid(), SIGKILL);
  while (!ended) loop.poll(100'000);
  EXPECT_TRUE(gone_within(pids, 2000));
}

TEST(Child, T267_TheLadderEndsWhoeverIgnoresIt) {
  Loop loop;
  std::optional<ExitStatus> status;
  auto child = Child::spawn(loop,
                            {kShell,
                             {"-c", "trap 'echo term' TERM; echo $$; while :; do sleep 0.01; done"},
                             {"PATH=/usr/bin:/bin"},
                             ""},
                            [&](ExitStatus s) { status = s; });
  ASSERT_TRUE(child);
  ASSERT_EQ(read_pids((*child)->output(), 1).size(), 1u);
  (*child)->terminate(100'000);
  EXPECT_EQ((*child)->input(), -1);
  while (!status) loop.poll(100'000);
  EXPECT_EQ(status->signal, SIGKILL);
  EXPECT_NE(drain((*child)->output()).find("term"), std::string::npos) << "TERM came before KILL";
}

TEST(Child, T267_TheLadderStopsWhereItIsObeyed) {
  Loop loop;
  std::optional<ExitStatus> status;
  auto polite = Child::spawn(loop, {"/bin/cat", {}, {}, ""}, [&](ExitStatus s) { status = s; });
  ASSERT_TRUE(polite);
  (*polite)->terminate(60'000'000);
  while (!status) loop.poll(100'000);
  EXPECT_EQ(status->code, 0);
  EXPECT_EQ(status->signal, 0);
  status.reset();
  auto deaf = Child::spawn(loop, {"/bin/sleep", {"1000"}, {}, ""}, [&](ExitStatus s) { status = s; });
  ASSERT_TRUE(deaf);
  (*deaf)->terminate(50'000);
  while (!status) loop.poll(100'000);
  EXPECT_EQ(status->signal, SIGTERM);
}

TEST(FindProgram, T269_GivesAbsolutePathsAndWarnings) {
  EXPECT_EQ(find_program("sh", "/nowhere:/bin")->path, "/bin/sh");
  EXPECT_EQ(find_program("/bin/sh", "")->path, "/bin/sh");
  EXPECT_EQ(find_program("/bin/sh", "")->warning, "");
  EXPECT_FALSE(find_program("./sh", "/bin"));
  EXPECT_FALSE(find_program("bin/sh", "/"));
  EXPECT_FALSE(find_program("", "/bin"));
  EXPECT_FALSE(find_program("/etc/passwd", ""));
  EXPECT_FALSE(find_program("/bin", ""));
  EXPECT_FALSE(find_program("sh", ":.:bin"));
  EXPECT_FALSE(find_program(std::string("sh\0x", 4), "/bin"));
  std::string folder = "/tmp/doorward-io-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string program = folder + "/tool";
  std::ofstream(program) << "#!/bin/sh\n";
  ::chmod(program.c_str(), 0755);
  EXPECT_EQ(find_program("tool", "/bin:" + folder)->warning, "");
  ::chmod(program.c_str(), 0775);
  EXPECT_NE(find_program(program, "")->warning, "");
  ::chmod(program.c_str(), 0755);
  ::chmod(folder.c_str(), 0777);
  EXPECT_NE(find_program(program, "")->warning, "");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace doorward::io
