#include "catalogue/package.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"

namespace doorward::catalogue {
namespace {

/// Moves what follows `at` (which is `gap` bytes long) into the version, where there is none yet.
void split_version(Package& package, std::size_t at, std::size_t gap) {
  if (package.version.empty()) package.version = package.identifier.substr(at + gap);
  package.identifier.resize(at);
}

void normal_image(Package& package) {
  std::string& name = package.identifier;
  for (const std::string_view prefix :
       {"docker://", "https://", "http://", "index.docker.io/", "docker.io/", "library/"}) {
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  }
  if (const std::size_t at = name.find('@'); at != std::string::npos) split_version(package, at, 1);
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.find(':', slash == std::string::npos ? 0 : slash);
  if (colon != std::string::npos) split_version(package, colon, 1);
}

void normal_python(Package& package) {
  std::string& name = package.identifier;
  for (const std::string_view gap : {"==", ">=", "<=", "~=", "!=", "@", ">", "<"}) {
    if (const std::size_t at = name.find(gap); at != std::string::npos)
      split_version(package, at, gap.size());
  }
  if (const std::size_t extras = name.find('['); extras != std::string::npos) name.resize(extras);
  std::string out;
  for (const char c : lower(name)) {
    const bool gap = c == '-' || c == '_' || c == '.';
    if (gap && (out.empty() || out.back() == '-')) continue;
    out += gap ? '-' : c;
  }
  name = std::move(out);
}

void normal_npm(Package& package) {
  const std::size_t at = package.identifier.find('@', 1);
  if (at != std::string::npos) split_version(package, at, 1);
}

/// What no registry has: a path, a URL, a repository.
bool is_place(std::string_view name) {
  return name.empty() || name.starts_with('.') || name.starts_with('/') ||
         name.find("://") != std::string_view::npos || name.find('\\') != std::string_view::npos ||
         name.starts_with("git+") || name.starts_with("github:") || name.starts_with('~') ||
         name.starts_with('$') || name.starts_with('{') || name.ends_with(".js") || name.ends_with(".py") ||
         name.ends_with(".ts") || name.ends_with(".whl") || name.ends_with(".tgz");
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    if (end != at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

using Words = std::span<const std::string_view>;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> all) {
  return std::ranges::find(all, word) != all.end();
}

/// The first word that is no option; options in `with_value` take the word behind them.
std::string_view first_plain(Words words, std::initializer_list<std::string_view> with_value) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with('-')) return words[i];
    if (is_one_of(words[i], with_value)) ++i;
  }
  return {};
}

/// The value of an option that names the package, else the first plain word.
std::string_view named_package(Words words, std::initializer_list<std::string_view> naming,
                               std::initializer_list<std::string_view> with_value) {
  for (std::size_t i = 0; i < words.size() && words[i].starts_with('-'); ++i) {
    if (is_one_of(words[i], naming) && i + 1 < words.size()) return words[i + 1];
    const std::size_t equals = words[i].find('=');
    if (equals != std::string_view::npos && is_one_of(words[i].substr(0, equals), naming)) {
      return words[i].substr(equals + 1);
    }
    if (is_one_of(words[i], with_value)) ++i;
  }
  return first_plain(words, with_value);
}

std::string_view image_of(Words words) {
  return first_plain(words, {"-e",         "--env",          "--env-file", "-v",
                             "--volume",   "--mount",        "-p",         "--publish",
                             "--name",     "--network",      "--net",      "-w",
                             "--workdir",  "--entrypoint",   "--platform", "-u",
                             "--user",     "--add-host",     "--pull",     "-l",
                             "--label",    "--memory",       "-m",         "--cpus",
                             "--tmpfs",    "--security-opt", "--cap-add",  "--cap-drop",
                             "--device",   "--gpus",         "-h",         "--hostname",
                             "--ipc",      "--pid",          "--restart",  "--runtime",
                             "--shm-size", "--ulimit",       "--userns"});
}

}  // namespace

Package normal(Package package) {
  package.registry = lower(package.registry);
  if (is_one_of(package.registry, {"docker", "ghcr", "docker-hub", "container"})) package.registry = "oci";
  if (is_one_of(package.registry, {"pip", "python", "uvx"})) package.registry = "pypi";
  if (package.registry == "npx") package.registry = "npm";
  if (package.registry == "oci") normal_image(package);
  if (package.registry == "pypi") normal_python(package);
  if (package.registry == "npm") normal_npm(package);
  return package;
}

std::optional<Package> package_of_command(std::string_view command, std::span<const std::string> arguments) {
  std::vector<std::string_view> words = words_of(command);
  words.insert(words.end(), arguments.begin(), arguments.end());
  if (words.empty()) return std::nullopt;
  std::string program = lower(words[0].substr(words[0].find_last_of("/\\") + 1));
  for (const std::string_view ending : {".exe", ".cmd", ".bat"}) {
    if (program.ends_with(ending)) program.resize(program.size() - ending.size());
  }
  Words rest = Words(words).subspan(1);
  // `cmd /c npx ...` is how Windows starts a script.
  if (program == "cmd" && rest.size() > 1 && lower(rest[0]) == "/c") {
    program = lower(rest[1]);
    rest = rest.subspan(2);
  }
  const auto take = [&](std::string_view verb) {
    const bool there = !rest.empty() && rest[0] == verb;
    if (there) rest = rest.subspan(1);
    return there;
  };
  Package package{.registry = {}, .identifier = {}, .version = {}, .transport = "stdio"};
  if (is_one_of(program, {"npx", "bunx", "pnpx"}) || (program == "npm" && (take("exec") || take("x"))) ||
      (is_one_of(program, {"pnpm", "yarn"}) && take("dlx")) || (program == "bun" && take("x"))) {
    package.registry = "npm";
    package.identifier = named_package(rest, {"-p", "--package"}, {"--registry", "-c", "--call", "--prefix"});
  } else if (program == "uvx" || (program == "uv" && take("tool") && take("run"))) {
    package.registry = "pypi";
    package.identifier = named_package(rest, {"--from"},
                                       {"--with", "--python", "-p", "--index", "--index-url",
                                        "--refresh-package", "--directory", "--default-index"});
  } else if (program == "pipx" && take("run")) {
    package.registry = "pypi";
    package.identifier = named_package(rest, {"--spec"}, {"--python", "--index-url", "--pip-args"});
  } else if (is_one_of(program, {"docker", "podman", "nerdctl"})) {
    take("container");
    if (!take("run")) return std::nullopt;
    package.registry = "oci";
    package.identifier = image_of(rest);
  }
  if (is_place(package.identifier)) return std::nullopt;
  return normal(std::move(package));
}

}  // namespace doorward::catalogue
