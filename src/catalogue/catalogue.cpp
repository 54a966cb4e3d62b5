#include "catalogue/catalogue.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/suggest.h"
#include "catalogue/catalogue_file.h"
#include "catalogue/implementation_json.h"
#include "catalogue/index.h"
#include "catalogue/join.h"
#include "catalogue/labels.h"
#include "catalogue/reclassify.h"
#include "catalogue/schema.h"
#include "catalogue/search.h"
#include "catalogue/take.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostListed = 1'000;

bool is_filled(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

class CatalogueFile final : public Catalogue {
 public:
  CatalogueFile(std::unique_ptr<store::Database> database, std::string lock, int busy_ms)
      : file_(std::move(database), std::move(lock), busy_ms) {}

  Result<Taken> take(std::span<const Listing> listings, std::int64_t now_us) override {
    auto writing = Writing::begin(file_);
    if (!writing) return std::unexpected(writing.error());
    Intake intake(file_, now_us);
    for (const Listing& listing : listings) {
      if (const Status done = intake.take(listing); !done) return std::unexpected(done.error());
    }
    if (const Status done = writing->commit(); !done) return std::unexpected(done.error());
    return intake.taken();
  }

  Result<std::string> bookmark(std::string_view source) override {
    auto query = file_.query("SELECT place FROM bookmarks WHERE source = ?", source);
    if (!query) return std::unexpected(query.error());
    const auto row = (*query)->step();
    if (!row) return std::unexpected(row.error());
    return *row ? (*query)->text(0) : std::string();
  }

  Status set_bookmark(std::string_view source, std::string_view place) override {
    auto writing = Writing::begin(file_);
    if (!writing) return std::unexpected(writing.error());
    if (const Status done =
            file_.run("INSERT INTO bookmarks VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place",
                      source, place);
        !done) {
      return done;
    }
    return writing->commit();
  }

  Result<Page<ServerRecord>> search_servers(const Query& query) override {
    return Search(file_).servers(query);
  }
  Result<Page<ToolRecord>> search_tools(const Query& query) override { return Search(file_).tools(query); }

  Result<Page<ServerRecord>> list_servers(const ListQuery& query) override {
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMostListed);
    // One more than the page has room for tells that another page follows.
    auto rows = file_.query(
        "SELECT id, slug FROM servers s WHERE slug > ?1 AND changed_us >= ?2 AND (?3 = '' OR EXISTS (SELECT 1 FROM "
        "keys k WHERE k.server = s.id AND kind = ?4 AND instr(lower(value), lower(?3)) > 0)) ORDER BY slug LIMIT ?5",
        query.after, query.changed_since_us, query.in_name, static_cast<int>(KeyKind::called), limit + 1);
    if (!rows) return std::unexpected(rows.error());
    std::vector<std::int64_t> ids;
    Page<ServerRecord> page;
    for (;;) {
      const auto row = (*rows)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      ids.push_back((*rows)->number(0));
    }
    const bool more = ids.size() > limit;
    if (more) ids.pop_back();
    Records records(file_);
    for (const std::int64_t id : ids) {
      auto record = records.server(id);
      if (!record) return std::unexpected(record.error());
      if (*record) page.records.push_back(std::move(**record));
    }
    if (more && !page.records.empty()) page.next = page.records.back().slug;
    page.found = page.records.size();
    return page;
  }

  Result<ServerRecord> server(std::string_view slug_or_name) override {
    auto id = file_.number("SELECT id FROM servers WHERE slug = ?", slug_or_name);
    if (!id) return std::unexpected(id.error());
    if (!*id) {
      id = by_name(slug_or_name);
      if (!id) return std::unexpected(id.error());
    }
    if (!*id) return no_server(slug_or_name);
    auto record = Records(file_).server(**id);
    if (!record) return std::unexpected(record.error());
    if (!*record) return no_server(slug_or_name);
    return std::move(**record);
  }

  Result<std::vector<ToolRecord>> tools(std::string_view slug) override {
    auto query = file_.query(
        "SELECT t.id FROM tools t JOIN servers s ON s.id = t.server WHERE slug = ? AND t.gone = 0", slug);
    if (!query) return std::unexpected(query.error());
    auto records = tools_at(*query);
    if (!records) return records;
    const auto rank = [](const ToolRecord& tool) {
      return std::pair(place_of(tool.classification.category, tool.classification.severity, 0),
                       std::string_view(tool.name));
    };
    std::ranges::sort(*records, {}, rank);
    return records;
  }

  Result<std::vector<ToolRecord>> gone_tools(std::string_view slug) override {
    auto query = file_.query(
        "SELECT t.id FROM tools t JOIN servers s ON s.id = t.server WHERE slug = ? AND t.gone <> 0 ORDER BY t.name", slug);
    if (!query) return std::unexpected(query.error());
    return tools_at(*query);
  }

  Result<ToolRecord> tool(std::string_view slug, std::string_view name) override {
    const auto id = tool_id(slug, name);
    if (!id) return std::unexpected(id.error());
    auto record = Records(file_).tool(*id);
    if (!record) return std::unexpected(record.error());
    if (!*record) return no_tool(slug, name);
    return std::move(**record);
  }

  Result<std::vector<ToolVersion>> versions(std::string_view slug, std::string_view name) override {
    const auto id = tool_id(slug, name);
    if (!id) return std::unexpected(id.error());
    auto query = file_.query(
        "SELECT d.key, d.text, t.changed_us AS since, t.last_seen_us AS last FROM tools t "
        "JOIN definitions d ON d.id = t.definition WHERE t.id = ?1 "
        "UNION ALL SELECT d.key, d.text, since_us, last_us FROM versions v JOIN definitions d ON d.id = "
        "v.definition "
        "WHERE v.tool = ?1 ORDER BY since DESC, last DESC",
        *id);
    if (!query) return std::unexpected(query.error());
    std::vector<ToolVersion> versions;
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return versions;
      versions.push_back({.key = digest_at(**query, 0),
                          .definition = (*query)->text(1),
                          .first_seen_us = (*query)->number(2),
                          .last_seen_us = (*query)->number(3)});
    }
  }

  Result<std::vector<ToolRecord>> same_definition(const Digest& key) override {
    auto query = file_.query(
        "SELECT t.id FROM definitions d JOIN tools t ON t.definition = d.id WHERE d.key = ? AND t.gone = 0 "
        "ORDER BY t.first_seen_us, t.id LIMIT 200",
        std::span(key));
    if (!query) return std::unexpected(query.error());
    return tools_at(*query);
  }

  Result<std::optional<ServerRecord>> by_package(std::string_view registry,
                                                 std::string_view identifier) override {
    return by_key(KeyKind::package, package_key(registry, identifier));
  }
  Result<std::optional<ServerRecord>> by_url(std::string_view url) override {
    return by_key(KeyKind::endpoint, endpoint_of(url));
  }
  Result<std::optional<ServerRecord>> by_source(std::string_view source,
                                                std::string_view source_id) override {
    return server_at(
        file_.number("SELECT server FROM records WHERE source = ? AND source_id = ?", source, source_id));
  }

  Result<std::vector<std::string>> names_in(std::string_view slug, std::string_view source) override {
    auto query = file_.query(
        "SELECT source_id FROM records r JOIN servers s ON s.id = r.server WHERE slug = ? AND source = ? "
        "ORDER BY source_id",
        slug, source);
    if (!query) return std::unexpected(query.error());
    std::vector<std::string> names;
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return names;
      names.push_back((*query)->text(0));
    }
  }

  Status set_override(std::string_view slug, std::string_view tool, const Override& said) override {
    if (!said.category && !said.severity)
      return fail(ErrorKind::invalid, "say a category, a severity or both");
    if (said.reason.empty())
      return fail(ErrorKind::invalid, "give a reason, so that others know why the rules are wrong here");
    auto writing = Writing::begin(file_);
    if (!writing) return std::unexpected(writing.error());
    const auto id = tool_id(slug, tool);
    if (!id) return std::unexpected(id.error());
    const auto category =
        said.category ? std::optional(static_cast<std::int64_t>(*said.category)) : std::nullopt;
    const auto severity =
        said.severity ? std::optional(static_cast<std::int64_t>(*said.severity)) : std::nullopt;
    if (const Status done =
            file_.run("INSERT INTO overrides SELECT server, name, ?2, ?3, ?4, ?5, ?6 FROM tools WHERE id = "
                      "?1 ON CONFLICT DO UPDATE SET "
                      "category = excluded.category, severity = excluded.severity, reason = excluded.reason, "
                      "author = excluded.author, at_us = excluded.at_us",
                      *id, category, severity, said.reason, said.author, said.at_us);
        !done) {
      return done;
    }
    if (const auto done = Reclassifier(file_).classify(*id); !done) return std::unexpected(done.error());
    if (const Status done = file_.run("UPDATE servers SET changed_us = max(changed_us, ?) WHERE slug = ?", said.at_us, slug); !done) {
      return done;
    }
    return writing->commit();
  }

  Status remove_override(std::string_view slug, std::string_view tool) override {
    auto writing = Writing::begin(file_);
    if (!writing) return std::unexpected(writing.error());
    const auto id = tool_id(slug, tool);
    if (!id) return std::unexpected(id.error());
    if (const Status done = file_.run(
            "DELETE FROM overrides WHERE (server, tool) = (SELECT server, name FROM tools WHERE id = ?)",
            *id);
        !done) {
      return done;
    }
    if (file_.database().changes() == 0) {
      return fail(ErrorKind::not_found,
                  "nobody has said otherwise of " + std::string(tool) + " of " + std::string(slug));
    }
    if (const auto done = Reclassifier(file_).classify(*id); !done) return std::unexpected(done.error());
    return writing->commit();
  }

  Status set_implementations(std::string_view slug, std::span<const Implementation> found) override {
    auto writing = Writing::begin(file_);
    if (!writing) return std::unexpected(writing.error());
    const auto id = file_.number("SELECT id FROM servers WHERE slug = ?", slug);
    if (!id) return std::unexpected(id.error());
    if (!*id) return no_server(slug);
    if (const Status done = file_.run("DELETE FROM implementations WHERE server = ?", **id); !done)
      return done;
    for (const Implementation& one : found) {
      std::string text;
      json::Writer writer(text);
      write_implementation(writer, one);
      if (const Status done = file_.run("INSERT INTO implementations VALUES (?, ?, ?)", **id, one.tool, text);
          !done) {
        return done;
      }
    }
    return writing->commit();
  }

  Result<std::optional<Implementation>> implementation(std::string_view slug,
                                                       std::string_view tool) override {
    auto query = file_.query(
        "SELECT text FROM implementations WHERE tool = ? AND server = (SELECT id FROM servers WHERE slug = "
        "?)",
        tool, slug);
    if (!query) return std::unexpected(query.error());
    const auto row = (*query)->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    return read_implementation(tool, (*query)->text(0));
  }

  Result<Reclassified> reclassify(std::size_t most) override {
    auto writing = Writing::begin(file_);
    if (!writing) return std::unexpected(writing.error());
    auto done = Reclassifier(file_).run(most);
    if (!done) return done;
    if (const Status committed = writing->commit(); !committed) return std::unexpected(committed.error());
    return done;
  }

  Result<Counts> counts() override {
    auto query = file_.query(
        "SELECT count(*), total(tools), total(of_read), total(of_write), total(of_execute), "
        "total(of_destructive), "
        "total(of_financial), total(of_other), total(of_low), total(of_medium), total(of_high), "
        "total(of_critical), "
        "(SELECT definitions FROM totals), (SELECT count(*) FROM overrides), "
        "(SELECT count(*) FROM tools WHERE rules < ?1) + (SELECT count(*) FROM tools WHERE rules > ?1) FROM "
        "servers",
        risk::rules_version());
    if (!query) return std::unexpected(query.error());
    if (const auto row = (*query)->step(); !row) return std::unexpected(row.error());
    const auto number = [&](std::size_t column) {
      return static_cast<std::size_t>((*query)->number(static_cast<int>(column)));
    };
    Counts counts;
    counts.servers = number(0);
    counts.tools = number(1);
    for (std::size_t i = 0; i < kCategories.size(); ++i) counts.by_category[i] = number(2 + i);
    for (std::size_t i = 0; i < kSeverities.size(); ++i) counts.by_severity[i] = number(8 + i);
    counts.definitions = number(12);
    counts.overrides = number(13);
    counts.outdated = number(14);
    return counts;
  }

 private:
  Result<std::vector<ToolRecord>> tools_at(Prepared& query) {
    std::vector<std::int64_t> ids;
    for (;;) {
      const auto row = query->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      ids.push_back(query->number(0));
    }
    Records records(file_);
    std::vector<ToolRecord> tools;
    for (const std::int64_t id : ids) {
      auto record = records.tool(id);
      if (!record) return std::unexpected(record.error());
      if (*record) tools.push_back(std::move(**record));
    }
    return tools;
  }

  /// The number of the one server that is called so, or nothing.
  Result<std::optional<std::int64_t>> by_name(std::string_view name) {
    auto query = file_.query("SELECT server FROM keys WHERE kind = ? AND value = ? LIMIT 2",
                             static_cast<int>(KeyKind::called), name);
    if (!query) return std::unexpected(query.error());
    std::optional<std::int64_t> only;
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return only;
      if (only) return std::nullopt;
      only = (*query)->number(0);
    }
  }

  std::unexpected<Error> no_server(std::string_view name) {
    std::string message = "the catalogue knows no server \"" + std::string(name) + "\"";
    const auto near = Search(file_).servers({.words = std::string(name), .limit = 3});
    std::string names;
    if (near) {
      for (const ServerRecord& server : near->records) names += (names.empty() ? "" : ", ") + server.slug;
    }
    message +=
        names.empty() ? "; search for it with: doorward catalogue search --servers" : "; near it: " + names;
    return fail(ErrorKind::not_found, std::move(message));
  }

  std::unexpected<Error> no_tool(std::string_view slug, std::string_view name) {
    return fail(ErrorKind::not_found,
                "the server " + std::string(slug) + " has no tool \"" + std::string(name) + "\"");
  }

  Result<std::int64_t> tool_id(std::string_view slug, std::string_view name) {
    const auto server = file_.number("SELECT id FROM servers WHERE slug = ?", slug);
    if (!server) return std::unexpected(server.error());
    if (!*server) return no_server(slug);
    const auto id = file_.number(
        "SELECT id FROM tools WHERE server = ? AND name = ? ORDER BY gone <> 0, outer LIMIT 1", **server, name);
    if (!id) return std::unexpected(id.error());
    if (!*id) return no_tool(slug, name);
    return **id;
  }

  Result<std::optional<ServerRecord>> by_key(KeyKind kind, std::string_view value) {
    // Where several have it, whoever is better vouched for.
    return server_at(
        file_.number("SELECT server FROM keys JOIN servers ON id = server WHERE kind = ? AND value = ? "
                     "ORDER BY standing DESC, id LIMIT 1",
                     static_cast<int>(kind), value));
  }

  Result<std::optional<ServerRecord>> server_at(const Result<std::optional<std::int64_t>>& id) {
    if (!id) return std::unexpected(id.error());
    if (!*id) return std::nullopt;
    return Records(file_).server(**id);
  }

  File file_;
};

}  // namespace

Result<Writing> Writing::begin(File& file) {
  auto lock = WriteLock::take(file.lock_, file.busy_ms_);
  if (!lock) return std::unexpected(lock.error());
  auto transaction = store::Transaction::begin(*file.database_);
  if (!transaction) return std::unexpected(transaction.error());
  return Writing(std::move(*lock), std::move(*transaction));
}

Status Writing::commit() {
  return transaction_.commit();
}

Result<std::unique_ptr<Catalogue>> Catalogue::open(const std::string& directory,
                                                   const CatalogueOptions& options) {
  const std::string path = directory + "/catalogue.db";
  std::string lock_path = directory + "/catalogue.lock";
  // Making the file and bringing it up to date are writes. One that is there is opened while somebody writes
  // it, too.
  const auto lock = WriteLock::take(lock_path, is_filled(path) ? 0 : options.busy_ms);
  if (!lock && !is_filled(path)) return std::unexpected(lock.error());
  auto database = store::Database::open(
      path, migrations(), {.busy_ms = options.busy_ms, .check = false, .checkpoint_on_close = false});
  if (!database) return std::unexpected(database.error());
  if (const Status set =
          (*database)->execute("PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864");
      !set) {
    return std::unexpected(set.error());
  }
  return std::make_unique<CatalogueFile>(std::move(*database), std::move(lock_path), options.busy_ms);
}

}  // namespace doorward::catalogue
