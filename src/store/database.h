#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace doorward::store {

class Database;

/// One prepared statement with its bound parameters. Values enter by bind() alone, never by the text. Not
/// thread-safe; must not outlive its Database.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  /// Binds the next parameter (`?`), from the first on. Texts and blobs are copied; a text may hold any bytes
  /// but NUL.
  Statement& bind(std::string_view text);
  Statement& bind(const char* text) { return bind(std::string_view(text)); }
  Statement& bind(const std::string& text) { return bind(std::string_view(text)); }
  Statement& bind(std::int64_t number);
  Statement& bind(std::span<const std::uint8_t> blob);
  Statement& bind(const std::optional<std::string>& text);
  Statement& bind(const std::optional<std::int64_t>& number);

  /// Moves to the next row: true if there is one. Errors are those of Database::execute, bound parameters
  /// that could not be bound included.
  Result<bool> step();
  /// Runs a statement that has no rows.
  Status run();
  /// Makes it ready to be bound and run anew; what it read is let go of.
  void reset();

  /// Columns of the current row, from 0. A NULL is an empty text, 0, or nothing.
  std::string text(int column) const;
  std::int64_t number(int column) const;
  std::optional<std::string> optional_text(int column) const;
  std::optional<std::int64_t> optional_number(int column) const;
  /// The bytes of a blob; valid until the next step().
  std::span<const std::uint8_t> blob(int column) const;

 private:
  friend class Database;
  Statement(Database* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  Statement& note(int code);

  Database* database_;
  sqlite3_stmt* statement_;
  int next_ = 1;
  int failed_ = 0;
};

struct DatabaseOptions {
  int busy_ms = 5'000;     ///< how long to wait for another writer, then `unavailable` (reliability.md R4)
  bool read_only = false;  ///< never creates, never migrates
  bool check = true;  ///< reads the whole file for damage when it opens; false for files that are too large
  /// Whether whoever closes the file last moves the write-ahead log into it. False where several processes
  /// write by turns under a lock: a checkpoint is then a write that needs the lock, too.
  bool checkpoint_on_close = true;
};

/// One SQLite connection: WAL, synchronous=FULL, foreign keys on, STRICT tables. A file has one that writes,
/// in one thread, or several that take turns under a lock of their own (SQLite before 3.51.3 can lose writes
/// when two connections write and checkpoint at the same time). Errors: `unavailable` busy, full, read-only
/// or failing disk; `corrupt` damaged file; `conflict` a broken uniqueness or foreign key.
class Database {
 public:
  /// Opens or creates the file with mode 0600, checks its integrity (PRAGMA quick_check) if asked to, and
  /// applies the migrations that it has not seen yet, each in a transaction of its own: a kill leaves the
  /// file at a whole version. Refuses a file written by a newer program (user_version beyond the list), a
  /// symbolic link, and one that others may read or write.
  static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                std::span<const std::string_view> migrations,
                                                const DatabaseOptions& options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Statement> prepare(std::string_view sql);
  /// Runs a text without parameters or rows.
  Status execute(std::string_view sql);

  /// Rows changed by the last statement that changed any.
  std::int64_t changes() const;
  /// Moves what the write-ahead log holds into the file; unavailable while a reader is in the way.
  Status checkpoint();
  int version() const { return version_; }

 private:
  friend class Statement;
  Database(sqlite3* connection, std::string path) : connection_(connection), path_(std::move(path)) {}
  Error error(int code) const;
  Status configure(const DatabaseOptions& options);
  Status check();
  Result<int> read_version();
  Status migrate(std::span<const std::string_view> migrations, bool read_only);

  sqlite3* connection_;
  std::string path_;
  int version_ = 0;
};

/// BEGIN IMMEDIATE until commit(); destroyed before that it rolls back.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Status commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace doorward::store
