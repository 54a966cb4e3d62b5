#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "risk/evidence.h"
#include "risk/words.h"

namespace doorward::risk {

/// How much a reading is worth against others.
enum class Weight : std::uint8_t {
  weak,    ///< a noun, or a verb that is as often a noun
  fair,    ///< a verb within a name, or in a later sentence
  strong,  ///< the first verb of a name, or of a description
};

/// What one place of a tool's definition says of its category.
struct Reading {
  Category category;
  Weight weight;
  Evidence evidence;
  std::optional<Category> otherwise = std::nullopt;  ///< of a name with two verbs: what the other says
};

/// What a name says: its verb, what that verb means beside the name's nouns, or else its nouns. Nothing: no
/// word of it is known. `money_places`: in how many places the tool speaks of money.
std::optional<Reading> read_name(std::string_view name, const Words& words, int money_places);

/// What a description says.
struct TextReading {
  std::optional<Reading>
      head;  ///< the verb that its first sentence begins with, the riskiest of an enumeration
  std::optional<Reading> warning;   ///< what is done is done for good
  std::optional<Reading> harmless;  ///< nothing is changed
  std::optional<Reading> phrase;    ///< another phrase that tells a category, the riskiest
};
TextReading read_description(std::string_view text, const Words& words, int money_places);

}  // namespace doorward::risk
