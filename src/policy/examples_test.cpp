// The documents that the schema and `load` must agree on (the schema's half is judged by a JSON Schema
// validator in tests/), and the examples that the documentation shows.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "json/reader.h"
#include "policy/policy.h"
#include "policy/schema.h"

namespace doorward::policy {
namespace {

std::vector<std::filesystem::path> documents_in(const char* folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  EXPECT_FALSE(files.empty()) << folder;
  return files;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Examples, ValidDocumentsLoad) {
  for (const auto& file : documents_in("src/policy/testdata/examples/valid")) {
    const auto loaded = load(text_of(file));
    EXPECT_TRUE(loaded.has_value()) << to_text(loaded.error().front(), file.string());
  }
}

TEST(Examples, InvalidDocumentsAreRefused) {
  for (const auto& file : documents_in("src/policy/testdata/examples/invalid")) {
    EXPECT_FALSE(load(text_of(file)).has_value()) << file;
  }
}

TEST(Examples, PoliciesOfTheDocumentationLoadAndTheirTestsHold) {
  Origin origin;
  origin.category_of = [](std::string_view tool) {
    return tool.starts_with("get_") || tool.starts_with("list_") ? Category::read : Category::other;
  };
  for (const auto& file : documents_in("examples/policies")) {
    const auto loaded = load(text_of(file), origin);
    EXPECT_TRUE(loaded.has_value()) << to_text(loaded.error().front(), file.string());
  }
}

TEST(Schema, IsJsonAndNamesItsDialect) {
  json::Reader reader;
  const auto schema = reader.read(document_schema());
  ASSERT_TRUE(schema.has_value());
  EXPECT_EQ(schema->find("$schema").string(), "https://json-schema.org/draft/2020-12/schema");
}

}  // namespace
}  // namespace doorward::policy
