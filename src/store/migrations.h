#pragma once

#include <span>
#include <string_view>

namespace doorward::store {

/// The texts that build the database, oldest first; the number of a text is the user_version that it leads
/// to. A text that was released is never changed: what comes later is a new one at the end.
std::span<const std::string_view> migrations();

}  // namespace doorward::store
