#pragma once

#include <memory>

#include "catalogue/catalogue.h"

namespace doorward::cli {

class Session;

/// The catalogue in the state directory, which a command may use beside a gateway; null after having failed.
std::unique_ptr<catalogue::Catalogue> open_catalogue(Session& session);

}  // namespace doorward::cli
