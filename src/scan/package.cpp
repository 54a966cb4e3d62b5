#include "scan/package.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>

namespace doorward::scan {
namespace {

using Words = std::span<const std::string>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// `npx` of `/usr/bin/npx` and `C:\...\npx.cmd`.
std::string base_name(std::string_view path) {
  std::string name(path.substr(path.find_last_of("/\\") + 1));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view ending : {".cmd", ".exe", ".bat", ".ps1"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

/// `1.2.3`, `1.2.3-beta.1`; no range, no tag.
bool is_exact_version(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  std::size_t numbers = 0;
  std::size_t at = 0;
  while (at < version.size() && is_digit(version[at])) {
    while (at < version.size() && is_digit(version[at])) ++at;
    ++numbers;
    if (at == version.size()) break;
    if (version[at] != '.') return numbers >= 2 && (version[at] == '-' || version[at] == '+' || std::isalpha(static_cast<unsigned char>(version[at])) != 0);
    ++at;
  }
  return at == version.size() && numbers >= 2;
}

bool is_commit(std::string_view text) {
  return text.size() >= 40 && std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_plausible(std::string_view identifier) {
  return !identifier.empty() && identifier.size() <= 214 && std::ranges::all_of(identifier, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("@/._-:+~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::optional<StartedPackage> git_package(std::string_view spec) {
  StartedPackage out;
  const std::size_t at = spec.find_last_of("@#");
  const bool named = at != std::string_view::npos && at > spec.find("://") + 3 && at != std::string_view::npos;
  out.package = {"git", std::string(named ? spec.substr(0, at) : spec), std::string(named ? spec.substr(at + 1) : ""),
                 "stdio"};
  out.pinned = is_commit(out.package.version);
  if (!out.pinned) out.pin = "name the commit: " + out.package.identifier + "@<commit>";
  return out;
}

std::optional<StartedPackage> npm_package(std::string_view spec) {
  if (spec.starts_with("npm:")) spec.remove_prefix(4);
  if (spec.starts_with("git") || spec.starts_with("github:") || spec.find("://") != std::string_view::npos) {
    return git_package(spec);
  }
  if (spec.starts_with('.') || spec.starts_with('/') || spec.starts_with("file:")) return std::nullopt;
  const std::size_t at = spec.find('@', 1);
  StartedPackage out;
  out.package = {"npm", std::string(spec.substr(0, at)),
                 at == std::string_view::npos ? "" : std::string(spec.substr(at + 1)), "stdio"};
  if (!is_plausible(out.package.identifier)) return std::nullopt;
  out.pinned = is_exact_version(out.package.version);
  if (!out.pinned) out.pin = "name a version: " + out.package.identifier + "@<version>";
  return out;
}

std::optional<StartedPackage> pypi_package(std::string_view spec) {
  if (spec.starts_with("git+") || spec.find("://") != std::string_view::npos) return git_package(spec);
  if (spec.starts_with('.') || spec.starts_with('/')) return std::nullopt;
  const std::size_t end = spec.find_first_of("@=<>~![; ");
  StartedPackage out;
  out.package = {"pypi", std::string(spec.substr(0, end)), "", "stdio"};
  if (!is_plausible(out.package.identifier)) return std::nullopt;
  std::size_t version = spec.find("==");
  std::size_t skip = 2;
  if (version == std::string_view::npos) version = spec.find('@'), skip = 1;
  if (version != std::string_view::npos) out.package.version = spec.substr(version + skip);
  out.pinned = is_exact_version(out.package.version);
  if (!out.pinned) out.pin = "name a version: " + out.package.identifier + "==<version>";
  return out;
}

std::optional<StartedPackage> oci_package(std::string_view image) {
  StartedPackage out;
  const std::size_t digest = image.find("@sha256:");
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.find(':', slash == std::string_view::npos ? 0 : slash);
  const bool tagged = colon != std::string_view::npos && colon < digest;
  out.package = {"oci", std::string(image.substr(0, std::min(tagged ? colon : image.size(), digest))), "", "stdio"};
  if (digest != std::string_view::npos) {
    out.package.version = image.substr(digest + 1);
  } else if (tagged) {
    out.package.version = image.substr(colon + 1);
  }
  if (!is_plausible(out.package.identifier)) return std::nullopt;
  out.pinned = digest != std::string_view::npos;
  if (!out.pinned) out.pin = "name the digest: " + out.package.identifier + "@sha256:<digest>";
  return out;
}

/// The first word that is no option, from `from` on. `valued`: options whose value is the next word.
std::string_view first_positional(Words words, std::size_t from, std::initializer_list<std::string_view> valued) {
  for (std::size_t i = from; i < words.size(); ++i) {
    if (words[i] == "--") return i + 1 < words.size() ? std::string_view(words[i + 1]) : std::string_view();
    if (!words[i].starts_with('-')) return words[i];
    if (is_one_of(words[i], valued)) ++i;
  }
  return {};
}

/// The value of the first of these options, as `--x value` or `--x=value`, before the first positional word.
std::string_view option_value(Words words, std::size_t from, std::initializer_list<std::string_view> names) {
  for (std::size_t i = from; i < words.size() && words[i] != "--"; ++i) {
    for (const std::string_view name : names) {
      if (words[i] == name && i + 1 < words.size()) return words[i + 1];
      if (words[i].starts_with(name) && words[i].size() > name.size() && words[i][name.size()] == '=') {
        return std::string_view(words[i]).substr(name.size() + 1);
      }
    }
  }
  return {};
}

/// Leaves out what only prepares the program: `cmd /c`, `env A=b`.
Words without_shell(Words words) {
  for (;;) {
    if (words.size() > 2 && base_name(words[0]) == "cmd" && (words[1] == "/c" || words[1] == "/C")) {
      words = words.subspan(2);
    } else if (words.size() > 1 && base_name(words[0]) == "env") {
      words = words.subspan(1);
      while (!words.empty() && (words[0].find('=') != std::string::npos || words[0].starts_with('-'))) words = words.subspan(1);
    } else {
      return words;
    }
  }
}

std::optional<StartedPackage> npm_of(Words words, std::size_t from) {
  std::string_view spec = option_value(words, from, {"-p", "--package"});
  if (spec.empty()) spec = first_positional(words, from, {"-p", "--package", "-c", "--call", "--registry"});
  return spec.empty() ? std::nullopt : npm_package(spec);
}

std::optional<StartedPackage> uv_of(Words words, std::size_t from) {
  std::string_view spec = option_value(words, from, {"--from", "--spec"});
  if (spec.empty()) {
    spec = first_positional(words, from, {"--with", "--python", "-p", "--index-url", "--index", "--refresh-package", "--env-file"});
  }
  return spec.empty() ? std::nullopt : pypi_package(spec);
}

std::optional<StartedPackage> container_of(Words words) {
  if (words.size() < 3 || words[1] != "run") return std::nullopt;
  const std::string_view image = first_positional(
      words, 2,
      {"-e", "--env", "--env-file", "-v", "--volume", "--name", "-p", "--publish", "--mount", "--network", "--net", "-w",
       "--workdir", "-u", "--user", "--entrypoint", "--platform", "--add-host", "-l", "--label", "-m", "--memory", "--cpus",
       "--pull", "--tmpfs", "--cap-add", "--cap-drop", "--security-opt", "--device", "--gpus", "-h", "--hostname", "--dns"});
  return image.empty() ? std::nullopt : oci_package(image);
}

}  // namespace

std::optional<StartedPackage> package_of(std::span<const std::string> all) {
  const Words words = without_shell(all);
  if (words.empty()) return std::nullopt;
  const std::string program = base_name(words[0]);
  const std::string_view second = words.size() > 1 ? std::string_view(words[1]) : std::string_view();
  if (is_one_of(program, {"npx", "bunx", "pnpx"})) return npm_of(words, 1);
  if (program == "npm" && is_one_of(second, {"exec", "x"})) return npm_of(words, 2);
  if (program == "pnpm" && is_one_of(second, {"dlx", "exec"})) return npm_of(words, 2);
  if (program == "yarn" && second == "dlx") return npm_of(words, 2);
  if (program == "bun" && second == "x") return npm_of(words, 2);
  if (program == "deno") {
    for (const std::string& word : words) {
      if (word.starts_with("npm:")) return npm_package(word);
    }
    return std::nullopt;
  }
  if (program == "uvx") return uv_of(words, 1);
  if (program == "uv" && second == "tool" && words.size() > 2 && words[2] == "run") return uv_of(words, 3);
  if (program == "uv" && second == "run") {
    const std::string_view with = option_value(words, 2, {"--with"});
    return with.empty() ? std::nullopt : pypi_package(with);
  }
  if (program == "pipx" && second == "run") return uv_of(words, 2);
  if (is_one_of(program, {"docker", "podman", "nerdctl"})) return container_of(words);
  return std::nullopt;
}

std::optional<StartedPackage> package_of_spec(std::string_view spec) {
  if (spec.starts_with("npm:")) return npm_package(spec);
  if (spec.starts_with("pypi:")) return pypi_package(spec.substr(5));
  if (spec.starts_with("oci:")) return oci_package(spec.substr(4));
  if (spec.starts_with("docker:")) return oci_package(spec.substr(7));
  if (spec.find("==") != std::string_view::npos) return pypi_package(spec);
  return npm_package(spec);
}

std::string_view wrapper_of(std::span<const std::string> all) {
  const Words words = without_shell(all);
  if (words.empty()) return {};
  struct Known {
    std::string_view name;     ///< of the program or package
    std::string_view wrapper;
  };
  static constexpr std::array<Known, 12> kKnown = {{{"doorward", "doorward"},
                                                    {"mcp-remote", "mcp-remote"},
                                                    {"mcp-proxy", "mcp-proxy"},
                                                    {"supergateway", "supergateway"},
                                                    {"@policylayer/intercept", "intercept"},
                                                    {"intercept", "intercept"},
                                                    {"thv", "toolhive"},
                                                    {"toolhive", "toolhive"},
                                                    {"agentgateway", "agentgateway"},
                                                    {"mcpwrapped", "mcpwrapped"},
                                                    {"fastmcp", "fastmcp"},
                                                    {"mcpo", "mcpo"}}};
  std::string program = base_name(words[0]);
  if (is_one_of(program, {"docker", "podman"}) && words.size() > 2 && words[1] == "mcp" && words[2] == "gateway") {
    return "docker-mcp-gateway";
  }
  if (program == "doorward" && (words.size() < 2 || !is_one_of(words[1], {"run", "connect"}))) return {};
  if (const auto started = package_of(words)) program = started->package.identifier;
  const auto found = std::ranges::find(kKnown, std::string_view(program), &Known::name);
  return found == kKnown.end() ? std::string_view() : found->wrapper;
}

}  // namespace doorward::scan
