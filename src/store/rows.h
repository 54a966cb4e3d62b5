#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace doorward::store {

/// Every row of a prepared query, read by `read(statement)`.
template <typename Read>
auto all_rows(Statement& statement, Read&& read) -> Result<std::vector<decltype(read(statement))>> {
  std::vector<decltype(read(statement))> rows;
  for (;;) {
    const auto row = statement.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return rows;
    rows.push_back(read(statement));
  }
}

/// The first row of a prepared query; not_found with `message` where there is none.
template <typename Read>
auto one_row(Statement& statement, Read&& read, std::string message) -> Result<decltype(read(statement))> {
  const auto row = statement.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorKind::not_found, std::move(message));
  return read(statement);
}

inline Digest digest_at(const Statement& statement, int column) {
  Digest digest{};
  const auto bytes = statement.blob(column);
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

/// conflict where the caller saw another revision than the store has.
inline Status check_revision(std::string_view what, std::int64_t found,
                             std::optional<std::int64_t> expected) {
  if (!expected || *expected == found) return {};
  return fail(ErrorKind::conflict, std::string(what) + " was changed meanwhile (revision " +
                                       std::to_string(found) + ", not " + std::to_string(*expected) +
                                       "); look at it and try again");
}

}  // namespace doorward::store
