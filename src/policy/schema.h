#pragma once

#include <string_view>

namespace doorward::policy {

/// The JSON Schema (2020-12) of the policy document. It accepts what `load` accepts, but for what a schema
/// cannot say: duplicate members, RE2 syntax, paths of networks and hosts in detail, agreement of shared
/// counters, `tests` that fail.
std::string_view document_schema();

}  // namespace doorward::policy
