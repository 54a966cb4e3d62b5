#include "clients/toml_tree.h"

#include <exception>
#include <sstream>
#include <string>

namespace doorward::clients {

/// The parser of 3.3 asserts what a key begins with, even where only the file's author is wrong: `[&x]`.
struct BrokenToml : std::exception {
  static void unless(bool holds) {
    if (!holds) throw BrokenToml();
  }
};

}  // namespace doorward::clients

#define TOML_ASSERT(condition) ::doorward::clients::BrokenToml::unless(static_cast<bool>(condition))
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace doorward::clients {
namespace {

Node from_toml(const toml::node& from) {
  Node node;
  node.line = node.key_line = from.source().begin.line;
  if (const toml::table* table = from.as_table()) {
    node.kind = Node::Kind::object;
    for (const auto& [key, value] : *table) {
      Node child = from_toml(value);
      child.key_line = key.source().begin.line;
      child.key = key.str();
      node.members.push_back(std::move(child));
    }
  } else if (const toml::array* array = from.as_array()) {
    node.kind = Node::Kind::array;
    for (const toml::node& item : *array) node.items.push_back(from_toml(item));
  } else if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::string;
    node.text = text->get();
  } else if (const auto* flag = from.as_boolean()) {
    node.kind = Node::Kind::boolean;
    node.text = flag->get() ? "true" : "false";
  } else {
    node.kind = from.is_number() ? Node::Kind::number : Node::Kind::string;
    std::ostringstream spelled;
    from.visit([&](const auto& value) {
      if constexpr (toml::is_value<decltype(value)>) spelled << value.get();
    });
    node.text = spelled.str();
  }
  return node;
}

}  // namespace

Result<Node> read_toml(std::string_view text) {
  try {
    return from_toml(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return fail(ErrorKind::invalid, "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " +
                                        std::string(error.description()));
  } catch (const BrokenToml&) {
    return fail(ErrorKind::invalid, "it is no TOML: a key or the name of a table begins with a character that none may");
  }
}

}  // namespace doorward::clients
