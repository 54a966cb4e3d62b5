#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/finding.h"

namespace doorward::server {

/// `FILE:LINE` for what YAML owns, `store` for what commands made.
inline std::string owner_text(const Origin& at) {
  return at.file.empty() ? "store" : at.text();
}

/// Why a command may not change an object; nothing where the store owns it.
inline std::optional<Error> refuse_owned(std::string_view what, std::string_view name, const Origin& at) {
  if (at.file.empty()) return std::nullopt;
  return Error{ErrorKind::conflict, "the " + std::string(what) + " \"" + std::string(name) +
                                        "\" is owned by " + at.text() +
                                        "; change it there and run `doorward reload`"};
}

}  // namespace doorward::server
