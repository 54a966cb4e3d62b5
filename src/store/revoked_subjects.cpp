#include "store/revoked_subjects.h"

#include "store/rows.h"

namespace doorward::store {

Status RevokedSubjects::add(const RevokedSubject& revoked) {
  auto insert = database_.prepare("INSERT INTO revoked_subjects (issuer, subject, since_us) VALUES (?, ?, ?)");
  if (!insert) return std::unexpected(insert.error());
  const Status done = insert->bind(revoked.issuer).bind(revoked.subject).bind(revoked.since_us).run();
  if (!done && done.error().kind == ErrorKind::conflict) {
    return fail(ErrorKind::conflict, "that agent is revoked already; nothing is left to do");
  }
  return done;
}

Status RevokedSubjects::remove(std::string_view issuer, std::string_view subject) {
  auto remove = database_.prepare("DELETE FROM revoked_subjects WHERE issuer = ? AND subject = ?");
  if (!remove) return std::unexpected(remove.error());
  if (const Status done = remove->bind(issuer).bind(subject).run(); !done) return done;
  if (database_.changes() == 0) return fail(ErrorKind::not_found, "that agent is not revoked; see `doorward agent list`");
  return {};
}

Result<std::vector<RevokedSubject>> RevokedSubjects::all() {
  auto query = database_.prepare("SELECT issuer, subject, since_us FROM revoked_subjects ORDER BY since_us, issuer, subject");
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, [](const Statement& row) {
    return RevokedSubject{row.text(0), row.text(1), row.number(2)};
  });
}

}  // namespace doorward::store
