#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/route.h"

namespace doorward::admin {

enum class From : std::uint8_t { path, query, body };
enum class Kind : std::uint8_t { text, number, boolean, other };

/// A member of a route's request.
struct Member {
  std::string name;
  std::string schema;  ///< JSON
  From from;
  Kind kind;
  bool required;
};

/// A route with what follows from its row.
struct RouteEntry {
  const Route* route;
  const RouteGroup* group;
  std::vector<std::string_view> segments;  ///< of the path, `{name}` included
  std::vector<Member> members;

  const Member* member(std::string_view name) const;
};

/// All routes of the admin API (docs/api.md is made of it). Immutable; one for the process.
class RouteTable {
 public:
  static const RouteTable& instance();

  explicit RouteTable(std::span<const RouteGroup* const> groups);

  struct Match {
    const RouteEntry* entry = nullptr;  ///< null: no such path, or another verb
    std::vector<std::pair<std::string_view, std::string_view>> path;  ///< name and value, into the path given
    std::vector<Verb> allowed;                                        ///< of the path, where `entry` is null
  };
  Match match(Verb verb, std::string_view path) const;
  const RouteEntry* find(std::string_view op) const;
  /// The GET route of the resource that a change is about: of the same path or the nearest one above.
  const RouteEntry* resource_of(const RouteEntry& entry) const;

  const std::vector<RouteEntry>& entries() const { return entries_; }
  const std::map<std::string, std::string>& schemas() const { return schemas_; }

 private:
  std::vector<RouteEntry> entries_;
  std::map<std::string, std::string> schemas_;
};

}  // namespace doorward::admin
