#include "server/secret.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace doorward::server {
namespace {

class Secret : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/doorward-secret-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    unlink(path().c_str());
    unlink((folder_ + "/link").c_str());
    rmdir(folder_.c_str());
  }

  std::string path() const { return folder_ + "/secret"; }
  void write(const std::string& bytes, mode_t mode = 0600) {
    std::ofstream(path(), std::ios::binary) << bytes;
    chmod(path().c_str(), mode);
  }
  Result<std::string> resolve(const std::string& file) {
    return resolve_secret({SecretRef::Source::file, file, "", {}}, "x-api-key");
  }
  void refused(const std::string& file, const std::string& part) {
    const auto value = resolve(file);
    ASSERT_FALSE(value.has_value()) << part;
    EXPECT_NE(value.error().message.find("\"x-api-key\""), std::string::npos) << value.error().message;
    EXPECT_NE(value.error().message.find(part), std::string::npos) << value.error().message;
    EXPECT_EQ(value.error().message.find("hunter2"), std::string::npos) << value.error().message;
  }

  std::string folder_;
};

TEST_F(Secret, OneNewlineAtTheEndIsCut) {
  write("hunter2\n");
  EXPECT_EQ(resolve(path()).value(), "hunter2");
  write("hunter2");
  EXPECT_EQ(resolve_secret({SecretRef::Source::file, path(), "Bearer ", {}}, "authorization").value(),
            "Bearer hunter2");
}

// T322: where the secret lies.
TEST_F(Secret, T322RefusesAPlaceThatOthersCanTouch) {
  refused(path(), "No such file");
  write("hunter2\n", 0644);
  refused(path(), "can be read by other users");
  write("hunter2\n", 0660);
  refused(path(), "can be read by other users");
  write("hunter2\n", 0400);
  EXPECT_TRUE(resolve(path()).has_value());
  ASSERT_EQ(symlink(path().c_str(), (folder_ + "/link").c_str()), 0);
  refused(folder_ + "/link", "symbolic link");
  refused(folder_, "is no regular file");
  unlink(path().c_str());
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  refused(path(), "is no regular file");
}

TEST_F(Secret, T322RefusesAForeignOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write("hunter2\n");
  ASSERT_EQ(chown(path().c_str(), 12345, 12345), 0);
  refused(path(), "belongs to another user");
}

TEST_F(Secret, T322RefusesAMissingOrEmptyVariable) {
  unsetenv("DOORWARD_TEST_SECRET");
  const SecretRef ref{SecretRef::Source::environment, "DOORWARD_TEST_SECRET", "", {}};
  EXPECT_NE(resolve_secret(ref, "token").error().message.find("DOORWARD_TEST_SECRET is not set"),
            std::string::npos);
  setenv("DOORWARD_TEST_SECRET", "", 1);
  EXPECT_NE(resolve_secret(ref, "token").error().message.find("is empty"), std::string::npos);
  setenv("DOORWARD_TEST_SECRET", "hunter2", 1);
  EXPECT_EQ(resolve_secret(ref, "token").value(), "hunter2");
  unsetenv("DOORWARD_TEST_SECRET");
}

// T241: what the secret holds.
TEST_F(Secret, T241RefusesBytesThatDoNotBelong) {
  for (const auto& [bytes, part] :
       {std::pair{std::string(), "is empty"}, std::pair{std::string("\n"), "is empty"},
        std::pair{std::string("hunter2\n\n"), "line break"},
        std::pair{std::string("hunter2\r\n"), "line break"},
        std::pair{std::string("hun\nter2"), "line break"},
        std::pair{std::string("hunter2\0x", 9), "control character"},
        std::pair{std::string("hunter2 "), "space"}, std::pair{std::string(" hunter2"), "space"},
        std::pair{std::string("hunter2\xC3\xA9"), "non-ASCII"},
        std::pair{std::string(kSecretBytes + 1, 'x'), "over 64 KiB"}}) {
    write(bytes);
    refused(path(), part);
  }
}

TEST_F(Secret, ALiteralIsTakenAsItStands) {
  EXPECT_EQ(resolve_secret({SecretRef::Source::literal, "/tmp", "", {}}, "HOME").value(), "/tmp");
}

// T242: no template syntax is expanded.
TEST_F(Secret, T242TemplatesAreText) {
  setenv("DOORWARD_TEST_SECRET", "${HOME}", 1);
  EXPECT_EQ(resolve_secret({SecretRef::Source::environment, "DOORWARD_TEST_SECRET", "", {}}, "x").value(),
            "${HOME}");
  unsetenv("DOORWARD_TEST_SECRET");
}

}  // namespace
}  // namespace doorward::server
