#pragma once

namespace CLI {
class App;
}

namespace doorward::cli {

class Session;

/// Adds `catalogue drift`.
void add_catalogue_drift(CLI::App& catalogue, Session& session);

}  // namespace doorward::cli
