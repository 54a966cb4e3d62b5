#pragma once

#include <string_view>
#include <vector>

#include "base/category.h"
#include "risk/evidence.h"
#include "risk/tool_reading.h"

namespace doorward::risk {

/// The riskier of two: Financial > Destructive > Execute > Write > Read (catalogue.md section 1); Other below
/// all.
Category riskier(Category a, Category b);

/// What a tool does, and why.
struct CategoryVerdict {
  Category category = Category::other;
  int confidence = 0;              ///< percent, at most 99
  std::vector<Evidence> evidence;  ///< what decided first; what lost against it stays
};

/// The category of a tool by its name, description, schema and annotations. An annotation raises it and never
/// lowers it; where evidence conflicts the riskier stands, but for a word that is as often a noun, which the
/// description explains. Deterministic, linear in the definition. Any thread.
CategoryVerdict category_of(const ToolReading& tool);

/// The category of a tool of which the name alone is known.
Category category_of_name(std::string_view name);

}  // namespace doorward::risk
