#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorward::io {

/// Whether bytes begin as a gzip file does (RFC 1952).
bool is_gzip(std::string_view bytes);

/// What a gzip file holds, its members one after the other, each checked by its CRC. `invalid`: it is none, is cut
/// off, or something else follows; `exhausted`: it holds more than `most` bytes, of which no more than that were
/// unpacked.
Result<std::string> gunzip(std::string_view bytes, std::size_t most);

}  // namespace doorward::io
