#include "clients/edit.h"

#include <algorithm>

#include "clients/edit_format.h"
#include "json/scan.h"
#include "json/writer.h"

namespace doorward::clients {
namespace {

const FormatEditor& editor_of(Format format) {
  switch (format) {
    case Format::jsonc:
      return json_editor();
    case Format::toml:
      return toml_editor();
    case Format::yaml:
      break;
  }
  return yaml_editor();
}

bool is_blank(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// The formats are UTF-8; where other bytes stand, readers disagree about what is where.
Status check_utf8(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const unsigned length = json::utf8_length(at, end);
    if (length == 0) return fail(ErrorKind::invalid, "the file is not UTF-8; save it as UTF-8 and try again");
    at += length;
  }
  return {};
}

/// The tree of a file; an empty file is an empty object.
Result<Node> tree_of(std::string_view text, Format format) {
  if (const Status readable = check_utf8(text); !readable) return std::unexpected(readable.error());
  Node empty;
  empty.kind = Node::Kind::object;
  if (is_blank(text)) return empty;
  auto root = read_tree(text, format);
  // A YAML file of comments alone, or a JSON one that says null.
  if (root && root->is(Node::Kind::null)) return empty;
  return root;
}

Node* step_into(Node& node, std::string_view key) {
  if (node.is(Node::Kind::array)) {
    const auto found = std::ranges::find_if(node.items, [&](const Node& item) { return item.string_of("name") == key; });
    return found == node.items.end() ? nullptr : &*found;
  }
  return const_cast<Node*>(std::as_const(node).find(key));
}

/// Does to the tree what the edit does to the text.
void apply(Node& root, const KeyPath& object, const Change& change) {
  Node* at = &root;
  for (const std::string& key : object) {
    Node* next = step_into(*at, key);
    if (next == nullptr || next->is(Node::Kind::null)) {
      if (next != nullptr) std::erase_if(at->members, [&](const Node& member) { return member.key == key; });
      at->members.push_back(object_member(key, {}));
      next = &at->members.back();
    }
    at = next;
  }
  const auto erase = [&](const std::string& key) {
    std::erase_if(at->members, [&](const Node& member) { return member.key == key; });
    std::erase_if(at->items, [&](const Node& item) { return item.string_of("name") == key; });
  };
  for (const std::string& key : change.drop) erase(key);
  for (const Node& member : change.put) {
    erase(member.key);
    if (at->is(Node::Kind::array)) {
      Node item = member;
      item.members.push_back(text_member("name", member.key));
      item.key.clear();
      at->items.push_back(std::move(item));
    } else {
      at->members.push_back(member);
    }
  }
}

std::unexpected<Error> not_certain() {
  return fail(ErrorKind::invalid,
              "the file is written in a way that cannot be edited without touching more than the entry; edit it by hand");
}

/// The text, once it was read again and is what was meant.
Result<std::string> checked(std::string text, Format format, const Node& meant) {
  const auto root = tree_of(text, format);
  if (!root || !same_value(*root, meant)) return not_certain();
  return text;
}

Node member_of(std::string_view key, Node::Kind kind) {
  Node node;
  node.kind = kind;
  node.key = key;
  return node;
}

}  // namespace

Result<std::string> edit_object(std::string_view text, Format format, const KeyPath& object, const Change& change) {
  auto root = tree_of(text, format);
  if (!root) return std::unexpected(root.error());
  const FormatEditor& editor = editor_of(format);
  std::string out(text);
  const auto has = [&](std::string_view key) -> Result<bool> {
    const auto now = tree_of(out, format);
    if (!now) return not_certain();
    const Node* at = find_at(*now, object);
    return at != nullptr && step_into(const_cast<Node&>(*at), key) != nullptr;
  };
  std::string before;
  for (const std::string& key : change.drop) {
    const Node* at = find_at(*root, object);
    if (at == nullptr || at->find(key) == nullptr) continue;
    const bool put_again = std::ranges::find(change.put, key, &Node::key) != change.put.end();
    // The first in the file's order.
    if (!put_again && (before.empty() || at->find(key)->begin < at->find(before)->begin)) before = key;
  }
  for (const Node& member : change.put) {
    const auto there = has(member.key);
    if (!there) return std::unexpected(there.error());
    auto next = *there ? editor.set(out, object, member) : editor.insert(out, object, member, before);
    if (!next) return std::unexpected(next.error());
    out = std::move(*next);
  }
  for (const std::string& key : change.drop) {
    if (std::ranges::find(change.put, key, &Node::key) != change.put.end()) continue;
    // Equal keys stand more than once in some files: all of them go.
    for (;;) {
      const auto there = has(key);
      if (!there) return std::unexpected(there.error());
      if (!*there) break;
      auto next = editor.drop(out, object, key);
      if (!next) return std::unexpected(next.error());
      if (next->size() >= out.size()) return not_certain();
      out = std::move(*next);
    }
  }
  apply(*root, object, change);
  return checked(std::move(out), format, *root);
}

Result<std::string> bytes_of(std::string_view text, Format format, const KeyPath& member) {
  if (const Status readable = check_utf8(text); !readable) return std::unexpected(readable.error());
  const auto spans = editor_of(format).spans(text, member);
  if (!spans) return std::unexpected(spans.error());
  std::string out;
  for (const Span& span : *spans) {
    if (!out.empty()) out += style_of(text).newline;
    out += text.substr(span.begin, span.end - span.begin);
  }
  return out;
}

Result<std::string> replace_bytes(std::string_view text, Format format, const KeyPath& member, std::string_view bytes) {
  auto root = tree_of(text, format);
  if (!root) return std::unexpected(root.error());
  const auto spans = editor_of(format).spans(text, member);
  if (!spans) return std::unexpected(spans.error());
  std::string out(text);
  for (std::size_t i = spans->size(); i-- > 1;) {
    out = with_span(out, {(*spans)[i].begin, line_end(out, (*spans)[i].end)}, {});
  }
  out = with_span(out, spans->front(), bytes);
  const auto now = tree_of(out, format);
  if (!now) return not_certain();
  // Everything but the member must be as it was.
  Node* before = &*root;
  for (std::size_t i = 0; i + 1 < member.size(); ++i) before = step_into(*before, member[i]);
  const Node* after = find_at(*now, member);
  if (after == nullptr) return not_certain();
  Node* own = step_into(*before, member.back());
  Node copy = *after;
  copy.key = own->key;
  *own = std::move(copy);
  return checked(std::move(out), format, *root);
}

bool says(std::string_view text, Format format, const KeyPath& member, std::string_view bytes) {
  const auto now = bytes_of(text, format, member);
  if (!now || bytes.empty()) return false;
  if (*now == bytes) return true;
  const auto other = replace_bytes(text, format, member, bytes);
  const auto here = tree_of(text, format);
  const auto there = other ? tree_of(*other, format) : Result<Node>(std::unexpected(other.error()));
  return here && there && same_value(*here, *there);
}

KeyPath servers_path(const Node& root, std::string_view key) {
  if (root.find(key) != nullptr) return {std::string(key)};
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return {std::string(key)};
  const Node* first = root.find(key.substr(0, dot));
  if (first == nullptr) return {std::string(key)};
  KeyPath path{std::string(key.substr(0, dot))};
  for (std::string& step : servers_path(*first, key.substr(dot + 1))) path.push_back(std::move(step));
  return path;
}

const Node* find_at(const Node& root, const KeyPath& path) {
  const Node* at = &root;
  for (const std::string& key : path) {
    at = step_into(const_cast<Node&>(*at), key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool same_value(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() || a.members.size() != b.members.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same_value(a.items[i], b.items[i])) return false;
  }
  const auto sorted = [](const Node& node) {
    std::vector<const Node*> members;
    for (const Node& member : node.members) members.push_back(&member);
    std::ranges::stable_sort(members, {}, [](const Node* member) { return std::string_view(member->key); });
    return members;
  };
  const auto left = sorted(a);
  const auto right = sorted(b);
  return std::ranges::equal(left, right, [](const Node* x, const Node* y) { return x->key == y->key && same_value(*x, *y); });
}

Node text_member(std::string_view key, std::string_view text) {
  Node node = member_of(key, Node::Kind::string);
  node.text = text;
  return node;
}

Node number_member(std::string_view key, long number) {
  Node node = member_of(key, Node::Kind::number);
  node.text = std::to_string(number);
  return node;
}

Node list_member(std::string_view key, const std::vector<std::string>& texts) {
  Node node = member_of(key, Node::Kind::array);
  for (const std::string& text : texts) node.items.push_back(text_member({}, text));
  return node;
}

Node object_member(std::string_view key, std::vector<Node> members) {
  Node node = member_of(key, Node::Kind::object);
  node.members = std::move(members);
  return node;
}

TextStyle style_of(std::string_view text) {
  TextStyle style;
  const std::size_t first = text.find('\n');
  if (first != std::string_view::npos && first > 0 && text[first - 1] == '\r') style.newline = "\r\n";
  for (std::size_t at = first; at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string indent = indent_at(text, at + 1);
    if (indent.empty()) continue;
    style.indent = indent.starts_with('\t') ? "\t" : indent;
    break;
  }
  return style;
}

std::size_t line_start(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  if (newline != std::string_view::npos) return newline + 1;
  return text.starts_with("\xEF\xBB\xBF") ? std::min<std::size_t>(3, at) : 0;
}

std::string indent_at(std::string_view text, std::size_t at) {
  const std::size_t start = line_start(text, at);
  const std::size_t end = std::min(text.find_first_not_of(" \t", start), text.size());
  return std::string(text.substr(start, end - start));
}

bool begins_line(std::string_view text, std::size_t at) {
  return line_start(text, at) + indent_at(text, at).size() == at;
}

std::size_t line_end(std::string_view text, std::size_t at) {
  const std::size_t newline = text.find('\n', at);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

std::string without_lines(std::string_view text, Span lines) {
  const bool open = lines.end == text.size() && !text.ends_with('\n');
  if (open && lines.begin > 0 && text[lines.begin - 1] == '\n') --lines.begin;
  if (open && lines.begin > 0 && text[lines.begin - 1] == '\r') --lines.begin;
  return with_span(text, lines, {});
}

std::string json_string(std::string_view text, std::string_view del) {
  std::string out = json::quoted(text);
  for (std::size_t at = out.find('\x7F'); at != std::string::npos; at = out.find('\x7F', at)) out.replace(at, 1, del);
  return out;
}

std::string with_span(std::string_view text, Span span, std::string_view bytes) {
  std::string out(text.substr(0, span.begin));
  out += bytes;
  out += text.substr(span.end);
  return out;
}

}  // namespace doorward::clients
