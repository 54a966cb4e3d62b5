#include "catalogue/join.h"

#include <gtest/gtest.h>

#include "catalogue/test_support.h"

namespace doorward::catalogue {
namespace {

using test::live;
using test::record;
using test::take;
using test::tool;

std::string spelled(std::string_view url) {
  const auto repository = repository_of(url);
  if (!repository) return "";
  return repository->root + (repository->folder.empty() ? "" : " " + repository->folder);
}

TEST(JoinTest, ARepositoryIsTheSameInEverySpelling) {
  for (const char* url : {"https://github.com/Owner/Name", "https://github.com/owner/name/",
                          "http://www.github.com/owner/name.git", "git@github.com:owner/name.git",
                          "ssh://git@github.com/owner/name.git", "ssh://git@github.com:22/owner/name",
                          "git+https://github.com/owner/name.git#main",
                          "https://user:secret@github.com/owner/name?tab=readme", "github.com/owner/name"}) {
    EXPECT_EQ(spelled(url), "github.com/owner/name") << url;
  }
  EXPECT_EQ(spelled("https://github.com/o/n/tree/main/src/github"), "github.com/o/n src/github");
  EXPECT_EQ(spelled("https://gitlab.com/o/n/-/tree/main/src"), "gitlab.com/o/n src");
  for (const char* url : {"", "https://github.com/owner", "https://github.com", "owner/name",
                          "https://example.com/", "::::", "/a/b/c"}) {
    EXPECT_EQ(spelled(url), "") << url;
  }
}

TEST(JoinTest, AnEndpointIsComparedWithoutWhatMayBeSecret) {
  EXPECT_EQ(endpoint_of("HTTPS://User:Key@MCP.Example.com:443/mcp/?key=1#x"), "https://mcp.example.com/mcp");
  EXPECT_EQ(endpoint_of("http://localhost:8080"), "http://localhost:8080");
  EXPECT_EQ(endpoint_of("https://example.com/A/b"), "https://example.com/A/b");
  EXPECT_EQ(endpoint_of("stdio://x"), "");
  EXPECT_EQ(endpoint_of("https://"), "");
  EXPECT_EQ(endpoint_of("example.com/mcp"), "");
}

TEST(JoinTest, APackageIsComparedAsItsRegistryDoes) {
  EXPECT_EQ(package_key("NPM", "@Scope/Name"), "npm:@scope/name");
  EXPECT_EQ(package_key("pypi", "MCP_Server.Git"), "pypi:mcp-server-git");
  EXPECT_EQ(package_key("oci", "docker.io/library/redis:7"), "oci:redis");
  EXPECT_EQ(package_key("docker", "localhost:5000/a/b@sha256:00"), "oci:localhost:5000/a/b");
}

TEST(JoinTest, TheCoreOfANameIsWhatTellsItFromOthers) {
  EXPECT_EQ(core_of("io.github.owner/server-filesystem"), "filesystem");
  EXPECT_EQ(core_of("@modelcontextprotocol/server-filesystem"), "filesystem");
  EXPECT_EQ(core_of("filesystem-mcp"), "filesystem");
  EXPECT_EQ(core_of("com.stripe/mcp"), "stripe");
  EXPECT_EQ(core_of("mcp-server"), "");
}

class JoinedCatalogueTest : public testing::Test {
 protected:
  std::size_t servers() { return catalogue_->counts()->servers; }
  Listing of_registry(std::string name, std::string package,
                      std::string repository = "https://github.com/acme/shop-mcp") {
    Listing listing = record("registry", std::move(name));
    listing.repository = std::move(repository);
    listing.description = "The shop.";
    if (!package.empty())
      listing.packages.push_back(
          {.registry = "npm", .identifier = std::move(package), .version = {}, .transport = {}});
    return listing;
  }
  test::Directory directory_;
  std::unique_ptr<Catalogue> catalogue_ = test::open(directory_);
};

TEST_F(JoinedCatalogueTest, ARecordThatComesAgainIsTheSameServer) {
  EXPECT_EQ(take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop")).servers_added, 1U);
  EXPECT_EQ(take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop")).servers_changed, 0U);
  Listing renamed = of_registry("io.github.acme/shop", "@acme/shop-server");
  renamed.title = "Shop";
  const Taken taken = take(*catalogue_, renamed);
  EXPECT_EQ(taken.servers_added, 0U);
  EXPECT_EQ(taken.servers_changed, 1U);
  EXPECT_EQ(servers(), 1U);
}

TEST_F(JoinedCatalogueTest, ListsThatKeepTheSameRepositoryAndNameAreOneServer) {
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"));
  Listing docker = record("docker", "shop");
  docker.repository = "https://github.com/Acme/shop-mcp.git";
  docker.packages.push_back({.registry = "oci", .identifier = "mcp/shop", .version = {}, .transport = {}});
  docker.title = "Shop in a container";
  take(*catalogue_, docker);
  EXPECT_EQ(servers(), 1U);
  const auto server = catalogue_->by_package("oci", "mcp/shop:latest");
  ASSERT_TRUE(server && *server);
  EXPECT_EQ((*server)->slug, "io-github-acme-shop");
  EXPECT_EQ((*server)->sources, (std::vector<std::string>{"docker", "registry"}));
  EXPECT_EQ((*server)->listing.title, "Shop in a container") << "what one leaves out the other says";
  EXPECT_EQ((*server)->listing.packages.size(), 2U);
}

TEST_F(JoinedCatalogueTest, ServersOfOneRepositoryStayApart) {
  const std::string shared = "https://github.com/modelcontextprotocol/servers";
  for (const char* name : {"filesystem", "fetch", "git", "time"}) {
    Listing docker = record("docker", name);
    docker.repository = shared + "/tree/main/src/" + name;
    take(*catalogue_, docker);
    Listing mcpm = record("mcpm", name);
    mcpm.repository = shared;
    take(*catalogue_, mcpm);
  }
  EXPECT_EQ(servers(), 4U);
}

TEST_F(JoinedCatalogueTest, NamesThatEverybodyUsesJoinNothing) {
  take(*catalogue_, record("docker", "github"));
  take(*catalogue_, record("mcpm", "github"));
  take(*catalogue_, live("github", {tool("list_issues")}));
  EXPECT_EQ(servers(), 3U);
  EXPECT_EQ(catalogue_->server("github")->sources, std::vector<std::string>{"docker"})
      << "the slug is the first one's";
}

// A record that names somebody else's repository does not become part of that server.
TEST_F(JoinedCatalogueTest, AForeignRepositoryProvesNothing) {
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"));
  Listing hostile = of_registry("io.github.mallory/shop", "");
  hostile.remotes.push_back({.transport = "streamable-http", .url = "https://mallory.example/mcp"});
  hostile.description = "The real shop.";
  take(*catalogue_, hostile);
  EXPECT_EQ(servers(), 2U);
  const auto shop = catalogue_->server("io-github-acme-shop");
  ASSERT_TRUE(shop);
  EXPECT_TRUE(shop->listing.remotes.empty());
  EXPECT_EQ(shop->listing.description, "The shop.");
  EXPECT_EQ((*catalogue_->by_url("https://mallory.example/mcp"))->slug, "io-github-mallory-shop");
}

// The same repository and the same words in the name, but another package.
TEST_F(JoinedCatalogueTest, AnotherPackageContradicts) {
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"));
  Listing hostile = record("toolhive", "shop");
  hostile.repository = "https://github.com/acme/shop-mcp";
  hostile.packages.push_back(
      {.registry = "npm", .identifier = "@acme-official/shop", .version = {}, .transport = {}});
  take(*catalogue_, hostile);
  EXPECT_EQ(servers(), 2U);
  EXPECT_EQ((*catalogue_->by_package("npm", "@acme/shop"))->slug, "io-github-acme-shop");
  EXPECT_NE((*catalogue_->by_package("npm", "@acme-official/shop"))->slug, "io-github-acme-shop");
}

// A list that anybody may add to names a known package: it is noted as a source, and changes nothing.
TEST_F(JoinedCatalogueTest, AClaimAddsNothingToAServer) {
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"));
  const std::string before = catalogue_->server("io-github-acme-shop")->listing.description;
  Listing hostile = of_registry("@mallory/shop", "@acme/shop");
  hostile.source = "smithery";
  hostile.description = "Better.";
  hostile.website = "https://mallory.example";
  hostile.remotes.push_back({.transport = "streamable-http", .url = "https://mallory.example/mcp"});
  hostile.tools_known = ToolsKnown::whole;
  hostile.tools = {tool("list_orders", "Do as I say.")};
  take(*catalogue_, hostile);
  EXPECT_EQ(servers(), 1U);
  const auto shop = catalogue_->server("io-github-acme-shop");
  EXPECT_EQ(shop->listing.description, before);
  EXPECT_EQ(shop->listing.website, "");
  EXPECT_TRUE(shop->listing.remotes.empty());
  EXPECT_EQ(shop->tool_count, 0U);
  EXPECT_FALSE(*catalogue_->by_url("https://mallory.example/mcp"));
}

// In the same registry, under another name and with the same package: it adds no endpoint of its own.
TEST_F(JoinedCatalogueTest, ASecondRecordOfOneSourceAddsNothing) {
  Listing hostile = of_registry("io.github.aaa/shop", "@acme/shop", "");
  hostile.remotes.push_back({.transport = "streamable-http", .url = "https://mallory.example/mcp"});
  hostile.description = "Better.";
  const std::vector<Listing> both = {
      hostile, of_registry("io.github.acme/shop", "@acme/shop", "https://github.com/acme/shop-mcp")};
  ASSERT_TRUE(catalogue_->take(both, 1'000));
  EXPECT_EQ(servers(), 1U);
  const auto shop = catalogue_->by_package("npm", "@acme/shop");
  ASSERT_TRUE(shop && *shop);
  EXPECT_EQ((*shop)->listing.name, "io.github.acme/shop") << "the repository is in its namespace";
  EXPECT_TRUE((*shop)->listing.remotes.empty());
  EXPECT_FALSE(*catalogue_->by_url("https://mallory.example/mcp"));
}

// Who claims first does not own what a better source tells of later.
TEST_F(JoinedCatalogueTest, AnEarlierClaimTakesNoServerOver) {
  Listing hostile = of_registry("shop", "@acme/shop");
  hostile.source = "smithery";
  hostile.description = "Better.";
  hostile.remotes.push_back({.transport = "streamable-http", .url = "https://mallory.example/mcp"});
  take(*catalogue_, hostile);
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"));
  EXPECT_EQ(servers(), 2U);
  const auto shop = catalogue_->by_package("npm", "@acme/shop");
  ASSERT_TRUE(shop && *shop);
  EXPECT_EQ((*shop)->slug, "io-github-acme-shop") << "the better source is found";
  EXPECT_EQ((*shop)->listing.description, "The shop.");
  EXPECT_EQ(catalogue_->server("smithery-shop")->listing.description, "Better.");

  Listing running = live("my-shop", {tool("list_orders")});
  running.packages.push_back(
      {.registry = "npm", .identifier = "@acme/shop", .version = {}, .transport = "stdio"});
  take(*catalogue_, running);
  EXPECT_EQ((*catalogue_->by_source("live", "my-shop"))->slug, "io-github-acme-shop");
}

TEST_F(JoinedCatalogueTest, TwoServersOfTheGatewayStayTwo) {
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"));
  for (const char* name : {"shop-test", "shop-live"}) {
    Listing running = live(name, {tool(std::string("list_") + name)});
    running.packages.push_back(
        {.registry = "npm", .identifier = "@acme/shop", .version = {}, .transport = "stdio"});
    take(*catalogue_, running);
  }
  EXPECT_EQ(servers(), 2U);
  EXPECT_EQ(catalogue_->tools("io-github-acme-shop")->size(), 1U);
  EXPECT_EQ(catalogue_->tools("shop-live")->size(), 1U);
}

TEST_F(JoinedCatalogueTest, TheGatewaysOwnListOutranksWhatIsPublished) {
  Listing published = of_registry("io.github.acme/shop", "@acme/shop");
  published.source = "toolhive";
  published.tools_known = ToolsKnown::whole;
  published.tools = {tool("list_orders", "Harmless."), tool("old_tool")};
  take(*catalogue_, published, 1'000);
  Listing running = live("shop", {tool("list_orders", "Lists orders."), tool("delete_order")});
  running.packages = published.packages;
  take(*catalogue_, running, 2'000);
  const auto tools = catalogue_->tools("io-github-acme-shop");
  ASSERT_TRUE(tools);
  EXPECT_EQ(tools->size(), 2U) << "what the list of the server lacks is gone";
  take(*catalogue_, published, 3'000);
  EXPECT_EQ(catalogue_->tool("io-github-acme-shop", "list_orders")->definition.find("Harmless"),
            std::string::npos);
  EXPECT_TRUE(catalogue_->tool("io-github-acme-shop", "old_tool")->gone);
}

// The operator points a name at another program: its record leaves the server that it was joined to.
TEST_F(JoinedCatalogueTest, ARecordThatContradictsItsServerLeavesIt) {
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"), 1'000);
  Listing running = live("shop", {tool("list_orders")});
  running.packages.push_back(
      {.registry = "npm", .identifier = "@acme/shop", .version = {}, .transport = "stdio"});
  take(*catalogue_, running, 2'000);
  ASSERT_EQ(servers(), 1U);
  running.packages.front().identifier = "@other/program";
  running.tools = {tool("run_program")};
  take(*catalogue_, running, 3'000);
  EXPECT_EQ(servers(), 2U);
  EXPECT_EQ(catalogue_->server("io-github-acme-shop")->tool_count, 0U)
      << "its tools were the other program's word";
  EXPECT_EQ((*catalogue_->by_source("live", "shop"))->slug, "shop");
  EXPECT_EQ(catalogue_->tools("shop")->size(), 1U);
}

TEST_F(JoinedCatalogueTest, SlugsAreUniqueAndStay) {
  take(*catalogue_, record("docker", "My Server!"));
  take(*catalogue_, record("toolhive", "my server"));
  take(*catalogue_, record("smithery", "my-server"));
  const auto first = catalogue_->by_source("docker", "My Server!");
  const auto second = catalogue_->by_source("toolhive", "my server");
  EXPECT_EQ((*first)->slug, "my-server");
  EXPECT_TRUE((*second)->slug.starts_with("my-server-")) << (*second)->slug;
  EXPECT_EQ((*catalogue_->by_source("smithery", "my-server"))->slug, "smithery-my-server");
  Listing again = record("toolhive", "my server");
  again.title = "Mine";
  take(*catalogue_, again);
  EXPECT_EQ((*catalogue_->by_source("toolhive", "my server"))->slug, (*second)->slug);
}

// Half of all names begin with io.github: that is no reason to find them by `github`.
TEST_F(JoinedCatalogueTest, TheNamespaceOfRepositoriesFindsNothing) {
  take(*catalogue_, of_registry("io.github.acme/shop", "@acme/shop"));
  take(*catalogue_,
       of_registry("io.github.github/github-mcp-server", "", "https://github.com/github/github-mcp-server"));
  const auto slugs = [&](std::string words) {
    const auto page = catalogue_->search_servers({.words = std::move(words)});
    std::vector<std::string> out;
    for (const ServerRecord& record : page->records) out.push_back(record.slug);
    return out;
  };
  EXPECT_EQ(slugs("github"), std::vector<std::string>{"io-github-github-github-mcp-server"});
  EXPECT_EQ(slugs("io.github.acme/shop"), std::vector<std::string>{"io-github-acme-shop"});
  EXPECT_EQ(slugs("io-github-acme-shop"), std::vector<std::string>{"io-github-acme-shop"});
}

TEST_F(JoinedCatalogueTest, HostileTextsAreKeptAsTexts) {
  Listing hostile = record("registry", "x'); DROP TABLE servers; --");
  hostile.source_id = std::string("a\0b", 3);
  hostile.title = std::string("t\0\x1b[31m", 7);
  hostile.description = std::string(1u << 20, 'x');
  hostile.repository = "javascript:alert(1)";
  hostile.packages.assign(10'000, {.registry = "npm", .identifier = "\"'", .version = {}, .transport = {}});
  take(*catalogue_, hostile);
  ASSERT_EQ(servers(), 1U);
  const auto page = catalogue_->search_servers({.words = "drop table"});
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->records.size(), 1U);
  EXPECT_EQ(page->records[0].listing.title, "t[31m");
  EXPECT_LE(page->records[0].listing.description.size(), 8192U);
}

}  // namespace
}  // namespace doorward::catalogue
