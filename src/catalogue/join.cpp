#include "catalogue/join.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "catalogue/package.h"
#include "catalogue/terms.h"

namespace doorward::catalogue {
namespace {

using namespace std::string_view_literals;

constexpr std::array kVouched = {"registry"sv, "toolhive"sv, "docker"sv, "obot"sv, "mcpm"sv};
/// Lists whose keepers look at each entry and its repository.
constexpr std::array kCurated = {"toolhive"sv, "docker"sv, "obot"sv, "mcpm"sv};
/// A server has one package in each of these: a record with another one tells of another server. Of images
/// and bundles there are many builds of one server.
constexpr std::array kOnePackage = {"npm"sv, "pypi"sv, "nuget"sv, "cargo"sv};
/// Words that every second name has.
constexpr std::array kCommon = {
    "mcp"sv, "server"sv, "servers"sv, "the"sv, "official"sv, "modelcontextprotocol"sv,
    "io"sv,  "com"sv,    "ai"sv,      "dev"sv, "app"sv,      "org"sv,
    "net"sv, "github"sv};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view without_slashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  while (text.starts_with('/')) text.remove_prefix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_host(std::string_view host) {
  return host.find('.') != std::string_view::npos && std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
         });
}

/// The names of both sides that are in one namespace, `owner/name` or `com.example/name`.
bool has_namespace(std::string_view name) {
  const std::size_t slash = name.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < name.size() &&
         name.substr(0, slash).find('.') != std::string_view::npos;
}

std::vector<std::string> packages_of(const Listing& listing) {
  std::vector<std::string> keys;
  for (const Package& package : listing.packages)
    keys.push_back(package_key(package.registry, package.identifier));
  return keys;
}

std::vector<std::string> endpoints_of(const Listing& listing) {
  std::vector<std::string> keys;
  for (const Remote& remote : listing.remotes) {
    if (std::string key = endpoint_of(remote.url); !key.empty()) keys.push_back(std::move(key));
  }
  return keys;
}

bool share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::any_of(a, [&](const std::string& key) { return std::ranges::find(b, key) != b.end(); });
}

/// Whether both have packages of a registry in which a server has one, and none in common.
bool packages_contradict(const Listing& a, const Listing& b) {
  return std::ranges::any_of(kOnePackage, [&](std::string_view registry) {
    std::vector<std::string> of_a;
    std::vector<std::string> of_b;
    for (const Package& package : a.packages) {
      if (package.registry == registry) of_a.push_back(package_key(registry, package.identifier));
    }
    for (const Package& package : b.packages) {
      if (package.registry == registry) of_b.push_back(package_key(registry, package.identifier));
    }
    return !of_a.empty() && !of_b.empty() && !share(of_a, of_b);
  });
}

/// The words of what a record calls its server and its packages.
bool names_agree(const Listing& a, const Listing& b) {
  const auto cores = [](const Listing& listing) {
    std::vector<std::string> out = {core_of(listing.name)};
    for (const Package& package : listing.packages) out.push_back(core_of(package.identifier));
    std::erase(out, std::string());
    return out;
  };
  return share(cores(a), cores(b));
}

template <typename Text>
void fill(Text& into, const Text& from) {
  if (into.empty()) into = from;
}

}  // namespace

Standing standing_of(std::string_view source) {
  if (source == "live") return Standing::live;
  // A list that an operator hands over as the server's own is as good as one that was asked for.
  if (source == "scan" || source == "mcp") return Standing::scanned;
  return is_one_of(kVouched, source) ? Standing::vouched : Standing::claimed;
}

std::optional<Repository> repository_of(std::string_view url) {
  std::string text = lower(url);
  std::string_view rest = text;
  take_prefix(rest, "git+");
  const bool has_scheme = take_prefix(rest, "https://") || take_prefix(rest, "http://") ||
                          take_prefix(rest, "ssh://") || take_prefix(rest, "git://");
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  std::string path(rest);
  // git@host:owner/name
  if (const std::size_t colon = path.find(':'); colon != std::string::npos && colon < path.find('/')) {
    const bool is_port =
        has_scheme && colon + 1 < path.size() && path[colon + 1] >= '0' && path[colon + 1] <= '9';
    if (is_port) {
      path.erase(colon, path.find('/') - colon);
    } else {
      path[colon] = '/';
    }
  }
  std::vector<std::string_view> parts = split(without_slashes(path), '/');
  std::erase(parts, std::string_view());
  if (parts.size() < 3) return std::nullopt;
  std::string_view host = parts[0];
  if (host.starts_with("www.")) host.remove_prefix(4);
  if (!is_host(host)) return std::nullopt;
  Repository repository;
  std::string_view name = parts[2];
  if (name.ends_with(".git")) name.remove_suffix(4);
  if (name.empty()) return std::nullopt;
  repository.root.append(host).append("/").append(parts[1]).append("/").append(name);
  std::size_t i = 3;
  if (i < parts.size() && parts[i] == "-") ++i;  // GitLab
  if (i < parts.size() && (parts[i] == "tree" || parts[i] == "blob")) i += 2;
  for (; i < parts.size(); ++i) {
    if (!repository.folder.empty()) repository.folder += '/';
    repository.folder += parts[i];
  }
  return repository;
}

std::string endpoint_of(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return {};
  const std::string scheme = lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return {};
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  std::string host = lower(authority);
  const std::string usual = scheme == "https" ? ":443" : ":80";
  if (host.ends_with(usual)) host.resize(host.size() - usual.size());
  if (host.empty()) return {};
  const std::string_view path =
      slash == std::string_view::npos ? std::string_view() : without_slashes(rest.substr(slash));
  return scheme + "://" + host + (path.empty() ? "" : "/") + std::string(path);
}

std::string package_key(std::string_view registry, std::string_view identifier) {
  const Package package = normal({.registry = std::string(registry),
                                  .identifier = std::string(identifier),
                                  .version = {},
                                  .transport = {}});
  return package.registry + ':' + lower(package.identifier);
}

std::string core_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const auto words_of = [](std::string_view part) {
    std::vector<std::string> words = name_words(part);
    std::erase_if(words, [](const std::string& word) { return is_one_of(kCommon, word); });
    std::ranges::sort(words);
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : "-") + word;
    return out;
  };
  std::string core = words_of(slash == std::string_view::npos ? name : name.substr(slash + 1));
  if (core.empty() && slash != std::string_view::npos) core = words_of(name.substr(0, slash));
  return core;
}

std::vector<Key> keys_of(const Listing& listing) {
  std::vector<Key> keys;
  const auto add = [&](KeyKind kind, std::string value) {
    if (Key key{kind, std::move(value)}; std::ranges::find(keys, key) == keys.end())
      keys.push_back(std::move(key));
  };
  if (const auto repository = repository_of(listing.repository)) add(KeyKind::repository, repository->root);
  for (std::string& key : packages_of(listing)) add(KeyKind::package, std::move(key));
  for (std::string& key : endpoints_of(listing)) add(KeyKind::endpoint, std::move(key));
  if (has_namespace(listing.name)) add(KeyKind::name, lower(listing.name));
  return keys;
}

bool owns_repository(const Listing& record) {
  const auto repository = repository_of(record.repository);
  if (!repository) return false;
  if (is_one_of(kCurated, record.source)) return true;
  if (record.source != "registry") return false;
  const std::string name = lower(record.name);
  const std::vector<std::string_view> parts = split(repository->root, '/');
  return (parts[0] == "github.com" && name.starts_with("io.github." + std::string(parts[1]) + '/')) ||
         (parts[0] == "gitlab.com" && name.starts_with("io.gitlab." + std::string(parts[1]) + '/'));
}

std::string_view why_joined(const Listing& record, const Known& server) {
  const Standing standing = standing_of(record.source);
  // Somebody's claim never describes a server that a better source tells of; only its full name may have been
  // first.
  const bool claimed_only = server.standing == Standing::claimed && standing > Standing::claimed;
  // Two servers of the gateway stay two, though they run the same package: they may show different tools.
  if (standing == Standing::live && server.has_live) return {};
  const bool same_package = share(packages_of(record), packages_of(server.listing));
  if (!same_package && packages_contradict(record, server.listing)) return {};

  const auto mine = repository_of(record.repository);
  const auto theirs = repository_of(server.listing.repository);
  if (mine && theirs && mine->root == theirs->root && !claimed_only && owns_repository(record) &&
      server.owns_repository) {
    const bool other_folder =
        !mine->folder.empty() && !theirs->folder.empty() && mine->folder != theirs->folder;
    const bool same_folder = !mine->folder.empty() && mine->folder == theirs->folder;
    if (same_package || (!other_folder && (same_folder || names_agree(record, server.listing))))
      return "repository";
  }
  if (same_package && !claimed_only) return "package";
  if (share(endpoints_of(record), endpoints_of(server.listing)) && !claimed_only) return "endpoint";
  if (standing <= Standing::vouched && has_namespace(record.name) &&
      lower(record.name) == lower(server.listing.name) && !(mine && theirs && mine->root != theirs->root)) {
    return "name";
  }
  return {};
}

Listing merge(std::span<const Listing> records) {
  std::vector<const Listing*> order;
  for (const Listing& record : records) order.push_back(&record);
  const auto rank = [](const Listing* record) {
    // What is met here says little of itself: published words first. Of equals the one in whose repository it
    // is, then the older one, which stands before.
    const Standing standing = standing_of(record->source);
    const auto among = std::ranges::find(kVouched, record->source) - kVouched.begin();
    return std::tuple(standing == Standing::claimed   ? 2
                      : standing == Standing::vouched ? 0
                                                      : 1,
                      among, !owns_repository(*record), record);
  };
  std::ranges::sort(order, {}, rank);
  const bool has_better = standing_of(order.front()->source) != Standing::claimed;

  Listing joined = *order.front();
  joined.tools.clear();
  std::vector<std::string_view> heard = {order.front()->source};
  for (const Listing* record : std::span(order).subspan(1)) {
    if (standing_of(record->source) == Standing::claimed || !has_better) continue;
    // A second record in one source, under another name, is as good as a claim.
    if (std::ranges::find(heard, record->source) != heard.end()) continue;
    heard.push_back(record->source);
    for (const auto member : {&Listing::title, &Listing::description, &Listing::version, &Listing::publisher,
                              &Listing::repository, &Listing::website, &Listing::licence, &Listing::auth}) {
      fill(joined.*member, record->*member);
    }
    for (const Package& package : record->packages) {
      const std::string key = package_key(package.registry, package.identifier);
      if (!share({key}, packages_of(joined))) joined.packages.push_back(package);
    }
    for (const Remote& remote : record->remotes) {
      const std::string key = endpoint_of(remote.url);
      if (!share({key}, endpoints_of(joined))) joined.remotes.push_back(remote);
    }
    joined.gone = joined.gone && record->gone;
    joined.tools_known = std::max(joined.tools_known, record->tools_known);
    joined.updated_us = std::max(joined.updated_us, record->updated_us);
  }
  return joined;
}

Known known_of(std::span<const Listing> records) {
  Known known{
      .listing = merge(records), .standing = Standing::none, .owns_repository = false, .has_live = false};
  const auto repository = repository_of(known.listing.repository);
  for (const Listing& record : records) {
    known.standing = std::max(known.standing, standing_of(record.source));
    known.has_live = known.has_live || standing_of(record.source) == Standing::live;
    const auto own = repository_of(record.repository);
    known.owns_repository = known.owns_repository ||
                            (own && repository && own->root == repository->root && owns_repository(record));
  }
  return known;
}

std::string slug_of(const Listing& listing) {
  constexpr std::size_t kMost = 60;
  const bool claimed = standing_of(listing.source) == Standing::claimed;
  std::string slug;
  for (const char c : lower(claimed ? listing.source + '-' + listing.name : listing.name)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      slug += c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() == kMost) break;
  }
  while (slug.ends_with('-')) slug.pop_back();
  return slug.empty() ? "server" : slug;
}

}  // namespace doorward::catalogue
