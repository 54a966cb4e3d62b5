#include "catalogue/index.h"

#include <array>
#include <optional>
#include <vector>

#include "catalogue/join.h"
#include "catalogue/listing_json.h"

namespace doorward::catalogue {

Status Index::put(const char* sql, const Indexed& tool) {
  const auto root = reader_.read(tool.definition);
  const std::string_view description = root ? json::text_of(*root, "description") : std::string_view();
  const std::string terms = terms_of(ToolTerms{.name = tool.name,
                                               .description = description,
                                               .slug = tool.slug,
                                               .server = tool.server,
                                               .category = tool.category,
                                               .signals = tool.signals});
  return file_.run(sql, place_of(tool.category, tool.severity, tool.id), terms);
}

Status Index::renew_server(std::int64_t server) {
  std::array<std::int64_t, kCategories.size()> by_category{};
  std::array<std::int64_t, kSeverities.size()> by_severity{};
  SignalBits signals = 0;
  std::int64_t tools = 0;
  {
    auto query =
        file_.query("SELECT category, severity, signals FROM tools WHERE server = ? AND gone = 0", server);
    if (!query) return std::unexpected(query.error());
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      ++tools;
      ++by_category.at(static_cast<std::size_t>((*query)->number(0)));
      ++by_severity.at(static_cast<std::size_t>((*query)->number(1)));
      signals |= static_cast<SignalBits>((*query)->number(2));
    }
  }
  auto found = file_.query(
      "SELECT slug, place, listing, indexed FROM servers JOIN server_texts ON server = id WHERE id = ?",
      server);
  if (!found) return std::unexpected(found.error());
  if (const auto row = (*found)->step(); !row) {
    return std::unexpected(row.error());
  } else if (!*row) {
    return fail(ErrorKind::corrupt, "the catalogue has lost a server");
  }
  const std::string slug = (*found)->text(0);
  const auto old_place = (*found)->optional_number(1);
  const std::string text = (*found)->text(2);
  const std::string old_terms = (*found)->text(3);
  const auto root = reader_.read(text);
  const Listing listing = root ? listing_of(*root) : Listing();

  ServerTerms document{.names = {slug, listing.name, listing.title},
                       .texts = {listing.publisher, listing.description},
                       .facets = {}};
  for (const Package& package : listing.packages) document.names.push_back(package.identifier);
  bool worse = false;
  for (std::size_t i = kSeverities.size(); i-- > 0;) {
    // A server is found by every severity up to its worst tool's.
    worse = worse || by_severity[i] > 0;
    if (worse) document.facets.push_back(severity_term(kSeverities[i]));
  }
  for (const Category category : kCategories) {
    if (by_category[static_cast<std::size_t>(category)] > 0)
      document.facets.push_back(category_term(category));
  }
  for (std::size_t i = 0; i < risk::kSignals; ++i) {
    const auto signal = static_cast<risk::Signal>(i);
    if ((signals & bit_of(signal)) != 0) document.facets.push_back(signal_term(signal));
  }
  const std::string terms = terms_of(document);
  const std::int64_t place = place_of(static_cast<std::size_t>(tools), server);
  if (old_place != place || old_terms != terms) {
    if (old_place) {
      if (const Status done =
              file_.run("INSERT INTO server_index (server_index, rowid, terms) VALUES ('delete', ?, ?)",
                        *old_place, old_terms);
          !done) {
        return done;
      }
    }
    if (const Status done = file_.run("INSERT INTO server_index (rowid, terms) VALUES (?, ?)", place, terms);
        !done) {
      return done;
    }
    if (const Status done = file_.run("UPDATE server_texts SET indexed = ? WHERE server = ?", terms, server);
        !done) {
      return done;
    }
  }
  return file_.run(
      "UPDATE servers SET place = ?, signals = ?, tools = ?, of_read = ?, of_write = ?, of_execute = ?, "
      "of_destructive = ?, of_financial = ?, of_other = ?, of_low = ?, of_medium = ?, of_high = ?, "
      "of_critical = ? "
      "WHERE id = ?",
      place, signals, tools, by_category[0], by_category[1], by_category[2], by_category[3], by_category[4],
      by_category[5], by_severity[0], by_severity[1], by_severity[2], by_severity[3], server);
}

}  // namespace doorward::catalogue
