#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace doorward::cli {

void add_catalogue_commands(CLI::App& app, Session&) {
  CLI::App* catalogue = app.add_subcommand("catalogue", "What every tool of every server can do, and how risky it is");
  catalogue->require_subcommand(1);
}

}  // namespace doorward::cli
