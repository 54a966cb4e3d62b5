#pragma once

#include <string_view>
#include <vector>

namespace doorward::risk {

/// One parameter as a description's `Args:` block tells of it. Views into that description.
struct ToldArgument {
  std::string_view name;
  std::string_view type;  ///< `str`, `list[int]`, `string, optional`; empty: not said
  std::string_view text;  ///< from there to the next one, white space around it cut off
};

/// What a description says of parameters and of the answer, where it says so in blocks: `Args:`,
/// `Parameters:`, `Returns:` and their kin, one to a line or all in one run of text.
struct ToldArguments {
  std::vector<ToldArgument> arguments;  ///< at most kMostToldArguments
  std::string_view returns;             ///< the text of `Returns:`, or empty
};

inline constexpr std::size_t kMostToldArguments = 64;

/// Reads the blocks of a description. Linear in the text; any text is answered.
ToldArguments told_arguments(std::string_view description);

/// The default that a parameter's description names (`Default: false`, `(defaults to "1mo")`), or empty.
std::string_view told_default(std::string_view description);

}  // namespace doorward::risk
