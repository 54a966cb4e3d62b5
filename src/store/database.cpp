#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace doorward::store {
namespace {

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return ErrorKind::corrupt;
    case SQLITE_CONSTRAINT:
      return ErrorKind::conflict;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ErrorKind::exhausted;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
      return ErrorKind::invalid;
    default:
      return ErrorKind::unavailable;
  }
}

std::string_view next_step(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds it; try again, or end that process";
    case SQLITE_FULL:
      return "the disk is full; make room";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "it cannot be written; check the owner and mode of the file and of its directory";
    case SQLITE_CANTOPEN:
      return "it cannot be opened; check that the directory exists and is yours";
    case SQLITE_IOERR:
      return "the disk failed; look into the system's log";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged; restore it from a backup";
    default:
      return "see the message";
  }
}

/// Creates the file with mode 0600 where it is missing and refuses one that is not ours alone: SQLite itself
/// would follow the umask, and its journals take the mode of the file.
Status prepare_file(const std::string& path, bool read_only) {
  const int flags = O_CLOEXEC | O_NOFOLLOW | (read_only ? O_RDONLY : O_RDWR | O_CREAT);
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0) {
    const int why = errno;
    if (why == ENOENT) return fail(ErrorKind::not_found, path + " does not exist");
    if (why == ELOOP) return fail(ErrorKind::denied, path + " is a symbolic link; name the file itself");
    return fail(ErrorKind::unavailable, "cannot open " + path + ": " + std::strerror(why));
  }
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  ::close(descriptor);
  if (!known || !S_ISREG(status.st_mode)) return fail(ErrorKind::denied, path + " is not a plain file");
  if (status.st_uid != ::geteuid()) {
    return fail(ErrorKind::denied, path + " belongs to another user; start as its owner");
  }
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorKind::denied, "others may read or write " + path + "; run: chmod 600 " + path);
  }
  return {};
}

}  // namespace

// --- Statement
// -----------------------------------------------------------------------------------------------------

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      next_(other.next_),
      failed_(other.failed_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  std::swap(next_, other.next_);
  std::swap(failed_, other.failed_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::note(int code) {
  if (failed_ == SQLITE_OK) failed_ = code;
  ++next_;
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // SQLite's text functions end at a NUL: a name that holds one would be stored whole and compared cut
  // (T011).
  if (text.find('\0') != std::string_view::npos) return note(SQLITE_MISMATCH);
  const char* bytes = text.data() != nullptr ? text.data() : "";
  return note(sqlite3_bind_text64(statement_, next_, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Statement& Statement::bind(std::int64_t number) {
  return note(sqlite3_bind_int64(statement_, next_, number));
}

Statement& Statement::bind(std::span<const std::uint8_t> blob) {
  if (blob.empty()) return note(sqlite3_bind_zeroblob(statement_, next_, 0));
  return note(sqlite3_bind_blob64(statement_, next_, blob.data(), blob.size(), SQLITE_TRANSIENT));
}

Statement& Statement::bind(const std::optional<std::string>& text) {
  return text ? bind(std::string_view(*text)) : note(sqlite3_bind_null(statement_, next_));
}

Statement& Statement::bind(const std::optional<std::int64_t>& number) {
  return number ? bind(*number) : note(sqlite3_bind_null(statement_, next_));
}

Result<bool> Statement::step() {
  if (failed_ == SQLITE_MISMATCH)
    return fail(ErrorKind::invalid, "a text for the store holds a NUL character");
  if (failed_ != SQLITE_OK) return std::unexpected(database_->error(failed_));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(database_->error(code));
}

Status Statement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_);
  next_ = 1;
  failed_ = SQLITE_OK;
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return text(column);
}

std::optional<std::int64_t> Statement::optional_number(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return number(column);
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

// --- Database
// ------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::string& path,
                                                 std::span<const std::string_view> migrations,
                                                 const DatabaseOptions& options) {
  if (auto prepared = prepare_file(path, options.read_only); !prepared)
    return std::unexpected(prepared.error());
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE |
                    (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  std::unique_ptr<Database> database(new Database(connection, path));
  if (code != SQLITE_OK) return std::unexpected(database->error(code));
  if (auto ready = database->configure(options); !ready) return std::unexpected(ready.error());
  if (options.check) {
    if (auto whole = database->check(); !whole) return std::unexpected(whole.error());
  }
  if (auto current = database->migrate(migrations, options.read_only); !current) {
    return std::unexpected(current.error());
  }
  return database;
}

Database::~Database() {
  sqlite3_close_v2(connection_);
}

Error Database::error(int code) const {
  const char* said = connection_ != nullptr ? sqlite3_errmsg(connection_) : sqlite3_errstr(code);
  return {kind_of(code), path_ + ": " + said + "; " + std::string(next_step(code))};
}

Status Database::configure(const DatabaseOptions& options) {
  sqlite3_busy_timeout(connection_, options.busy_ms);
  // A hostile file cannot make the schema run functions of its own choice.
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, options.checkpoint_on_close ? 0 : 1,
                    nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  if (!options.read_only) {
    if (auto set = execute("PRAGMA journal_mode = WAL"); !set) return set;
  }
  return execute(
      "PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA secure_delete = ON;"
      "PRAGMA cell_size_check = ON");
}

Status Database::check() {
  auto statement = prepare("PRAGMA quick_check(1)");
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  const std::string answer = *row ? statement->text(0) : "no answer";
  if (answer == "ok") return {};
  return fail(ErrorKind::corrupt, path_ + " is damaged (" + answer + "); restore it from a backup");
}

Result<int> Database::read_version() {
  auto statement = prepare("PRAGMA user_version");
  if (!statement) return std::unexpected(statement.error());
  if (const auto row = statement->step(); !row) return std::unexpected(row.error());
  return static_cast<int>(statement->number(0));
}

Status Database::migrate(std::span<const std::string_view> migrations, bool read_only) {
  const int known = static_cast<int>(migrations.size());
  for (;;) {
    const auto found = read_version();
    if (!found) return std::unexpected(found.error());
    version_ = *found;
    if (version_ > known) {
      return fail(ErrorKind::invalid, path_ + " was written by a newer Doorward (form " +
                                          std::to_string(version_) + ", this one knows " +
                                          std::to_string(known) + "); use that version");
    }
    if (version_ == known) return {};
    if (read_only) {
      return fail(ErrorKind::invalid, path_ + " has an older form (" + std::to_string(version_) +
                                          "); start the gateway once to bring it up to date");
    }
    auto transaction = Transaction::begin(*this);
    if (!transaction) return std::unexpected(transaction.error());
    // Another process may have done it while this one waited for the right to write.
    if (const auto now = read_version(); !now || *now != version_) continue;
    if (auto applied = execute(migrations[static_cast<std::size_t>(version_)]); !applied) return applied;
    if (auto set = execute("PRAGMA user_version = " + std::to_string(version_ + 1)); !set) return set;
    if (auto done = transaction->commit(); !done) return done;
  }
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return Statement(this, statement);
}

Status Database::execute(std::string_view sql) {
  const int code = sqlite3_exec(connection_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return {};
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(connection_);
}

Status Database::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return {};
}

// --- Transaction
// ---------------------------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return std::unexpected(begun.error());
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

Status Transaction::commit() {
  if (auto committed = database_->execute("COMMIT"); !committed) return committed;
  database_ = nullptr;
  return {};
}

}  // namespace doorward::store
