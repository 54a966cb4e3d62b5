#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doorward::catalogue {

/// One element of an array or member of an object, as it stands in the text.
struct JsonPart {
  std::string_view key;   ///< what stands between the quotes, escapes unresolved; of an element empty
  std::string_view text;  ///< of the value
};

/// The parts of the outermost container of a JSON text.
struct JsonParts {
  char bracket = 0;  ///< `{` or `[`; 0: the text begins with neither
  std::vector<JsonPart> parts;
  std::string broken;  ///< why what follows the parts could not be told apart; empty: nothing does
  bool cut = false;    ///< the text ends within the last of the parts

  /// The text of the one member of that name; empty where there is none or more than one.
  std::string_view find(std::string_view key) const;
};

/// Tells the parts of a large document apart without reading them, so that a record that is no valid JSON
/// spoils itself alone, and a document of any size is read by a reader of bounded memory. A part is text
/// between commas outside of strings and brackets: it may be anything until json::Reader has read it. Linear;
/// at most `most` parts, more of them are `broken`.
JsonParts split_json(std::string_view text, std::size_t most);

}  // namespace doorward::catalogue
