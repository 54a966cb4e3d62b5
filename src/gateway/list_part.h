#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "mcp/method.h"

namespace doorward::gateway {

/// What one member of a bundle shows of one list, over all its pages: the elements byte for byte, and where
/// the name of each stands, so that another can be put there without reading the text again.
class ListPart {
 public:
  /// Takes the elements of one page; `text` is what `list` was read from. An element without a name, or with
  /// one that came before, is left out. False where a list that long is not gathered; then it is no list at
  /// all (attack cases T145, T146).
  bool take(std::string_view text, json::Value list, mcp::Method method);

  /// The names of the elements in their order: of tools and prompts, or URIs of resources and templates.
  const std::vector<std::string>& names() const { return names_; }

  using Shown = std::function<const std::string*(const std::string& own)>;
  /// Appends the elements, each behind a comma unless it is the first in `out`'s list (`first`), with the
  /// name that `shown` gives for its own; one for which it gives null is left out.
  void append(std::string& out, bool& first, const Shown& shown) const;

  /// Lets the elements go; the names stay.
  void drop_text();
  bool has_text() const { return names_.empty() || !text_.empty(); }

 private:
  struct Element {
    std::size_t begin;
    std::size_t name_begin;
    std::size_t name_end;
    std::size_t end;
  };
  std::string text_;
  std::vector<Element> elements_;
  std::vector<std::string> names_;
  std::set<std::string, std::less<>> seen_;
};

/// The member of a list's element that names it: `name`, `uri` or `uriTemplate`.
std::string_view element_name(mcp::Method list);

}  // namespace doorward::gateway
