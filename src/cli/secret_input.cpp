#include "cli/secret_input.h"

#include <unistd.h>

#include "cli/question.h"
#include "cli/session.h"

namespace doorward::cli {
std::optional<std::string> read_secret(Session& session, std::string_view what) {
  std::string secret;
  if (isatty(STDIN_FILENO) == 1) {
    secret = ask_hidden(std::string(what) + ": ").value_or(std::string());
    if (!secret.empty() && ask_hidden(std::string(what) + ", once more: ") != secret) {
      session.fail(Exit::usage, "the two are not the same; try again");
      return std::nullopt;
    }
  } else {
    secret = read_line().value_or(std::string());
  }
  if (!secret.empty()) return secret;
  session.fail(Exit::usage, "there is no " + std::string(what) + " on standard input; write it there as one line");
  return std::nullopt;
}

}  // namespace doorward::cli
