#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/category.h"
#include "base/hash.h"

namespace doorward::gateway {

/// What is remembered of one tool of a server, by the digest of its canonical definition.
struct Pin {
  std::optional<Digest> reviewed;  ///< the definition that may be called; nothing: none yet, or it was rejected
  Digest seen{};                   ///< the latest definition that any worker has met
  bool gone = false;               ///< the latest whole list that changed it does not hold the tool

  bool operator==(const Pin&) const = default;
};

/// The tools of one server that the store remembers. Immutable once in a World; any number of threads.
struct PinSet {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  bool known = false;  ///< a first list was stored: tools that came later wait for a review
  std::unordered_map<std::string, Pin, Hash, std::equal_to<>> tools;
  /// The category that each reviewed tool, and each action that a tool hides, stands under. It outlives other rules of
  /// classification, so that no update of the program changes what a policy decides.
  std::unordered_map<std::string, Category, Hash, std::equal_to<>> categories;

  const Pin* find(std::string_view name) const {
    const auto found = tools.find(name);
    return found == tools.end() ? nullptr : &found->second;
  }
  std::optional<Category> category(std::string_view name) const {
    const auto found = categories.find(name);
    return found == categories.end() ? std::nullopt : std::optional(found->second);
  }
};

/// One tool as a worker met it where that is news to the store.
struct Sighting {
  std::string name;
  Digest digest{};
  std::string definition;  ///< canonical JSON; empty where it is too large to keep
};

/// What a worker tells the control thread of a server's tools.
struct ToolReport {
  std::string server;
  bool first = false;  ///< the first whole list of a server that no list was stored of
  std::vector<Sighting> tools;
  std::vector<std::string> gone = {};  ///< names that a whole list does not hold any more
  std::vector<std::string> back = {};  ///< names that one holds again

  bool empty() const { return tools.empty() && gone.empty() && back.empty(); }
};

}  // namespace doorward::gateway
