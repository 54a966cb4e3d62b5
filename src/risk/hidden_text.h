#pragma once

#include <string>
#include <string_view>

namespace doorward::risk {

/// A text as its words are to be judged: invisible characters left out, full-width ASCII as ASCII, curly apostrophes
/// straight, underscores and every run of white space as one space.
std::string readable(std::string_view text);

/// The first characters of the text that a person does not see or that mislead the eye, as `U+202E` and so on, or
/// empty: Unicode tags, bidirectional controls, zero-width characters inside a word or several in a row, runs of
/// variation selectors, private use, control characters, white space that pushes text out of sight. What scripts and
/// emoji need passes: a joiner between letters that are not Latin, the tags of a flag.
std::string invisible_characters(std::string_view text);

}  // namespace doorward::risk
