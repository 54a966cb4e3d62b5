#include "catalogue/shell.h"

#include <algorithm>

#include "base/text.h"
#include "catalogue/visible.h"

namespace doorward::catalogue {

std::string shell_word(std::string_view raw) {
  const std::string word = visible(raw);
  const bool bare = !word.empty() && word.front() != '-' && std::ranges::all_of(word, [](char c) {
    return is_alnum(c) || std::string_view("_-./:@%+,").find(c) != std::string_view::npos;
  });
  if (bare) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

std::string add_command(const ServerRecord& server) {
  std::string command = "doorward server add " + shell_word(server.slug);
  for (const Package& package : server.listing.packages) {
    const std::string versioned = package.identifier + (package.version.empty() ? "" : "@" + package.version);
    if (package.registry == "npm") return command + " -- npx -y " + shell_word(versioned);
    if (package.registry == "pypi") return command + " -- uvx " + shell_word(versioned);
    if (package.registry == "oci")
      return command + " -- docker run -i --rm " + shell_word(package.identifier);
  }
  for (const Remote& remote : server.listing.remotes) {
    if (remote.url.starts_with("http://") || remote.url.starts_with("https://")) {
      return command + " --url " + shell_word(remote.url) +
             (remote.needs_secret ? " --header 'authorization=Bearer env:TOKEN'" : "");
    }
  }
  return command + " -- COMMAND";
}

std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const char low = to_lower(c);
    const bool kept = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (kept)
      out += low;
    else if (!out.empty() && out.back() != '-')
      out += '-';
    if (out.size() >= 60) break;
  }
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "tool" : out;
}

}  // namespace doorward::catalogue
