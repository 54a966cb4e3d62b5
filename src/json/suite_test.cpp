#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "json/reader.h"
#include "json/test_support.h"

namespace doorward::json {
namespace {

// src/json/testdata/i_verdicts.txt: one line a file of the suite whose verdict the RFC leaves open.
std::map<std::string, bool> pinned_verdicts() {
  std::map<std::string, bool> pinned;
  std::istringstream in(testing::read_file("src/json/testdata/i_verdicts.txt"));
  for (std::string verdict, file; in >> verdict >> file;) pinned[file] = verdict == "accept";
  return pinned;
}

TEST(JsonTestSuite, T028_WholeSuite) {
  const auto folder = testing::shared_path("data/json-test-suite/test_parsing");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  auto pinned = pinned_verdicts();
  ASSERT_FALSE(pinned.empty()) << "run the tests from the project's root";
  std::map<char, int> seen;
  Reader reader;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::string text = testing::read_file(entry.path());
    const auto result = reader.read(text);
    const bool accepted = result.has_value();
    ++seen[name[0]];
    if (name == "y_object_duplicated_key.json" || name == "y_object_duplicated_key_and_value.json") {
      // The suite calls them valid since RFC 8259 only discourages them; T001 has us refuse every duplicate.
      ASSERT_FALSE(accepted) << name;
      EXPECT_EQ(result.error().code, ReadCode::duplicate_member) << name;
    } else if (name[0] == 'y') {
      EXPECT_TRUE(accepted) << name;
    } else if (name[0] == 'n') {
      EXPECT_FALSE(accepted) << name;
    } else {
      ASSERT_TRUE(pinned.contains(name)) << name << " has no pinned verdict";
      EXPECT_EQ(accepted, pinned[name]) << name;
      pinned.erase(name);
    }
  }
  EXPECT_EQ(seen['y'], 95);
  EXPECT_EQ(seen['n'], 186);
  EXPECT_EQ(seen['i'], 35);
  EXPECT_TRUE(pinned.empty()) << "pinned but absent: " << pinned.begin()->first;
}

}  // namespace
}  // namespace doorward::json
