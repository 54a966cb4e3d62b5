#include <algorithm>

#include "base/text.h"
#include "clients/edit_format.h"
#include "json/writer.h"

namespace doorward::clients {
namespace {

std::string quoted(std::string_view text) {
  return json_string(text, "\\x7F");
}

/// A word that no reader takes for anything else stands plainly.
std::string word_text(std::string_view text) {
  const bool plain = !text.empty() && (is_alpha(text.front()) || text.front() == '_') && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || std::string_view("_-./").find(c) != std::string_view::npos;
  });
  static constexpr std::string_view kTaken[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"};
  return plain && std::ranges::find(kTaken, lower(text)) == std::end(kTaken) ? std::string(text) : quoted(text);
}

std::string flow_text(const Node& value) {
  switch (value.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
    case Node::Kind::number:
      return value.text;
    case Node::Kind::string:
      return quoted(value.text);
    case Node::Kind::array: {
      std::string out = "[";
      for (const Node& item : value.items) out += (out.size() == 1 ? "" : ", ") + flow_text(item);
      return out + "]";
    }
    case Node::Kind::object:
      break;
  }
  std::string out = "{";
  for (const Node& member : value.members) out += (out.size() == 1 ? "" : ", ") + word_text(member.key) + ": " + flow_text(member);
  return out + "}";
}

/// A member on lines of its own, the first of which has its indentation before it already; no line end behind it.
std::string block_text(const Node& member, const std::string& base, const TextStyle& style) {
  const std::string key = word_text(member.key) + ":";
  if (member.is(Node::Kind::string)) return key + " " + word_text(member.text);
  if (!member.is(Node::Kind::object) || member.members.empty()) return key + " " + flow_text(member);
  std::string out = key;
  for (const Node& each : member.members) {
    out += style.newline + base + style.indent + block_text(each, base + style.indent, style);
  }
  return out;
}

/// The column of an offset as blanks.
std::string blanks_to(std::string_view text, std::size_t at) {
  return std::string(at - line_start(text, at), ' ');
}

bool in_braces(std::string_view text, const Node& node) {
  return node.value_begin < text.size() && text[node.value_begin] == '{';
}

std::unexpected<Error> unplaced() {
  return fail(ErrorKind::invalid, "the file uses anchors or another form of YAML that cannot be edited in place; edit it by hand");
}

class YamlEditor : public FormatEditor {
 public:
  Result<std::string> set(std::string_view text, const KeyPath& object, const Node& member) const override {
    const auto root = read_tree(text, Format::yaml);
    if (!root) return std::unexpected(root.error());
    const Node* at = find_at(*root, object)->find(member.key);
    if (at == nullptr || at->end == 0) return unplaced();
    const bool one_line = text.substr(at->begin, at->end - at->begin).find('\n') == std::string_view::npos;
    if (one_line && !member.is(Node::Kind::object)) {
      const std::string value = member.is(Node::Kind::string) && !is_flow(text, *root, object) ? word_text(member.text) : flow_text(member);
      return with_span(text, {at->value_begin, at->end}, value);
    }
    return with_span(text, {at->begin, at->end}, block_text(member, blanks_to(text, at->begin), style(text)));
  }

  Result<std::string> insert(std::string_view text, const KeyPath& object, const Node& member,
                             std::string_view before) const override {
    const auto root = read_tree(text, Format::yaml);
    if (!root) return std::unexpected(root.error());
    const TextStyle how = style(text);
    KeyPath there = object;
    Node value = member;
    while (!there.empty()) {
      const Node* at = find_at(*root, there);
      if (at != nullptr && !at->is(Node::Kind::null)) break;
      value = object_member(there.back(), {std::move(value)});
      there.pop_back();
    }
    const Node& into = *find_at(*root, there);
    if (into.is(Node::Kind::null)) return append(text, text.size(), "", value, how);
    if (into.end == 0) return unplaced();
    if (into.is(Node::Kind::array)) return put_item(text, into, value, how);
    if (!into.is(Node::Kind::object)) return fail(ErrorKind::invalid, "what should hold servers is no object");
    // A key that is there without a value takes one.
    if (const Node* known = into.find(value.key)) {
      return with_span(text, {known->begin, known->end}, block_text(value, blanks_to(text, known->begin), how));
    }
    if (in_braces(text, into)) return put_in_braces(text, into, value, how);
    if (const Node* next = before.empty() ? nullptr : into.find(before)) {
      const std::string base = blanks_to(text, next->begin);
      return with_span(text, {next->begin, next->begin}, block_text(value, base, how) + how.newline + base);
    }
    return append(text, into.end, blanks_to(text, into.members.front().begin), value, how);
  }

  Result<std::string> drop(std::string_view text, const KeyPath& object, const std::string& key) const override {
    const auto root = read_tree(text, Format::yaml);
    if (!root) return std::unexpected(root.error());
    const Node& from = *find_at(*root, object);
    if (from.end == 0) return unplaced();
    std::vector<Node> const& children = from.is(Node::Kind::array) ? from.items : from.members;
    for (std::size_t i = 0; i < children.size(); ++i) {
      const Node& gone = children[i];
      if (from.is(Node::Kind::array) ? gone.string_of("name") != key : gone.key != key) continue;
      const bool flow = in_braces(text, from) || text[from.value_begin] == '[';
      if (flow) {
        if (i + 1 < children.size()) return with_span(text, {gone.begin, children[i + 1].begin}, {});
        return with_span(text, {i > 0 ? children[i - 1].end : gone.begin, gone.end}, {});
      }
      if (children.size() == 1) {
        // What is left is empty, and says so.
        const std::string_view empty = from.is(Node::Kind::array) ? " []" : " {}";
        if (from.begin == from.value_begin) return fail(ErrorKind::invalid, "nothing would be left of the file; delete it by hand");
        const std::size_t colon = text.rfind(':', line_start(text, gone.begin));
        return with_span(text, {colon + 1, gone.end}, empty);
      }
      if (from.is(Node::Kind::array) || begins_line(text, gone.begin)) {
        return without_lines(text, {line_start(text, gone.begin), line_end(text, gone.end)});
      }
      if (i + 1 < children.size()) return with_span(text, {gone.begin, children[i + 1].begin}, {});
    }
    return unplaced();
  }

  Result<std::vector<Span>> spans(std::string_view text, const KeyPath& member) const override {
    const auto root = read_tree(text, Format::yaml);
    if (!root) return std::unexpected(root.error());
    const Node* at = find_at(*root, member);
    if (at == nullptr) return fail(ErrorKind::not_found, "there is no such entry");
    if (at->end == 0) return unplaced();
    return std::vector<Span>{{at->begin, at->end}};
  }

 private:
  static TextStyle style(std::string_view text) {
    TextStyle how = style_of(text);
    if (how.indent.find('\t') != std::string::npos || how.indent.size() > 8) how.indent = "  ";
    return how;
  }

  static bool is_flow(std::string_view text, const Node& root, const KeyPath& object) {
    return in_braces(text, *find_at(root, object));
  }

  /// A member on a line of its own behind the line on which `end` lies.
  static std::string append(std::string_view text, std::size_t end, const std::string& base, const Node& value, const TextStyle& how) {
    const std::size_t at = line_end(text, end);
    const bool closed = at == 0 || text[at - 1] == '\n' || text.substr(0, at) == "\xEF\xBB\xBF";
    return with_span(text, {at, at}, (closed ? "" : how.newline) + base + block_text(value, base, how) + (closed ? how.newline : ""));
  }

  static std::string put_in_braces(std::string_view text, const Node& into, const Node& value, const TextStyle& how) {
    const std::string base = blanks_to(text, into.begin);
    if (into.members.empty() && into.begin != into.value_begin) {
      return with_span(text, {into.value_begin, into.end}, how.newline + base + how.indent + block_text(value, base + how.indent, how));
    }
    const std::size_t at = into.members.empty() ? into.value_begin + 1 : into.members.back().end;
    return with_span(text, {at, at}, (into.members.empty() ? "" : ", ") + word_text(value.key) + ": " + flow_text(value));
  }

  static Result<std::string> put_item(std::string_view text, const Node& into, const Node& value, const TextStyle& how) {
    Node item = value;
    item.members.insert(item.members.begin(), text_member("name", value.key));
    const auto item_text = [&](const std::string& base) {
      std::string out = "- ";
      for (const Node& member : item.members) {
        out += (out.size() == 2 ? "" : how.newline + base + "  ") + block_text(member, base + "  ", how);
      }
      return out;
    };
    if (into.items.empty()) {
      const std::string base = blanks_to(text, into.begin) + how.indent;
      return with_span(text, {into.value_begin, into.end}, how.newline + base + item_text(base));
    }
    if (text[into.value_begin] == '[') return unplaced();
    const std::string base = indent_at(text, into.items.back().begin);
    const std::size_t at = line_end(text, into.end);
    const bool closed = at > 0 && text[at - 1] == '\n';
    return with_span(text, {at, at}, (closed ? "" : how.newline) + base + item_text(base) + (closed ? how.newline : ""));
  }
};

}  // namespace

const FormatEditor& yaml_editor() {
  static const YamlEditor editor;
  return editor;
}

}  // namespace doorward::clients
