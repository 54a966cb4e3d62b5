#include "admin/route_table.h"

#include <algorithm>
#include <cstdlib>

#include "admin/routes.h"
#include "base/log.h"
#include "json/reader.h"

namespace doorward::admin {
namespace {

const RouteGroup* const kGroups[] = {&kGatewayRoutes, &kServerRoutes, &kCatalogueRoutes, &kRegistryRoutes, &kPolicyRoutes,
                                     &kGrantRoutes,
                                     &kSecretRoutes,
                                     &kUpstreamAccountRoutes,
                                     &kAuditRoutes,
                                     &kAgentRoutes,
                                     &kPeopleRoutes,
                                     &kRecordRoutes,
                                     &kOverviewRoutes,
                                     &kApprovalRoutes};

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(std::min<std::size_t>(1, path.size()));
  for (;;) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_variable(std::string_view segment) {
  return segment.starts_with('{');
}
std::string_view variable(std::string_view segment) {
  return segment.substr(1, segment.size() - 2);
}

/// A row that is no JSON is a mistake in the program.
json::Value read_row(json::Reader& reader, std::string_view text, std::string_view op) {
  const auto value = reader.read(text);
  if (value && value->is(json::Type::object)) return *value;
  log_line(LogLevel::error, "a row of the routes is no JSON object", {{"of", op}});
  std::abort();
}

Kind kind_of(json::Value schema) {
  const json::Value type = schema.find("type");
  if (schema.is(json::Type::string) || !type.is(json::Type::string)) return Kind::text;
  if (type.string() == "integer" || type.string() == "number") return Kind::number;
  if (type.string() == "boolean") return Kind::boolean;
  return type.string() == "string" ? Kind::text : Kind::other;
}

std::string schema_of(std::string_view text, json::Value schema) {
  if (schema.is(json::Type::string)) {
    return R"({"$ref":"#/components/schemas/)" + std::string(schema.string()) + "\"}";
  }
  return std::string(text.substr(schema.begin_offset(), schema.end_offset() - schema.begin_offset()));
}

RouteEntry make_entry(const Route& route, const RouteGroup& group) {
  RouteEntry entry{&route, &group, split_path(route.path), {}};
  json::Reader reader;
  for (const json::Member row : read_row(reader, route.members, route.op).members()) {
    std::string_view name = row.key.string();
    const bool required = name.ends_with('!');
    if (required) name.remove_suffix(1);
    const bool in_path = std::ranges::any_of(entry.segments, [&](std::string_view segment) {
      return is_variable(segment) && variable(segment) == name;
    });
    const bool in_query = route.verb == Verb::get || route.verb == Verb::del;
    entry.members.push_back({std::string(name), schema_of(route.members, row.value),
                             in_path    ? From::path
                             : in_query ? From::query
                                        : From::body,
                             kind_of(row.value), required || in_path});
  }
  if (!route.paged.items.empty()) {
    entry.members.push_back({"limit", R"({"type":"integer","minimum":1,"maximum":1000,"default":100})",
                             From::query, Kind::number, false});
    entry.members.push_back({"cursor", R"({"type":"string","maxLength":1024})", From::query, Kind::text, false});
  }
  return entry;
}

}  // namespace

std::string_view to_string(Verb verb) {
  static constexpr std::string_view kNames[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  return kNames[static_cast<std::size_t>(verb)];
}

const Member* RouteEntry::member(std::string_view name) const {
  const auto found = std::ranges::find(members, name, &Member::name);
  return found == members.end() ? nullptr : &*found;
}

const RouteTable& RouteTable::instance() {
  static const RouteTable table(kGroups);
  return table;
}

RouteTable::RouteTable(std::span<const RouteGroup* const> groups) {
  for (const RouteGroup* group : groups) {
    for (const Route& route : group->routes) entries_.push_back(make_entry(route, *group));
    json::Reader reader;
    for (const json::Member schema : read_row(reader, group->schemas, group->name).members()) {
      schemas_.emplace(schema.key.string(), schema_of(group->schemas, schema.value));
    }
  }
}

RouteTable::Match RouteTable::match(Verb verb, std::string_view path) const {
  Match best;
  std::size_t best_fixed = 0;
  const auto segments = split_path(path);
  std::vector<std::pair<Verb, std::size_t>> others;
  for (const RouteEntry& entry : entries_) {
    if (entry.segments.size() != segments.size()) continue;
    std::size_t fixed = 0;
    bool fits = true;
    for (std::size_t i = 0; i < segments.size() && fits; ++i) {
      if (is_variable(entry.segments[i])) {
        fits = !segments[i].empty();
      } else {
        fits = entry.segments[i] == segments[i];
        ++fixed;
      }
    }
    if (!fits) continue;
    others.emplace_back(entry.route->verb, fixed);
    if (entry.route->verb != verb || (best.entry != nullptr && fixed <= best_fixed)) continue;
    best.entry = &entry;
    best_fixed = fixed;
  }
  if (best.entry == nullptr) {
    for (const auto& [other, fixed] : others) best.allowed.push_back(other);
    return best;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (is_variable(best.entry->segments[i])) best.path.emplace_back(variable(best.entry->segments[i]), segments[i]);
  }
  return best;
}

const RouteEntry* RouteTable::find(std::string_view op) const {
  const auto found =
      std::ranges::find_if(entries_, [&](const RouteEntry& entry) { return entry.route->op == op; });
  return found == entries_.end() ? nullptr : &*found;
}

const RouteEntry* RouteTable::resource_of(const RouteEntry& entry) const {
  const RouteEntry* found = nullptr;
  for (const RouteEntry& other : entries_) {
    if (other.route->verb != Verb::get || other.route->access != Access::operation) continue;
    if (!other.route->paged.items.empty()) continue;
    if (other.segments.size() > entry.segments.size()) continue;
    if (!std::ranges::equal(other.segments, std::span(entry.segments).first(other.segments.size()))) continue;
    if (found == nullptr || other.segments.size() > found->segments.size()) found = &other;
  }
  return found;
}

}  // namespace doorward::admin
