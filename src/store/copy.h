#pragma once

#include <string>

#include "base/result.h"

namespace doorward::store {

/// Copies a database as it is at one moment, also while another process writes it (SQLite's online backup). `to` must not
/// exist; it gets mode 0600.
Status copy_database(const std::string& from, const std::string& to);

}  // namespace doorward::store
