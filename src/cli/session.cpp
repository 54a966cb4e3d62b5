#include "cli/session.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "io/file.h"

namespace doorward::cli {
namespace {

void complain(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

Exit exit_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return Exit::invalid;
    case ErrorKind::unavailable:
      return Exit::unreachable;
    case ErrorKind::denied:
      return Exit::unauthorised;
    case ErrorKind::not_found:
    case ErrorKind::conflict:
    case ErrorKind::corrupt:
    case ErrorKind::exhausted:
      break;
  }
  return Exit::check_failed;
}

void Session::fail(Exit code, std::string_view message) {
  exit = code;
  complain("doorward: error: " + std::string(message) + "\n");
}

void Session::fail(const server::Findings& findings) {
  exit = Exit::invalid;
  for (const server::Finding& finding : findings) complain(finding.text() + "\n");
}

void Session::say(std::string_view message) const {
  if (!quiet) complain("doorward: " + std::string(message) + "\n");
}

bool Session::find_state(server::StateDir& state) {
  auto chosen = server::choose_state_dir(state_option);
  if (!chosen) {
    fail(Exit::usage, chosen.error().message);
    return false;
  }
  state = std::move(*chosen);
  return true;
}

bool Session::color() const {
  const char* unwanted = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (no_color || (unwanted != nullptr && *unwanted != '\0')) return false;
  if (terminal == nullptr || std::strcmp(terminal, "dumb") == 0) return false;
  return isatty(STDOUT_FILENO) == 1;
}

Look Session::look() const {
  // The first of these that is set says so (POSIX, 8.2).
  const char* locale = nullptr;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = std::getenv(name);
    if (locale != nullptr && *locale != '\0') break;
  }
  const std::string lowered = lower(locale != nullptr ? locale : "");
  return {color(), lowered.find("utf-8") != std::string::npos || lowered.find("utf8") != std::string::npos};
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_line(std::string_view text) {
  print(text);
  print("\n");
}

Result<std::string> read_input(const std::string& path, std::size_t most) {
  if (path != "-") return io::read_file(path, most);
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorKind::unavailable, std::string("standard input: ") + std::strerror(errno));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > most) {
      return fail(ErrorKind::exhausted, "standard input holds more than " + std::to_string(most >> 20) + " MiB");
    }
  }
}

}  // namespace doorward::cli
