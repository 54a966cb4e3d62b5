#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace doorward::json {

/// Appends one step of a JSON Pointer (RFC 6901) to `pointer`: `/` and the key with `~` as `~0`, `/` as `~1`.
void append_step(std::string& pointer, std::string_view key);
/// The same for the index of an array.
void append_step(std::string& pointer, std::size_t index);

/// The steps of a JSON Pointer, unescaped; those up to the first part that is no pointer.
std::vector<std::string> steps_of(std::string_view pointer);

/// The JSON Pointer of `target` (a value, or the key of a member) below `root`, both of one reading; empty
/// for the root itself.
std::string pointer_to(Value root, Value target);

}  // namespace doorward::json
