#pragma once

#include <signal.h>

#include <optional>
#include <string>
#include <string_view>

namespace doorward::cli {

/// Whether a person sits here: what is typed comes from a terminal, and what is asked goes to one. Without that nobody is
/// ever asked.
bool can_ask();

/// For as long as it lives, and during every question, Ctrl-C ends the process with Exit::interrupted and says that nothing was
/// changed: questions stand before all changes. Where interrupts are ignored they stay so.
class Interruptible {
 public:
  Interruptible();
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  struct sigaction before_ {};
};

/// A line of standard input as it stands, of 64 KiB at most; nothing where input ended before anything came.
std::optional<std::string> read_line();

/// Shows a question and reads a line, without the blanks around it; nothing where input has ended.
std::optional<std::string> ask_line(std::string_view question);

/// The same, with what is typed neither shown nor trimmed.
std::optional<std::string> ask_hidden(std::string_view question);

/// `QUESTION [y/N]`: y or yes, n or no, in either case; an empty line and the end of input are no, and whatever else is
/// typed is asked again.
bool ask_yes(std::string_view question);

}  // namespace doorward::cli
