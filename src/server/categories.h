#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "base/result.h"
#include "store/store.h"
#include "store/tool_categories.h"
#include "upstream/settings.h"

namespace doorward::server {

/// Gives every tool and every action of a server that has none yet the category by which policies judge it: what the
/// rules say of its reviewed definition. A category that is in force stays when the rules change, so that an update of
/// the program never loosens a live policy; it goes with the next definition that a person reviews, unless a person
/// said it.
Status settle_categories(store::Store& store, const upstream::ServerSettings& settings, std::int64_t now_us);

/// A tool of which the rules now say something else than what is in force.
struct Reclassified {
  std::string tool;
  Category in_force = Category::other;
  Category now = Category::other;
};
/// Those of a server that wait for a person; what persons said does not.
Result<std::vector<Reclassified>> reclassified_tools(store::Store& store, const upstream::ServerSettings& settings);

/// Puts in force what the rules now say of a tool.
Status take_rules_category(store::Store& store, const upstream::ServerSettings& settings, std::string_view tool,
                           std::int64_t now_us);

}  // namespace doorward::server
