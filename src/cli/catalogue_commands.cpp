#include <CLI/CLI.hpp>
#include <memory>

#include "cli/catalogue_classify.h"
#include "cli/catalogue_drift.h"
#include "cli/catalogue_import.h"
#include "cli/catalogue_pages.h"
#include "cli/catalogue_recommend.h"
#include "cli/catalogue_search.h"
#include "cli/commands.h"

namespace doorward::cli {

void add_catalogue_commands(CLI::App& app, Session& session) {
  CLI::App* catalogue = app.add_subcommand("catalogue", "What every tool of every server can do, and how risky it is");
  catalogue->require_subcommand(1);

  CLI::App* classify =
      catalogue->add_subcommand("classify", "Classify tools: reads JSON lines and writes one line for each");
  auto brief = std::make_shared<bool>(false);
  classify->add_flag("--brief", *brief, "Write the category and the severity alone");
  classify->callback([&session, brief] { classify_tools(session, *brief); });
  add_catalogue_import(*catalogue, session);
  add_catalogue_drift(*catalogue, session);
  add_catalogue_search(*catalogue, session);
  add_catalogue_override(*catalogue, session);
  add_catalogue_pages(*catalogue, session);
  add_catalogue_recommend(*catalogue, session);
}

}  // namespace doorward::cli
