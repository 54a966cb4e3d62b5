#include "store/migrations.h"

#include <array>

namespace doorward::store {
namespace {

// Names of servers and policies are no foreign keys: YAML may own what they name. Versions of a policy
// outlive it, since the log names them.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE settings (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
  uuid       TEXT    NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL UNIQUE,
  settings   TEXT    NOT NULL,
  created_us INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  revision   INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_versions (
  server     TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  text       TEXT    NOT NULL,
  sha256     BLOB    NOT NULL CHECK (length(sha256) = 32),
  author     TEXT    NOT NULL,
  comment    TEXT    NOT NULL,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (server, name, version)
) STRICT;

CREATE TRIGGER policy_versions_are_immutable BEFORE UPDATE ON policy_versions
BEGIN SELECT RAISE(ABORT, 'a version of a policy cannot be changed'); END;

CREATE TRIGGER policy_versions_are_kept BEFORE DELETE ON policy_versions
BEGIN SELECT RAISE(ABORT, 'a version of a policy cannot be removed'); END;

CREATE TABLE policies (
  server     TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  current    INTEGER NOT NULL,
  revision   INTEGER NOT NULL CHECK (revision > 0),
  created_us INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  PRIMARY KEY (server, name),
  FOREIGN KEY (server, name, current) REFERENCES policy_versions (server, name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
  id         TEXT    NOT NULL PRIMARY KEY,
  label      TEXT    NOT NULL,
  owner      TEXT    NOT NULL,
  server     TEXT    NOT NULL,
  policy     TEXT    NOT NULL,
  token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  token_hint TEXT    NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER,
  revoked_us INTEGER,
  rotated_us INTEGER,
  version    INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX grants_live_labels ON grants (label) WHERE revoked_us IS NULL;

CREATE TABLE grant_labels (
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  key      TEXT NOT NULL,
  value    TEXT NOT NULL,
  PRIMARY KEY (grant_id, key)
) STRICT, WITHOUT ROWID;
)sql";

// `digest` is that of a tool's canonical definition. The servers may be YAML's, so no foreign keys to them.
constexpr std::string_view kTools = R"sql(
CREATE TABLE tool_lists (
  server   TEXT    NOT NULL PRIMARY KEY,
  first_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tools (
  server      TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  first       BLOB    NOT NULL CHECK (length(first) = 32),
  seen        BLOB    NOT NULL CHECK (length(seen) = 32),
  reviewed    BLOB    CHECK (length(reviewed) = 32),
  rejected    BLOB    CHECK (length(rejected) = 32),
  reviewer    TEXT    NOT NULL,
  reviewed_us INTEGER,
  PRIMARY KEY (server, name)
) STRICT;

CREATE TABLE tool_definitions (
  server   TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  digest   BLOB    NOT NULL CHECK (length(digest) = 32),
  text     TEXT    NOT NULL,
  first_us INTEGER NOT NULL,
  last_us  INTEGER NOT NULL,
  PRIMARY KEY (server, name, digest),
  FOREIGN KEY (server, name) REFERENCES tools (server, name) ON DELETE CASCADE
) STRICT;
)sql";

constexpr std::string_view kPeople = R"sql(
CREATE TABLE users (
  name       TEXT    NOT NULL PRIMARY KEY,
  email      TEXT    NOT NULL,
  roles      TEXT    NOT NULL,
  password   TEXT,
  disabled   INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  created_us INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  revision   INTEGER NOT NULL CHECK (revision > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_groups (
  user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  PRIMARY KEY (user, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_tokens (
  id         TEXT    NOT NULL PRIMARY KEY,
  user       TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  label      TEXT    NOT NULL,
  roles      TEXT    NOT NULL,
  token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  token_hint TEXT    NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id         TEXT    NOT NULL PRIMARY KEY,
  token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  person     TEXT    NOT NULL,
  method     TEXT    NOT NULL,
  email      TEXT    NOT NULL,
  groups     TEXT    NOT NULL,
  address    TEXT    NOT NULL,
  agent      TEXT    NOT NULL,
  created_us INTEGER NOT NULL,
  seen_us    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Times are those of the approvals' own clock (approval/store_clock.h). `binding` is a digest of everything that a
// request is bound to; of equal ones at most one waits. `arguments` are sealed, and empty once removed.
constexpr std::string_view kApprovals = R"sql(
CREATE TABLE approvals (
  id             TEXT    NOT NULL PRIMARY KEY,
  state          TEXT    NOT NULL CHECK (state IN ('pending','approved','denied','used','expired','cancelled')),
  binding        BLOB    NOT NULL CHECK (length(binding) = 32),
  grant_id       TEXT    NOT NULL,
  identity       TEXT    NOT NULL,
  server         TEXT    NOT NULL,
  tool           TEXT    NOT NULL,
  definition     BLOB    NOT NULL CHECK (length(definition) = 32),
  digest         TEXT    NOT NULL,
  policy         TEXT    NOT NULL,
  policy_version INTEGER NOT NULL,
  policy_sha256  TEXT    NOT NULL,
  rule           TEXT    NOT NULL,
  decision       TEXT    NOT NULL,
  grant_label    TEXT    NOT NULL,
  owner          TEXT    NOT NULL,
  client         TEXT    NOT NULL,
  category       TEXT    NOT NULL,
  pointer        TEXT    NOT NULL,
  note           TEXT    NOT NULL,
  groups         TEXT    NOT NULL,
  asked          INTEGER NOT NULL,
  created_us     INTEGER NOT NULL,
  lifetime_us    INTEGER NOT NULL,
  until_us       INTEGER NOT NULL,
  repeats        INTEGER NOT NULL,
  warned         INTEGER NOT NULL,
  decided_us     INTEGER,
  decided_by     TEXT    NOT NULL,
  reason         TEXT    NOT NULL,
  closed_us      INTEGER
) STRICT;

CREATE UNIQUE INDEX approvals_waiting ON approvals (binding) WHERE state = 'pending';
CREATE INDEX approvals_open ON approvals (binding) WHERE closed_us IS NULL;
CREATE INDEX approvals_of_grants ON approvals (grant_id) WHERE closed_us IS NULL;
CREATE INDEX approvals_by_age ON approvals (created_us, id);

CREATE TABLE approval_arguments (
  request TEXT NOT NULL PRIMARY KEY REFERENCES approvals (id) ON DELETE CASCADE,
  sealed  TEXT NOT NULL
) STRICT;

CREATE TABLE approval_votes (
  request TEXT    NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
  actor   TEXT    NOT NULL,
  groups  TEXT    NOT NULL,
  also    TEXT    NOT NULL,
  for_s   INTEGER,
  shown   TEXT    NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (request, actor)
) STRICT;

CREATE TABLE approval_uses (
  decision TEXT    NOT NULL PRIMARY KEY,
  request  TEXT    NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
  at_us    INTEGER NOT NULL,
  boot     TEXT    NOT NULL,
  writer   TEXT    NOT NULL,
  epoch    INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  settled  INTEGER NOT NULL
) STRICT;

CREATE INDEX approval_uses_of_requests ON approval_uses (request);
CREATE INDEX approval_uses_in_doubt ON approval_uses (at_us) WHERE settled = 0;
)sql";

constexpr std::string_view kDeliveries = R"sql(
CREATE TABLE deliveries (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  id      TEXT    NOT NULL,
  event   TEXT    NOT NULL,
  request TEXT    NOT NULL,
  channel TEXT    NOT NULL,
  attempt INTEGER NOT NULL,
  at_us   INTEGER NOT NULL,
  state   TEXT    NOT NULL,
  status  INTEGER NOT NULL,
  detail  TEXT    NOT NULL
) STRICT;
)sql";

// A short number by which people and agents name a grant; never used twice.
constexpr std::string_view kGrantNumbers = R"sql(
CREATE TABLE grant_numbers (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  grant_id TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO grant_numbers (grant_id) SELECT id FROM grants ORDER BY created_us, id;

CREATE TRIGGER grants_are_numbered AFTER INSERT ON grants
BEGIN INSERT INTO grant_numbers (grant_id) VALUES (NEW.id); END;
)sql";

// `wrapped_key` is the secret's data key under the master key `key_id`; see store/secrets.h.
constexpr std::string_view kSecrets = R"sql(
CREATE TABLE secrets (
  name        TEXT    NOT NULL PRIMARY KEY,
  version     INTEGER NOT NULL CHECK (version > 0),
  key_id      TEXT    NOT NULL,
  wrapped_key BLOB    NOT NULL,
  sealed      BLOB    NOT NULL,
  created_us  INTEGER NOT NULL,
  updated_us  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// The servers may be YAML's and the owners are grants of either kind, so no foreign keys.
constexpr std::string_view kOAuth = R"sql(
CREATE TABLE oauth_accounts (
  server       TEXT    NOT NULL,
  owner        TEXT    NOT NULL,
  url          TEXT    NOT NULL,
  issuer       TEXT    NOT NULL,
  scope        TEXT    NOT NULL,
  sealed       TEXT    NOT NULL,
  actor        TEXT    NOT NULL,
  expires_us   INTEGER,
  connected_us INTEGER NOT NULL,
  updated_us   INTEGER NOT NULL,
  PRIMARY KEY (server, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE oauth_registrations (
  server     TEXT    NOT NULL,
  issuer     TEXT    NOT NULL,
  redirect   TEXT    NOT NULL,
  sealed     TEXT    NOT NULL,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (server, issuer)
) STRICT, WITHOUT ROWID;
)sql";

// Agents of authorization servers that are let in no more.
constexpr std::string_view kRevokedSubjects = R"sql(
CREATE TABLE revoked_subjects (
  issuer   TEXT NOT NULL,
  subject  TEXT NOT NULL,
  since_us INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
)sql";

// The servers may be YAML's, so no foreign key.
constexpr std::string_view kToolCategories = R"sql(
CREATE TABLE tool_categories (
  server     TEXT    NOT NULL,
  tool       TEXT    NOT NULL,
  category   TEXT    NOT NULL,
  definition BLOB             CHECK (length(definition) = 32),
  person     TEXT    NOT NULL,
  since_us   INTEGER NOT NULL,
  PRIMARY KEY (server, tool)
) STRICT, WITHOUT ROWID;
)sql";

// Since when the whole lists of its server do not hold the tool; nothing while they do.
constexpr std::string_view kGoneTools = R"sql(
ALTER TABLE tools ADD COLUMN gone_us INTEGER;
)sql";

constexpr std::array kMigrations = {kFirst, kTools, kPeople, kApprovals, kGrantNumbers, kSecrets, kOAuth, kRevokedSubjects, kDeliveries, kToolCategories, kGoneTools};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

}  // namespace doorward::store
