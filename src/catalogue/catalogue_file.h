#pragma once

#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "catalogue/catalogue.h"
#include "catalogue/write_lock.h"
#include "json/canonical.h"
#include "json/reader.h"
#include "store/database.h"

namespace doorward::catalogue {

/// A statement that was prepared before, for one use; ready again when this goes.
class Prepared {
 public:
  explicit Prepared(store::Statement* statement) : statement_(statement) {}
  Prepared(Prepared&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Prepared& operator=(Prepared&&) = delete;
  ~Prepared() {
    if (statement_ != nullptr) statement_->reset();
  }
  store::Statement* operator->() const { return statement_; }
  const store::Statement& operator*() const { return *statement_; }

 private:
  store::Statement* statement_;
};

/// The file with its statements: what the parts of CatalogueFile share.
class File {
 public:
  File(std::unique_ptr<store::Database> database, std::string lock, int busy_ms)
      : database_(std::move(database)), lock_(std::move(lock)), busy_ms_(busy_ms) {}

  /// `sql` is a literal: the statement is kept by its address.
  template <typename... Values>
  Result<Prepared> query(const char* sql, const Values&... values) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
      auto made = database_->prepare(sql);
      if (!made) return std::unexpected(made.error());
      found = statements_.emplace(sql, std::move(*made)).first;
    }
    (bind(found->second, values), ...);
    return Prepared(&found->second);
  }
  template <typename... Values>
  Status run(const char* sql, const Values&... values) {
    auto statement = query(sql, values...);
    if (!statement) return std::unexpected(statement.error());
    return (*statement)->run();
  }
  /// The number in the first column of the first row, or nothing.
  template <typename... Values>
  Result<std::optional<std::int64_t>> number(const char* sql, const Values&... values) {
    auto statement = query(sql, values...);
    if (!statement) return std::unexpected(statement.error());
    const auto row = (*statement)->step();
    if (!row) return std::unexpected(row.error());
    return *row ? (*statement)->optional_number(0) : std::nullopt;
  }
  template <typename... Values>
  Result<std::int64_t> insert(const char* sql, const Values&... values) {
    if (const Status done = run(sql, values...); !done) return std::unexpected(done.error());
    const auto id = number("SELECT last_insert_rowid()");
    if (!id) return std::unexpected(id.error());
    return **id;
  }

  store::Database& database() { return *database_; }

 private:
  friend class Writing;

  static void bind(store::Statement& statement, std::integral auto value) {
    statement.bind(static_cast<std::int64_t>(value));
  }
  template <typename Value>
  requires(!std::integral<Value>) static void bind(store::Statement& statement, const Value& value) {
    statement.bind(value);
  }

  std::unique_ptr<store::Database> database_;
  std::map<const char*, store::Statement> statements_;
  std::string lock_;
  int busy_ms_;
};

/// The right to write and a transaction; rolled back where it is not committed.
class Writing {
 public:
  static Result<Writing> begin(File& file);
  Status commit();

 private:
  Writing(WriteLock lock, store::Transaction transaction)
      : lock_(std::move(lock)), transaction_(std::move(transaction)) {}
  WriteLock lock_;
  store::Transaction transaction_;
};

Digest digest_at(const store::Statement& row, int column);
/// From the columns category, severity, reason, author, at_us.
Override override_at(const store::Statement& row, int column);

/// The servers and tools of the file by their numbers; nothing where there is none.
class Records {
 public:
  explicit Records(File& file) : file_(file) {}

  Result<std::optional<ServerRecord>> server(std::int64_t id);
  Result<std::optional<ToolRecord>> tool(std::int64_t id);

 private:
  File& file_;
  json::Reader reader_;
};

}  // namespace doorward::catalogue
