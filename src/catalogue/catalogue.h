#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/implementation.h"
#include "catalogue/record.h"

namespace doorward::catalogue {

/// What to look for. Every member narrows; an empty one does not.
struct Query {
  std::string words =
      {};  ///< in names and descriptions; every word, by its beginning; any bytes, none an operator
  std::string server = {};  ///< a slug; of no use in a search for servers
  std::optional<Category> category = {};
  std::optional<Severity> at_least = {};
  std::optional<risk::Signal> signal = {};
  std::size_t limit = 50;  ///< 1 to 200
  std::string after = {};  ///< the `next` of an earlier page; empty: the first
};

/// Servers one after the other, for whoever copies the catalogue or looks at all of it.
struct ListQuery {
  std::string in_name = {};           ///< stands in one of the server's names, large and small letters alike
  std::int64_t changed_since_us = 0;  ///< the server or one of its tools was added or changed then or later
  std::size_t limit = 100;            ///< 1 to 1,000
  std::string after = {};             ///< the `next` of an earlier page; empty: the first
};

template <typename Record>
struct Page {
  std::vector<Record> records;
  std::string next;       ///< of the page that follows; empty: there is none
  std::size_t found = 0;  ///< in all, counted up to 10,000
};

/// How an opened catalogue behaves towards others that use the file.
struct CatalogueOptions {
  int busy_ms = 30'000;  ///< how long a write waits for another process, then `unavailable`
};

/// What an import changed.
struct Taken {
  std::size_t servers_added = 0;
  std::size_t servers_changed = 0;
  std::size_t tools_added = 0;
  std::size_t tools_changed = 0;
  std::size_t tools_gone = 0;
};

/// How far a reclassification came.
struct Reclassified {
  std::size_t looked_at = 0;
  std::size_t changed = 0;  ///< have another category or severity now
  std::size_t riskier = 0;  ///< of these: a severity that is worse, or a riskier category
  std::size_t left = 0;     ///< tools that older rules classified
};

/// The catalogue of servers and tools: one SQLite file, `catalogue.db` in the state directory, which any
/// number of processes may open: readers never wait, writers take turns by a lock on `catalogue.lock`. One
/// thread an object. Errors: `unavailable` another writer has the lock for too long, the disk is full or
/// fails; `corrupt` the file is damaged: moved away, it is made anew from the gateway's own knowledge and the
/// next imports.
class Catalogue {
 public:
  /// Opens or creates `<directory>/catalogue.db`.
  static Result<std::unique_ptr<Catalogue>> open(const std::string& directory,
                                                 const CatalogueOptions& options = {});
  virtual ~Catalogue() = default;

  /// Takes what a source says: finds the server by repository, then package, then name (catalogue/join.h says
  /// when these count), or makes it; classifies each tool that is new or changed. All of the listings in one
  /// transaction. What only claims to tell of a server never changes it, and the tools of a server are those
  /// of its best source: live, then scan, then registries and kept lists, then claims. A tool whose
  /// definition is no object with a name, or is too large to keep, is left out. `now_us`: wall clock.
  virtual Result<Taken> take(std::span<const Listing> listings, std::int64_t now_us) = 0;

  /// Where the import of a source left off (`cursor`, `updated_since`), and its new place.
  virtual Result<std::string> bookmark(std::string_view source) = 0;
  virtual Status set_bookmark(std::string_view source, std::string_view place) = 0;

  /// What has the words as its whole name comes first, then what has them in its name, then what has them
  /// anywhere; of equals the riskier tool, or the server with more tools. Filters on servers ask for one tool
  /// that fits.
  virtual Result<Page<ServerRecord>> search_servers(const Query& query) = 0;
  virtual Result<Page<ToolRecord>> search_tools(const Query& query) = 0;

  /// In the order of their slugs; `found` is the number on the page.
  virtual Result<Page<ServerRecord>> list_servers(const ListQuery& query) = 0;

  /// By slug, or by a name that one server alone has. not_found names the nearest.
  virtual Result<ServerRecord> server(std::string_view slug_or_name) = 0;
  /// The tools of a server that are not gone, riskiest first: severity, category, name.
  virtual Result<std::vector<ToolRecord>> tools(std::string_view slug) = 0;
  /// The tools of a server that its latest whole list does not hold, by name.
  virtual Result<std::vector<ToolRecord>> gone_tools(std::string_view slug) = 0;
  virtual Result<ToolRecord> tool(std::string_view slug, std::string_view name) = 0;
  /// Newest first.
  virtual Result<std::vector<ToolVersion>> versions(std::string_view slug, std::string_view name) = 0;
  /// Other servers' tools with the same definition key.
  virtual Result<std::vector<ToolRecord>> same_definition(const Digest& key) = 0;
  /// The server that has this package or remote URL, or nothing.
  virtual Result<std::optional<ServerRecord>> by_package(std::string_view registry,
                                                         std::string_view identifier) = 0;
  virtual Result<std::optional<ServerRecord>> by_url(std::string_view url) = 0;
  /// The server that a record of a source belongs to, or nothing: `live` and a server's name in the gateway.
  virtual Result<std::optional<ServerRecord>> by_source(std::string_view source,
                                                        std::string_view source_id) = 0;
  /// What a source calls this server, in its records of it.
  virtual Result<std::vector<std::string>> names_in(std::string_view slug, std::string_view source) = 0;

  /// What a person says of a tool in place of the rules, until it is removed. not_found where there is no
  /// such tool, invalid where nothing is said or no reason given.
  virtual Status set_override(std::string_view slug, std::string_view tool, const Override& said) = 0;
  virtual Status remove_override(std::string_view slug, std::string_view tool) = 0;

  /// Where the tools of a server stand in the code of its package: in place of what was known before.
  /// not_found where there is no such server.
  virtual Status set_implementations(std::string_view slug, std::span<const Implementation> found) = 0;
  virtual Result<std::optional<Implementation>> implementation(std::string_view slug,
                                                               std::string_view tool) = 0;

  /// Classifies at most so many tools anew that older rules classified; what people said stays. In one
  /// transaction.
  virtual Result<Reclassified> reclassify(std::size_t most) = 0;

  struct Counts {
    std::size_t servers = 0;
    std::size_t tools = 0;
    std::array<std::size_t, kCategories.size()> by_category{};
    std::array<std::size_t, kSeverities.size()> by_severity{};
    std::size_t definitions = 0;  ///< different ones, earlier versions included
    std::size_t overrides = 0;
    std::size_t outdated = 0;  ///< tools that older rules classified
  };
  virtual Result<Counts> counts() = 0;
};

}  // namespace doorward::catalogue
