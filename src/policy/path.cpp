#include "policy/path.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/suggest.h"
#include "json/reader.h"

namespace doorward::policy {
namespace {

constexpr std::array<std::string_view, 5> kRoots = {"args", "tool", "grant", "identity", "time"};
constexpr std::uint32_t kPastEveryEnd = 0xFFFFFFFFu;

/// A byte that `.name` may hold: no dot, bracket, quote, space or control character.
bool is_name_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7F && c != '.' && c != '[' && c != ']' && c != '"' && c != '\'';
}

/// Whether UTF-8 text begins with a white space of Unicode beyond ASCII, which nobody can tell from a space.
bool is_wide_space(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kSpaces = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80",
                                                              "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
                                                              "\xE2\x81\x9F", "\xE3\x80\x80"};
  if (text.starts_with("\xE2\x80") && text.size() > 2 && static_cast<unsigned char>(text[2]) <= 0x8A)
    return true;
  return std::ranges::any_of(kSpaces, [&](std::string_view space) { return text.starts_with(space); });
}

std::unexpected<PathError> refuse(std::string message, std::string suggestion = {}) {
  return std::unexpected(PathError{std::move(message), std::move(suggestion)});
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::expected<Path, PathError> run() {
    Path path;
    path.text = std::string(text_);
    const std::string_view root = name();
    if (std::ranges::find(kRoots, root) == kRoots.end()) {
      const std::string_view near = suggest(root, kRoots);
      std::string fix =
          near.empty() ? "args" + std::string(text_.starts_with('.') || text_.starts_with('[') ? "" : ".") +
                             std::string(text_)
                       : std::string(near) + std::string(text_.substr(position_));
      return refuse("a path starts with args, tool, grant, identity or time", std::move(fix));
    }
    while (position_ < text_.size()) {
      auto segment = next();
      if (!segment) return std::unexpected(std::move(segment.error()));
      path.each = path.each || segment->kind == Segment::Kind::each;
      path.segments.push_back(std::move(*segment));
    }
    if (path.segments.empty())
      return refuse("a path needs a member behind its root, such as " + std::string(root) + ".name");
    return rooted(root, std::move(path));
  }

 private:
  std::string_view name() {
    const std::size_t begin = position_;
    while (position_ < text_.size() && is_name_byte(text_[position_]) &&
           !is_wide_space(text_.substr(position_))) {
      ++position_;
    }
    return text_.substr(begin, position_ - begin);
  }

  std::expected<Segment, PathError> next() {
    Segment segment;
    if (text_[position_] == '.') {
      ++position_;
      segment.name = std::string(name());
      if (segment.name.empty())
        return refuse(
            "a dot must be followed by a name; write keys with dots, brackets, quotes or spaces as "
            "[\"key\"]");
      return segment;
    }
    if (text_[position_] != '[') {
      return refuse("only a dot or a bracket may follow here; write keys with quotes or spaces as [\"key\"]");
    }
    const std::size_t open = position_++;
    if (position_ < text_.size() && text_[position_] == '"') {
      if (!string_literal(segment.name)) return refuse("the string in brackets is not a JSON string");
    } else if (text_.substr(open).starts_with("[*]")) {
      segment.kind = Segment::Kind::each;
      ++position_;
    } else if (auto index = number()) {
      segment.kind = Segment::Kind::index;
      segment.index = *index;
    } else if (text_.substr(position_).starts_with('-')) {
      return refuse("a negative index is not allowed");
    } else {
      return refuse("brackets hold an index, * or a JSON string");
    }
    if (position_ >= text_.size() || text_[position_] != ']')
      return refuse("a bracket is not closed after its content");
    ++position_;
    return segment;
  }

  std::optional<std::uint32_t> number() {
    const std::size_t begin = position_;
    std::uint64_t value = 0;
    while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
      value = std::min<std::uint64_t>(kPastEveryEnd,
                                      value * 10 + static_cast<std::uint64_t>(text_[position_] - '0'));
      ++position_;
    }
    const std::size_t digits = position_ - begin;
    if (digits == 0 || (digits > 1 && text_[begin] == '0')) return std::nullopt;
    return static_cast<std::uint32_t>(value);
  }

  bool string_literal(std::string& out) {
    const std::size_t begin = position_++;
    while (position_ < text_.size() && text_[position_] != '"') position_ += text_[position_] == '\\' ? 2 : 1;
    if (position_ >= text_.size()) return false;
    ++position_;
    json::Reader reader;
    auto value = reader.read(text_.substr(begin, position_ - begin));
    if (!value || !value->is(json::Type::string)) return false;
    out = std::string(value->string());
    return true;
  }

  static std::expected<Path, PathError> rooted(std::string_view root, Path path) {
    if (root == "args") return path;
    if (root == "identity") {
      if (path.segments.front().kind != Segment::Kind::member)
        return refuse("a claim is asked for by its name, such as identity.sub");
      path.root = Root::identity;
      return path;
    }
    struct Known {
      std::string_view root;
      std::string_view member;
      Root to;
    };
    static constexpr std::array<Known, 7> kKnown = {{{"tool", "name", Root::tool_name},
                                                     {"tool", "category", Root::tool_category},
                                                     {"tool", "server", Root::tool_server},
                                                     {"grant", "label", Root::grant_label},
                                                     {"grant", "labels", Root::grant_labels},
                                                     {"time", "hour", Root::time_hour},
                                                     {"time", "weekday", Root::time_weekday}}};
    const Segment& first = path.segments.front();
    const auto known = std::ranges::find_if(kKnown, [&](const Known& k) {
      return k.root == root && first.kind == Segment::Kind::member && k.member == first.name;
    });
    if (known == kKnown.end()) {
      std::vector<std::string_view> members;
      for (const Known& k : kKnown) {
        if (k.root == root) members.push_back(k.member);
      }
      const std::string_view near = suggest(first.name, members);
      std::string list;
      for (std::string_view member : members) {
        if (!list.empty()) list += ", ";
        list += std::string(root) + "." + std::string(member);
      }
      return refuse("under " + std::string(root) + " there is only " + list,
                    near.empty() ? std::string() : std::string(root) + "." + std::string(near));
    }
    path.root = known->to;
    path.segments.erase(path.segments.begin());
    if (path.root == Root::grant_labels) {
      if (path.segments.size() != 1 || path.segments[0].kind != Segment::Kind::member) {
        return refuse("a label is asked for by one key, such as grant.labels.team");
      }
      path.label = std::move(path.segments.front().name);
      path.segments.clear();
    } else if (!path.segments.empty()) {
      return refuse("nothing can follow " + std::string(root) + "." + std::string(known->member));
    }
    return path;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

std::expected<Path, PathError> parse_path(std::string_view text) {
  return Parser(text).run();
}

}  // namespace doorward::policy
