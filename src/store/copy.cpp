#include "store/copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <memory>

namespace doorward::store {
namespace {

constexpr int kBusyMs = 10'000;

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Connection = std::unique_ptr<sqlite3, Close>;

Result<Connection> open(const std::string& path, int flags) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_NOFOLLOW, nullptr);
  Connection connection(database);
  if (code != SQLITE_OK) {
    return fail(ErrorKind::unavailable, path + " cannot be opened: " + sqlite3_errstr(code) + "; check the path and its permissions");
  }
  sqlite3_busy_timeout(database, kBusyMs);
  return connection;
}

}  // namespace

Status copy_database(const std::string& from, const std::string& to) {
  auto source = open(from, SQLITE_OPEN_READONLY);
  if (!source) return std::unexpected(source.error());
  const int made = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) return fail(ErrorKind::conflict, to + " cannot be made; it exists already, or its folder does not");
  ::close(made);
  auto target = open(to, SQLITE_OPEN_READWRITE);
  if (!target) return std::unexpected(target.error());
  sqlite3_backup* backup = sqlite3_backup_init(target->get(), "main", source->get(), "main");
  // All pages in one step: one read transaction, so the copy is of one moment.
  const int stepped = backup == nullptr ? sqlite3_errcode(target->get()) : sqlite3_backup_step(backup, -1);
  if (backup != nullptr) sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE) return {};
  return fail(ErrorKind::unavailable, from + " cannot be copied: " + sqlite3_errstr(stepped) + "; try again, or free space");
}

}  // namespace doorward::store
