#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace doorward::catalogue {

/// Splits a text into what a page shows as it is and what it shows as a mark, in order: characters that a
/// person does not see or that turn the text around (bidirectional controls, zero-width characters, tags,
/// private use, controls but tab and line feed, bytes that are no UTF-8) come as `U+202E` and so on with
/// `mark` set. Joiners and selectors between characters that are not ASCII pass: scripts and emoji need them.
void for_each_piece(std::string_view text,
                    const std::function<void(std::string_view piece, bool mark)>& take);

/// The text with each mark in angle brackets: `<U+202E>`.
std::string visible(std::string_view text);

}  // namespace doorward::catalogue
