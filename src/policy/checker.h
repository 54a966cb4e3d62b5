#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/value.h"
#include "policy/finding.h"

namespace doorward::policy {

/// A place in the document as a JSON Pointer that is built on the way down.
struct At {
  std::string pointer;
  At operator/(std::string_view key) const;
  At operator/(std::size_t index) const;
};

/// Collects findings and reads typed members, each wrong one reported and skipped, so that one run finds all.
class Checker {
 public:
  Checker(std::string_view text, Findings& findings) : text_(text), findings_(&findings) {}

  /// Reports something about a value.
  void error(std::string code, json::Value value, const At& at, std::string message,
             std::string suggestion = {}, std::string fix = {});
  void warn(std::string code, json::Value value, const At& at, std::string message);
  void warn(std::string code, std::size_t begin, std::size_t end, const At& at, std::string message);
  bool failed() const { return errors_ != 0; }

  /// Whether the value is of the type; reports it if not. `what` names it: "the value of deny_if".
  bool is(json::Value value, json::Type type, const At& at);

  /// The value is an object; members other than `known` are reported, each with the nearest known name.
  bool object(json::Value value, const At& at, std::span<const std::string_view> known);
  bool object(json::Value value, const At& at, std::initializer_list<std::string_view> known) {
    return object(value, at, std::span(known.begin(), known.size()));
  }

  /// A member that must be there.
  json::Value required(json::Value object, const At& at, std::string_view name);

  /// A string member out of a list of words; nothing where it is absent or wrong.
  std::optional<std::size_t> word(json::Value value, const At& at, std::span<const std::string_view> words);
  std::optional<std::size_t> word(json::Value value, const At& at,
                                  std::initializer_list<std::string_view> words) {
    return word(value, at, std::span(words.begin(), words.size()));
  }

  /// A whole number, however spelled (10.0 is one), within bounds.
  std::optional<std::int64_t> whole(json::Value value, const At& at, std::int64_t least, std::int64_t most);

  /// Text for the agent: a string of at most 500 characters. Empty where wrong.
  std::string note(json::Value value, const At& at);

  std::string_view text() const { return text_; }
  /// The value as the document spells it.
  std::string spelled(json::Value value) const {
    return std::string(text_.substr(value.begin_offset(), value.end_offset() - value.begin_offset()));
  }

 private:
  void add(Severity severity, std::string code, std::size_t begin, std::size_t end, const At& at,
           std::string message, std::string suggestion, std::string fix);

  std::string_view text_;
  Findings* findings_;
  std::size_t errors_ = 0;
};

/// "a string", "an object", ...
std::string_view type_name(json::Type type);

}  // namespace doorward::policy
