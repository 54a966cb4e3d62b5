#include "cli/secret_input.h"

#include <unistd.h>

#include "cli/question.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kLongestLine = 64u << 10;

std::string read_line() {
  std::string line;
  char c = 0;
  while (line.size() < kLongestLine && read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

}  // namespace

std::optional<std::string> read_secret(Session& session, std::string_view what) {
  std::string secret;
  if (isatty(STDIN_FILENO) == 1) {
    secret = ask_hidden(std::string(what) + ": ").value_or(std::string());
    if (!secret.empty() && ask_hidden(std::string(what) + ", once more: ") != secret) {
      session.fail(Exit::usage, "the two are not the same; try again");
      return std::nullopt;
    }
  } else {
    secret = read_line();
  }
  if (!secret.empty()) return secret;
  session.fail(Exit::usage, "there is no " + std::string(what) + " on standard input; write it there as one line");
  return std::nullopt;
}

}  // namespace doorward::cli
