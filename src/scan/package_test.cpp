#include "scan/package.h"

#include <gtest/gtest.h>

#include "scan/launch.h"

namespace doorward::scan {
namespace {

std::optional<StartedPackage> started(const std::string& line) {
  const auto entry = entry_of_command(line);
  std::vector<std::string> words{entry->command};
  words.insert(words.end(), entry->args.begin(), entry->args.end());
  return package_of(words);
}

std::string wrapper(const std::string& line) {
  const auto entry = entry_of_command(line);
  std::vector<std::string> words{entry->command};
  words.insert(words.end(), entry->args.begin(), entry->args.end());
  return std::string(wrapper_of(words));
}

TEST(Package, is_pinned_by_an_exact_version_alone) {
  struct Case {
    const char* line;
    const char* identifier;
    bool pinned;
  };
  const Case kCases[] = {{"npx -y @modelcontextprotocol/server-github", "@modelcontextprotocol/server-github", false},
                         {"npx -y files-mcp@1.2.3", "files-mcp", true},
                         {"npx -y files-mcp@1.2.3-beta.1", "files-mcp", true},
                         {"npx -y files-mcp@latest", "files-mcp", false},
                         {"npx -y files-mcp@^1.2.3", "files-mcp", false},
                         {"npx -y files-mcp@1", "files-mcp", false},
                         {"uvx mcp-server-git", "mcp-server-git", false},
                         {"uvx mcp-server-git==2025.1.14", "mcp-server-git", true},
                         {"uvx --from 'mcp-server-git>=1.2' mcp", "mcp-server-git", false},
                         {"docker run -i --rm -e TOKEN ghcr.io/github/github-mcp-server", "ghcr.io/github/github-mcp-server", false},
                         {"docker run -i image:1.2.3", "image", false},
                         {"docker run -i image@sha256:0123", "image", true},
                         {"uvx --from git+https://github.com/a/b b", "git+https://github.com/a/b", false},
                         {"npx -y github:a/b#0123456789012345678901234567890123456789", "github:a/b", true}};
  for (const Case& each : kCases) {
    const auto package = started(each.line);
    ASSERT_TRUE(package) << each.line;
    EXPECT_EQ(package->package.identifier, each.identifier) << each.line;
    EXPECT_EQ(package->pinned, each.pinned) << each.line;
    EXPECT_EQ(package->pin.empty(), each.pinned) << each.line;
  }
  EXPECT_FALSE(started("python3 server.py"));
  EXPECT_FALSE(started("/opt/tool --npx"));
}

TEST(Package, wrappers_are_known) {
  EXPECT_EQ(wrapper("npx -y mcp-remote https://x.example/mcp"), "mcp-remote");
  EXPECT_EQ(wrapper("/usr/local/bin/doorward run --policy p.json -- npx x"), "doorward");
  EXPECT_EQ(wrapper("doorward demo-server"), "");
  EXPECT_EQ(wrapper("docker mcp gateway run"), "docker-mcp-gateway");
  EXPECT_EQ(wrapper("npx -y @policylayer/intercept -c p.yaml"), "intercept");
  EXPECT_EQ(wrapper("npx -y some-server"), "");
}

TEST(Package, a_specification_names_its_registry) {
  EXPECT_EQ(package_of_spec("@a/b@1.0.0")->identifier, "@a/b");
  EXPECT_EQ(package_of_spec("pypi:x")->registry, "pypi");
  EXPECT_EQ(package_of_spec("x==1.0")->registry, "pypi");
  EXPECT_EQ(package_of_spec("oci:a/b:1")->version, "1");
  EXPECT_FALSE(package_of_spec(""));
  EXPECT_FALSE(package_of_spec("two words"));
}

}  // namespace
}  // namespace doorward::scan
