#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorward::cli {

/// A manual page of section 1 in man(7) macros, made from the tree of commands.
struct ManPage {
  std::string name;  ///< of the file without `.1`: `doorward`, `doorward-serve`
  std::string roff;
};

/// Every page: the program's own, and one for each command of the first level, which holds its subcommands.
std::vector<ManPage> man_pages(const CLI::App& app);

}  // namespace doorward::cli
