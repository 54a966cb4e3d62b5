#include "json/edit.h"

#include <optional>

#include "json/writer.h"

namespace doorward::json {
namespace {

/// The white space before a node that begins a line; nothing where other text stands before it on that line.
std::optional<std::string_view> indentation(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) --begin;
  if (begin == 0 || text[begin - 1] != '\n') return std::nullopt;
  return text.substr(begin, at - begin);
}

}  // namespace

std::string edited(std::string_view text, const Edit& edit) {
  std::string out(text.substr(0, edit.at));
  out += edit.text;
  out += text.substr(edit.at + edit.removed);
  return out;
}

Edit append_to(std::string_view text, Value container, std::string_view added) {
  std::size_t last_begin = 0;
  std::size_t last_end = 0;
  for (const Member member : container.members()) {
    last_begin = member.key.begin_offset();
    last_end = member.value.end_offset();
  }
  for (const Value element : container.elements()) {
    last_begin = element.begin_offset();
    last_end = element.end_offset();
  }
  if (last_end == 0) return {container.begin_offset() + 1, 0, std::string(added)};
  const auto indent = indentation(text, last_begin);
  return {last_end, 0, (indent ? ",\n" + std::string(*indent) : std::string(", ")) + std::string(added)};
}

Edit append_member(std::string_view text, Value object, std::string_view key, std::string_view value) {
  std::string member;
  append_string(member, key);
  return append_to(text, object, member + ": " + std::string(value));
}

Edit append_in_list(std::string_view text, Value object, std::string_view key, std::string_view element) {
  const Value list = object.find(key);
  if (list.is(Type::array)) return append_to(text, list, element);
  return append_member(text, object, key, "[" + std::string(element) + "]");
}

Edit replace_value(Value value, std::string_view by) {
  return {value.begin_offset(), value.end_offset() - value.begin_offset(), std::string(by)};
}

Edit erase_element(Value array, std::size_t index) {
  const Value element = array.at(index);
  std::size_t begin = element.begin_offset();
  std::size_t end = element.end_offset();
  if (index > 0) {
    begin = array.at(index - 1).end_offset();
  } else if (array.size() > 1) {
    end = array.at(1).begin_offset();
  } else {
    begin = array.begin_offset() + 1;
    end = array.end_offset() - 1;
  }
  return {begin, end - begin, {}};
}

}  // namespace doorward::json
