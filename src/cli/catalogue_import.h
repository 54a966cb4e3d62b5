#pragma once

namespace CLI {
class App;
}

namespace doorward::cli {

class Session;

/// `catalogue import` and `catalogue update`. `catalogue` is the group.
void add_catalogue_import(CLI::App& catalogue, Session& session);

}  // namespace doorward::cli
