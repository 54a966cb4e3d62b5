#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.h"
#include "policy/path.h"

namespace doorward::catalogue {

/// A JSON value that can be changed: the arguments of a generated call while they are made.
class Sample {
 public:
  enum class Kind : unsigned char { scalar, array, object };

  /// A scalar, or any value whose insides nobody changes, as JSON text.
  static Sample scalar(std::string json);
  static Sample text(std::string_view text);
  static Sample array() { return Sample(Kind::array); }
  static Sample object() { return Sample(Kind::object); }
  static Sample copy_of(json::Value value);

  Kind kind() const { return kind_; }
  /// The member of an object, made where it is missing; of anything else, the value becomes an object first.
  Sample& member(std::string_view key);
  void add(Sample element);
  bool has(std::string_view key) const;
  bool remove(std::string_view key);
  const std::vector<std::pair<std::string, Sample>>& members() const { return members_; }

  /// Puts a value at the end of a path; what stands in the way becomes an object or an array. `[*]` means the only
  /// element. False where the path asks for an index beyond what is sensible.
  bool set(std::span<const policy::Segment> path, const Sample& value);
  /// Takes away what stands at the end of a path.
  void erase(std::span<const policy::Segment> path);

  void write(std::string& out) const;

 private:
  explicit Sample(Kind kind) : kind_(kind) {}
  Kind kind_ = Kind::scalar;
  std::string json_;
  std::vector<std::pair<std::string, Sample>> members_;  ///< of an object; of an array the keys are empty
};

/// A value that fits a schema. `all`: with every member that an object may have, else with the required ones. `name`
/// is that of the parameter, which often says what text it takes. `root` is where `$ref` begins.
Sample sample_of(json::Value schema, json::Value root, std::string_view name, bool all);

/// A text that a pattern of RE2 syntax matches, where a simple reading of the pattern gives one; not always.
std::optional<std::string> sample_of_pattern(std::string_view pattern);

/// What a schema resolves to: local `$ref` followed, the first that is not null of `anyOf` and `oneOf`. Bounded.
json::Value resolve_schema(json::Value schema, json::Value root);

}  // namespace doorward::catalogue
