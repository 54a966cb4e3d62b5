#include "catalogue/look_alike.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "catalogue/confusable.h"
#include "catalogue/join.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostFound = 20;
constexpr std::size_t kLongestName = 100;  ///< longer ones are compared for equality alone
constexpr std::size_t kShortestCore =
    6;  ///< of a name whose core has a typo: short words have many neighbours
constexpr std::size_t kShortestFrame = 3;  ///< of a core where the typo is in `mcp`, `server` and the like
/// Words that every second name has.
constexpr std::array<std::string_view, 4> kFrame = {"mcp", "server", "servers", "the"};
constexpr std::array<std::string_view, 7> kClaims = {"official",  "verified", "genuine",  "original",
                                                     "authentic", "trusted",  "certified"};

/// Without what separates words.
std::string squash(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '-' && c != '_' && c != '.' && c != '/' && c != '@' && c != ' ') out += c;
  }
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const bool plain = is_lower(c) || is_digit(c) || (static_cast<unsigned char>(c) & 0x80u) != 0;
    if (plain) words.back() += c;
    if (!plain && !words.back().empty()) words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// Where two texts that are one edit apart differ: the characters of each, 0 where one has none. Nothing
/// where they are equal or farther apart.
struct Edit {
  char a = 0;
  char b = 0;
  bool at_end = false;
};
std::optional<Edit> one_edit(std::string_view a, std::string_view b) {
  const auto [first_a, first_b] = std::ranges::mismatch(a, b);
  const std::string_view rest_a(first_a, a.end());
  const std::string_view rest_b(first_b, b.end());
  if (rest_a.empty() && rest_b.empty()) return std::nullopt;
  const auto tail = [](std::string_view text, std::size_t from) {
    return text.substr(std::min(from, text.size()));
  };
  if (rest_a.size() == rest_b.size() && tail(rest_a, 1) == tail(rest_b, 1)) {
    return Edit{rest_a[0], rest_b[0], rest_a.size() == 1};
  }
  if (rest_a.size() == rest_b.size() && rest_a.size() > 1 && rest_a[0] == rest_b[1] &&
      rest_a[1] == rest_b[0] && tail(rest_a, 2) == tail(rest_b, 2)) {
    return Edit{rest_a[0], rest_b[0], rest_a.size() == 2};
  }
  if (rest_a.size() == rest_b.size() + 1 && tail(rest_a, 1) == rest_b)
    return Edit{rest_a[0], 0, rest_a.size() == 1};
  if (rest_b.size() == rest_a.size() + 1 && tail(rest_b, 1) == rest_a)
    return Edit{0, rest_b[0], rest_b.size() == 1};
  return std::nullopt;
}

/// A typo that a person would not have made on purpose: not a number (`v1`, `v2`), not a plural.
bool is_typo(const Edit& edit) {
  if (is_digit(edit.a) || is_digit(edit.b)) return false;
  return !(edit.at_end && (edit.a == 's' || edit.b == 's') && (edit.a == 0 || edit.b == 0));
}

std::string_view owner_part(std::string_view name) {
  std::string_view space = name.substr(0, name.find('/'));
  if (name.find('/') == std::string_view::npos) return {};
  if (space.starts_with('@')) return space.substr(1);
  for (const std::string_view host : {"io.github.", "io.gitlab.", "com.github.", "com.gitlab."}) {
    if (space.starts_with(host)) return space.substr(host.size());
  }
  // `com.example.team`: who owns the name of the domain.
  const std::size_t dot = space.find('.');
  if (dot == std::string_view::npos) return space;
  space = space.substr(dot + 1);
  return space.substr(0, space.find('.'));
}

void add_owner(std::vector<std::string>& owners, std::string_view owner) {
  std::string name = lower(owner);
  if (!name.empty() && std::ranges::find(owners, name) == owners.end()) owners.push_back(std::move(name));
}

enum class Kind : std::uint8_t { npm, pypi, oci, other, registered };

/// One name of a server.
struct Name {
  Kind kind;
  std::string text;   ///< in small letters
  std::string space;  ///< of a registered one: the owner in its namespace
  std::string last;   ///< of a registered one: what stands behind it
};

std::vector<Name> names_of(const Listing& listing) {
  std::vector<Name> names;
  const auto take = [&](Kind kind, std::string_view text) {
    Name name{kind, lower(text), {}, {}};
    if (name.text.empty() || name.text.size() > kLongestName || name.text.find("://") != std::string::npos)
      return;
    if (kind == Kind::registered) {
      const std::size_t slash = name.text.find('/');
      if (slash == std::string::npos) return;
      name.space = owner_part(name.text);
      name.last = name.text.substr(slash + 1);
    }
    const bool there = std::ranges::any_of(
        names, [&](const Name& other) { return other.kind == kind && other.text == name.text; });
    if (!there) names.push_back(std::move(name));
  };
  for (const Package& package : listing.packages) {
    take(package.registry == "npm"    ? Kind::npm
         : package.registry == "pypi" ? Kind::pypi
         : package.registry == "oci"  ? Kind::oci
                                      : Kind::other,
         package.identifier);
  }
  if (standing_of(listing.source) >= Standing::vouched && listing.source != "live" &&
      listing.source != "scan")
    take(Kind::registered, listing.name);
  return names;
}

/// The words of a name that say what it is, joined.
std::string core(std::string_view name) {
  std::string out;
  for (const std::string& word : words_of(name)) {
    if (std::ranges::find(kFrame, word) == kFrame.end()) out += word;
  }
  return out;
}

std::string without_claims(std::string_view name) {
  std::string out;
  bool any = false;
  for (const std::string& word : words_of(name)) {
    if (std::ranges::find(kClaims, word) != kClaims.end()) {
      any = true;
    } else {
      out += word;
    }
  }
  return any ? out : std::string();
}

std::size_t hash_of(char use, Kind kind, std::string_view text) {
  const std::size_t seed =
      (static_cast<std::size_t>(use) << 8 | static_cast<std::size_t>(kind)) * 0x9e3779b97f4a7c15u;
  return std::hash<std::string_view>{}(text) ^ seed;
}

/// Every way to leave out one character; two texts one edit apart share one of these or are one of them.
void for_each_deletion(std::string_view text, const std::function<void(std::string_view)>& each) {
  each(text);
  std::string shorter;
  for (std::size_t i = 0; i < text.size(); ++i) {
    shorter.assign(text.substr(0, i));
    shorter += text.substr(i + 1);
    each(shorter);
  }
}

/// Under what a name is found.
void for_each_key(const Name& name, const std::function<void(std::size_t)>& each) {
  each(hash_of('e', name.kind, squash(skeleton(name.text))));
  if (name.kind == Kind::registered) {
    // Namespaces are compared among servers that are called the same.
    const std::string called = core(name.last);
    each(hash_of('o', name.kind, skeleton(name.space) + '/' + called));
    for_each_deletion(squash(name.space), [&](std::string_view part) {
      each(hash_of('o', name.kind, std::string(part) + '/' + called));
    });
    return;
  }
  for_each_deletion(squash(name.text), [&](std::string_view part) { each(hash_of('t', name.kind, part)); });
  if (const std::string plain = without_claims(name.text); !plain.empty())
    each(hash_of('t', name.kind, plain));
}

/// Whether two names differ in one of the words that every second name has, where many look away.
bool differ_in_frame(std::string_view name, std::string_view other) {
  const std::vector<std::string> a = words_of(name);
  const std::vector<std::string> b = words_of(other);
  if (a.size() != b.size()) return core(name) == core(other);
  const auto is_frame = [](const std::string& word) {
    return std::ranges::find(kFrame, word) != kFrame.end();
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return is_frame(a[i]) || is_frame(b[i]);
  }
  return false;
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

/// How one name is like another; nothing where it is not.
std::optional<LookAlike> compare(const Name& name, const Name& other) {
  if (name.text == other.text) return std::nullopt;
  const auto found = [&](Likeness how, const std::string& why) {
    return LookAlike{
        how, name.text, other.text, {}, quoted(name.text) + " and " + quoted(other.text) + " " + why};
  };
  const bool looks_the_same = name.kind == Kind::registered
                                  ? skeleton(name.text) == skeleton(other.text)
                                  : squash(skeleton(name.text)) == squash(skeleton(other.text)) &&
                                        squash(name.text) != squash(other.text);
  if (looks_the_same) {
    return found(Likeness::confusable, "look the same and are spelled otherwise");
  }
  if (name.kind == Kind::registered) {
    if (name.space == other.space || core(name.last) != core(other.last)) return std::nullopt;
    const bool near =
        squash(name.space) == squash(other.space) || skeleton(name.space) == skeleton(other.space);
    const auto edit = one_edit(squash(name.space), squash(other.space));
    if (!near && !(edit && is_typo(*edit) && squash(name.space).size() >= kShortestCore)) return std::nullopt;
    return found(Likeness::owner, "are published under names of one letter's difference");
  }
  const std::string plain = squash(name.text);
  const std::string other_plain = squash(other.text);
  if (plain == other_plain) return found(Likeness::separators, "have the same letters and other separators");
  const std::string unclaimed = without_claims(name.text);
  if (!unclaimed.empty() && unclaimed == other_plain) {
    return found(Likeness::claim, "differ by a word that claims to be the true one");
  }
  const auto edit = one_edit(plain, other_plain);
  if (!edit || !is_typo(*edit)) return std::nullopt;
  const std::size_t shortest = differ_in_frame(name.text, other.text) ? kShortestFrame : kShortestCore;
  if (std::min(core(name.text).size(), core(other.text).size()) < shortest) return std::nullopt;
  return found(Likeness::typo, "are one letter apart");
}

bool share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::any_of(a, [&](const std::string& one) { return std::ranges::find(b, one) != b.end(); });
}

}  // namespace

std::string_view to_string(Likeness how) {
  static constexpr std::array<std::string_view, 6> kNames = {"confusable", "separators", "typo",
                                                             "claim",      "owner",      "publisher"};
  return kNames[static_cast<std::size_t>(how)];
}

std::vector<std::string> owners_of(const Listing& listing) {
  std::vector<std::string> owners;
  add_owner(owners, owner_part(listing.name));
  for (const Package& package : listing.packages) {
    if (package.identifier.starts_with('@')) add_owner(owners, owner_part(package.identifier));
    if (package.registry == "oci" && std::ranges::count(package.identifier, '/') == 2) {
      const std::size_t slash = package.identifier.find('/');
      add_owner(
          owners,
          std::string_view(package.identifier).substr(slash + 1, package.identifier.rfind('/') - slash - 1));
    }
  }
  if (const auto repository = repository_of(listing.repository)) {
    const std::size_t slash = repository->root.find('/');
    if (slash != std::string::npos) {
      add_owner(owners, std::string_view(repository->root)
                            .substr(slash + 1, repository->root.find('/', slash + 1) - slash - 1));
    }
  }
  return owners;
}

struct LookAlikes::State {
  struct Server {
    std::string slug;
    std::vector<std::string> owners;
  };
  struct Known {
    Name name;
    std::uint32_t server;
  };
  std::vector<Server> servers;
  std::vector<Known> names;
  std::vector<std::pair<std::size_t, std::uint32_t>> keys;  ///< hash, index of the name; sorted
};

LookAlikes::LookAlikes() : state_(std::make_unique<State>()) {}
LookAlikes::~LookAlikes() = default;
LookAlikes::LookAlikes(LookAlikes&&) noexcept = default;
LookAlikes& LookAlikes::operator=(LookAlikes&&) noexcept = default;

void LookAlikes::add(std::string_view slug, const Listing& listing) {
  const auto server = static_cast<std::uint32_t>(state_->servers.size());
  state_->servers.push_back({std::string(slug), owners_of(listing)});
  for (Name& name : names_of(listing)) {
    const auto index = static_cast<std::uint32_t>(state_->names.size());
    for_each_key(name, [&](std::size_t key) { state_->keys.emplace_back(key, index); });
    state_->names.push_back({std::move(name), server});
  }
}

void LookAlikes::arrange() {
  std::ranges::sort(state_->keys);
  const auto same = std::ranges::unique(state_->keys);
  state_->keys.erase(same.begin(), same.end());
}

std::vector<LookAlike> LookAlikes::like(const Listing& listing, std::string_view slug) const {
  const std::vector<std::string> owners = owners_of(listing);
  std::vector<LookAlike> found;
  for (const Name& name : names_of(listing)) {
    std::vector<std::uint32_t> near;
    for_each_key(name, [&](std::size_t key) {
      auto at = std::ranges::lower_bound(state_->keys, std::pair<std::size_t, std::uint32_t>(key, 0));
      for (; at != state_->keys.end() && at->first == key; ++at) near.push_back(at->second);
    });
    std::ranges::sort(near);
    const auto same = std::ranges::unique(near);
    near.erase(same.begin(), same.end());
    for (const std::uint32_t index : near) {
      const State::Known& known = state_->names[index];
      const State::Server& server = state_->servers[known.server];
      if (known.name.kind != name.kind || server.slug == slug || share(server.owners, owners)) continue;
      auto like = compare(name, known.name);
      if (!like) continue;
      like->slug = server.slug;
      found.push_back(std::move(*like));
    }
  }
  std::ranges::sort(found, [](const LookAlike& a, const LookAlike& b) {
    return std::tie(a.how, a.other, a.slug) < std::tie(b.how, b.other, b.slug);
  });
  if (found.size() > kMostFound) found.resize(kMostFound);
  return found;
}

Result<LookAlikes> LookAlikes::of(Catalogue& catalogue) {
  LookAlikes names;
  ListQuery query{.limit = 1'000};
  for (;;) {
    auto page = catalogue.list_servers(query);
    if (!page) return std::unexpected(page.error());
    for (const ServerRecord& server : page->records) names.add(server.slug, server.listing);
    if (page->next.empty()) break;
    query.after = page->next;
  }
  names.arrange();
  return names;
}

std::vector<LookAlike> contradictions(const Listing& listing) {
  const std::size_t slash = listing.name.find('/');
  const bool hosted = listing.name.starts_with("io.github.");
  const auto repository = repository_of(listing.repository);
  if (!hosted || slash == std::string::npos || !repository || !repository->root.starts_with("github.com/"))
    return {};
  const std::string publisher = lower(owner_part(listing.name));
  const std::string_view rest =
      std::string_view(repository->root).substr(std::string_view("github.com/").size());
  const std::string owner(rest.substr(0, rest.find('/')));
  if (publisher == owner || publisher.empty() || owner.empty()) return {};
  return {{Likeness::publisher,
           listing.name,
           repository->root,
           {},
           quoted(publisher) + " publishes it and names a repository of " + quoted(owner) +
               "; nothing says that they are one"}};
}

}  // namespace doorward::catalogue
