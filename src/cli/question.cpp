#include "cli/question.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kLongestLine = 64u << 10;

/// What the handler puts right: the terminal as it was before it was silenced.
termios shown;
volatile sig_atomic_t silenced = 0;

void leave(int) {
  if (silenced != 0) tcsetattr(STDIN_FILENO, TCSANOW, &shown);
  constexpr std::string_view kSaid = "\ndoorward: interrupted; nothing was changed\n";
  (void)!write(STDERR_FILENO, kSaid.data(), kSaid.size());
  _exit(static_cast<int>(Exit::interrupted));
}

/// A terminal that does not show what is typed, for as long as the object lives.
class Silence {
 public:
  explicit Silence(bool wanted) {
    if (!wanted || tcgetattr(STDIN_FILENO, &shown) != 0) return;
    termios silent = shown;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silenced = 1;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (silenced == 0) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    silenced = 0;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
};

std::optional<std::string> ask(std::string_view question, bool hidden) {
  const Interruptible guard;
  const Silence silence(hidden);
  std::fflush(stdout);
  std::fwrite(question.data(), 1, question.size(), stderr);
  auto line = read_line();
  // What ended the line was not shown, so the next text would stand behind the question.
  if (hidden || !line) std::fputc('\n', stderr);
  return line;
}

}  // namespace

Interruptible::Interruptible() {
  sigaction(SIGINT, nullptr, &before_);
  if (before_.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = leave;
  sigaction(SIGINT, &action, nullptr);
}

Interruptible::~Interruptible() {
  sigaction(SIGINT, &before_, nullptr);
}

std::optional<std::string> read_line() {
  std::string line;
  while (line.size() < kLongestLine) {
    char c = 0;
    const ssize_t got = read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1) return line.empty() ? std::nullopt : std::optional(std::move(line));
    if (c == '\n') break;
    line += c;
  }
  return line;
}

bool can_ask() {
  return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

std::optional<std::string> ask_line(std::string_view question) {
  const auto line = ask(question, false);
  if (!line) return std::nullopt;
  return std::string(trim(*line));
}

std::optional<std::string> ask_hidden(std::string_view question) {
  return ask(question, true);
}

bool ask_yes(std::string_view question) {
  std::string text(question);
  for (;;) {
    const auto line = ask_line(text + " [y/N] ");
    const std::string answer = lower(line.value_or(std::string()));
    if (answer == "y" || answer == "yes") return true;
    if (answer.empty() || answer == "n" || answer == "no") return false;
    text = "Please answer y or n.";
  }
}

}  // namespace doorward::cli
