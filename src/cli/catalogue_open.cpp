#include "cli/catalogue_open.h"

#include "cli/session.h"

namespace doorward::cli {

std::unique_ptr<catalogue::Catalogue> open_catalogue(Session& session) {
  server::StateDir state;
  if (!session.find_state(state)) return nullptr;
  if (const Status made = server::prepare_state_dir(state); !made) {
    session.fail(made.error());
    return nullptr;
  }
  auto opened = catalogue::Catalogue::open(state.path);
  if (!opened) {
    session.fail(opened.error());
    return nullptr;
  }
  return std::move(*opened);
}

}  // namespace doorward::cli
