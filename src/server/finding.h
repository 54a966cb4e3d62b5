#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace doorward::server {

/// A place in a file that a person edits. An empty file stands for the store.
struct Origin {
  std::string file;
  std::size_t line = 0;    ///< from 1; 0: the file as a whole
  std::size_t column = 0;  ///< from 1, in bytes

  /// `FILE:LINE`, as messages spell it.
  std::string text() const { return line == 0 ? file : file + ":" + std::to_string(line); }
};

/// One thing that is wrong in a file, and what to do about it.
struct Finding {
  Origin at;
  std::string message;  ///< one sentence, the next step included; never a secret's value

  /// `FILE:LINE:COLUMN: message`
  std::string text() const {
    std::string out = at.text();
    if (at.column != 0) out += ":" + std::to_string(at.column);
    if (!out.empty()) out += ": ";
    return out + message;
  }
};

using Findings = std::vector<Finding>;

}  // namespace doorward::server
