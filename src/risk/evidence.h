#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace doorward::risk {

/// Where a piece of evidence stands, the strongest first (catalogue.md section 2).
enum class EvidenceSource : std::uint8_t { person, name, description, schema, annotation, server };
/// `person`, `name`, ...
std::string_view to_string(EvidenceSource source);

/// One reason of a classification.
struct Evidence {
  EvidenceSource source;
  std::string
      rule;  ///< the id of the rule that spoke, such as `verb.delete`; a rule's id is never used for another
  std::string where;  ///< JSON Pointer into the tool's definition; `/server` for the theme
  std::string words;  ///< the words that decided, as they stand there, at most 120 bytes
  std::string says;   ///< a category or a severity: `Destructive`, `high`
};

/// At most `bytes` bytes of a text, cut between characters.
std::string_view cut_at_character(std::string_view text, std::size_t bytes = 120);

}  // namespace doorward::risk
