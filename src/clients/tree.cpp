#include "clients/tree.h"

#include <yaml-cpp/yaml.h>

#include <optional>

#include "clients/toml_tree.h"
#include "clients/yaml_text.h"
#include "json/reader.h"

namespace doorward::clients {
namespace {

constexpr std::uint32_t kMostDepth = 64;

std::unexpected<Error> broken(std::size_t line, std::size_t column, std::string_view why) {
  return fail(ErrorKind::invalid,
              "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string(why));
}

/// Lines of a text by offset, for offsets that only grow.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::size_t at(std::size_t offset) {
    for (; at_ < offset && at_ < text_.size(); ++at_) line_ += text_[at_] == '\n' ? 1 : 0;
    return line_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

Node from_json(json::Value value, Lines& lines) {
  Node node;
  node.line = node.key_line = lines.at(value.begin_offset());
  node.begin = node.value_begin = value.begin_offset();
  node.end = value.end_offset();
  switch (value.type()) {
    case json::Type::null:
      break;
    case json::Type::boolean:
      node.kind = Node::Kind::boolean;
      node.text = value.boolean() ? "true" : "false";
      break;
    case json::Type::number:
      node.kind = Node::Kind::number;
      node.text = value.number();
      break;
    case json::Type::string:
      node.kind = Node::Kind::string;
      node.text = value.string();
      break;
    case json::Type::array:
      node.kind = Node::Kind::array;
      for (const json::Value item : value.elements()) node.items.push_back(from_json(item, lines));
      break;
    case json::Type::object:
      node.kind = Node::Kind::object;
      for (const json::Member member : value.members()) {
        const std::size_t key_line = lines.at(member.key.begin_offset());
        Node child = from_json(member.value, lines);
        child.key_line = key_line;
        child.begin = member.key.begin_offset();
        child.key = member.key.string();
        node.members.push_back(std::move(child));
      }
      break;
  }
  return node;
}

Result<Node> read_jsonc(std::string_view text) {
  const std::string blanked = blank_comments(text);
  json::Reader reader;
  const json::Limits limits{.bytes = kLargestConfig, .depth = kMostDepth, .nodes = kMostNodes, .keep_duplicates = true};
  const auto root = reader.read(blanked, limits);
  if (!root) {
    const json::Position at = json::position_of(blanked, root.error().offset);
    return broken(at.line, at.column, root.error().message);
  }
  Lines lines(blanked);
  return from_json(*root, lines);
}

/// YAML as the clients write it: also with anchors, which Doorward's own files may not have.
class YamlReader {
 public:
  /// `skipped`: bytes of the file before the text.
  explicit YamlReader(std::size_t skipped) : skipped_(skipped) {}

  std::optional<Node> convert(const YAML::Node& from, std::uint32_t depth) {
    if (++count_ > kMostNodes || depth > kMostDepth) return std::nullopt;
    Node node;
    node.line = node.key_line = static_cast<std::size_t>(std::max(0, from.Mark().line)) + 1;
    node.begin = node.value_begin = offset_of(from.Mark());
    switch (from.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
      case YAML::NodeType::Scalar:
        node.text = from.Scalar();
        // A quoted scalar carries the tag "!".
        node.kind = from.Tag() != "!" && (node.text == "true" || node.text == "false") ? Node::Kind::boolean
                                                                                       : Node::Kind::string;
        break;
      case YAML::NodeType::Sequence:
        node.kind = Node::Kind::array;
        for (const YAML::Node& item : from) {
          auto child = convert(item, depth + 1);
          if (!child) return std::nullopt;
          node.items.push_back(std::move(*child));
        }
        break;
      case YAML::NodeType::Map:
        node.kind = Node::Kind::object;
        for (const auto& entry : from) {
          if (!entry.first.IsScalar()) continue;
          auto child = convert(entry.second, depth + 1);
          if (!child) return std::nullopt;
          child->key_line = static_cast<std::size_t>(std::max(0, entry.first.Mark().line)) + 1;
          child->key = entry.first.Scalar();
          child->begin = offset_of(entry.first.Mark());
          node.members.push_back(std::move(*child));
        }
        break;
    }
    return node;
  }

 private:
  std::size_t offset_of(const YAML::Mark& mark) const {
    return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos) + skipped_;
  }

  std::size_t skipped_;
  std::size_t count_ = 0;
};

Result<Node> read_yaml(std::string_view text) {
  const std::size_t skipped = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  try {
    auto node = YamlReader(skipped).convert(YAML::Load(std::string(text.substr(skipped))), 0);
    if (!node) return fail(ErrorKind::exhausted, "it holds more values, or deeper ones, than any client would read");
    place_yaml(*node, text);
    return std::move(*node);
  } catch (const YAML::Exception& error) {
    return broken(static_cast<std::size_t>(std::max(0, error.mark.line)) + 1,
                  static_cast<std::size_t>(std::max(0, error.mark.column)) + 1, error.msg);
  }
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (std::size_t i = members.size(); i-- > 0;) {
    if (members[i].key == name) return &members[i];
  }
  return nullptr;
}

const Node* Node::find_path(std::string_view path) const {
  if (const Node* whole = find(path)) return whole;
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const Node* first = find(path.substr(0, dot));
  return first == nullptr ? nullptr : first->find_path(path.substr(dot + 1));
}

std::string_view Node::string_of(std::string_view name) const {
  const Node* member = find(name);
  return member != nullptr && member->kind == Kind::string ? std::string_view(member->text) : std::string_view();
}

std::size_t remark_end(std::string_view text, std::size_t at) {
  const std::size_t next = text.find_first_not_of(" \t", at);
  if (next == std::string_view::npos || text[next] != '#') return at;
  return std::min(text.find_first_of("\r\n", next), text.size());
}

std::string blank_comments(std::string_view text) {
  std::string out(text);
  std::size_t i = 0;
  if (text.starts_with("\xEF\xBB\xBF")) {
    out.replace(0, 3, "   ");
    i = 3;
  }
  std::size_t comma = std::string::npos;  // one behind which nothing but blanks came so far
  while (i < out.size()) {
    const char c = out[i];
    if (c == '"') {
      comma = std::string::npos;
      for (++i; i < out.size() && out[i] != '"'; ++i) i += out[i] == '\\' ? 1 : 0;
      ++i;
    } else if (c == '/' && i + 1 < out.size() && out[i + 1] == '/') {
      for (; i < out.size() && out[i] != '\n' && out[i] != '\r'; ++i) out[i] = ' ';
    } else if (c == '/' && i + 1 < out.size() && out[i + 1] == '*') {
      const std::size_t close = out.find("*/", i + 2);
      if (close == std::string::npos) return out;  // the reader says where
      for (; i < close + 2; ++i) out[i] = out[i] == '\n' || out[i] == '\r' ? out[i] : ' ';
    } else {
      if (c == ',') comma = i;
      if ((c == ']' || c == '}') && comma != std::string::npos) out[comma] = ' ';
      if (c != ',' && c != ' ' && c != '\t' && c != '\n' && c != '\r') comma = std::string::npos;
      ++i;
    }
  }
  return out;
}

Result<Node> read_tree(std::string_view text, Format format) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return fail(ErrorKind::invalid, "line 1, column 1: the file is UTF-16; store it as UTF-8");
  }
  switch (format) {
    case Format::jsonc:
      return read_jsonc(text);
    case Format::toml:
      return read_toml(text);
    case Format::yaml:
      break;
  }
  return read_yaml(text);
}

}  // namespace doorward::clients
