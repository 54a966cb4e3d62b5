#pragma once

namespace doorward::cli {

/// The command line (docs/commands.md): reads the arguments, runs one command and returns the process's exit
/// code. Data goes to standard output, talk to standard error. Never throws.
int run(int argc, char** argv) noexcept;

}  // namespace doorward::cli
