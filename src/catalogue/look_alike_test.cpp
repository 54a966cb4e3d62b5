#include "catalogue/look_alike.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "catalogue/confusable.h"
#include "catalogue/import.h"
#include "catalogue/test_support.h"
#include "io/gunzip.h"
#include "json/test_support.h"

namespace doorward::catalogue {
namespace {

Listing packaged(std::string registry, std::string identifier, std::string name = "",
                 std::string repository = "") {
  Listing listing;
  listing.source = "registry";
  listing.name = std::move(name);
  listing.repository = std::move(repository);
  listing.packages.push_back({std::move(registry), std::move(identifier), "", "stdio"});
  return listing;
}

LookAlikes known(const std::vector<std::pair<std::string, Listing>>& servers) {
  LookAlikes names;
  for (const auto& [slug, listing] : servers) names.add(slug, listing);
  names.arrange();
  return names;
}

std::string like(const LookAlikes& names, const Listing& listing) {
  std::string out;
  for (const LookAlike& one : names.like(listing)) {
    out += (out.empty() ? "" : ", ") + std::string(to_string(one.how)) + ' ' + one.other;
  }
  return out;
}

TEST(LookAlike, SkeletonsOfNamesThatLookTheSame) {
  EXPECT_EQ(skeleton("p\xD0\xB0ypal"), skeleton("paypal"));                      // Cyrillic a
  EXPECT_EQ(skeleton("\xEF\xBD\x87\xEF\xBD\x89\xEF\xBD\x94"), skeleton("git"));  // full width
  EXPECT_EQ(skeleton("g00gle"), skeleton("google"));
  EXPECT_EQ(skeleton("modern"), skeleton("modem"));
  EXPECT_EQ(skeleton("git\xE2\x80\x8Bhub"), skeleton("github"));  // zero width
  EXPECT_EQ(skeleton("GitHub"), skeleton("github"));
  EXPECT_NE(skeleton("gitlab"), skeleton("github"));
  EXPECT_EQ(skeleton("\xE6\x97\xA5\xE6\x9C\xAC"), "\xE6\x97\xA5\xE6\x9C\xAC");
}

TEST(LookAlike, FindsWhatAPackageMayBeTakenFor) {
  const LookAlikes names = known({{"github", packaged("npm", "@modelcontextprotocol/server-github")},
                                  {"postgres", packaged("npm", "postgres-mcp-server")},
                                  {"weather", packaged("pypi", "mcp-weather-service")},
                                  {"docs", packaged("npm", "acme-docs-mcp")}});
  EXPECT_EQ(like(names, packaged("npm", "modelcontextprotocol-server-github")),
            "separators @modelcontextprotocol/server-github");
  EXPECT_EQ(like(names, packaged("npm", "@mode1contextprotocol/server-github")),
            "confusable @modelcontextprotocol/server-github");
  EXPECT_EQ(
      like(names, packaged("npm", "@modelcontextprotocol/server-githb", "", "https://github.com/evil/x")),
      "");
  EXPECT_EQ(like(names, packaged("npm", "@modelcontextprotcol/server-github")),
            "typo @modelcontextprotocol/server-github");
  EXPECT_EQ(like(names, packaged("npm", "postgers-mcp-server")), "typo postgres-mcp-server");
  EXPECT_EQ(like(names, packaged("npm", "postgres-mcp-sever")), "typo postgres-mcp-server");
  EXPECT_EQ(like(names, packaged("npm", "postgres-mcp-server-official")), "claim postgres-mcp-server");
  EXPECT_EQ(like(names, packaged("npm", "acme-d0cs-mcp")), "confusable acme-docs-mcp");
}

TEST(LookAlike, LeavesAloneWhatIsItselfOrMerelyAkin) {
  const LookAlikes names =
      known({{"postgres", packaged("npm", "postgres-mcp-server", "io.github.crystal/postgres")},
             {"cal", packaged("npm", "cal-mcp")},
             {"neo", packaged("npm", "neograph2-mcp")}});
  EXPECT_EQ(like(names, packaged("npm", "postgres-mcp-server")), "");   // the package itself
  EXPECT_EQ(like(names, packaged("pypi", "postgers-mcp-server")), "");  // of another registry
  EXPECT_EQ(like(names, packaged("npm", "call-mcp")), "");              // short words have many neighbours
  EXPECT_EQ(like(names, packaged("npm", "neograph3-mcp")), "");         // a version
  EXPECT_EQ(like(names, packaged("npm", "postgres-mcp-servers")), "");  // a plural
  EXPECT_EQ(like(names, packaged("npm", "mysql-mcp-server")), "");
  EXPECT_EQ(like(names, packaged("npm", "postgers-mcp-server", "io.github.crystal/other")),
            "");  // of the same owner
}

TEST(LookAlike, ComparesPublishersOfServersThatAreCalledTheSame) {
  const auto of = [](const std::string& name) {
    Listing listing;
    listing.source = "registry";
    listing.name = name;
    return listing;
  };
  const LookAlikes names =
      known({{"a", of("io.github.stripeteam/payments-mcp")}, {"b", of("com.figma/designs")}});
  EXPECT_EQ(like(names, of("io.github.stripeteem/payments-mcp")), "owner io.github.stripeteam/payments-mcp");
  EXPECT_EQ(like(names, of("io.github.stripe-team/payments")), "owner io.github.stripeteam/payments-mcp");
  EXPECT_EQ(like(names, of("io.github.stripeteem/weather")), "");
  EXPECT_EQ(like(names, of("io.github.someone/payments-mcp")), "");
}

TEST(LookAlike, NamesAPublisherWhoseRepositoryIsAnothers) {
  const auto found = contradictions(packaged("npm", "postmark-mcp", "io.github.phan/postmark-mcp",
                                             "https://github.com/ActiveCampaign/postmark-mcp"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].how, Likeness::publisher);
  EXPECT_NE(found[0].why.find("\"phan\""), std::string::npos);
  EXPECT_NE(found[0].why.find("\"activecampaign\""), std::string::npos);
  EXPECT_TRUE(
      contradictions(packaged("npm", "x", "io.github.Owner/x", "git@github.com:owner/x.git")).empty());
  EXPECT_TRUE(contradictions(packaged("npm", "x", "com.vendor/x", "https://github.com/other/x")).empty());
  EXPECT_TRUE(contradictions(packaged("npm", "x", "io.github.a/x")).empty());
}

TEST(LookAlike, KnowsTheNamesOfTheCatalogue) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  Listing listing = packaged("npm", "@harbor/tide-tables-mcp", "io.github.harbor/tide-tables");
  listing.source_id = listing.name;
  test::take(*catalogue, listing);
  const auto names = LookAlikes::of(*catalogue);
  ASSERT_TRUE(names.has_value());
  const auto found = names->like(packaged("npm", "harbor-tide-tables-mcp"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].slug.empty());
  EXPECT_TRUE(names->like(listing, found[0].slug).empty());
}

// Precision: of the registry's own names hardly any may be taken for another's, and those that are can be
// looked at.
TEST(LookAlike, FlagsFewOfTheRegistrysOwnNames) {
  const auto path = testing::shared_path("data/registry-v0-dump.json.gz");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const auto document = io::gunzip(testing::read_file(path), 64u << 20);
  ASSERT_TRUE(document.has_value());
  const auto imported = find_adapter("registry")->read(*document, {});
  ASSERT_TRUE(imported.has_value());
  LookAlikes names;
  for (const Listing& listing : imported->listings) names.add(listing.name, listing);
  names.arrange();
  std::map<std::string, std::size_t> servers;
  std::size_t flagged = 0;
  std::size_t contradicting = 0;
  for (const Listing& listing : imported->listings) {
    const auto found = names.like(listing, listing.name);
    flagged += found.empty() ? 0 : 1;
    contradicting += contradictions(listing).empty() ? 0 : 1;
    for (const LookAlike& one : found) {
      ++servers[std::string(to_string(one.how))];
      if (std::getenv("DOORWARD_SHOW_LIKE") != nullptr)
        std::cout << listing.name << " ~ " << one.slug << ": " << to_string(one.how) << ": " << one.why
                  << "\n";
    }
  }
  std::cout << "look-alike: " << flagged << " of " << imported->listings.size()
            << " servers; publisher and repository differ for " << contradicting << "\n";
  for (const auto& [how, count] : servers) std::cout << "  " << how << ' ' << count << "\n";
  EXPECT_LE(flagged, imported->listings.size() / 50);

  // Recall: of names that are faked from them nearly all are found.
  std::size_t faked = 0;
  std::size_t caught = 0;
  for (const Listing& listing : imported->listings) {
    for (const Package& package : listing.packages) {
      // Nobody can publish under another's scope: a fake of `@a/b` is called `a-b`.
      std::string name = package.identifier;
      if (name.starts_with('@')) name.erase(0, 1);
      std::replace(name.begin(), name.end(), '/', '-');
      if ((package.registry != "npm" && package.registry != "pypi") || name.size() < 12) continue;
      const std::size_t middle = name.size() / 2;
      std::string left_out = name;
      left_out.erase(middle, 1);
      std::string doubled = name;
      doubled.insert(middle, 1, name[middle]);
      std::string swapped = name;
      std::swap(swapped[middle], swapped[middle + 1]);
      std::string looks_same = name;
      std::replace(looks_same.begin(), looks_same.end(), 'o', '0');
      std::string joined = name;
      std::erase(joined, '-');
      for (const std::string& fake : {left_out, doubled, swapped, looks_same, joined, name + "-official"}) {
        if (fake == name) continue;
        ++faked;
        const bool found = !names.like(packaged(package.registry, fake)).empty();
        caught += found ? 1 : 0;
        if (!found && std::getenv("DOORWARD_SHOW_LIKE") != nullptr)
          std::cout << "missed: " << fake << " of " << package.identifier << "\n";
      }
    }
  }
  std::cout << "look-alike: " << caught << " of " << faked << " faked names found\n";
  EXPECT_GE(caught * 100, faked * 98);
}

}  // namespace
}  // namespace doorward::catalogue
