#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::policy {

enum class Severity : std::uint8_t { error, warning };

/// One thing that is wrong, or suspicious, in a policy document. An error refuses the document whole.
struct Finding {
  Severity severity = Severity::error;
  std::string code;  ///< stable, for machines: `unknown-field`, `duplicate-member`, `unanchored-pattern`, ...
  std::string message;     ///< one or two sentences: the cause, then the next step
  std::string pointer;     ///< JSON Pointer (RFC 6901) of the value; of the object, where a member is missing
  std::size_t line = 0;    ///< from 1
  std::size_t column = 0;  ///< from 1, in bytes
  std::size_t begin = 0;   ///< byte range in the document's text; for an unknown field that of its key
  std::size_t end = 0;
  std::string suggestion;  ///< what was probably meant (`deny_if` for `deny_fi`), or empty
  std::string fix;         ///< the text that would replace [begin, end), where one is certain; else empty
};

using Findings = std::vector<Finding>;

/// `NAME:LINE:COLUMN: error: message [code] at /pointer`, one line without its end.
std::string to_text(const Finding& finding, std::string_view name);

/// The finding as one JSON object.
std::string to_json(const Finding& finding);

}  // namespace doorward::policy
