#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/category.h"
#include "risk/parameter.h"
#include "risk/signal.h"

namespace doorward::risk {

/// Where a rule looks for its phrase.
enum class Look : std::uint8_t {
  name,         ///< the tool's name
  text,         ///< its description
  parameter,    ///< the name of a parameter
  explanation,  ///< the description of a parameter: its first words
  result,       ///< the name of a member of the output schema
};

/// How a phrase must stand in a name.
enum class Fit : std::uint8_t {
  anywhere,
  last,   ///< its end is the name's end: `api_key` in `user_api_key`, not in `api_key_id`
  whole,  ///< it is the name
};

/// A set of categories.
using Categories = unsigned;
constexpr Categories one_of(Category category) {
  return 1u << static_cast<unsigned>(category);
}
inline constexpr Categories kAnyCategory = 63;
/// What brings data to the model, or may: everything whose whole point is not a change.
inline constexpr Categories kReading =
    one_of(Category::read) | one_of(Category::other) | one_of(Category::execute);
/// What changes something.
inline constexpr Categories kChanging = one_of(Category::write) | one_of(Category::execute) |
                                        one_of(Category::destructive) | one_of(Category::financial);

/// One word or phrase that raises a signal. The words that raise signals stand in this table alone; what no
/// phrase can say (counts, two parameters together) stands in signals.cpp under ids of its own.
struct SignalRule {
  std::string_view id;  ///< `secret.password`; never used for another rule
  Signal signal;
  Look look;
  std::string_view phrase;  ///< see phrase.h
  Fit fit = Fit::anywhere;
  Categories categories = kAnyCategory;
  Types types = {};  ///< of a parameter: one of these, or unsaid; empty: any
  /// Words, parted by spaces, of which one rules the match out: in the same name, in the same sentence, in
  /// the name or the description of the same parameter.
  std::string_view unless = {};
  std::string_view unless_told = {};  ///< of a name: the same for words of the tool's description
};

/// All of them; of one signal the most telling first: that one is shown.
std::span<const SignalRule> signal_rules();

}  // namespace doorward::risk
