#include "scan/package.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "catalogue/package.h"

namespace doorward::scan {
namespace {

using Words = std::span<const std::string>;

/// `npx` of `/usr/bin/npx` and `C:\...\npx.cmd`.
std::string base_name(std::string_view path) {
  std::string name = lower(path.substr(path.find_last_of("/\\") + 1));
  for (const std::string_view ending : {".cmd", ".exe", ".bat"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

/// `1.2.3`, `1.2.3-beta.1`; no range, no tag.
bool is_exact_version(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  std::size_t numbers = 0;
  for (std::size_t at = 0; at < version.size() && is_digit(version[at]); ++at) {
    while (at < version.size() && is_digit(version[at])) ++at;
    ++numbers;
    if (at == version.size()) return numbers >= 2;
    if (version[at] != '.') return numbers >= 2 && version.find_first_of(" |<>*^") == std::string_view::npos;
  }
  return false;
}

bool is_commit(std::string_view text) {
  return text.size() >= 40 && std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_repository(std::string_view word) {
  return word.starts_with("git+") || word.starts_with("github:") || word.starts_with("git:");
}

StartedPackage of_repository(std::string_view word) {
  const std::size_t scheme = word.find("://");
  const std::size_t at = word.find_last_of("@#");
  const bool named = at != std::string_view::npos && at > (scheme == std::string_view::npos ? 0 : scheme + 3);
  StartedPackage out;
  out.package = {"git", std::string(named ? word.substr(0, at) : word), std::string(named ? word.substr(at + 1) : ""), "stdio"};
  out.pinned = is_commit(out.package.version);
  if (!out.pinned) out.pin = "name the commit: " + out.package.identifier + "@<commit>";
  return out;
}

}  // namespace

std::optional<StartedPackage> package_of(std::span<const std::string> words) {
  if (words.empty()) return std::nullopt;
  StartedPackage out;
  if (auto package = catalogue::package_of_command(words[0], words.subspan(1))) {
    out.package = std::move(*package);
  } else {
    constexpr std::array<std::string_view, 7> kRunners = {"npx", "bunx", "pnpx", "uvx", "uv", "pipx", "npm"};
    if (std::ranges::find(kRunners, base_name(words[0])) == kRunners.end()) return std::nullopt;
    const auto found = std::ranges::find_if(words, is_repository);
    return found == words.end() ? std::nullopt : std::optional(of_repository(*found));
  }
  const std::string& version = out.package.version;
  const std::string& name = out.package.identifier;
  if (out.package.registry == "oci") {
    out.pinned = version.starts_with("sha256:");
    if (!out.pinned) out.pin = "name the digest: " + name + "@sha256:<digest>";
    return out;
  }
  // A bound such as `>=1.2` leaves a version behind, too.
  const bool exact = std::ranges::any_of(words, [&](const std::string& word) {
    return word.ends_with("@" + version) || word.ends_with("==" + version);
  });
  out.pinned = exact && is_exact_version(version);
  if (!out.pinned) out.pin = "name a version: " + name + (out.package.registry == "pypi" ? "==<version>" : "@<version>");
  return out;
}

std::optional<catalogue::Package> package_of_spec(std::string_view spec) {
  std::string registry = "npm";
  for (const std::string_view known : {"npm", "pypi", "oci", "docker"}) {
    if (!spec.starts_with(known) || spec.size() <= known.size() || spec[known.size()] != ':') continue;
    registry = known;
    spec.remove_prefix(known.size() + 1);
    break;
  }
  if (registry == "npm" && spec.find("==") != std::string_view::npos) registry = "pypi";
  if (spec.empty() || spec.find_first_of(" \t\n") != std::string_view::npos) return std::nullopt;
  return catalogue::normal({registry, std::string(spec), "", "stdio"});
}

std::string_view wrapper_of(std::span<const std::string> words) {
  if (words.empty()) return {};
  struct Known {
    std::string_view name;  ///< of the program or package
    std::string_view wrapper;
  };
  static constexpr std::array<Known, 10> kKnown = {{{"doorward", "doorward"},
                                                    {"mcp-remote", "mcp-remote"},
                                                    {"mcp-proxy", "mcp-proxy"},
                                                    {"supergateway", "supergateway"},
                                                    {"@policylayer/intercept", "intercept"},
                                                    {"intercept", "intercept"},
                                                    {"thv", "toolhive"},
                                                    {"toolhive", "toolhive"},
                                                    {"agentgateway", "agentgateway"},
                                                    {"mcpo", "mcpo"}}};
  std::string program = base_name(words[0]);
  if ((program == "docker" || program == "podman") && words.size() > 2 && words[1] == "mcp" && words[2] == "gateway") {
    return "docker-mcp-gateway";
  }
  if (program == "doorward" && (words.size() < 2 || (words[1] != "run" && words[1] != "connect"))) return {};
  if (const auto started = package_of(words)) program = started->package.identifier;
  const auto found = std::ranges::find(kKnown, std::string_view(program), &Known::name);
  return found == kKnown.end() ? std::string_view() : found->wrapper;
}

}  // namespace doorward::scan
