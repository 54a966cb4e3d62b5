#include <algorithm>

#include "base/text.h"
#include "clients/edit_format.h"
#include "clients/toml_text.h"
#include "json/writer.h"

namespace doorward::clients {
namespace {

using Statements = std::vector<TomlStatement>;

std::string quoted(std::string_view text) {
  return json_string(text, "\\u007F");
}

std::string key_text(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
  return bare ? std::string(key) : quoted(key);
}

std::string dotted(const KeyPath& path, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < path.size(); ++i) out += (out.empty() ? "" : ".") + key_text(path[i]);
  return out;
}

std::string render(const Node& value) {
  switch (value.kind) {
    case Node::Kind::null:
      return "\"\"";
    case Node::Kind::boolean:
    case Node::Kind::number:
      return value.text;
    case Node::Kind::string:
      return quoted(value.text);
    case Node::Kind::array: {
      std::string out = "[";
      for (const Node& item : value.items) out += (out.size() == 1 ? "" : ", ") + render(item);
      return out + "]";
    }
    case Node::Kind::object:
      break;
  }
  if (value.members.empty()) return "{}";
  std::string out = "{ ";
  for (const Node& member : value.members) out += (out.size() == 2 ? "" : ", ") + key_text(member.key) + " = " + render(member);
  return out + " }";
}

KeyPath joined(const KeyPath& path, std::string_view key) {
  KeyPath out = path;
  out.emplace_back(key);
  return out;
}

/// A table in braces: where it stands, and which of the words of a path lead to it.
struct Braces {
  std::size_t open;
  std::size_t end;
};

/// The table in braces that a path names, if it is one.
std::optional<Braces> braces_of(std::string_view text, const KeyPath& path) {
  Statements pairs = toml_statements(text);
  std::size_t done = 0;
  for (;;) {
    const KeyPath rest(path.begin() + static_cast<std::ptrdiff_t>(done), path.end());
    const auto holder = std::ranges::find_if(pairs, [&](const TomlStatement& pair) {
      return !pair.header && pair.inline_value && has_prefix(rest, pair.path);
    });
    if (holder == pairs.end()) return std::nullopt;
    done += holder->path.size();
    if (done == path.size()) return Braces{holder->value_begin, holder->end};
    pairs = toml_inline_pairs(text, holder->value_begin);
  }
}

/// The pair of exactly this path, wherever it stands.
std::optional<TomlStatement> pair_of(std::string_view text, const KeyPath& path) {
  for (TomlStatement& statement : toml_statements(text)) {
    if (!statement.header && statement.path == path) return std::move(statement);
  }
  for (std::size_t length = path.size() - 1; length > 0; --length) {
    const KeyPath outer(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(length));
    const auto braces = braces_of(text, outer);
    if (!braces) continue;
    const KeyPath rest(path.begin() + static_cast<std::ptrdiff_t>(length), path.end());
    for (TomlStatement& pair : toml_inline_pairs(text, braces->open)) {
      if (pair.path == rest) return std::move(pair);
    }
  }
  return std::nullopt;
}

/// What says something of a path: statements, each run of neighbours one span. A run that begins with a header takes what
/// stands between its statements with it.
std::vector<Span> runs_of(std::string_view text, const Statements& statements, const KeyPath& path) {
  std::vector<Span> spans;
  bool open = false;
  for (const TomlStatement& statement : statements) {
    if (!has_prefix(statement.path, path)) {
      open = false;
      continue;
    }
    if (open) {
      spans.back().end = statement.end;
    } else {
      spans.push_back({statement.begin, statement.end});
      open = statement.header;
    }
    if (open) spans.back().end = remark_end(text, spans.back().end);
  }
  return spans;
}

class TomlEditor : public FormatEditor {
 public:
  Result<std::string> set(std::string_view text, const KeyPath& object, const Node& member) const override {
    const KeyPath path = joined(object, member.key);
    if (const auto pair = pair_of(text, path)) return with_span(text, {pair->value_begin, pair->end}, render(member));
    const auto without = drop(text, object, member.key);
    if (!without) return without;
    return insert(*without, object, member, {});
  }

  Result<std::string> insert(std::string_view text, const KeyPath& object, const Node& member,
                             std::string_view before) const override {
    const TextStyle style = style_of(text);
    if (const auto braces = braces_of(text, object)) return put_in_braces(text, *braces, member);
    const Statements statements = toml_statements(text);
    const KeyPath path = joined(object, member.key);
    const auto line = [&](std::size_t depth) { return dotted(path, depth) + " = " + render(member); };
    if (!before.empty()) {
      const KeyPath next = joined(object, before);
      for (const TomlStatement& statement : statements) {
        if (statement.header || !has_prefix(statement.path, next) || statement.depth > object.size()) continue;
        const std::size_t at = line_start(text, statement.begin);
        return with_span(text, {at, at}, indent_at(text, statement.begin) + line(statement.depth) + style.newline);
      }
    }
    // Behind the last line of the table itself, else behind its header, else behind what is dotted into it.
    const TomlStatement* behind = nullptr;
    for (const TomlStatement& statement : statements) {
      const bool own = statement.header ? statement.path == object : statement.depth == object.size() && has_prefix(statement.path, object);
      if (own) behind = &statement;
    }
    if (behind == nullptr) {
      for (const TomlStatement& statement : statements) {
        if (!statement.header && statement.depth < object.size() && has_prefix(statement.path, object)) behind = &statement;
      }
    }
    if (member.is(Node::Kind::object) && (behind == nullptr || behind->header)) return append_table(text, statements, path, member, style);
    if (behind == nullptr) return append_table(text, statements, object, object_member({}, {member}), style);
    const std::size_t at = line_end(text, behind->end);
    const bool closed = at > 0 && text[at - 1] == '\n';
    return with_span(text, {at, at},
                     (closed ? "" : style.newline) + indent_at(text, behind->begin) + line(behind->depth) + (closed ? style.newline : ""));
  }

  Result<std::string> drop(std::string_view text, const KeyPath& object, const std::string& key) const override {
    if (const auto braces = braces_of(text, object)) return drop_in_braces(text, *braces, key);
    const std::vector<Span> spans = runs_of(text, toml_statements(text), joined(object, key));
    if (spans.empty()) return fail(ErrorKind::invalid, "the entry stands where it cannot be taken out");
    std::string out(text);
    for (std::size_t i = spans.size(); i-- > 0;) {
      Span lines{line_start(out, spans[i].begin), line_end(out, spans[i].end)};
      // Of the blank lines on both sides those below go with a table, at the end of the file the one above.
      const bool table = out[spans[i].begin] == '[';
      const bool blank_above = lines.begin == 0 || std::string_view(out).substr(0, lines.begin).ends_with("\n\n") ||
                               std::string_view(out).substr(0, lines.begin).ends_with("\n\r\n");
      while (table && blank_above && lines.end < out.size() && (out[lines.end] == '\n' || out[lines.end] == '\r')) {
        lines.end = line_end(out, lines.end);
      }
      if (table && blank_above && lines.end == out.size() && lines.begin > 0) lines.begin = line_start(out, lines.begin - 1);
      out = without_lines(out, lines);
    }
    return out;
  }

  Result<std::vector<Span>> spans(std::string_view text, const KeyPath& member) const override {
    if (const auto pair = pair_of(text, member)) return std::vector<Span>{{pair->begin, pair->end}};
    const Statements statements = toml_statements(text);
    std::vector<Span> spans = runs_of(text, statements, member);
    if (spans.empty()) return fail(ErrorKind::not_found, "there is no such entry");
    // Dotted lines that follow each other are one.
    const bool headers = std::ranges::all_of(statements, [&](const TomlStatement& statement) {
      return !has_prefix(statement.path, member) || statement.header || statement.depth >= member.size();
    });
    if (headers) return spans;
    if (!dotted_together(statements, member)) {
      return fail(ErrorKind::invalid, "the entry is spread over the file; edit it by hand");
    }
    return std::vector<Span>{{spans.front().begin, spans.back().end}};
  }

 private:
  static bool dotted_together(const Statements& statements, const KeyPath& member) {
    std::size_t changes = 0;
    bool inside = false;
    for (const TomlStatement& statement : statements) {
      const bool own = has_prefix(statement.path, member);
      changes += own != inside ? 1 : 0;
      inside = own;
    }
    return changes <= 2;
  }

  static std::string put_in_braces(std::string_view text, const Braces& braces, const Node& member) {
    const Statements pairs = toml_inline_pairs(text, braces.open);
    const std::string added = key_text(member.key) + " = " + render(member);
    if (pairs.empty()) return with_span(text, {braces.open, braces.end}, "{ " + added + " }");
    return with_span(text, {pairs.back().end, pairs.back().end}, ", " + added);
  }

  static Result<std::string> drop_in_braces(std::string_view text, const Braces& braces, const std::string& key) {
    const Statements pairs = toml_inline_pairs(text, braces.open);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (pairs[i].path.front() != key) continue;
      if (i + 1 < pairs.size()) return with_span(text, {pairs[i].begin, pairs[i + 1].begin}, {});
      if (i > 0) return with_span(text, {pairs[i - 1].end, pairs[i].end}, {});
      return with_span(text, {braces.open, braces.end}, "{}");
    }
    return fail(ErrorKind::invalid, "there is no such key");
  }

  /// A table of its own, behind the last one of its family, else at the end.
  static std::string append_table(std::string_view text, const Statements& statements, const KeyPath& path, const Node& table,
                                  const TextStyle& style) {
    std::string added = "[" + dotted(path, 0) + "]" + style.newline;
    for (const Node& member : table.members) added += key_text(member.key) + " = " + render(member) + style.newline;
    std::size_t at = text.size();
    for (std::size_t i = 0; i < statements.size(); ++i) {
      // Only whole tables may stand before it: a pair behind a header belongs to that.
      const bool last_of_family = has_prefix(statements[i].path, {path.front()}) && statements[i].depth > 0 &&
                                  (i + 1 == statements.size() || statements[i + 1].header);
      if (last_of_family) at = line_end(text, statements[i].end);
    }
    const bool closed = at == 0 || text[at - 1] == '\n';
    const bool first = text.substr(0, at).find_first_not_of(" \t\r\n\xEF\xBB\xBF") == std::string_view::npos;
    return with_span(text, {at, at}, (closed ? "" : style.newline) + (first ? "" : style.newline) + added);
  }
};

}  // namespace

const FormatEditor& toml_editor() {
  static const TomlEditor editor;
  return editor;
}

}  // namespace doorward::clients
