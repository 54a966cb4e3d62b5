#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/bundle_settings.h"

namespace doorward::gateway {

/// Which member first had a name without prefix, for as long as the gateway runs: a name that a client knows
/// as one server's never comes to mean another's, on whatever worker (attack case T134). Thread-safe; used
/// when a table of names is made, never on the path of a call.
class NameClaims {
 public:
  /// Everything of one grant, bundle and kind of name. Locks while it lives.
  class Scope {
   public:
    /// The server that holds the name; empty: nobody does.
    std::string_view holder(std::string_view name) const;
    /// False where there are too many.
    bool claim(std::string_view name, std::string_view server);

   private:
    friend class NameClaims;
    using Names = std::map<std::string, std::string, std::less<>>;
    Scope(std::unique_lock<std::mutex> lock, Names& names) : lock_(std::move(lock)), names_(&names) {}
    std::unique_lock<std::mutex> lock_;
    Names* names_;
  };
  Scope open(std::string_view grant, const BundleSettings& bundle, std::string_view kind);

 private:
  struct Of {
    BundleSettings settings;  ///< with others, nothing that was claimed holds
    Scope::Names names;
  };
  std::mutex mutex_;
  std::map<std::string, Of, std::less<>> of_;
};

/// How the tools or prompts of a bundle are called by its client: the one place where a name that clients
/// know meets a member and its own name for the thing. What is not in the table cannot be called.
class NameTable {
 public:
  struct Target {
    std::size_t member;
    std::string name;  ///< the member's own
  };
  struct Withheld {
    std::string name;  ///< the member's own
    std::size_t member;
    std::string reason;
  };

  /// Makes the table anew of what each member offers, in their order. `claims` is asked only where names can
  /// be without prefix. What must be withheld is in `withheld()`.
  void make(const BundleSettings& bundle, std::span<const std::vector<std::string>> offered,
            NameClaims& claims, std::string_view grant, std::string_view kind);

  /// Null where no member has it.
  const Target* find(std::string_view name) const;
  /// How clients call a member's thing; null where it is withheld or not offered.
  const std::string* shown(std::size_t member, std::string_view own) const;
  const std::vector<Withheld>& withheld() const { return withheld_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <typename Value>
  using Map = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  Map<Target> targets_;
  std::vector<Map<std::string>> shown_;
  std::vector<Withheld> withheld_;
};

/// `prefix_name`.
std::string prefixed(const BundleMember& member, std::string_view name);

/// The member whose prefix and separator the name begins with, and the rest; nothing where there is none. No
/// prefix holds the separator, so there is at most one.
struct PrefixMatch {
  std::size_t member;
  std::string_view rest;
};
std::optional<PrefixMatch> match_prefix(const BundleSettings& bundle, std::string_view name);

}  // namespace doorward::gateway
