#pragma once

namespace CLI {
class App;
}

namespace doorward::cli {

class Session;

/// Adds `recommend` and `apply` to the group `catalogue`.
void add_catalogue_recommend(CLI::App& catalogue, Session& session);

}  // namespace doorward::cli
