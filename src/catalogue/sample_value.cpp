#include "catalogue/sample_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "catalogue/argument.h"
#include "json/decimal.h"
#include "json/writer.h"

namespace doorward::catalogue {
namespace {

constexpr int kDeepest = 6;
constexpr int kMostSteps = 16;       ///< of $ref, anyOf and oneOf
constexpr std::size_t kMostMembers = 64;
constexpr std::uint32_t kMostElements = 16;
constexpr std::size_t kLongestText = 4'096;

json::Value follow(json::Value root, std::string_view pointer) {
  json::Value at = root;
  if (!pointer.starts_with('#')) return {};
  pointer.remove_prefix(1);
  while (!pointer.empty() && at) {
    if (!pointer.starts_with('/')) return {};
    pointer.remove_prefix(1);
    std::string key;
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    for (std::size_t i = 0; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end) {
        key += pointer[++i] == '1' ? '/' : '~';
      } else {
        key += pointer[i];
      }
    }
    pointer.remove_prefix(end);
    at = at.find(key);
  }
  return at;
}

std::string_view type_of(json::Value schema) {
  const json::Value type = schema.find("type");
  if (type.is(json::Type::string)) return type.string();
  for (const json::Value one : type.elements()) {
    if (one.is(json::Type::string) && one.string() != "null") return one.string();
  }
  if (schema.find("properties")) return "object";
  if (schema.find("items")) return "array";
  if (schema.find("minimum") || schema.find("maximum")) return "number";
  return schema.find("additionalProperties") ? "object" : "string";
}

std::optional<std::int64_t> whole(json::Value schema, std::string_view key) {
  const json::Value value = schema.find(key);
  if (!value.is(json::Type::number)) return std::nullopt;
  return json::Decimal(value.number()).to_integer();
}

std::string number_of(json::Value schema, bool integer) {
  const json::Value minimum = schema.find("minimum");
  if (const auto multiple = whole(schema, "multipleOf"); multiple && *multiple > 0) {
    const std::int64_t least = whole(schema, "minimum").value_or(1);
    const std::int64_t times = least <= *multiple ? 1 : least / *multiple + (least % *multiple != 0 ? 1 : 0);
    if (times < 1'000'000 && *multiple < 1'000'000) return std::to_string(times * *multiple);
  }
  if (minimum.is(json::Type::number)) return std::string(minimum.number());
  if (const auto above = whole(schema, "exclusiveMinimum"); above && *above < INT64_MAX) return std::to_string(*above + 1);
  const json::Value maximum = schema.find("maximum");
  if (maximum.is(json::Type::number) && json::Decimal(maximum.number()) < json::Decimal("1")) {
    return std::string(maximum.number());
  }
  if (const auto below = whole(schema, "exclusiveMaximum"); below && *below <= 1 && *below > INT64_MIN) {
    return std::to_string(*below - 1);
  }
  return integer ? "1" : "1.5";
}

std::string text_of_format(std::string_view format) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kFormats = {{
      {"date-time", "2027-01-31T12:00:00Z"},
      {"date", "2027-01-31"},
      {"time", "12:00:00Z"},
      {"duration", "PT1H"},
      {"email", "someone@example.com"},
      {"idn-email", "someone@example.com"},
      {"hostname", "www.example.com"},
      {"ipv4", "203.0.113.7"},
      {"ipv6", "2001:db8::7"},
      {"uri", "https://www.example.com/page"},
      {"url", "https://www.example.com/page"},
      {"uuid", "123e4567-e89b-42d3-a456-426614174000"},
      {"regex", "a"},
      {"byte", "YQ=="},
  }};
  for (const auto& [name, text] : kFormats) {
    if (name == format) return std::string(text);
  }
  return {};
}

std::string string_of(json::Value schema, std::string_view name) {
  std::string text = text_of_format(json::text_of(schema, "format"));
  if (text.empty()) {
    if (const std::string_view pattern = json::text_of(schema, "pattern"); !pattern.empty()) {
      if (auto found = sample_of_pattern(pattern)) return *found;
    }
    switch (text_kind(json::text_of(schema, "format"), name)) {
      case TextKind::url:
        text = "https://www.example.com/page";
        break;
      case TextKind::path:
        text = "/data/example.txt";
        break;
      case TextKind::email:
        text = "someone@example.com";
        break;
      case TextKind::date:
        text = "2027-01-31";
        break;
      case TextKind::code:
      case TextKind::any:
        text = "example";
        break;
    }
  }
  const auto least = static_cast<std::size_t>(std::clamp<std::int64_t>(whole(schema, "minLength").value_or(0), 0, kLongestText));
  const auto most = static_cast<std::size_t>(
      std::clamp<std::int64_t>(whole(schema, "maxLength").value_or(kLongestText), 0, kLongestText));
  if (text.size() < least) text.append(least - text.size(), 'x');
  if (text.size() > most) text.resize(most);
  return text;
}

class Sampler {
 public:
  Sampler(json::Value root, bool all) : root_(root), all_(all) {}

  Sample sample(json::Value raw, std::string_view name, int depth) {
    const json::Value schema = resolve_schema(raw, root_);
    if (!schema.is(json::Type::object)) return Sample::text("example");
    if (const json::Value fixed = schema.find("const")) return Sample::copy_of(fixed);
    if (const json::Value choices = schema.find("enum"); choices.is(json::Type::array) && choices.size() > 0) {
      return Sample::copy_of(choices.at(0));
    }
    const std::string_view type = type_of(schema);
    if (type == "object") return object(schema, depth);
    if (type == "array") return array(schema, name, depth);
    if (type == "boolean") return Sample::scalar("true");
    if (type == "null") return Sample::scalar("null");
    if (const json::Value usual = schema.find("default"); usual && !usual.is(json::Type::null)) return Sample::copy_of(usual);
    if (type == "number" || type == "integer") return Sample::scalar(number_of(schema, type == "integer"));
    return Sample::text(string_of(schema, name));
  }

 private:
  Sample object(json::Value schema, int depth) {
    Sample out = Sample::object();
    if (depth >= kDeepest) return out;
    fill(out, schema, depth);
    for (const json::Value part : schema.find("allOf").elements()) {
      const json::Value resolved = resolve_schema(part, root_);
      if (resolved.is(json::Type::object)) fill(out, resolved, depth);
    }
    return out;
  }
  void fill(Sample& out, json::Value schema, int depth) {
    const json::Value required = schema.find("required");
    const json::Value properties = schema.find("properties");
    const auto needed = [&](std::string_view key) {
      for (const json::Value one : required.elements()) {
        if (one.is(json::Type::string) && one.string() == key) return true;
      }
      return false;
    };
    std::size_t members = 0;
    for (const json::Member member : properties.members()) {
      const std::string_view key = member.key.string();
      if (!all_ && !needed(key)) continue;
      if (++members > kMostMembers || ++values_ > kMostValues) return;
      out.member(key) = sample(member.value, key, depth + 1);
    }
    for (const json::Value one : required.elements()) {
      if (one.is(json::Type::string) && !out.has(one.string()) && ++members <= kMostMembers) {
        out.member(one.string()) = Sample::text("example");
      }
    }
  }
  Sample array(json::Value schema, std::string_view name, int depth) {
    Sample out = Sample::array();
    if (depth >= kDeepest) return out;
    const auto least = std::clamp<std::int64_t>(whole(schema, "minItems").value_or(1), 1, kMostElements);
    if (whole(schema, "maxItems") == 0) return out;
    for (std::int64_t i = 0; i < least && ++values_ <= kMostValues; ++i) {
      out.add(sample(schema.find("items"), name, depth + 1));
    }
    return out;
  }

  static constexpr std::size_t kMostValues = 500;
  json::Value root_;
  bool all_;
  std::size_t values_ = 0;
};

/// A text that a pattern matches, read from left to right: the first of alternatives, as few repetitions as may be.
class PatternSampler {
 public:
  explicit PatternSampler(std::string_view pattern) : left_(pattern) {}

  std::optional<std::string> run() {
    std::string out = alternatives(0);
    if (failed_ || !left_.empty()) return std::nullopt;
    return out;
  }

 private:
  std::string alternatives(int depth) {
    std::string first = sequence(depth);
    while (!failed_ && left_.starts_with('|')) {
      left_.remove_prefix(1);
      sequence(depth);
    }
    return first;
  }
  std::string sequence(int depth) {
    std::string out;
    while (!failed_ && !left_.empty() && !left_.starts_with('|') && !left_.starts_with(')')) {
      const std::string one = atom(depth);
      const std::size_t times = repetitions();
      for (std::size_t i = 0; i < times && out.size() < kLongestText; ++i) out += one;
    }
    return out;
  }
  std::size_t repetitions() {
    if (left_.empty()) return 1;
    std::size_t times = 1;
    const char c = left_.front();
    if (c == '?' || c == '*') {
      times = 0;
      left_.remove_prefix(1);
    } else if (c == '+') {
      left_.remove_prefix(1);
    } else if (c == '{' && left_.size() > 1 && left_[1] >= '0' && left_[1] <= '9') {
      const auto parsed = std::from_chars(left_.data() + 1, left_.data() + left_.size(), times);
      const std::size_t end = left_.find('}');
      if (parsed.ec != std::errc() || end == std::string_view::npos) return fail(), 0;
      left_.remove_prefix(end + 1);
      times = std::min<std::size_t>(times, 256);
    } else {
      return 1;
    }
    if (left_.starts_with('?')) left_.remove_prefix(1);
    return times;
  }
  std::string atom(int depth) {
    const char c = take();
    switch (c) {
      case '^':
      case '$':
        return {};
      case '.':
        return "a";
      case '(':
        return group(depth);
      case '[':
        return one_of_class();
      case '\\':
        return escaped();
      case '*':
      case '+':
      case '?':
        return fail(), std::string();
      default:
        return std::string(1, c);
    }
  }
  std::string group(int depth) {
    if (depth > 20) return fail(), std::string();
    if (left_.starts_with('?')) {
      const std::size_t end = left_.find_first_of(":>)");
      if (end == std::string_view::npos) return fail(), std::string();
      const bool flags = left_[end] == ')';
      left_.remove_prefix(end + 1);
      if (flags) return {};
    }
    std::string inside = alternatives(depth + 1);
    if (take() != ')') fail();
    return inside;
  }
  std::string escaped() {
    const char c = take();
    switch (c) {
      case 'd':
        return "7";
      case 'w':
      case 'S':
      case 'D':
        return "a";
      case 's':
      case 'W':
        return " ";
      case 'A':
      case 'z':
      case 'b':
      case 'B':
        return {};
      case 'n':
        return "\n";
      case 't':
        return "\t";
      case 'p':
      case 'x':
        return fail(), std::string();
      default:
        return std::string(1, c);
    }
  }
  std::string one_of_class() {
    const bool negated = left_.starts_with('^');
    if (negated) left_.remove_prefix(1);
    std::array<bool, 128> in{};
    const auto add = [&](char from, char to) {
      for (int c = from; c <= to && c < 128; ++c) {
        if (c >= 0) in[static_cast<std::size_t>(c)] = true;
      }
    };
    for (bool first = true; !failed_; first = false) {
      char c = take();
      if (c == ']' && !first) break;
      if (c == '[' && left_.starts_with(':')) return fail(), std::string();
      if (c == '\\') {
        c = take();
        if (c == 'd') add('0', '9');
        if (c == 'w') add('a', 'z'), add('A', 'Z'), add('0', '9'), add('_', '_');
        if (c == 's') add(' ', ' ');
        if (c == 'd' || c == 'w' || c == 's') continue;
      }
      if (left_.size() > 1 && left_[0] == '-' && left_[1] != ']') {
        take();
        add(c, take());
      } else {
        add(c, c);
      }
    }
    constexpr std::string_view kNicest = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ ";
    for (const char c : kNicest) {
      if (in[static_cast<std::size_t>(c)] != negated) return std::string(1, c);
    }
    for (int c = 33; c < 127; ++c) {
      if (in[static_cast<std::size_t>(c)] != negated) return std::string(1, static_cast<char>(c));
    }
    return fail(), std::string();
  }

  char take() {
    if (left_.empty()) return fail(), '\0';
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }
  void fail() { failed_ = true; }

  std::string_view left_;
  bool failed_ = false;
};

}  // namespace

Sample Sample::scalar(std::string json) {
  Sample sample(Kind::scalar);
  sample.json_ = std::move(json);
  return sample;
}

Sample Sample::text(std::string_view text) {
  return scalar(json::quoted(text));
}

Sample Sample::copy_of(json::Value value) {
  switch (value.type()) {
    case json::Type::null:
      return scalar("null");
    case json::Type::boolean:
      return scalar(value.boolean() ? "true" : "false");
    case json::Type::number:
      return scalar(std::string(value.number()));
    case json::Type::string:
      return text(value.string());
    case json::Type::array: {
      Sample out = array();
      for (const json::Value element : value.elements()) out.add(copy_of(element));
      return out;
    }
    case json::Type::object:
      break;
  }
  Sample out = object();
  for (const json::Member member : value.members()) {
    out.members_.emplace_back(std::string(member.key.string()), copy_of(member.value));
  }
  return out;
}

bool Sample::has(std::string_view key) const {
  return kind_ == Kind::object && std::ranges::any_of(members_, [&](const auto& member) { return member.first == key; });
}

Sample& Sample::member(std::string_view key) {
  if (kind_ != Kind::object) *this = object();
  for (auto& [name, value] : members_) {
    if (name == key) return value;
  }
  return members_.emplace_back(std::string(key), scalar("null")).second;
}

void Sample::add(Sample element) {
  if (kind_ != Kind::array) *this = array();
  members_.emplace_back(std::string(), std::move(element));
}

bool Sample::remove(std::string_view key) {
  return kind_ == Kind::object && std::erase_if(members_, [&](const auto& member) { return member.first == key; }) > 0;
}

bool Sample::set(std::span<const policy::Segment> path, const Sample& value) {
  if (path.empty()) {
    *this = value;
    return true;
  }
  const policy::Segment& step = path.front();
  if (step.kind == policy::Segment::Kind::member) return member(step.name).set(path.subspan(1), value);
  const std::uint32_t index = step.kind == policy::Segment::Kind::each ? 0 : step.index;
  if (index >= kMostElements) return false;
  if (kind_ != Kind::array) *this = array();
  while (members_.size() <= index) add(scalar("null"));
  if (step.kind == policy::Segment::Kind::each) members_.resize(1, members_.front());
  return members_[index].second.set(path.subspan(1), value);
}

void Sample::erase(std::span<const policy::Segment> path) {
  if (path.empty()) return;
  const policy::Segment& step = path.front();
  if (step.kind != policy::Segment::Kind::member) {
    const std::uint32_t index = step.kind == policy::Segment::Kind::each ? 0 : step.index;
    if (kind_ != Kind::array || index >= members_.size()) return;
    if (path.size() == 1) {
      members_.erase(members_.begin() + index);
    } else {
      members_[index].second.erase(path.subspan(1));
    }
    return;
  }
  if (path.size() == 1) {
    remove(step.name);
  } else if (has(step.name)) {
    member(step.name).erase(path.subspan(1));
  }
}

void Sample::write(std::string& out) const {
  if (kind_ == Kind::scalar) {
    out += json_;
    return;
  }
  out += kind_ == Kind::array ? '[' : '{';
  bool first = true;
  for (const auto& [key, value] : members_) {
    if (!first) out += ',';
    first = false;
    if (kind_ == Kind::object) {
      json::append_string(out, key);
      out += ':';
    }
    value.write(out);
  }
  out += kind_ == Kind::array ? ']' : '}';
}

json::Value resolve_schema(json::Value schema, json::Value root) {
  for (int step = 0; step < kMostSteps; ++step) {
    if (const json::Value reference = schema.find("$ref"); reference.is(json::Type::string)) {
      schema = follow(root, reference.string());
      continue;
    }
    json::Value chosen;
    for (const std::string_view key : {"anyOf", "oneOf"}) {
      for (const json::Value branch : schema.find(key).elements()) {
        if (chosen || json::text_of(branch, "type") == "null") continue;
        chosen = branch;
      }
    }
    // Beside properties of its own the branches only say which of them must be there.
    if (!chosen || schema.find("properties")) return schema;
    schema = chosen;
  }
  return {};
}

Sample sample_of(json::Value schema, json::Value root, std::string_view name, bool all) {
  return Sampler(root, all).sample(schema, name, 0);
}

std::optional<std::string> sample_of_pattern(std::string_view pattern) {
  if (pattern.size() > 1'000) return std::nullopt;
  return PatternSampler(pattern).run();
}

}  // namespace doorward::catalogue
