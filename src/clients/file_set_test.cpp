#include "clients/file_set.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "clients/manifest.h"
#include "io/file.h"

namespace doorward::clients {
namespace {

class FileSet : public ::testing::Test {
 protected:
  FileSet() : folder_(::testing::TempDir() + "file-set-" + std::to_string(::getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FileSet() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text, mode_t mode = 0644) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string read(const std::string& path) { return io::read_file(path, 1 << 20).value_or("(none)"); }

  std::string folder_;
};

TEST_F(FileSet, all_files_or_none) {
  const std::string a = write("a", "1");
  const std::string b = write("b", "2");
  const std::string fresh = folder_ + "/deep/new";
  const std::vector<FileEdit> edits = {{a, "1", "one", false, false, a + ".backup"},
                                       {fresh, "", "new", true, false, ""},
                                       {b, "something else", "two", false, false, b + ".backup"}};
  const Status done = write_files(edits);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::conflict);
  EXPECT_EQ(read(a), "1");
  EXPECT_EQ(read(b), "2");
  EXPECT_FALSE(std::filesystem::exists(fresh));
  EXPECT_FALSE(std::filesystem::exists(a + ".backup"));
  EXPECT_FALSE(std::filesystem::exists(b + ".backup"));
}

TEST_F(FileSet, permissions_and_links_stay) {
  const std::string real = write("real", "1", 0640);
  const std::string link = folder_ + "/link";
  std::filesystem::create_symlink(real, link);
  ASSERT_TRUE(write_files({{link, "1", "2", false, false, backup_path(link, 0)}}));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(read(real), "2");
  struct stat info {};
  ASSERT_EQ(::stat(real.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  EXPECT_EQ(read(real + ".doorward-backup-19700101T000000Z"), "1");
  EXPECT_EQ(backup_path(link, 0), real + ".doorward-backup-19700101T000000Z-2");
  ASSERT_TRUE(write_files({{link, "2", "", false, true, ""}}));
  EXPECT_FALSE(std::filesystem::exists(real));
}

TEST_F(FileSet, a_file_that_is_closed_to_its_owner_is_left_alone) {
  EXPECT_EQ(why_not_writable(write("open", "x")), "");
  EXPECT_NE(why_not_writable(write("closed", "x", 0444)), "");
  EXPECT_EQ(why_not_writable(folder_ + "/not-there-yet"), "");
}

TEST_F(FileSet, a_manifest_comes_back_as_it_was) {
  Manifest manifest;
  manifest.files.push_back({"cursor", "/home/me/ü.json", Format::toml, "aa", "bb", "/b",
                            {{"x", {"mcpServers", "x"}, "x", "cursor-x", "\"x\": {\r\n}", "\"x\": \"\t\""}}});
  manifest.servers = {{"x", "key"}};
  manifest.policies = {"x/x"};
  manifest.grants = {"cursor-x"};
  manifest.secrets = {"x.A"};
  const std::string path = manifest_path(folder_);
  ASSERT_TRUE(write_manifest(path, manifest));
  const auto back = read_manifest(path);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(manifest_json(*back), manifest_json(manifest));
  EXPECT_EQ(back->file("/home/me/ü.json")->entries[0].original, "\"x\": {\r\n}");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_TRUE(write_manifest(path, {}));
  EXPECT_TRUE(read_manifest(path)->is_empty());
  EXPECT_FALSE(parse_manifest("{}").has_value());
  EXPECT_FALSE(parse_manifest("").has_value());
}

}  // namespace
}  // namespace doorward::clients
