#include "catalogue/stack.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "json/reader.h"
#include "risk/category.h"

namespace doorward::catalogue {
namespace {

const ToolRecord& record_at(std::span<const StackServer> servers, ToolAt at) {
  return servers[at.server].tools[at.tool];
}

std::size_t index_of(Category category) {
  return static_cast<std::size_t>(category);
}
std::size_t index_of(Severity severity) {
  return static_cast<std::size_t>(severity);
}

/// Every tool that is not gone, server by server.
std::vector<ToolAt> tools_of(std::span<const StackServer> servers) {
  std::vector<ToolAt> all;
  for (std::uint32_t server = 0; server < servers.size(); ++server) {
    for (std::uint32_t tool = 0; tool < servers[server].tools.size(); ++tool) {
      if (!servers[server].tools[tool].gone) all.push_back({server, tool});
    }
  }
  return all;
}

/// The tools of each set of legs, riskiest first.
class ByLegs {
 public:
  ByLegs(std::span<const StackServer> servers, std::span<const Trifecta::Tool> tools) : servers_(servers) {
    for (const Trifecta::Tool& tool : tools) of_[tool.legs].push_back(tool.at);
    for (auto& group : of_) {
      std::ranges::stable_sort(group, [&](ToolAt a, ToolAt b) { return riskier(record(a), record(b)); });
    }
  }

  void singles(Trifecta& trifecta) const {
    trifecta.found[0] = of_[kAllLegs].size();
    for (const ToolAt tool : of_[kAllLegs]) trifecta.ways.push_back({tool});
    keep_best(trifecta, 0);
  }

  /// Pairs of which neither holds all three and neither could be left out.
  void pairs(Trifecta& trifecta) const {
    for (Legs a = 1; a < kAllLegs; ++a) {
      for (Legs b = static_cast<Legs>(a + 1); b < kAllLegs; ++b) {
        if ((a | b) != kAllLegs) continue;
        trifecta.found[1] += of_[a].size() * of_[b].size();
        for (const ToolAt x : few(of_[a])) {
          for (const ToolAt y : few(of_[b])) trifecta.ways.push_back({x, y});
        }
      }
    }
    keep_best(trifecta, 1);
  }

  void triples(Trifecta& trifecta) const {
    const auto &a = of_[1], &b = of_[2], &c = of_[4];
    trifecta.found[2] = a.size() * b.size() * c.size();
    for (const ToolAt x : few(a)) {
      for (const ToolAt y : few(b)) {
        for (const ToolAt z : few(c)) trifecta.ways.push_back({x, y, z});
      }
    }
    keep_best(trifecta, 2);
  }

 private:
  /// Enough of a group to find the best sets with: the riskiest, and the riskiest of each server.
  std::vector<ToolAt> few(const std::vector<ToolAt>& group) const {
    std::vector<ToolAt> chosen;
    std::set<std::uint32_t> met;
    for (const ToolAt tool : group) {
      if (chosen.size() >= Trifecta::kMostShown) break;
      if (chosen.size() < Trifecta::kMostShown / 2 || met.insert(tool.server).second) chosen.push_back(tool);
      met.insert(tool.server);
    }
    return chosen;
  }

  /// Sorts the sets of one size, which stand at the end, and drops all but the best.
  void keep_best(Trifecta& trifecta, std::size_t size) const {
    const auto begin = std::ranges::find_if(trifecta.ways, [&](const auto& way) { return way.size() == size + 1; });
    const auto weight = [&](const std::vector<ToolAt>& way) {
      bool across = false;
      int risk = 0;
      for (const ToolAt tool : way) {
        across |= tool.server != way.front().server;
        risk += static_cast<int>(record(tool).classification.severity);
      }
      return std::pair(across, risk);
    };
    std::stable_sort(begin, trifecta.ways.end(), [&](const auto& a, const auto& b) { return weight(a) > weight(b); });
    const auto most = static_cast<std::ptrdiff_t>(Trifecta::kMostShown);
    if (trifecta.ways.end() - begin > most) trifecta.ways.erase(begin + most, trifecta.ways.end());
  }
  const ToolRecord& record(ToolAt at) const { return record_at(servers_, at); }

  std::span<const StackServer> servers_;
  std::array<std::vector<ToolAt>, kAllLegs + 1> of_;
};

/// A name with everything left out by which two may differ to a machine and not to a hasty reader: case, separators,
/// digits and pairs of letters that look like others, letters said twice.
std::string skeleton(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c == '_' || c == '-' || c == '.') continue;
    if (c == '0') c = 'o';
    if (c == '1' || c == 'i') c = 'l';
    if (c == '5') c = 's';
    if (!out.empty() && out.back() == c) continue;
    if (c == 'n' && out.ends_with('r')) {
      out.back() = 'm';
      continue;
    }
    out += c;
  }
  return out;
}

constexpr std::size_t kShortestSwap = 8;  ///< shorter names are too often anagrams of each other by chance

bool is_swap(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto [x, y] = std::ranges::mismatch(a, b);
  const auto at = static_cast<std::size_t>(x - a.begin());
  return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] && a.substr(at + 2) == b.substr(at + 2);
}

class Clashes {
 public:
  explicit Clashes(std::span<const StackServer> servers) : servers_(servers) {}

  std::vector<NameClash> find(std::span<const ToolAt> tools) {
    std::unordered_map<std::string, std::vector<ToolAt>> same;
    std::unordered_map<std::string, std::vector<ToolAt>> alike;
    std::unordered_map<std::string, std::vector<ToolAt>> letters;
    for (const ToolAt tool : tools) {
      const std::string& name = record_at(servers_, tool).name;
      same[name].push_back(tool);
      alike[skeleton(name)].push_back(tool);
      if (name.size() < kShortestSwap) continue;
      std::string sorted = name;
      std::ranges::sort(sorted);
      letters[std::move(sorted)].push_back(tool);
    }
    for (auto& [name, group] : same) {
      if (spans_servers(group)) put(true, std::move(group), "have tools of the name " + name);
    }
    for (auto& [bones, group] : alike) {
      keep_one_name_each(group);
      if (group.size() > 1 && spans_servers(group)) {
        put(false, std::move(group), "have tools whose names differ only in case, separators or letters that look alike");
      }
    }
    for (const auto& [sorted, group] : letters) swaps(group);
    std::ranges::sort(clashes_, [&](const NameClash& a, const NameClash& b) { return key(a) < key(b); });
    return std::move(clashes_);
  }

 private:
  std::string name_of(ToolAt tool) const { return record_at(servers_, tool).name; }
  std::tuple<bool, std::string, std::uint32_t> key(const NameClash& clash) const {
    return {!clash.same, name_of(clash.tools.front()), clash.tools.front().server};
  }

  static bool spans_servers(const std::vector<ToolAt>& group) {
    return std::ranges::any_of(group, [&](ToolAt tool) { return tool.server != group.front().server; });
  }
  /// Where a whole group has one name, that is told as the same name already.
  void keep_one_name_each(std::vector<ToolAt>& group) const {
    const bool differ =
        std::ranges::any_of(group, [&](ToolAt tool) { return name_of(tool) != name_of(group.front()); });
    if (!differ) group.clear();
  }

  void swaps(const std::vector<ToolAt>& group) {
    constexpr std::size_t kMostCompared = 50;
    for (std::size_t i = 0; i < std::min(group.size(), kMostCompared); ++i) {
      for (std::size_t j = i + 1; j < std::min(group.size(), kMostCompared); ++j) {
        if (group[i].server == group[j].server) continue;
        const std::string a = name_of(group[i]);
        const std::string b = name_of(group[j]);
        if (is_swap(a, b)) put(false, {group[i], group[j]}, "have tools whose names differ by two letters in another order");
      }
    }
  }

  void put(bool same, std::vector<ToolAt> tools, std::string_view what) {
    std::string who;
    std::set<std::uint32_t> servers;
    for (const ToolAt tool : tools) servers.insert(tool.server);
    for (const std::uint32_t server : servers) {
      who += (who.empty() ? "" : server == *servers.rbegin() ? " and " : ", ") + std::string(servers_[server].name);
    }
    clashes_.push_back({same, std::move(tools), who + " " + std::string(what) + "."});
  }

  std::span<const StackServer> servers_;
  std::vector<NameClash> clashes_;
};

/// Whether a tool's name cannot be a word of prose that the definition of another happens to use.
bool is_telling(std::string_view name) {
  bool small = false;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.') return true;
    if (small && c >= 'A' && c <= 'Z') return true;
    small = c >= 'a' && c <= 'z';
  }
  return false;
}

class Shadows {
 public:
  Shadows(std::span<const StackServer> servers, std::span<const ToolAt> tools) : servers_(servers), tools_(tools) {
    for (const ToolAt tool : tools) {
      const std::string& name = record_at(servers, tool).name;
      if (is_telling(name)) by_name_[name].push_back(tool);
    }
  }

  std::vector<Shadow> find() {
    std::vector<Shadow> shadows;
    for (const ToolAt tool : tools_) {
      const std::string& definition = record_at(servers_, tool).definition;
      if (!mentions(definition, tool)) continue;
      const auto root = reader_.read(definition);
      if (!root) continue;
      Shadow shadow{.by = tool, .named = {}, .signs = {}};
      shadow.signs = risk::signs_of_poisoning(*root, [&](std::string_view word) {
        const std::vector<ToolAt>* named = foreign(word, tool.server);
        if (named == nullptr) return false;
        for (const ToolAt other : *named) {
          if (other.server == tool.server || shadow.named.size() >= Shadow::kMostNamed) continue;
          if (std::ranges::find(shadow.named, other) == shadow.named.end()) shadow.named.push_back(other);
        }
        return true;
      });
      if (!shadow.named.empty()) shadows.push_back(std::move(shadow));
    }
    return shadows;
  }

 private:
  /// The tools of that name, where other servers have it and this one has not.
  const std::vector<ToolAt>* foreign(std::string_view word, std::uint32_t server) {
    const auto found = by_name_.find(std::string(word));
    if (found == by_name_.end()) return nullptr;
    const bool own = std::ranges::any_of(found->second, [&](ToolAt tool) { return tool.server == server; });
    return own ? nullptr : &found->second;
  }

  bool mentions(std::string_view text, ToolAt tool) {
    const auto in_name = [](char c) {
      return is_alnum(c) || c == '_' || c == '-';
    };
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && in_name(text[end])) ++end;
      if (end > at && foreign(text.substr(at, end - at), tool.server) != nullptr) return true;
      at = end + 1;
    }
    return false;
  }

  std::span<const StackServer> servers_;
  std::span<const ToolAt> tools_;
  std::unordered_map<std::string, std::vector<ToolAt>> by_name_;
  json::Reader reader_;
};

}  // namespace

std::string_view to_string(Leg leg) {
  constexpr std::array<std::string_view, 3> kNames = {"private-data", "untrusted-content", "way-out"};
  return kNames[static_cast<std::size_t>(leg)];
}

std::string_view label(Leg leg) {
  constexpr std::array<std::string_view, 3> kNames = {"private data", "untrusted content", "a way out"};
  return kNames[static_cast<std::size_t>(leg)];
}

Legs legs_of(const risk::Classification& classification) {
  Legs legs = 0;
  for (const risk::SignalHit& hit : classification.signals) {
    switch (hit.signal) {
      case risk::Signal::private_data:
      case risk::Signal::returns_secrets:
        legs |= bit(Leg::private_data);
        break;
      case risk::Signal::untrusted_content:
        legs |= bit(Leg::untrusted_content);
        break;
      case risk::Signal::sends_out:
        legs |= bit(Leg::way_out);
        break;
      default:
        break;
    }
  }
  return legs;
}

bool riskier(const ToolRecord& a, const ToolRecord& b) {
  if (a.classification.severity != b.classification.severity) {
    return a.classification.severity > b.classification.severity;
  }
  if (a.classification.category != b.classification.category) {
    return risk::riskier(a.classification.category, b.classification.category) == a.classification.category;
  }
  return a.name < b.name;
}

Trifecta trifecta_of(std::span<const StackServer> servers, std::span<const ToolAt> counts) {
  Trifecta trifecta;
  std::vector<Legs> of_server(servers.size());
  for (const ToolAt tool : counts) {
    const Legs legs = legs_of(record_at(servers, tool).classification);
    if (legs == 0) continue;
    trifecta.tools.push_back({tool, legs});
    trifecta.held |= legs;
    of_server[tool.server] |= legs;
    for (const Leg leg : kLegs) trifecta.by_leg[static_cast<std::size_t>(leg)] += (legs & bit(leg)) != 0 ? 1 : 0;
  }
  std::ranges::stable_sort(trifecta.tools, [&](const Trifecta::Tool& a, const Trifecta::Tool& b) {
    const int more = __builtin_popcount(a.legs) - __builtin_popcount(b.legs);
    return more != 0 ? more > 0 : riskier(record_at(servers, a.at), record_at(servers, b.at));
  });
  for (std::uint32_t server = 0; server < servers.size(); ++server) {
    if (of_server[server] == kAllLegs) trifecta.servers.push_back(server);
  }
  trifecta.complete = trifecta.held == kAllLegs;
  if (!trifecta.complete) return trifecta;
  const ByLegs groups(servers, trifecta.tools);
  groups.singles(trifecta);
  groups.pairs(trifecta);
  groups.triples(trifecta);
  return trifecta;
}

StackReport analyse_stack(std::span<const StackServer> servers) {
  StackReport report;
  report.servers.resize(servers.size());
  std::vector<ToolAt> all = tools_of(servers);
  report.tools = all.size();
  for (const ToolAt tool : all) {
    const risk::Classification& is = record_at(servers, tool).classification;
    StackReport::ServerTotals& totals = report.servers[tool.server];
    ++report.by_category[index_of(is.category)];
    ++report.by_severity[index_of(is.severity)];
    ++totals.tools;
    ++totals.by_category[index_of(is.category)];
    ++totals.by_severity[index_of(is.severity)];
    totals.legs |= legs_of(is);
    if (is.severity != Severity::low) report.worst.push_back(tool);
  }
  std::ranges::stable_sort(report.worst, [&](ToolAt a, ToolAt b) {
    return riskier(record_at(servers, a), record_at(servers, b));
  });
  if (report.worst.size() > StackReport::kMostWorst) report.worst.resize(StackReport::kMostWorst);
  report.trifecta = trifecta_of(servers, all);
  report.clashes = Clashes(servers).find(all);
  report.shadows = Shadows(servers, all).find();
  return report;
}

}  // namespace doorward::catalogue
