#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/value.h"

namespace doorward::json {

/// One change of a text that holds JSON; all else stays byte for byte. Values are of a reading of that text.
struct Edit {
  std::size_t at = 0;
  std::size_t removed = 0;
  std::string text;
};
std::string edited(std::string_view text, const Edit& edit);

/// JSON as one more element of a container, set as the one before it is.
Edit append_to(std::string_view text, Value container, std::string_view added);
/// `"key": value` as a new member of an object.
Edit append_member(std::string_view text, Value object, std::string_view key, std::string_view value);
/// An element for the list `key` of an object, which is made where it is absent.
Edit append_in_list(std::string_view text, Value object, std::string_view key, std::string_view element);
/// Other JSON in the place of a value.
Edit replace_value(Value value, std::string_view by);
/// Takes an element out of an array, with the comma that set it apart.
Edit erase_element(Value array, std::size_t index);

}  // namespace doorward::json
