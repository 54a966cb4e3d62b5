#include "catalogue/schema.h"

#include <array>

namespace doorward::catalogue {
namespace {

// `records` is what each source says of a server; what they say together stands in `server_texts.listing` and
// is made anew whenever one of them changes, as `keys` is (by what records of other sources find the server).
//
// `tools` holds the definition in force; earlier ones are in `versions`. A definition is stored once, however
// many servers have it. Categories, severities and signals are numbers of their enumerations; `rules` is the
// version of the rules that said so, and what a person said instead stands in `overrides`, by name, so that
// it outlives a tool that goes and comes back.
//
// `gone` is the time at which a tool was missing from a whole list, or 0.
//
// The two indexes hold no text, only which words stand where (catalogue/terms.h). Their rowids sort by rank,
// so that the best page is the first one met; for that, too, every beginning that is asked for has a list of
// its own.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE servers (
  id             INTEGER PRIMARY KEY,
  slug           TEXT    NOT NULL UNIQUE,
  standing       INTEGER NOT NULL DEFAULT 0,
  owns_repository INTEGER NOT NULL DEFAULT 0,
  has_live       INTEGER NOT NULL DEFAULT 0,
  tools_source   TEXT    NOT NULL DEFAULT '',
  tools_id       TEXT    NOT NULL DEFAULT '',
  tools_standing INTEGER NOT NULL DEFAULT 0,
  tools_known    INTEGER NOT NULL DEFAULT 0,
  gone           INTEGER NOT NULL DEFAULT 0,
  first_seen_us  INTEGER NOT NULL,
  last_seen_us   INTEGER NOT NULL,
  place          INTEGER,
  signals        INTEGER NOT NULL DEFAULT 0,
  tools          INTEGER NOT NULL DEFAULT 0,
  of_read        INTEGER NOT NULL DEFAULT 0,
  of_write       INTEGER NOT NULL DEFAULT 0,
  of_execute     INTEGER NOT NULL DEFAULT 0,
  of_destructive INTEGER NOT NULL DEFAULT 0,
  of_financial   INTEGER NOT NULL DEFAULT 0,
  of_other       INTEGER NOT NULL DEFAULT 0,
  of_low         INTEGER NOT NULL DEFAULT 0,
  of_medium      INTEGER NOT NULL DEFAULT 0,
  of_high        INTEGER NOT NULL DEFAULT 0,
  of_critical    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE server_texts (
  server  INTEGER PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
  listing TEXT NOT NULL,
  indexed TEXT NOT NULL
) STRICT;

CREATE TABLE records (
  source        TEXT    NOT NULL,
  source_id     TEXT    NOT NULL,
  server        INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  listing       TEXT    NOT NULL,
  first_seen_us INTEGER NOT NULL,
  last_seen_us  INTEGER NOT NULL,
  PRIMARY KEY (source, source_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_of_server ON records (server);

CREATE TABLE keys (
  kind   INTEGER NOT NULL,
  value  TEXT    NOT NULL,
  server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  PRIMARY KEY (kind, value, server)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of_server ON keys (server);

CREATE TABLE definitions (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  key    BLOB NOT NULL,
  text   TEXT NOT NULL
) STRICT;
CREATE INDEX definitions_by_key ON definitions (key);

-- Counting half a million rows takes longer than a page may.
CREATE TABLE totals (definitions INTEGER NOT NULL) STRICT;
INSERT INTO totals VALUES (0);
CREATE TRIGGER definition_added AFTER INSERT ON definitions BEGIN
  UPDATE totals SET definitions = definitions + 1;
END;
CREATE TRIGGER definition_dropped AFTER DELETE ON definitions BEGIN
  UPDATE totals SET definitions = definitions - 1;
END;

CREATE TABLE tools (
  id            INTEGER PRIMARY KEY,
  server        INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  name          TEXT    NOT NULL,
  outer         TEXT    NOT NULL,
  definition    INTEGER NOT NULL REFERENCES definitions (id),
  category      INTEGER NOT NULL,
  severity      INTEGER NOT NULL,
  confidence    INTEGER NOT NULL,
  signals       INTEGER NOT NULL,
  rules         INTEGER NOT NULL,
  gone          INTEGER NOT NULL DEFAULT 0,
  first_seen_us INTEGER NOT NULL,
  last_seen_us  INTEGER NOT NULL,
  changed_us    INTEGER NOT NULL,
  UNIQUE (server, name, outer)
) STRICT;
CREATE INDEX tools_of_definition ON tools (definition);
CREATE INDEX tools_by_rules ON tools (rules);

CREATE TABLE reasons (
  tool INTEGER PRIMARY KEY REFERENCES tools (id) ON DELETE CASCADE,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE versions (
  tool       INTEGER NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
  since_us   INTEGER NOT NULL,
  definition INTEGER NOT NULL REFERENCES definitions (id),
  last_us    INTEGER NOT NULL,
  PRIMARY KEY (tool, since_us, definition)
) STRICT, WITHOUT ROWID;
CREATE INDEX versions_of_definition ON versions (definition);

CREATE TABLE overrides (
  server   INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  tool     TEXT    NOT NULL,
  category INTEGER,
  severity INTEGER,
  reason   TEXT    NOT NULL,
  author   TEXT    NOT NULL,
  at_us    INTEGER NOT NULL,
  PRIMARY KEY (server, tool)
) STRICT, WITHOUT ROWID;

CREATE TABLE bookmarks (
  source TEXT NOT NULL PRIMARY KEY,
  place  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE tool_index USING fts5 (terms, content = '', columnsize = 0, detail = none,
  prefix = '1 2 3 4 5 6 7 8 9', tokenize = "ascii tokenchars '.#=_'");
CREATE VIRTUAL TABLE server_index USING fts5 (terms, content = '', columnsize = 0, detail = none,
  prefix = '1 2 3 4 5 6 7 8 9', tokenize = "ascii tokenchars '.#=_'");
)sql";

// `text` is what implementation_json.h writes.
constexpr std::string_view kImplementations = R"sql(
CREATE TABLE implementations (
  server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  tool   TEXT    NOT NULL,
  text   TEXT    NOT NULL,
  PRIMARY KEY (server, tool)
) STRICT, WITHOUT ROWID;
)sql";

// When a server or one of its tools was added or changed, for copies of the catalogue that ask for what is new.
constexpr std::string_view kChanged = R"sql(
ALTER TABLE servers ADD COLUMN changed_us INTEGER NOT NULL DEFAULT 0;
UPDATE servers SET changed_us = last_seen_us;
)sql";

constexpr std::array kMigrations = {kFirst, kImplementations, kChanged};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

}  // namespace doorward::catalogue
