#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace doorward::cli {

/// One word that may stand where the cursor is.
struct Candidate {
  std::string word;
  std::string text;  ///< one line on what it is; may be empty
};

/// What the word under the cursor may be.
struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;    ///< the shell's own names of files, too
  bool folders = false;  ///< and of folders
};

/// Names that only the gateway knows: `kind` is `server`, `grant`, `policy`, `tool`, `client`, `user`, `secret`, `approval`,
/// `decision`, `session`, `token` or `channel`; `server` the one that stands on the line, or empty.
using LiveNames = std::function<std::vector<Candidate>(std::string_view kind, std::string_view server)>;

/// Completes the last of `words` (which may be empty) by the commands, options and fixed values of the application, and
/// by live names where the option or argument is one. The words do not hold the program's name. Candidates begin with the
/// last word, sorted by nothing but their source.
Completion complete(const CLI::App& app, const std::vector<std::string>& words, const LiveNames& names);

/// What an option or argument holds, as LiveNames spells it, or `file`, `folder`, or empty; by its names and its place.
std::string value_kind(std::string_view command, std::string_view option, std::string_view type);

}  // namespace doorward::cli
