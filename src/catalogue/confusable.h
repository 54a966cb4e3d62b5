#pragma once

#include <string>
#include <string_view>

namespace doorward::catalogue {

/// A name as the eye reads it: small letters, letters of other scripts and full-width ones as the Latin ones
/// that they look like (after the confusables of Unicode TS 39, those that names are faked with), what nobody
/// sees left out, 0 as o, 1 and i as l, rn as m, vv as w. Two names with one skeleton are hard to tell apart.
std::string skeleton(std::string_view name);

}  // namespace doorward::catalogue
