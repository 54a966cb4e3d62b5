#include "catalogue/registry_record.h"

#include <gtest/gtest.h>

#include "catalogue/test_support.h"
#include "json/reader.h"

namespace doorward::catalogue {
namespace {

ServerRecord full() {
  ServerRecord server;
  server.slug = "tide";
  server.sources = {"registry"};
  server.listing.source = "registry";
  server.listing.name = "io.github.harbor/tide";
  server.listing.title = "Tide";
  server.listing.version = "1.0.0";
  server.listing.description = std::string(150, 'x');
  server.listing.repository = "https://github.com/harbor/tide";
  server.listing.packages = {{"npm", "@harbor/tide", "latest", ""}, {"oci", "harbor/tide", "1", "sse"}};
  server.listing.remotes = {{"", "https://tide.example/mcp", false}};
  return server;
}

TEST(RegistryRecord, FillsWhatTheOfficialFormDemands) {
  ServerRecord bare;
  bare.slug = "notes";
  bare.listing.name = "my notes";
  std::string text;
  json::Writer writer(text);
  write_registry_item(writer, bare);
  json::Reader reader;
  const auto item = reader.read(text);
  ASSERT_TRUE(item.has_value()) << text;
  const json::Value server = item->find("server");
  EXPECT_EQ(json::text_of(server, "name"), "local.doorward/notes");
  EXPECT_EQ(json::text_of(server, "description"), "my notes");
  EXPECT_EQ(json::text_of(server, "version"), "0.0.0");
  EXPECT_FALSE(server.find("repository"));
}

TEST(RegistryRecord, KeepsToTheOfficialForm) {
  std::string text;
  json::Writer writer(text);
  write_registry_item(writer, full());
  json::Reader reader;
  const auto item = reader.read(text);
  ASSERT_TRUE(item.has_value()) << text;
  const json::Value server = item->find("server");
  EXPECT_EQ(json::text_of(server, "name"), "io.github.harbor/tide");
  EXPECT_EQ(json::text_of(server, "description").size(), 100U);
  EXPECT_EQ(json::text_of(server.find("repository"), "source"), "github");
  EXPECT_FALSE(server.find("packages").at(0).find("version"));  // `latest` is no version there
  EXPECT_EQ(json::text_of(server.find("packages").at(0).find("transport"), "type"), "stdio");
  EXPECT_EQ(json::text_of(server.find("packages").at(1).find("transport"), "url"), "{url}");
  EXPECT_EQ(json::text_of(server.find("remotes").at(0), "type"), "streamable-http");
  EXPECT_EQ(json::text_of(item->find("_meta").find(kOwnMeta), "slug"), "tide");
}

TEST(RegistryRecord, HoldsOurRecordBesideIt) {
  ToolRecord tool;
  tool.name = "delete_tide";
  tool.definition = test::tool("delete_tide", "Deletes a tide");
  tool.classification.category = Category::destructive;
  tool.classification.severity = Severity::critical;
  const ServerRecord server = full();
  const std::string text =
      registry_record(server, std::span(&tool, 1), grade(server, std::span(&tool, 1), {}));
  json::Reader reader;
  const auto record = reader.read(text);
  ASSERT_TRUE(record.has_value()) << text;
  EXPECT_EQ(json::text_of(*record, "slug"), "tide");
  EXPECT_EQ(json::text_of(*record, "grade").size(), 1U);
  EXPECT_EQ(record->find("identity").find("confidence").number(), "0.95");
  EXPECT_EQ(json::text_of(record->find("posture"), "auth"), "unknown");
  const json::Value first = record->find("tools").at(0);
  EXPECT_EQ(json::text_of(first, "severity"), "critical");
  EXPECT_EQ(json::text_of(first.find("recommendedPolicy"), "version"), "1");
}

}  // namespace
}  // namespace doorward::catalogue
