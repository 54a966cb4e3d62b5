#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace doorward {

/// The risk category of a tool (catalogue.md section 1): what `risk.<category>` blocks of a policy and the
/// path `tool.category` refer to. The values are not ordered by risk; see risk/category.h for the precedence.
enum class Category : std::uint8_t { read, write, execute, destructive, financial, other };

/// Every category, in the order of the enumeration.
inline constexpr std::array<Category, 6> kCategories = {Category::read,      Category::write,
                                                        Category::execute,   Category::destructive,
                                                        Category::financial, Category::other};

/// The spelling of documents, logs and pages: `Read`, `Write`, ...
constexpr std::string_view to_string(Category category) {
  constexpr std::array<std::string_view, 6> kNames = {"Read",        "Write",     "Execute",
                                                      "Destructive", "Financial", "Other"};
  return kNames[static_cast<std::size_t>(category)];
}

/// The category of an exact spelling; nothing for any other text, also one that differs in case only.
constexpr std::optional<Category> parse_category(std::string_view name) {
  for (Category category : kCategories) {
    if (to_string(category) == name) return category;
  }
  return std::nullopt;
}

}  // namespace doorward
