#include <utility>

#include "clients/edit_format.h"
#include "json/writer.h"

namespace doorward::clients {
namespace {

constexpr std::size_t kShortList = 100;

/// The offset of what stands next, behind blanks and comments.
std::size_t skip(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text.substr(at).starts_with("//")) {
      at = std::min(text.find_first_of("\r\n", at), text.size());
    } else if (text.substr(at).starts_with("/*")) {
      const std::size_t close = text.find("*/", at + 2);
      if (close == std::string_view::npos) return text.size();
      at = close + 2;
    } else if (std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

/// The end of a line on which nothing but remarks stands behind an offset; nothing where something else does.
std::optional<std::size_t> rest_of_line(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != '\n' && text[at] != '\r') {
    if (text.substr(at).starts_with("//")) return std::min(text.find_first_of("\r\n", at), text.size());
    if (text.substr(at).starts_with("/*")) {
      const std::size_t close = text.find("*/", at + 2);
      if (close == std::string_view::npos || text.substr(at, close - at).find('\n') != std::string_view::npos) return std::nullopt;
      at = close + 2;
    } else if (text[at] == ' ' || text[at] == '\t') {
      ++at;
    } else {
      return std::nullopt;
    }
  }
  return at;
}

/// A value as text. `lines`: an object may take a line for each member, which are indented one level more than `base`.
std::string render(const Node& value, const TextStyle& style, const std::string& base, bool lines) {
  switch (value.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
    case Node::Kind::number:
      return value.text;
    case Node::Kind::string:
      return json::quoted(value.text);
    case Node::Kind::array: {
      std::string out = "[";
      for (const Node& item : value.items) out += (out.size() == 1 ? "" : ", ") + render(item, style, base, false);
      out += "]";
      if (!lines || out.size() <= kShortList) return out;
      out = "[";
      for (const Node& item : value.items) {
        out += (out.size() == 1 ? "" : ",") + style.newline + base + style.indent + render(item, style, base + style.indent, true);
      }
      return out + style.newline + base + "]";
    }
    case Node::Kind::object:
      break;
  }
  if (value.members.empty()) return "{}";
  std::string out = "{";
  const std::string inner = base + style.indent;
  for (const Node& member : value.members) {
    out += out.size() == 1 ? "" : lines ? "," : ", ";
    if (lines) out += style.newline + inner;
    out += json::quoted(member.key) + ": " + render(member, style, inner, lines);
  }
  return out + (lines ? style.newline + base : "") + "}";
}

class JsonEditor : public FormatEditor {
 public:
  Result<std::string> set(std::string_view text, const KeyPath& object, const Node& member) const override {
    const auto root = read_tree(text, Format::jsonc);
    if (!root) return std::unexpected(root.error());
    const Node* at = find_at(*root, object)->find(member.key);
    const bool lines = begins_line(text, at->begin);
    return with_span(text, {at->value_begin, at->end}, render(member, style_of(text), indent_at(text, at->begin), lines));
  }

  Result<std::string> insert(std::string_view text, const KeyPath& object, const Node& member,
                             std::string_view before) const override {
    const TextStyle style = style_of(text);
    const std::size_t mark = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    if (text.find_first_not_of(" \t\r\n", mark) == std::string_view::npos) {
      Node whole = member;
      for (auto key = object.rbegin(); key != object.rend(); ++key) whole = object_member(*key, {std::move(whole)});
      return std::string(text.substr(0, mark)) + render(object_member({}, {std::move(whole)}), style, "", true) + style.newline;
    }
    const auto root = read_tree(text, Format::jsonc);
    if (!root) return std::unexpected(root.error());
    // The innermost object that is there takes the rest of the way as a value.
    KeyPath there = object;
    Node value = member;
    while (!there.empty() && find_at(*root, there) == nullptr) {
      value = object_member(there.back(), {std::move(value)});
      there.pop_back();
    }
    const Node& into = *find_at(*root, there);
    if (into.is(Node::Kind::null)) {
      return with_span(text, {into.value_begin, into.end},
                       render(object_member({}, {std::move(value)}), style, indent_at(text, into.begin), true));
    }
    if (!into.is(Node::Kind::object)) return fail(ErrorKind::invalid, "what should hold servers is no object");
    if (const Node* next = before.empty() ? nullptr : into.find(before)) return put_before(text, *next, value, style);
    return into.members.empty() ? put_alone(text, into, value, style) : put_last(text, into.members.back(), value, style);
  }

  Result<std::string> drop(std::string_view text, const KeyPath& object, const std::string& key) const override {
    const auto root = read_tree(text, Format::jsonc);
    if (!root) return std::unexpected(root.error());
    const Node& from = *find_at(*root, object);
    const Node* gone = from.find(key);
    if (gone == nullptr) return fail(ErrorKind::invalid, "an item of a list cannot be taken out");
    const std::size_t next = skip(text, gone->end);
    if (next < text.size() && text[next] == ',') {
      Span span{gone->begin, next + 1};
      const std::size_t rest = text.find_first_not_of(" \t", span.end);
      const bool ends_line = rest == std::string_view::npos || text[rest] == '\n' || text[rest] == '\r';
      if (begins_line(text, span.begin) && ends_line) {
        span = {line_start(text, span.begin), line_end(text, span.end)};
      } else if (!ends_line) {
        span.end = rest;
      }
      return with_span(text, span, {});
    }
    // The last one: the comma before it goes, too.
    const Node* previous = nullptr;
    for (const Node& member : from.members) previous = member.end <= gone->begin ? &member : previous;
    std::size_t begin = gone->begin;
    // What follows on the line must not fall behind a remark of the line before.
    const std::size_t before = previous == nullptr ? from.value_begin : previous->end;
    const bool remark = text.substr(before, begin - before).find("//") != std::string_view::npos;
    if (begins_line(text, begin) && (!remark || rest_of_line(text, gone->end))) {
      begin = line_start(text, begin);
      begin -= begin > 0 && text[begin - 1] == '\n' ? 1 : 0;
      begin -= begin > 0 && text[begin - 1] == '\r' ? 1 : 0;
    } else if (!begins_line(text, begin)) {
      while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) --begin;
    }
    std::string out = with_span(text, {begin, gone->end}, {});
    if (previous == nullptr) return out;
    const std::size_t comma = skip(text, previous->end);
    return with_span(out, {comma, comma + 1}, {});
  }

  Result<std::vector<Span>> spans(std::string_view text, const KeyPath& member) const override {
    const auto root = read_tree(text, Format::jsonc);
    if (!root) return std::unexpected(root.error());
    const Node* at = find_at(*root, member);
    if (at == nullptr) return fail(ErrorKind::not_found, "there is no such entry");
    return std::vector<Span>{{at->begin, at->end}};
  }

 private:
  static std::string put_before(std::string_view text, const Node& next, const Node& value, const TextStyle& style) {
    const bool lines = begins_line(text, next.begin);
    const std::string indent = indent_at(text, next.begin);
    return with_span(text, {next.begin, next.begin},
                     json::quoted(value.key) + ": " + render(value, style, indent, lines) + "," + (lines ? style.newline + indent : " "));
  }

  static std::string put_alone(std::string_view text, const Node& into, const Node& value, const TextStyle& style) {
    const std::string base = indent_at(text, into.begin);
    const std::size_t open = into.value_begin + 1;
    const std::size_t close = into.end - 1;
    const bool lines = text.find('\n') != std::string_view::npos;
    std::string added = lines ? style.newline + base + style.indent : "";
    added += json::quoted(value.key) + ": " + render(value, style, base + style.indent, lines);
    const std::string_view inside = text.substr(open, close - open);
    const bool blank = inside.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (blank) return with_span(text, {open, close}, added + (lines ? style.newline + base : ""));
    // Comments stay before it; one that ends with its line needs the line's end.
    const bool own_line = begins_line(text, close);
    std::size_t at = own_line ? line_start(text, close) - 1 : close;
    if (own_line && at > 0 && text[at - 1] == '\r') --at;
    return with_span(text, {at, at}, (own_line ? "" : style.newline) + added + (own_line ? "" : style.newline + base));
  }

  static std::string put_last(std::string_view text, const Node& last, const Node& value, const TextStyle& style) {
    const bool lines = begins_line(text, last.begin);
    const std::string indent = indent_at(text, last.begin);
    const std::string added = json::quoted(value.key) + ": " + render(value, style, indent, lines);
    const std::size_t next = skip(text, last.end);
    const bool comma = next < text.size() && text[next] == ',';
    std::string out(text);
    std::size_t at = last.end;
    if (comma) {
      at = next + 1;
    } else {
      out.insert(at, ",");
      ++at;
    }
    // A remark behind the last member stays with it.
    if (lines) at = rest_of_line(out, at).value_or(at);
    out.insert(at, (lines ? style.newline + indent : " ") + added + (comma ? "," : ""));
    return out;
  }
};

}  // namespace

const FormatEditor& json_editor() {
  static const JsonEditor editor;
  return editor;
}

}  // namespace doorward::clients
