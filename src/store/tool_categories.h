#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "base/hash.h"
#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

/// The category that a tool of a server stands under, whatever later rules would call it: what `risk.<category>` rules
/// of live policies go by.
struct ToolCategory {
  std::string tool;  ///< or an action that a tool hides (policy.md section 10)
  Category category = Category::other;
  std::optional<Digest> definition;  ///< the one that was classified; nothing: an action, known by its name alone
  std::string person;                ///< who said so; empty: the rules did
  std::int64_t since_us = 0;
};

/// The categories in force. Every member that changes something is durable when it returns. One thread, the one of the
/// Store whose database this is.
class ToolCategories {
 public:
  explicit ToolCategories(Database& database) : database_(database) {}

  Result<std::vector<ToolCategory>> of(std::string_view server);  ///< by tool
  /// Puts a category in force, in the place of what was.
  Status hold(std::string_view server, const ToolCategory& row);
  /// Lets go of what a person said: the rules speak again.
  Status release(std::string_view server, std::string_view tool);

 private:
  Database& database_;
};

}  // namespace doorward::store
