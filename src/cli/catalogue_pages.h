#pragma once

namespace CLI {
class App;
}

namespace doorward::cli {

class Session;

/// `show`, `server`, `stack`, `attacks`, `site` and `locate`; `catalogue` is the group.
void add_catalogue_pages(CLI::App& catalogue, Session& session);

}  // namespace doorward::cli
