#pragma once

#include <span>
#include <string_view>

#include "base/category.h"
#include "json/value.h"

namespace doorward::risk {

/// Says what category a tool is of. Thread-safe and deterministic; the catalogue gives its own, which knows
/// more.
class Classifier {
 public:
  Classifier() = default;
  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;
  virtual ~Classifier() = default;

  /// `annotations` is the member of that name in the tool's definition, or nothing.
  virtual Category classify(std::string_view server, std::string_view tool,
                            json::Value annotations) const = 0;
};

/// Judges by the name's first verb and the annotations alone: category_of for every server.
class VerbClassifier final : public Classifier {
 public:
  Category classify(std::string_view server, std::string_view tool, json::Value annotations) const override;
};

/// The riskier of two: Financial > Destructive > Execute > Write > Read (catalogue.md section 1); Other below
/// all.
Category riskier(Category a, Category b);

/// The category of the first verb of a name; Other where it has none. Its words are what separators (any byte
/// that is no ASCII letter or digit) and changes of case leave: `delete_user`, `deleteUser`, `users.delete`
/// and `HTTPDelete` all hold `delete`. A word that is often a noun (`query`, `order`, `report`) counts only
/// where no other verb stands in the name, so that `order_delete` is Destructive.
Category category_of_name(std::string_view tool);

/// The same, raised by the annotations but never lowered (a hostile server writes `readOnlyHint` too):
/// `readOnlyHint` false makes it at least Write, `destructiveHint` true at least Destructive unless
/// `readOnlyHint` is true.
Category category_of(std::string_view tool, json::Value annotations);

/// One row of the table of verbs.
struct VerbRow {
  std::string_view verb;  ///< lower case
  Category category;
  bool also_noun;  ///< counts only where no other verb stands in the name
};
/// All verbs, sorted.
std::span<const VerbRow> verb_table();

}  // namespace doorward::risk
