#pragma once

#include <span>
#include <string_view>

namespace doorward::catalogue {

/// The texts that build `catalogue.db`, as store/migrations.h has them for `doorward.db`.
std::span<const std::string_view> migrations();

}  // namespace doorward::catalogue
