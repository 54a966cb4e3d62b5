#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "json/value.h"

namespace doorward::mcp {

/// One tool of a tools/list result. A missing or ill-typed member is nothing.
struct ListedTool {
  json::Value tool;  ///< the whole object
  std::string_view name;
  json::Value annotations;   ///< an object, or nothing
  json::Value input_schema;  ///< an object, or nothing
};

/// The tools of a tools/list result that have a name, in the order of the list, each name once: a later tool
/// of an earlier name is withheld. Others are skipped.
template <typename Visitor>
void for_each_tool(json::Value result, Visitor&& visit) {
  std::set<std::string_view> seen;
  for (const json::Value tool : result.find("tools").elements()) {
    const json::Value name = tool.find("name");
    if (!name.is(json::Type::string) || !seen.insert(name.string()).second) continue;
    const auto object = [&tool](std::string_view key) {
      const json::Value value = tool.find(key);
      return value.is(json::Type::object) ? value : json::Value();
    };
    visit(ListedTool{tool, name.string(), object("annotations"), object("inputSchema")});
  }
}

/// Appends text[begin, end) to `out`, a range around the array `list`, with only those elements that `keep`
/// (json::Value -> bool) wants, each as `write` (std::string& out, json::Value element) appends it. Every other byte
/// stays as it is.
template <typename Keep, typename Write>
void append_filtered(std::string& out, std::string_view text, std::size_t begin, std::size_t end,
                     json::Value list, Keep&& keep, Write&& write) {
  const auto copy = [&](std::size_t from, std::size_t to) { out.append(text.substr(from, to - from)); };
  copy(begin, list.begin_offset());
  out += '[';
  bool first = true;
  for (const json::Value element : list.elements()) {
    if (!keep(element)) continue;
    if (!first) out += ',';
    first = false;
    write(out, element);
  }
  out += ']';
  copy(list.end_offset(), end);
}

/// The same with every byte of the kept elements.
template <typename Keep>
void append_filtered(std::string& out, std::string_view text, std::size_t begin, std::size_t end,
                     json::Value list, Keep&& keep) {
  append_filtered(out, text, begin, end, list, std::forward<Keep>(keep), [text](std::string& to, json::Value element) {
    to.append(text.substr(element.begin_offset(), element.end_offset() - element.begin_offset()));
  });
}

/// The same for the tools of a tools/list answer: keeps each tool whose name `keep` (std::string_view ->
/// bool) wants; a tool without a name and a second one of the same name are left out. False, and nothing
/// appended, if `result` has no array `tools`.
template <typename Keep, typename Write>
bool append_filtered_tools(std::string& out, std::string_view text, std::size_t begin, std::size_t end,
                           json::Value result, Keep&& keep, Write&& write) {
  const json::Value tools = result.find("tools");
  if (!tools.is(json::Type::array)) return false;
  std::set<std::string_view> seen;
  append_filtered(
      out, text, begin, end, tools,
      [&](json::Value tool) {
        const json::Value name = tool.find("name");
        return name.is(json::Type::string) && seen.insert(name.string()).second && keep(name.string());
      },
      std::forward<Write>(write));
  return true;
}

template <typename Keep>
bool append_filtered_tools(std::string& out, std::string_view text, std::size_t begin, std::size_t end,
                           json::Value result, Keep&& keep) {
  return append_filtered_tools(out, text, begin, end, result, std::forward<Keep>(keep),
                               [text](std::string& to, json::Value tool) {
                                 to.append(text.substr(tool.begin_offset(), tool.end_offset() - tool.begin_offset()));
                               });
}

}  // namespace doorward::mcp
