#pragma once

#include <CLI/App.hpp>

namespace doorward::cli {

class Session;

/// `catalogue search` and `catalogue counts`.
void add_catalogue_search(CLI::App& catalogue, Session& session);
/// `catalogue override` and `catalogue reclassify`.
void add_catalogue_override(CLI::App& catalogue, Session& session);

}  // namespace doorward::cli
