#include "catalogue/import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "base/rfc3339.h"
#include "io/gunzip.h"
#include "json/reader.h"
#include "json/test_support.h"

namespace doorward::catalogue {
namespace {

std::string fixture(const std::string& name) {
  std::string text = testing::read_file("src/catalogue/testdata/import/" + name);
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

Imported read(std::string_view id, std::string_view document, const Beside& beside = {}) {
  const Adapter* adapter = find_adapter(id);
  EXPECT_NE(adapter, nullptr) << id;
  auto read = adapter->read(document, beside);
  EXPECT_TRUE(read.has_value()) << read.error().message;
  return read ? std::move(*read) : Imported{};
}

Imported import_fixture(std::string_view id, const std::string& name) {
  Imported got = read(id, fixture(name));
  for (const Skipped& skipped : got.skipped)
    ADD_FAILURE() << name << ": " << skipped.where << ": " << skipped.why;
  for (const Listing& listing : got.listings) EXPECT_EQ(listing.source, id);
  return got;
}

const Listing& named(const Imported& got, std::string_view name) {
  static const Listing none;
  const auto found = std::ranges::find(got.listings, name, &Listing::name);
  EXPECT_NE(found, got.listings.end()) << name;
  return found == got.listings.end() ? none : *found;
}

std::string skips(const Imported& got) {
  std::string out;
  for (const Skipped& skipped : got.skipped) out += skipped.where + ": " + skipped.why + "\n";
  return out;
}

TEST(Import, RecognisesEachShape) {
  const std::pair<const char*, const char*> kShapes[] = {
      {"registry.json", "registry"}, {"registry-oldest.json", "registry"},
      {"toolhive.json", "toolhive"}, {"toolhive-older.json", "toolhive"},
      {"docker.yaml", "docker"},     {"docker-server/server.yaml", "docker"},
      {"smithery.json", "smithery"}, {"smithery-list.json", "smithery"},
      {"mcpm.json", "mcpm"},         {"mcpm-all.json", "mcpm"},
      {"obot.yaml", "obot"},         {"obot-remote.yaml", "obot"}};
  for (const auto& [name, id] : kShapes) {
    const Adapter* adapter = recognise(fixture(name));
    ASSERT_NE(adapter, nullptr) << name;
    EXPECT_EQ(adapter->id, id) << name;
  }
  for (const char* other : {"", " ", "null", "[]", "{}", "{\"servers\": {}}", "{\"mcpServers\": {}}",
                            "a: 1\n", "{\"a\"", "\xff\xfe"}) {
    EXPECT_EQ(recognise(other), nullptr) << other;
  }
}

TEST(Import, ReadsTheOfficialRegistry) {
  const Imported got = import_fixture("registry", "registry.json");
  EXPECT_EQ(got.records, 3U);
  EXPECT_EQ(got.older, 1U);
  EXPECT_EQ(got.next, "example.quay/ledger:0.2.0");
  ASSERT_EQ(got.listings.size(), 2U);
  const Listing& tide = named(got, "io.github.harbor-tools/tide-mcp");
  EXPECT_EQ(tide.source_id, tide.name);
  EXPECT_EQ(tide.title, "Tide");
  EXPECT_EQ(tide.version, "1.4.0");  // not the older one, though that was changed later
  EXPECT_EQ(tide.publisher, "io.github.harbor-tools");
  EXPECT_EQ(tide.repository, "https://github.com/harbor-tools/tide-mcp");
  EXPECT_EQ(tide.website, "https://tide.example/docs");
  EXPECT_EQ(tide.auth, "api-key");
  EXPECT_EQ(tide.updated_us, *parse_time("2026-02-01T08:00:00.123456Z"));
  EXPECT_EQ(tide.packages, (std::vector<Package>{{"npm", "@harbor/tide-mcp", "1.4.0", "stdio"},
                                                 {"oci", "harbor/tide-mcp", "1.4.0", "stdio"}}));
  EXPECT_EQ(tide.remotes, (std::vector<Remote>{{"streamable-http", "https://tide.example/mcp", true}}));
  EXPECT_EQ(tide.tools_known, ToolsKnown::none);
  EXPECT_FALSE(tide.gone);
  const Listing& ledger = named(got, "example.quay/ledger");
  EXPECT_TRUE(ledger.gone);
  EXPECT_EQ(ledger.auth, "");
}

TEST(Import, ReadsTheOlderFormsOfTheRegistry) {
  const Imported got = import_fixture("registry", "registry-oldest.json");
  EXPECT_EQ(got.next, "abc");
  const Listing& crane = named(got, "io.github.harbor-tools/crane");
  EXPECT_EQ(crane.version, "0.9.1");
  EXPECT_EQ(crane.auth, "api-key");
  EXPECT_EQ(crane.packages, (std::vector<Package>{{"npm", "@harbor/crane", "0.9.1", ""},
                                                  {"oci", "harbor/crane", "0.9.1", ""}}));
  const Listing& buoy = named(got, "io.github.harbor-tools/buoy");
  EXPECT_EQ(buoy.website, "https://buoy.example");
  EXPECT_EQ(buoy.packages, (std::vector<Package>{{"pypi", "harbor-buoy", "2.0.0", "stdio"}}));
  EXPECT_EQ(buoy.updated_us, *parse_time("2025-09-09T10:00:00Z"));
}

TEST(Import, ReadsToolhive) {
  const Imported got = import_fixture("toolhive", "toolhive.json");
  const Listing& pilot = named(got, "io.github.dockside/pilot");
  EXPECT_EQ(pilot.tools_known, ToolsKnown::whole);
  ASSERT_EQ(pilot.tools.size(), 2U);
  json::Reader reader;
  const auto tool = reader.read(pilot.tools[0]);
  ASSERT_TRUE(tool.has_value());
  EXPECT_EQ(json::text_of(*tool, "name"), "book_pilot");
  EXPECT_FALSE(tool->find("annotations").find("readOnlyHint").boolean());
  EXPECT_EQ(tool->find("inputSchema").find("required").size(), 1U);
  EXPECT_EQ(pilot.updated_us, *parse_time("2026-03-30T02:31:08Z"));
  const Listing& weather = named(got, "io.github.dockside/weather");
  EXPECT_EQ(weather.tools_known, ToolsKnown::partial);  // names alone
  EXPECT_EQ(weather.tools, (std::vector<std::string>{R"({"name":"get_forecast"})"}));
  EXPECT_TRUE(weather.gone);
}

TEST(Import, ReadsTheOlderFormOfToolhive) {
  const Imported got = import_fixture("toolhive", "toolhive-older.json");
  const Listing& pilot = named(got, "pilot");
  EXPECT_EQ(pilot.version, "0.3.0");
  EXPECT_EQ(pilot.packages, (std::vector<Package>{{"oci", "ghcr.io/dockside/pilot", "0.3.0", "stdio"}}));
  EXPECT_EQ(pilot.auth, "api-key");
  EXPECT_EQ(pilot.tools_known, ToolsKnown::partial);
  EXPECT_EQ(pilot.tools.size(), 2U);
  const Listing& weather = named(got, "weather");
  EXPECT_EQ(weather.auth, "oauth");
  EXPECT_EQ(weather.remotes,
            (std::vector<Remote>{{"streamable-http", "https://weather.dockside.example/mcp", false}}));
}

TEST(Import, ReadsDocker) {
  const Imported alone = import_fixture("docker", "docker.yaml");
  EXPECT_EQ(named(alone, "lighthouse").tools.size(), 2U);
  EXPECT_EQ(named(alone, "lighthouse").tools[1], R"({"name":"switch_light"})");
  std::vector<std::string> asked;
  const Imported got = read("docker", fixture("docker.yaml"), [&](std::string_view path) {
    asked.emplace_back(path);
    return path == "tools/lighthouse.json" ? fixture("lighthouse-tools.json") : std::string();
  });
  EXPECT_EQ(asked, (std::vector<std::string>{"tools/lighthouse.json", "tools/charts.json"}));
  const Listing& lighthouse = named(got, "lighthouse");
  EXPECT_EQ(lighthouse.repository, "https://github.com/lighthouse/mcp");
  EXPECT_EQ(lighthouse.licence, "MIT License");
  EXPECT_EQ(lighthouse.auth, "api-key");
  ASSERT_EQ(lighthouse.packages.size(), 1U);
  EXPECT_EQ(lighthouse.packages[0].identifier, "mcp/lighthouse");
  EXPECT_TRUE(lighthouse.packages[0].version.starts_with("sha256:"));
  EXPECT_EQ(lighthouse.tools_known, ToolsKnown::partial);
  ASSERT_EQ(lighthouse.tools.size(), 2U);
  EXPECT_EQ(
      lighthouse.tools[1],
      R"({"name":"switch_light","description":"Switches a light on or off","inputSchema":{"type":"object",)"
      R"("properties":{"id":{"type":"string","description":"The light"},)"
      R"("on":{"type":"boolean","description":"Whether it is on"}}}})");
  EXPECT_TRUE(named(got, "charts").remotes.at(0).needs_secret);
}

TEST(Import, ReadsAManifestOfDockerWithItsTools) {
  const Imported got = read("docker", fixture("docker-server/server.yaml"), [](std::string_view path) {
    return fixture("docker-server/" + std::string(path));
  });
  const Listing& tug = named(got, "tug-mcp");
  EXPECT_EQ(tug.title, "Tug");
  EXPECT_EQ(tug.description, "Orders tugs.\n");
  EXPECT_EQ(tug.auth, "api-key");
  EXPECT_EQ(tug.tools.size(), 2U);
  EXPECT_NE(tug.tools[0].find("\"required\""), std::string::npos);
}

TEST(Import, ReadsSmithery) {
  const Imported got = import_fixture("smithery", "smithery.json");
  const Listing& server = named(got, "@anchor/moor");
  EXPECT_EQ(server.publisher, "@anchor");
  EXPECT_EQ(server.repository, "https://github.com/anchor/moor");
  EXPECT_EQ(server.auth, "api-key");
  EXPECT_EQ(server.remotes,
            (std::vector<Remote>{{"streamable-http", "https://server.smithery.ai/@anchor/moor/mcp", true}}));
  EXPECT_EQ(server.tools.size(), 2U);
  EXPECT_EQ(server.tools_known, ToolsKnown::partial);
  const Imported list = import_fixture("smithery", "smithery-list.json");
  EXPECT_EQ(named(list, "@anchor/moor").website, "https://smithery.ai/server/@anchor/moor");
  EXPECT_EQ(named(list, "@anchor/moor").tools_known, ToolsKnown::none);
}

TEST(Import, ReadsMcpm) {
  const Imported got = import_fixture("mcpm", "mcpm.json");
  const Listing& sextant = named(got, "sextant");
  EXPECT_EQ(sextant.title, "Sextant");
  EXPECT_EQ(sextant.publisher, "nautic");
  EXPECT_EQ(sextant.licence, "MIT");
  EXPECT_EQ(sextant.website, "");
  EXPECT_EQ(sextant.auth, "api-key");
  EXPECT_EQ(sextant.packages, (std::vector<Package>{{"npm", "@nautic/sextant", "", "stdio"},
                                                    {"oci", "nautic/sextant", "2.1", "stdio"}}));
  EXPECT_EQ(sextant.remotes.size(), 1U);
  ASSERT_EQ(sextant.tools.size(), 2U);
  EXPECT_NE(sextant.tools[1].find(R"("properties":{"path":{"type":"string","description":"The file"}})"),
            std::string::npos);
  const Imported all = import_fixture("mcpm", "mcpm-all.json");
  EXPECT_EQ(named(all, "sextant").packages.at(0).version, "3.0.0");
  EXPECT_EQ(named(all, "logbook").packages.at(0).identifier, "logbook-mcp");
  EXPECT_EQ(named(all, "logbook").licence, "MIT License");
}

TEST(Import, ReadsObot) {
  const Imported got = import_fixture("obot", "obot.yaml");
  const Listing& ferry = named(got, "Ferry Times");
  EXPECT_EQ(ferry.source_id, "ferry-times");
  EXPECT_EQ(ferry.description, "Timetables of ferries");
  EXPECT_EQ(ferry.packages, (std::vector<Package>{{"npm", "@ferry/ferry-mcp", "1.0.3", "stdio"}}));
  EXPECT_EQ(ferry.auth, "api-key");
  ASSERT_EQ(ferry.tools.size(), 2U);
  EXPECT_EQ(
      ferry.tools[0],
      R"j({"name":"list_departures","description":"Lists the departures of a day","inputSchema":{"type":"object",)j"
      R"j("properties":{"day":{"description":"The day (default: today)"},)j"
      R"j("limit":{"description":"Number of departures (1-100)"}}}})j");
  EXPECT_EQ(import_fixture("obot", "obot-remote.yaml").listings.at(0).remotes,
            (std::vector<Remote>{{"sse", "https://fees.example/sse", true}}));
}

// A hostile or broken record spoils itself alone, and is named.
TEST(Import, SkipsBadRecordsAndTakesTheRest) {
  const auto good = [](const std::string& name) {
    return R"({"server":{"name":")" + name + R"(","version":"1"}})";
  };
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  const std::string document =
      R"({"servers":[)" + good("a/one") + R"(,{"server":{"name":"a/two","name":"a/three","version":"1"}},)" +
      R"({"server":{"name":"a/bell\u0000","version":"1"}},{"server":{"name":"a/\u202egnp","version":"1"}},)" +
      R"({"server":{"version":"1"}},7,"text",null,{"server":{"name":"a/deep","x":)" + deep + R"(}},)" +
      "{\"server\":{\"name\":\"a/\xff\",\"version\":\"1\"}}," +
      R"({"server":{"name":"a/\ud800","version":"1"}},{"server":{"name":")" + std::string(300, 'n') +
      R"(","version":"1"}},)" + good("a/last") + "]}";
  const Imported got = read("registry", document);
  EXPECT_EQ(got.records, 13U);
  EXPECT_EQ(got.listings.size(), 2U) << skips(got);
  EXPECT_EQ(got.listings.back().name, "a/last");
  const std::string skipped = skips(got);
  EXPECT_EQ(got.skipped.size(), 11U) << skipped;
  for (const char* part :
       {"/servers/1: it cannot be read: duplicate member \"name\"", "/servers/2: its name holds U+FFFD",
        "/servers/3: its name holds U+202E", "/servers/4: it has no name", "/servers/5: it is no object",
        "/servers/6: it is no object", "/servers/8: it cannot be read: ", "/servers/9: it cannot be read: ",
        "/servers/10: it cannot be read: ", "/servers/11: its name is longer than 200 bytes"}) {
    EXPECT_NE(skipped.find(part), std::string::npos) << part << "\nin\n" << skipped;
  }
}

TEST(Import, TakesWhatStandsBeforeACutAndSaysSo) {
  const std::string whole = fixture("registry.json");
  const std::size_t cut = whole.find("example.quay");
  const Imported got = read("registry", whole.substr(0, cut));
  EXPECT_EQ(got.listings.size(), 1U);
  ASSERT_EQ(got.skipped.size(), 1U);
  EXPECT_EQ(got.skipped[0].where, "/servers/2");
  EXPECT_NE(got.skipped[0].why.find("ends early"), std::string::npos);
}

TEST(Import, LeavesOutLinksThatAreNone) {
  const Imported got = read("registry", R"j({"servers":[{"server":{"name":"a/b","version":"1",
    "websiteUrl":"javascript:alert(1)","repository":{"url":"https://user:word@host.example/x"},
    "remotes":[{"type":"sse","url":"file:///etc/passwd"},{"type":"sse","url":"HTTPS://ok.example/sse"},
               {"type":"streamable-http","url":"{base}/mcp"},{"type":"sse","url":"https://a.example/ b"}]}}]})j");
  ASSERT_EQ(got.listings.size(), 1U);
  EXPECT_EQ(got.listings[0].website, "");
  EXPECT_EQ(got.listings[0].repository, "");
  ASSERT_EQ(got.listings[0].remotes.size(), 2U);
  EXPECT_EQ(got.listings[0].remotes[0].url, "HTTPS://ok.example/sse");
  EXPECT_EQ(got.listings[0].remotes[1].url, "{base}/mcp");
  EXPECT_EQ(got.skipped.size(), 4U) << skips(got);
}

TEST(Import, SkipsToolsThatAreNone) {
  const Imported got =
      read("smithery", R"({"qualifiedName":"a/b","tools":[{"name":"one"},{"name":"one","description":"again"},
    {"name":""},{"description":"no name"},"two",{"name":"\u200bhidden"},{"name":"large","description":")" +
                           std::string(300'000, 'x') + R"("},{"name":"last"}]})");
  ASSERT_EQ(got.listings.size(), 1U);
  EXPECT_EQ(got.listings[0].tools, (std::vector<std::string>{R"({"name":"one"})", R"({"name":"last"})"}));
  EXPECT_EQ(got.skipped.size(), 6U) << skips(got);
}

TEST(Import, BoundsTextsAndKeepsThemAsSpelled) {
  const std::string umlauts = [] {
    std::string out;
    for (int i = 0; i < 10'000; ++i) out += "\xC3\xA4";
    return out;
  }();
  const Imported got =
      read("registry",
           R"({"servers":[{"server":{"name":"a/b","version":"1","description":"x)" + umlauts +
               R"("}},{"server":{"name":"a/c","version":"1","description":"one\u0000two\u202ethree"}}]})");
  ASSERT_EQ(got.listings.size(), 2U);
  EXPECT_EQ(got.listings[0].description.size(), 8191U);  // cut between two characters
  EXPECT_EQ(got.listings[1].description, "one\xEF\xBF\xBDtwo\xE2\x80\xAEthree");
}

TEST(Import, RefusesYamlThatExpands) {
  const Adapter* docker = find_adapter("docker");
  const auto bomb = docker->read("registry:\n  a: &a {title: x}\n  b: *a\n", {});
  ASSERT_FALSE(bomb.has_value());
  EXPECT_NE(bomb.error().message.find("line 2"), std::string::npos) << bomb.error().message;
  const auto twice = docker->read("registry:\n  a: {title: x}\n  a: {title: y}\n", {});
  ASSERT_FALSE(twice.has_value());
  EXPECT_NE(twice.error().message.find("duplicate"), std::string::npos);
}

TEST(Import, AsksForNoFileOutsideTheFolder) {
  std::vector<std::string> asked;
  read("docker",
       "registry:\n  ../../etc/passwd: {title: x}\n  a/b: {title: y}\n  .hidden: {title: z}\n  fine: {title: "
       "w}\n",
       [&](std::string_view path) {
         asked.emplace_back(path);
         return std::string();
       });
  EXPECT_EQ(asked, (std::vector<std::string>{"tools/fine.json"}));
}

TEST(Import, SaysWhatADocumentLacks) {
  for (const Adapter& adapter : adapters()) {
    for (const char* document : {"", "null", "{}", "text", "\x01", "[1", "{\"a\":"}) {
      const auto got = adapter.read(document, {});
      if (got) {
        EXPECT_TRUE(got->listings.empty()) << adapter.id << ' ' << document;
      } else {
        EXPECT_EQ(got.error().kind, ErrorKind::invalid) << adapter.id << ' ' << document;
      }
    }
  }
}

TEST(Import, TakesVeryManyRecords) {
  std::string document = R"({"servers":[)";
  for (int i = 0; i < 250'000; ++i) {
    if (i != 0) document += ',';
    document += R"({"server":{"name":"a/)" + std::to_string(i) + R"(","version":"1"}})";
  }
  document += "]}";
  const Imported got = read("registry", document);
  EXPECT_EQ(got.records, 250'000U);
  EXPECT_EQ(got.listings.size(), 250'000U);
  EXPECT_TRUE(got.skipped.empty());
}

// The dump of the official registry imports whole: 2,354 records, 964 servers, each with its latest version.
TEST(Import, TheDumpOfTheRegistryImportsWhole) {
  const auto path = testing::shared_path("data/registry-v0-dump.json.gz");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const auto document = io::gunzip(testing::read_file(path), 64u << 20);
  ASSERT_TRUE(document.has_value()) << document.error().message;
  const Adapter* adapter = recognise(*document);
  ASSERT_NE(adapter, nullptr);
  EXPECT_EQ(adapter->id, "registry");
  const Imported got = read("registry", *document);
  EXPECT_EQ(got.records, 2354U);
  EXPECT_EQ(got.skipped.size(), 0U) << skips(got);
  EXPECT_EQ(got.listings.size() + got.older, 2354U);
  EXPECT_EQ(got.listings.size(), 964U);
  for (const Listing& listing : got.listings) {
    EXPECT_FALSE(listing.version.empty()) << listing.name;
    EXPECT_NE(listing.updated_us, 0) << listing.name;
  }
}

TEST(ImportMcp, TakesTheListOfOneServerWhole) {
  const std::string document = R"({"server": "notes", "serverInfo": {"name": "n", "version": "1.2.0", "title": "Notes"},
    "package": {"registry": "npm", "identifier": "notes-mcp", "version": "1.2.0"}, "url": "https://example.com/mcp",
    "tools": [{"name": "read_note", "description": "Read a note."}, {"name": "delete_note"}]})";
  ASSERT_EQ(recognise(document), find_adapter("mcp"));
  const Imported got = read("mcp", document);
  ASSERT_EQ(got.listings.size(), 1u);
  const Listing& listing = got.listings.front();
  EXPECT_EQ(listing.name, "notes");
  EXPECT_EQ(listing.title, "Notes");
  EXPECT_EQ(listing.version, "1.2.0");
  EXPECT_EQ(listing.packages, (std::vector<Package>{{"npm", "notes-mcp", "1.2.0", "stdio"}}));
  ASSERT_EQ(listing.remotes.size(), 1u);
  EXPECT_EQ(listing.tools_known, ToolsKnown::whole);
  EXPECT_EQ(listing.tools, (std::vector<std::string>{R"({"name": "read_note", "description": "Read a note."})",
                                                     R"({"name": "delete_note"})"}));
}

TEST(ImportMcp, NeedsAListOfTools) {
  EXPECT_FALSE(find_adapter("mcp")->read(R"({"server": "notes"})", {}).has_value());
  EXPECT_EQ(recognise(R"({"tools": []})"), nullptr);
}

}  // namespace
}  // namespace doorward::catalogue
