#pragma once

#include <string>
#include <string_view>

#include "admin/route.h"
#include "admin/translate.h"

namespace doorward::admin {

/// One page of a list: of the items whose key comes behind `page.after` the first `page.limit`, in the order
/// of the keys (by bytes), and `next`, the cursor of the page behind it, where there is one. Items that come
/// or go between two pages move none of the others out of sight.
std::string cut_page(const Paged& paged, const PageRequest& page, const std::string& result);

/// The inverse: one list of several pages.
class PageJoiner {
 public:
  explicit PageJoiner(std::string_view items) : items_(items) {}
  /// Takes a page; the cursor of the next one, empty where this was the last.
  std::string add(const std::string& result);
  /// The result with the items of all pages.
  std::string finish();

 private:
  std::string_view items_;
  std::string head_;    ///< of the first page, all members but the items
  std::string joined_;  ///< the items, with commas
};

}  // namespace doorward::admin
