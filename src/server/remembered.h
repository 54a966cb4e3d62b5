#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

namespace doorward::server {

/// What the store remembers of an object that YAML owns, so that counts, log and URLs find it again after a
/// restart.
struct Remembered {
  std::string id;             ///< UUID
  std::uint64_t version = 1;  ///< grows by one when the fingerprint changes
  std::int64_t since_us = 0;  ///< when it was first seen
};

/// Looks the object up by kind (`server`, `policy`, `grant`) and name, and notes it where it is new or has
/// changed.
Result<Remembered> remember(store::Store& store, std::string_view kind, std::string_view name,
                            std::string_view fingerprint, std::int64_t now_us);

}  // namespace doorward::server
