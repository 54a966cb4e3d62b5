#include "policy/checker.h"

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "base/text.h"
#include "json/decimal.h"
#include "json/pointer.h"

namespace doorward::policy {
namespace {

constexpr std::size_t kNoteCharacters = 500;

std::string quoted(std::string_view word) {
  return "\"" + std::string(word) + "\"";
}

std::string list_of(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += i + 1 == words.size() ? " or " : ", ";
    out += quoted(words[i]);
  }
  return out;
}

}  // namespace

At At::operator/(std::string_view key) const {
  At below{pointer};
  json::append_step(below.pointer, key);
  return below;
}

At At::operator/(std::size_t index) const {
  At below{pointer};
  json::append_step(below.pointer, index);
  return below;
}

std::string_view type_name(json::Type type) {
  switch (type) {
    case json::Type::null:
      return "null";
    case json::Type::boolean:
      return "a boolean";
    case json::Type::number:
      return "a number";
    case json::Type::string:
      return "a string";
    case json::Type::array:
      return "an array";
    case json::Type::object:
      return "an object";
  }
  return "a value";
}

void Checker::add(Severity severity, std::string code, std::size_t begin, std::size_t end, const At& at,
                  std::string message, std::string suggestion, std::string fix) {
  Finding finding;
  finding.severity = severity;
  finding.code = std::move(code);
  finding.message = std::move(message);
  finding.pointer = at.pointer;
  finding.begin = begin;
  finding.end = end;
  finding.suggestion = std::move(suggestion);
  finding.fix = std::move(fix);
  findings_->push_back(std::move(finding));
}

void Checker::error(std::string code, json::Value value, const At& at, std::string message,
                    std::string suggestion, std::string fix) {
  ++errors_;
  add(Severity::error, std::move(code), value.begin_offset(), value.end_offset(), at, std::move(message),
      std::move(suggestion), std::move(fix));
}

void Checker::warn(std::string code, json::Value value, const At& at, std::string message) {
  warn(std::move(code), value.begin_offset(), value.end_offset(), at, std::move(message));
}

void Checker::warn(std::string code, std::size_t begin, std::size_t end, const At& at, std::string message) {
  add(Severity::warning, std::move(code), begin, end, at, std::move(message), {}, {});
}

bool Checker::is(json::Value value, json::Type type, const At& at) {
  if (value.is(type)) return true;
  error("wrong-type", value, at,
        "this must be " + std::string(type_name(type)) + ", but is " + std::string(type_name(value.type())));
  return false;
}

bool Checker::object(json::Value value, const At& at, std::span<const std::string_view> known) {
  if (!is(value, json::Type::object, at)) return false;
  for (json::Member member : value.members()) {
    const std::string_view name = member.key.string();
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string near(suggest(name, known));
    std::string message = "unknown field " + quoted(name) + "; ";
    message += near.empty() ? "known here: " + list_of(known) : "did you mean " + quoted(near) + "?";
    error("unknown-field", member.key, at / name, std::move(message), near,
          near.empty() ? std::string() : quoted(near));
  }
  return true;
}

json::Value Checker::required(json::Value object, const At& at, std::string_view name) {
  const json::Value value = object.find(name);
  if (!value) error("missing-field", object, at, "the field " + quoted(name) + " is missing; add it");
  return value;
}

std::optional<std::size_t> Checker::word(json::Value value, const At& at,
                                         std::span<const std::string_view> words) {
  if (!value || !is(value, json::Type::string, at)) return std::nullopt;
  const auto found = std::ranges::find(words, value.string());
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const std::string near(suggest(value.string(), words));
  std::string message = quoted(value.string()) + " is not allowed here; write " + list_of(words);
  error("unknown-word", value, at, std::move(message), near, near.empty() ? std::string() : quoted(near));
  return std::nullopt;
}

std::optional<std::int64_t> Checker::whole(json::Value value, const At& at, std::int64_t least,
                                           std::int64_t most) {
  if (!is(value, json::Type::number, at)) return std::nullopt;
  const auto number = json::Decimal(value.number()).to_integer();
  if (number && *number >= least && *number <= most) return number;
  error("out-of-range", value, at,
        "this must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::string Checker::note(json::Value value, const At& at) {
  if (!value || !is(value, json::Type::string, at)) return {};
  if (code_points(value.string()) > kNoteCharacters) {
    error("too-long", value, at,
          "this text has more than 500 characters; the agent is told all of it, so shorten it");
    return {};
  }
  return std::string(value.string());
}

}  // namespace doorward::policy
