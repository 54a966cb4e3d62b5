#include "catalogue/pretty.h"

#include "json/reader.h"
#include "json/writer.h"

namespace doorward::catalogue {
namespace {

/// On one line, with a space behind each colon and comma.
void append_flat(std::string& out, json::Value value) {
  const auto separate = [&](bool& first) {
    if (!first) out += ", ";
    first = false;
  };
  bool first = true;
  switch (value.type()) {
    case json::Type::null:
      out += "null";
      return;
    case json::Type::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case json::Type::number:
      out += value.number();
      return;
    case json::Type::string:
      json::append_string(out, value.string());
      return;
    case json::Type::array:
      out += '[';
      for (const json::Value element : value.elements()) {
        separate(first);
        append_flat(out, element);
      }
      out += ']';
      return;
    case json::Type::object:
      out += '{';
      for (const json::Member member : value.members()) {
        separate(first);
        json::append_string(out, member.key.string());
        out += ": ";
        append_flat(out, member.value);
      }
      out += '}';
      return;
  }
}

/// Whether a value is laid out over lines even where it would fit on one: an object of objects says more that
/// way.
bool is_nested(json::Value value) {
  if (!value.is(json::Type::object)) return false;
  for (const json::Member member : value.members()) {
    if (member.value.is(json::Type::object) && member.value.size() > 0) return true;
  }
  return false;
}

void append_pretty(std::string& out, json::Value value, std::size_t indent, std::size_t at,
                   std::size_t width) {
  const bool array = value.is(json::Type::array);
  const bool holds = (array || value.is(json::Type::object)) && value.size() > 0;
  // What is much longer than a line in the text does not fit on one; looking costs no more than the line
  // then.
  if (!holds || (value.end_offset() - value.begin_offset() < 4 * width && !is_nested(value))) {
    const std::size_t begin = out.size();
    append_flat(out, value);
    if (!holds || at + (out.size() - begin) <= width) return;
    out.resize(begin);
  }
  out += array ? '[' : '{';
  bool first = true;
  const auto line = [&] {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(indent + 2, ' ');
  };
  for (const json::Value element : value.elements()) {
    line();
    append_pretty(out, element, indent + 2, indent + 2, width);
  }
  for (const json::Member member : value.members()) {
    line();
    const std::size_t begin = out.size();
    json::append_string(out, member.key.string());
    out += ": ";
    append_pretty(out, member.value, indent + 2, indent + 2 + (out.size() - begin), width);
  }
  out += '\n';
  out.append(indent, ' ');
  out += array ? ']' : '}';
}

}  // namespace

std::string pretty(json::Value value, std::size_t width) {
  std::string out;
  if (value) append_pretty(out, value, 0, 0, width);
  return out;
}

std::string pretty(std::string_view text, std::size_t width) {
  json::Reader reader;
  const auto root = reader.read(text);
  return root ? pretty(*root, width) : std::string(text);
}

}  // namespace doorward::catalogue
