#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace doorward::policy {

/// The JSON Pointer of what stands at an offset of a text that is JSON up to there: a member once its key is
/// complete, else the object or array. For documents that the reader refused; best effort where the text is
/// broken.
std::string pointer_at(std::string_view text, std::size_t offset);

}  // namespace doorward::policy
