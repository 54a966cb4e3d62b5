#include "yaml/tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <set>
#include <streambuf>
#include <utility>

#include "json/scan.h"
#include "json/writer.h"

namespace doorward::yaml {
namespace {

/// Turns the events of yaml-cpp into a tree and throws ReadError at the first thing that the dialect leaves
/// out. Events instead of YAML::Node: that one expands aliases (a "billion laughs" before anybody can look)
/// and keeps the last of two equal keys.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, {}, anchor);
    if (expects_key()) refuse(mark, "a key must be a name, this one is empty");
    place(node(mark, Node::Kind::null));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not taken; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    if (value.find('\0') != std::string::npos) refuse(mark, "a NUL character is not taken");
    const bool quoted = tag == "!";
    if (expects_key()) {
      take_key(mark, value, quoted);
      return;
    }
    Node scalar = node(mark, Node::Kind::scalar);
    scalar.text = value;
    scalar.quoted = quoted;
    place(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    std::set<std::string> keys;
    bool has_key = false;  ///< the last entry waits for its value
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw ReadError{static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1,
                    std::move(message)};
  }

  static Node node(const YAML::Mark& mark, Node::Kind kind) {
    Node made;
    made.kind = kind;
    made.line = static_cast<std::size_t>(mark.line) + 1;
    made.column = static_cast<std::size_t>(mark.column) + 1;
    return made;
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node.kind == Node::Kind::mapping && !stack_.back().has_key;
  }

  void check(const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor) const {
    if (anchor != 0) refuse(mark, "anchors (&name) are not taken; write the value out where it is needed");
    const auto at = static_cast<std::size_t>(mark.pos);
    // A lone `!` reads like a quoted scalar in the event, so the text itself is asked.
    const bool marked = mark.pos >= 0 && at < text_.size() && text_[at] == '!';
    if (marked || (!tag.empty() && tag != "?" && tag != "!")) {
      refuse(mark, "tags (!name) are not taken; write a plain value");
    }
  }

  void take_key(const YAML::Mark& mark, const std::string& key, bool quoted) {
    Frame& frame = stack_.back();
    if (key == "<<" && !quoted) refuse(mark, "merge keys (<<) are not taken; write the entries out");
    if (!frame.keys.insert(key).second) refuse(mark, "duplicate key \"" + key + "\"; keep one of the two");
    Entry entry;
    entry.key = key;
    entry.line = static_cast<std::size_t>(mark.line) + 1;
    entry.column = static_cast<std::size_t>(mark.column) + 1;
    frame.node.entries.push_back(std::move(entry));
    frame.has_key = true;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    check(mark, tag, anchor);
    if (expects_key()) refuse(mark, "a key must be a name, not a list or a mapping");
    if (stack_.size() == kMostDepth) {
      refuse(mark, "nested deeper than " + std::to_string(kMostDepth) + " levels; flatten the document");
    }
    stack_.push_back(Frame{node(mark, kind), {}, false});
  }

  void close() {
    Node done = std::move(stack_.back().node);
    stack_.pop_back();
    place(std::move(done));
  }

  void place(Node value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == Node::Kind::sequence) {
      frame.node.items.push_back(std::move(value));
      return;
    }
    frame.node.entries.back().value = std::move(value);
    frame.has_key = false;
  }

  std::string_view text_;
  std::vector<Frame> stack_;
  Node root_;
};

/// A view as the stream that yaml-cpp wants, without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

void check_characters(std::string_view text) {
  std::size_t line = 1;
  std::size_t start = 0;
  const auto refuse = [&](std::size_t at, std::string message) {
    throw ReadError{line, at - start + 1, std::move(message)};
  };
  if (text.starts_with("\xEF\xBB\xBF"))
    refuse(0, "a byte-order mark is not taken; save the file as plain UTF-8");
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      start = i + 1;
    } else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') || c == 0x7F) {
      refuse(i, "control characters are not taken; remove the byte");
    }
    const unsigned length = json::utf8_length(text.data() + i, text.data() + text.size());
    if (length == 0) refuse(i, "not valid UTF-8; save the file as UTF-8");
    i += length;
  }
}

Node parse(std::string_view text) {
  if (text.size() > kMostBytes) {
    throw ReadError{0, 0, "longer than " + std::to_string(kMostBytes >> 20) + " MiB; split the file"};
  }
  check_characters(text);
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  TreeBuilder builder(text);
  if (!parser.HandleNextDocument(builder)) return {};
  Node root = builder.take();
  TreeBuilder rest(text);
  if (parser.HandleNextDocument(rest))
    throw ReadError{0, 0, "holds a second document; use one file for each"};
  return root;
}

bool is_json_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const bool zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

void write(const Node& node, std::string& out) {
  switch (node.kind) {
    case Node::Kind::null:
      out += "null";
      return;
    case Node::Kind::scalar:
      if (node.is_boolean() || node.is_number()) {
        out += node.text;
      } else {
        json::append_string(out, node.text);
      }
      return;
    case Node::Kind::sequence: {
      out += '[';
      const char* separator = "";
      for (const Node& item : node.items) {
        out += std::exchange(separator, ",");
        write(item, out);
      }
      out += ']';
      return;
    }
    case Node::Kind::mapping: {
      out += '{';
      const char* separator = "";
      for (const Entry& entry : node.entries) {
        out += std::exchange(separator, ",");
        json::append_string(out, entry.key);
        out += ':';
        write(entry.value, out);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &found->value;
}

bool Node::is_boolean() const {
  return kind == Kind::scalar && !quoted && (text == "true" || text == "false");
}

bool Node::is_number() const {
  return kind == Kind::scalar && !quoted && is_json_number(text);
}

std::expected<Node, ReadError> read(std::string_view text) {
  try {
    return parse(text);
  } catch (const ReadError& refused) {
    return std::unexpected(refused);
  } catch (const YAML::Exception& error) {
    if (error.mark.is_null()) return std::unexpected(ReadError{0, 0, "not YAML: " + error.msg});
    return std::unexpected(ReadError{static_cast<std::size_t>(error.mark.line) + 1,
                                     static_cast<std::size_t>(error.mark.column) + 1,
                                     "not YAML: " + error.msg});
  }
}

std::string to_json(const Node& node) {
  std::string out;
  write(node, out);
  return out;
}

}  // namespace doorward::yaml
