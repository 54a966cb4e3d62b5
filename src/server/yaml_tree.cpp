#include "server/yaml_tree.h"

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

namespace doorward::server {
namespace {

struct Refused {
  std::size_t line;
  std::size_t column;
  std::string message;
};

/// Turns the events of yaml-cpp into a tree and throws Refused at the first thing that the dialect leaves
/// out. Events instead of YAML::Node: that one expands aliases (a "billion laughs" before anybody can look)
/// and keeps the last of two equal keys.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, {}, anchor);
    if (expects_key()) refuse(mark, "a key must be a name, this one is empty");
    place(node(mark, YamlNode::Kind::null));
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
    YamlNode scalar = node(mark, YamlNode::Kind::scalar);
    scalar.text = value;
    scalar.quoted = quoted;
    place(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    std::set<std::string> keys;
    bool has_key = false;  ///< the last entry waits for its value
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw Refused{static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1,
                  std::move(message)};
  }

  static YamlNode node(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode made;
    made.kind = kind;
    made.line = static_cast<std::size_t>(mark.line) + 1;
    made.column = static_cast<std::size_t>(mark.column) + 1;
    return made;
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node.kind == YamlNode::Kind::mapping && !stack_.back().has_key;
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
    YamlEntry entry;
    entry.key = key;
    entry.line = static_cast<std::size_t>(mark.line) + 1;
    entry.column = static_cast<std::size_t>(mark.column) + 1;
    frame.node.entries.push_back(std::move(entry));
    frame.has_key = true;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    check(mark, tag, anchor);
    if (expects_key()) refuse(mark, "a key must be a name, not a list or a mapping");
    if (stack_.size() == kYamlDepth) {
      refuse(mark, "nested deeper than " + std::to_string(kYamlDepth) + " levels; flatten the document");
    }
    stack_.push_back(Frame{node(mark, kind), {}, false});
  }

  void close() {
    YamlNode done = std::move(stack_.back().node);
    stack_.pop_back();
    place(std::move(done));
  }

  void place(YamlNode value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == YamlNode::Kind::sequence) {
      frame.node.items.push_back(std::move(value));
      return;
    }
    frame.node.entries.back().value = std::move(value);
    frame.has_key = false;
  }

  std::string_view text_;
  std::vector<Frame> stack_;
  YamlNode root_;
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
    throw Refused{line, at - start + 1, std::move(message)};
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

YamlNode parse(std::string_view text) {
  if (text.size() > kYamlBytes) {
    throw Refused{0, 0, "longer than " + std::to_string(kYamlBytes >> 20) + " MiB; split the file"};
  }
  check_characters(text);
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  TreeBuilder builder(text);
  if (!parser.HandleNextDocument(builder)) return {};
  YamlNode root = builder.take();
  TreeBuilder rest(text);
  if (parser.HandleNextDocument(rest)) throw Refused{0, 0, "holds a second document; use one file for each"};
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

void write(const YamlNode& node, std::string& out) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      out += "null";
      return;
    case YamlNode::Kind::scalar:
      if (node.is_boolean() || node.is_number()) {
        out += node.text;
      } else {
        json::append_string(out, node.text);
      }
      return;
    case YamlNode::Kind::sequence: {
      out += '[';
      const char* separator = "";
      for (const YamlNode& item : node.items) {
        out += std::exchange(separator, ",");
        write(item, out);
      }
      out += ']';
      return;
    }
    case YamlNode::Kind::mapping: {
      out += '{';
      const char* separator = "";
      for (const YamlEntry& entry : node.entries) {
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

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &YamlEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

bool YamlNode::is_boolean() const {
  return kind == Kind::scalar && !quoted && (text == "true" || text == "false");
}

bool YamlNode::is_number() const {
  return kind == Kind::scalar && !quoted && is_json_number(text);
}

std::expected<YamlNode, Finding> read_yaml(std::string_view text, std::string_view file) {
  const auto finding = [&](std::size_t line, std::size_t column, std::string message) {
    return std::unexpected(Finding{Origin{std::string(file), line, column}, std::move(message)});
  };
  try {
    return parse(text);
  } catch (const Refused& refused) {
    return finding(refused.line, refused.column, refused.message);
  } catch (const YAML::Exception& error) {
    if (error.mark.is_null()) return finding(0, 0, "not YAML: " + error.msg);
    return finding(static_cast<std::size_t>(error.mark.line) + 1,
                   static_cast<std::size_t>(error.mark.column) + 1, "not YAML: " + error.msg);
  }
}

std::string yaml_to_json(const YamlNode& node) {
  std::string out;
  write(node, out);
  return out;
}

}  // namespace doorward::server
