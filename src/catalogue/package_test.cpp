#include "catalogue/package.h"

#include <gtest/gtest.h>

#include <vector>

namespace doorward::catalogue {
namespace {

std::string spelled(std::string_view registry, std::string_view identifier) {
  const Package package = normal({.registry = std::string(registry),
                                  .identifier = std::string(identifier),
                                  .version = {},
                                  .transport = {}});
  return package.registry + " " + package.identifier + (package.version.empty() ? "" : " " + package.version);
}

std::string started(std::string_view command, const std::vector<std::string>& arguments) {
  const auto package = package_of_command(command, arguments);
  return package ? package->registry + " " + package->identifier +
                       (package->version.empty() ? "" : " " + package->version)
                 : "none";
}

TEST(Package, HasOneSpelling) {
  EXPECT_EQ(spelled("NPM", "@scope/name@1.2.0"), "npm @scope/name 1.2.0");
  EXPECT_EQ(spelled("npm", "@scope/name"), "npm @scope/name");
  EXPECT_EQ(spelled("npm", "name@latest"), "npm name latest");
  EXPECT_EQ(spelled("PyPI", "My_Server.Name"), "pypi my-server-name");
  EXPECT_EQ(spelled("pip", "server[extra]==1.0"), "pypi server 1.0");
  EXPECT_EQ(spelled("docker", "docker.io/library/redis"), "oci redis");
  EXPECT_EQ(spelled("oci", "localhost:5000/a/b:2"), "oci localhost:5000/a/b 2");
  EXPECT_EQ(spelled("oci", "ghcr.io/a/b@sha256:00ff"), "oci ghcr.io/a/b sha256:00ff");
}

TEST(Package, StandsInACommand) {
  EXPECT_EQ(started("npx", {"-y", "@scope/server@1.0.0", "--root", "/"}), "npm @scope/server 1.0.0");
  EXPECT_EQ(started("npx", {"-p", "pkg", "tool"}), "npm pkg");
  EXPECT_EQ(started("/usr/local/bin/npx", {"server"}), "npm server");
  EXPECT_EQ(started("cmd", {"/c", "npx", "-y", "server"}), "npm server");
  EXPECT_EQ(started("pnpm", {"dlx", "server"}), "npm server");
  EXPECT_EQ(started("uvx", {"--from", "mcp-server==2", "run-it"}), "pypi mcp-server 2");
  EXPECT_EQ(started("uvx", {"--python", "3.12", "Server_X"}), "pypi server-x");
  EXPECT_EQ(started("pipx", {"run", "server"}), "pypi server");
  EXPECT_EQ(started("docker", {"run", "-i", "--rm", "-e", "KEY", "-v", "/a:/b", "ghcr.io/a/b:1", "--flag"}),
            "oci ghcr.io/a/b 1");
  EXPECT_EQ(started("docker run -i --rm -e KEY", {"mcp/x"}), "oci mcp/x");
  EXPECT_EQ(started("docker", {"run", "--env=KEY", "mcp/x"}), "oci mcp/x");
}

TEST(Package, StandsNotInEveryCommand) {
  EXPECT_EQ(started("", {}), "none");
  EXPECT_EQ(started("npx", {}), "none");
  EXPECT_EQ(started("npx", {"-y"}), "none");
  EXPECT_EQ(started("npx", {"./local"}), "none");
  EXPECT_EQ(started("uvx", {"--from", "git+https://github.com/a/b", "b"}), "none");
  EXPECT_EQ(started("node", {"server.js"}), "none");
  EXPECT_EQ(started("docker", {"compose", "up"}), "none");
  EXPECT_EQ(started("python", {"-m", "server"}), "none");
}

}  // namespace
}  // namespace doorward::catalogue
