#include "cli/secret_input.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "cli/session.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kLongestLine = 64u << 10;

/// A terminal that does not show what is typed, for as long as the object lives.
class Silence {
 public:
  Silence() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silenced_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~Silence() {
    if (silenced_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool silenced_ = false;
};

std::string read_line() {
  std::string line;
  char c = 0;
  while (line.size() < kLongestLine && read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string ask(std::string_view question) {
  std::fprintf(stderr, "%.*s: ", static_cast<int>(question.size()), question.data());
  const Silence silence;
  std::string line = read_line();
  std::fputc('\n', stderr);
  return line;
}

}  // namespace

std::optional<std::string> read_secret(Session& session, std::string_view what) {
  std::string secret;
  if (isatty(STDIN_FILENO) == 1) {
    secret = ask(what);
    if (ask(std::string(what) + ", once more") != secret) {
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
