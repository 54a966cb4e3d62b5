#include "catalogue/take.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <vector>

#include "base/encoding.h"
#include "base/hash.h"
#include "catalogue/definition.h"
#include "catalogue/labels.h"
#include "catalogue/listing_json.h"
#include "mcp/tool_definition.h"
#include "risk/actions.h"
#include "risk/tool_facts.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kLongestName = 512;
constexpr std::size_t kLongestText = 8192;
constexpr std::size_t kMostPieces = 64;    // packages, and endpoints, of a listing
constexpr std::size_t kMostVersions = 30;  // earlier definitions of a tool that are kept
constexpr std::size_t kMostCandidates = 500;

/// The text without control characters, which neither a database nor a terminal takes, at most so long.
std::string cleaned(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      out += c;
    } else if (c == '\n' || c == '\t') {
      out += ' ';
    }
  }
  // A character that the bound cut in two.
  while (out.size() + 8 > most && !out.empty() && (static_cast<unsigned char>(out.back()) & 0x80) != 0)
    out.pop_back();
  return out;
}

Listing cleaned(const Listing& listing) {
  Listing out;
  for (const auto member : {&Listing::source, &Listing::source_id, &Listing::name, &Listing::title,
                            &Listing::version, &Listing::publisher, &Listing::licence, &Listing::auth}) {
    out.*member = cleaned(listing.*member, kLongestName);
  }
  for (const auto member : {&Listing::description, &Listing::repository, &Listing::website}) {
    out.*member = cleaned(listing.*member, kLongestText);
  }
  if (out.name.empty()) out.name = out.source_id;
  if (out.source_id.empty()) out.source_id = out.name;
  for (const Package& package : listing.packages) {
    if (out.packages.size() == kMostPieces) break;
    out.packages.push_back({.registry = cleaned(package.registry, kLongestName),
                            .identifier = cleaned(package.identifier, kLongestName),
                            .version = cleaned(package.version, kLongestName),
                            .transport = cleaned(package.transport, kLongestName)});
  }
  for (const Remote& remote : listing.remotes) {
    if (out.remotes.size() == kMostPieces) break;
    out.remotes.push_back({.transport = cleaned(remote.transport, kLongestName),
                           .url = cleaned(remote.url, kLongestText),
                           .needs_secret = remote.needs_secret});
  }
  out.tools_known = listing.tools_known;
  out.updated_us = listing.updated_us;
  out.gone = listing.gone;
  return out;
}

bool is_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string tool_key(std::string_view name, std::string_view outer) {
  return std::string(name).append("\n").append(outer);
}

std::string hash_suffix(const Listing& listing) {
  return to_hex(sha256(listing.source + '\n' + listing.source_id)).substr(0, 6);
}

}  // namespace

struct Intake::Tool {
  Indexed indexed;
  std::string outer;
  std::int64_t definition = 0;
  Digest digest{};
  Digest key{};
  bool gone = false;
  bool met = false;  ///< by the listing that is being taken
  std::int64_t last_seen_us = 0;
  std::int64_t changed_us = 0;
};

Status Intake::take(const Listing& raw) {
  const Listing listing = cleaned(raw);
  if (listing.source.empty() || listing.name.empty()) return {};
  auto server = find_server(listing);
  if (!server) return std::unexpected(server.error());
  const auto says = may_say_tools(server->id, listing);
  if (!says) return std::unexpected(says.error());
  if (*says) {
    Listing with_tools = listing;
    with_tools.tools = raw.tools;
    with_tools.actions = raw.actions;
    if (const Status done = take_tools(*server, with_tools); !done) return done;
  }
  if (const Status done = file_.run("UPDATE servers SET last_seen_us = max(last_seen_us, ?) WHERE id = ?",
                                    now_us_, server->id);
      !done) {
    return done;
  }
  if (!server->changed) return {};
  if (const Status done = mark_changed(server->id); !done) return done;
  return index_.renew_server(server->id);
}

Status Intake::mark_changed(std::int64_t server) {
  return file_.run("UPDATE servers SET changed_us = ? WHERE id = ?", now_us_, server);
}

// --- The server of a record

Result<Intake::Server> Intake::find_server(const Listing& listing) {
  const std::string text = to_json(listing);
  Server server;
  std::string before;
  {
    auto query = file_.query(
        "SELECT server, r.listing, slug FROM records r JOIN servers ON id = server WHERE source = ? AND "
        "source_id = ?",
        listing.source, listing.source_id);
    if (!query) return std::unexpected(query.error());
    const auto row = (*query)->step();
    if (!row) return std::unexpected(row.error());
    if (*row) {
      server.id = (*query)->number(0);
      before = (*query)->text(1);
      server.slug = (*query)->text(2);
    }
  }
  if (server.id != 0 && before != text) {
    const auto old = reader_.read(before);
    const auto moves = leaves(server.id, listing, old ? listing_of(*old) : Listing());
    if (!moves) return std::unexpected(moves.error());
    if (*moves) {
      if (const Status done = forget_tools(server.id, listing); !done) return std::unexpected(done.error());
      if (const Status done = file_.run("DELETE FROM records WHERE source = ? AND source_id = ?",
                                        listing.source, listing.source_id);
          !done) {
        return std::unexpected(done.error());
      }
      if (const Status done = renew_listing(server); !done) return std::unexpected(done.error());
      if (const Status done = mark_changed(server.id); !done) return std::unexpected(done.error());
      if (const Status done = index_.renew_server(server.id); !done) return std::unexpected(done.error());
      server = {};
    }
  }
  if (server.id == 0) {
    const auto joined = join(listing);
    if (!joined) return std::unexpected(joined.error());
    if (*joined) {
      server.id = **joined;
    } else {
      const auto created = create(listing);
      if (!created) return std::unexpected(created.error());
      server.id = *created;
      server.changed = true;
      ++taken_.servers_added;
    }
    auto query = file_.query("SELECT slug FROM servers WHERE id = ?", server.id);
    if (!query) return std::unexpected(query.error());
    if (const auto row = (*query)->step(); !row) return std::unexpected(row.error());
    server.slug = (*query)->text(0);
    before.clear();
  }
  if (const Status done = file_.run("INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT DO "
                                    "UPDATE SET server = excluded.server, "
                                    "listing = excluded.listing, last_seen_us = excluded.last_seen_us",
                                    listing.source, listing.source_id, server.id, text, now_us_);
      !done) {
    return std::unexpected(done.error());
  }
  if (before != text) {
    const bool fresh = server.changed;
    if (const Status done = renew_listing(server); !done) return std::unexpected(done.error());
    if (server.changed && !fresh) ++taken_.servers_changed;
  }
  return server;
}

Result<std::vector<Listing>> Intake::records_of(std::int64_t server) {
  auto query = file_.query(
      "SELECT listing FROM records WHERE server = ? ORDER BY first_seen_us, source, source_id", server);
  if (!query) return std::unexpected(query.error());
  std::vector<Listing> records;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return records;
    const std::string text = (*query)->text(0);
    if (const auto root = reader_.read(text)) records.push_back(listing_of(*root));
  }
}

Result<bool> Intake::leaves(std::int64_t server, const Listing& listing, const Listing& before) {
  if (keys_of(listing) == keys_of(before)) return false;
  auto records = records_of(server);
  if (!records) return std::unexpected(records.error());
  std::erase_if(*records, [&](const Listing& record) {
    return record.source == listing.source && record.source_id == listing.source_id;
  });
  if (records->empty()) return false;
  return why_joined(listing, known_of(*records)).empty();
}

Result<std::optional<Known>> Intake::known(std::int64_t server) {
  auto query = file_.query(
      "SELECT listing, standing, owns_repository, has_live FROM servers JOIN server_texts ON server = id "
      "WHERE id = ?",
      server);
  if (!query) return std::unexpected(query.error());
  const auto row = (*query)->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  const std::string text = (*query)->text(0);
  const auto root = reader_.read(text);
  if (!root) return std::nullopt;
  return Known{.listing = listing_of(*root),
               .standing = static_cast<Standing>((*query)->number(1)),
               .owns_repository = (*query)->number(2) != 0,
               .has_live = (*query)->number(3) != 0};
}

Result<std::optional<std::int64_t>> Intake::join(const Listing& listing) {
  constexpr std::array<std::string_view, 4> kOrder = {"repository", "package", "endpoint", "name"};
  std::set<std::int64_t> candidates;
  for (const Key& key : keys_of(listing)) {
    auto query = file_.query("SELECT server FROM keys WHERE kind = ? AND value = ? ORDER BY server LIMIT ?",
                             static_cast<int>(key.kind), key.value, kMostCandidates);
    if (!query) return std::unexpected(query.error());
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      candidates.insert((*query)->number(0));
    }
  }
  // By what they join, then the better known one, then the older.
  std::optional<std::tuple<std::ptrdiff_t, int, std::int64_t>> best;
  for (const std::int64_t candidate : candidates) {
    const auto server = known(candidate);
    if (!server) return std::unexpected(server.error());
    if (!*server) continue;
    const std::string_view why = why_joined(listing, **server);
    if (why.empty()) continue;
    const std::tuple rank(std::ranges::find(kOrder, why) - kOrder.begin(),
                          -static_cast<int>((*server)->standing), candidate);
    if (!best || rank < *best) best = rank;
  }
  if (!best) return std::nullopt;
  return std::get<2>(*best);
}

Result<std::int64_t> Intake::create(const Listing& listing) {
  const std::string plain = slug_of(listing);
  const auto taken = file_.number("SELECT 1 FROM servers WHERE slug = ?", plain);
  if (!taken) return std::unexpected(taken.error());
  const std::string slug = *taken ? plain + '-' + hash_suffix(listing) : plain;
  const auto id = file_.insert("INSERT INTO servers (slug, first_seen_us, last_seen_us) VALUES (?1, ?2, ?2)",
                               slug, now_us_);
  if (!id) return std::unexpected(id.error());
  if (const Status done = file_.run("INSERT INTO server_texts VALUES (?, '', '')", *id); !done) {
    return std::unexpected(done.error());
  }
  return *id;
}

Status Intake::renew_listing(Server& server) {
  const auto records = records_of(server.id);
  if (!records) return std::unexpected(records.error());
  if (records->empty()) return {};
  const Known joined = known_of(*records);
  const std::string text = to_json(joined.listing);
  if (const Status done = file_.run(
          "UPDATE servers SET standing = ?, owns_repository = ?, has_live = ?, gone = ? WHERE id = ?",
          static_cast<int>(joined.standing), joined.owns_repository, joined.has_live, joined.listing.gone,
          server.id);
      !done) {
    return done;
  }
  auto update = file_.query("UPDATE server_texts SET listing = ?1 WHERE server = ?2 AND listing <> ?1", text,
                            server.id);
  if (!update) return std::unexpected(update.error());
  if (const Status done = (*update)->run(); !done) return done;
  if (file_.database().changes() == 0) return {};
  server.changed = true;
  if (const Status done = file_.run("DELETE FROM keys WHERE server = ?", server.id); !done) return done;
  std::vector<Key> keys = keys_of(joined.listing);
  for (const Listing& record : *records) {
    if (standing_of(record.source) == Standing::claimed && joined.standing > Standing::claimed) continue;
    if (Key key{KeyKind::called, record.name}; std::ranges::find(keys, key) == keys.end())
      keys.push_back(std::move(key));
  }
  for (const Key& key : keys) {
    if (const Status done =
            file_.run("INSERT INTO keys VALUES (?, ?, ?)", static_cast<int>(key.kind), key.value, server.id);
        !done) {
      return done;
    }
  }
  return {};
}

// --- Its tools

Result<bool> Intake::may_say_tools(std::int64_t server, const Listing& listing) {
  if (listing.tools_known == ToolsKnown::none) return false;
  const Standing standing = standing_of(listing.source);
  const auto joined = known(server);
  if (!joined) return std::unexpected(joined.error());
  const Listing& base = (*joined)->listing;
  if (standing == Standing::claimed && (base.source != listing.source || base.source_id != listing.source_id))
    return false;
  auto query = file_.query(
      "SELECT tools_source, tools_id, tools_standing, tools_known FROM servers WHERE id = ?", server);
  if (!query) return std::unexpected(query.error());
  if (const auto row = (*query)->step(); !row) return std::unexpected(row.error());
  if ((*query)->text(0).empty()) return true;
  if ((*query)->text(0) == listing.source && (*query)->text(1) == listing.source_id) return true;
  const auto before = static_cast<Standing>((*query)->number(2));
  if (standing != before) return standing > before;
  return standing == Standing::scanned ||
         static_cast<std::int64_t>(listing.tools_known) > (*query)->number(3);
}

Status Intake::forget_tools(std::int64_t server, const Listing& listing) {
  const auto says = file_.number("SELECT 1 FROM servers WHERE id = ? AND tools_source = ? AND tools_id = ?",
                                 server, listing.source, listing.source_id);
  if (!says) return std::unexpected(says.error());
  if (!*says) return {};
  Server known{.id = server, .slug = {}, .changed = false};
  auto tools = tools_of(known);
  if (!tools) return std::unexpected(tools.error());
  for (auto& [name, tool] : *tools) {
    if (tool.gone) continue;
    if (const Status done = mark_gone(known, tool); !done) return done;
  }
  return file_.run(
      "UPDATE servers SET tools_source = '', tools_id = '', tools_standing = 0, tools_known = 0 WHERE id = ?",
      server);
}

Result<Intake::Tools> Intake::tools_of(const Server& server) {
  auto query = file_.query(
      "SELECT t.id, t.name, t.outer, t.definition, d.digest, d.key, d.text, t.category, t.severity, "
      "t.signals, t.gone, "
      "t.last_seen_us, t.changed_us, slug FROM tools t JOIN definitions d ON d.id = t.definition "
      "JOIN servers s ON s.id = t.server WHERE t.server = ?",
      server.id);
  if (!query) return std::unexpected(query.error());
  Tools tools;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return tools;
    const store::Statement& found = **query;
    Tool tool;
    tool.indexed = {.id = found.number(0),
                    .server = server.id,
                    .slug = found.text(13),
                    .name = found.text(1),
                    .definition = found.text(6),
                    .category = static_cast<Category>(found.number(7)),
                    .severity = static_cast<Severity>(found.number(8)),
                    .signals = static_cast<SignalBits>(found.number(9))};
    tool.outer = found.text(2);
    tool.definition = found.number(3);
    tool.digest = digest_at(found, 4);
    tool.key = digest_at(found, 5);
    tool.gone = found.number(10) != 0;
    tool.last_seen_us = found.number(11);
    tool.changed_us = found.number(12);
    std::string key = tool_key(tool.indexed.name, tool.outer);
    tools.emplace(std::move(key), std::move(tool));
  }
}

Status Intake::take_tools(Server& server, const Listing& listing) {
  auto tools = tools_of(server);
  if (!tools) return std::unexpected(tools.error());
  for (const std::string& text : listing.tools) {
    if (const Status done = take_tool(server, *tools, text, ""); !done) return done;
  }
  if (const Status done = take_actions(server, *tools, listing); !done) return done;
  if (listing.tools_known == ToolsKnown::whole) {
    for (auto& [name, tool] : *tools) {
      if (tool.met || tool.gone) continue;
      if (const Status done = mark_gone(server, tool); !done) return done;
      ++taken_.tools_gone;
    }
  }
  return file_.run(
      "UPDATE servers SET tools_known = iif(tools_source = ?2 AND tools_id = ?3, max(tools_known, ?5), ?5), "
      "tools_source = ?2, tools_id = ?3, tools_standing = ?4 WHERE id = ?1",
      server.id, listing.source, listing.source_id, static_cast<int>(standing_of(listing.source)),
      static_cast<int>(listing.tools_known));
}

Status Intake::mark_gone(Server& server, Tool& tool) {
  server.changed = true;
  tool.gone = true;
  if (const Status done = index_.remove(tool.indexed); !done) return done;
  return file_.run("UPDATE tools SET gone = max(?, 1) WHERE id = ?", now_us_, tool.indexed.id);
}

Result<std::int64_t> Intake::definition(const Digest& digest, const Digest& key, std::string_view text) {
  const auto found = file_.number("SELECT id FROM definitions WHERE digest = ?", std::span(digest));
  if (!found) return std::unexpected(found.error());
  if (*found) return **found;
  return file_.insert("INSERT INTO definitions (digest, key, text) VALUES (?, ?, ?)", std::span(digest),
                      std::span(key), text);
}

Status Intake::take_tool(Server& server, Tools& tools, std::string_view text, const std::string& outer) {
  if (text.size() > mcp::kLargestDefinition) return {};
  const auto root = reader_.read(text);
  if (!root || !root->is(json::Type::object)) return {};
  const std::string name(json::text_of(*root, "name"));
  if (!is_tool_name(name)) return {};
  std::string spelled;
  canonical_.append(*root, spelled);
  const Digest digest = sha256(spelled);

  const auto at = tools.find(tool_key(name, outer));
  if (at == tools.end() && tools.size() >= 2 * mcp::kMostTools) return {};
  Tool* tool = at == tools.end() ? nullptr : &at->second;
  if (tool != nullptr && tool->met) return {};  // named twice: the first counts
  if (tool != nullptr && !tool->gone && tool->digest == digest) {
    tool->met = true;
    return file_.run("UPDATE tools SET last_seen_us = ? WHERE id = ?", now_us_, tool->indexed.id);
  }

  server.changed = true;
  const Digest key = definition_key(*root, canonical_);
  const auto stored = definition(digest, key, spelled);
  if (!stored) return std::unexpected(stored.error());
  risk::Classification classification = risk::classify(risk::facts_of(server.slug, *root));
  const SignalBits signals = bits_of(classification);
  const std::string reasons = reasons_of(classification);
  {
    auto query = file_.query(
        "SELECT category, severity, reason, author, at_us FROM overrides WHERE server = ? AND tool = ?",
        server.id, name);
    if (!query) return std::unexpected(query.error());
    const auto row = (*query)->step();
    if (!row) return std::unexpected(row.error());
    if (*row) put_in_force(override_at(**query, 0), classification);
  }
  const int category = static_cast<int>(classification.category);
  const int severity = static_cast<int>(classification.severity);
  const std::uint32_t rules = risk::rules_version();

  std::int64_t id = 0;
  if (tool == nullptr) {
    const auto made = file_.insert(
        "INSERT INTO tools (server, name, outer, definition, category, severity, confidence, signals, rules, "
        "first_seen_us, last_seen_us, changed_us) VALUES (?1, ?2, ?10, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?9)",
        server.id, name, *stored, category, severity, classification.confidence, signals, rules, now_us_,
        outer);
    if (!made) return std::unexpected(made.error());
    id = *made;
    ++taken_.tools_added;
  } else {
    id = tool->indexed.id;
    if (!tool->gone) {
      if (const Status done = index_.remove(tool->indexed); !done) return done;
    }
    const bool changed = tool->key != key;
    if (changed) {
      if (const Status done = keep_version(*tool); !done) return done;
      ++taken_.tools_changed;
    } else if (tool->gone) {
      ++taken_.tools_added;
    }
    if (const Status done = file_.run(
            "UPDATE tools SET definition = ?2, category = ?3, severity = ?4, confidence = ?5, signals = ?6, "
            "rules = ?7, "
            "gone = 0, last_seen_us = ?8, changed_us = iif(?9, ?8, changed_us) WHERE id = ?1",
            id, *stored, category, severity, classification.confidence, signals, rules, now_us_, changed);
        !done) {
      return done;
    }
    if (tool->definition != *stored) {
      if (const Status done = drop_unused(tool->definition); !done) return done;
    }
  }
  if (const Status done = file_.run(
          "INSERT INTO reasons VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text", id, reasons);
      !done) {
    return done;
  }
  Tool& now = tool != nullptr ? *tool : tools[tool_key(name, outer)];
  now.indexed = {.id = id,
                 .server = server.id,
                 .slug = server.slug,
                 .name = name,
                 .definition = std::string(spelled),
                 .category = classification.category,
                 .severity = classification.severity,
                 .signals = signals};
  now.digest = digest;
  now.key = key;
  now.gone = false;
  now.met = true;
  return index_.add(now.indexed);
}

Status Intake::take_actions(Server& server, Tools& tools, const Listing& listing) {
  std::map<std::string, std::vector<std::string>> told;
  for (const HiddenTool& action : listing.actions) told[action.outer].push_back(action.definition);
  std::vector<std::pair<std::string, std::vector<std::string>>> found;
  for (const auto& [key, tool] : tools) {
    if (!tool.met || !tool.outer.empty()) continue;
    std::vector<std::string> definitions = std::move(told[tool.indexed.name]);
    // Definitions that are told stand before what the schema alone lists: of one name the first counts.
    const auto root = reader_.read(tool.indexed.definition);
    const auto proposal = root ? risk::propose_actions(risk::facts_of(server.slug, *root)) : std::nullopt;
    if (proposal) {
      for (const risk::HiddenAction& action : proposal->actions) definitions.push_back(action.definition);
    }
    found.emplace_back(tool.indexed.name, std::move(definitions));
  }
  for (const auto& [outer, definitions] : found) {
    for (const std::string& definition : definitions) {
      if (const Status done = take_tool(server, tools, definition, outer); !done) return done;
    }
  }
  // A tool that was met hides no more than this.
  for (auto& [key, tool] : tools) {
    if (tool.met || tool.gone || tool.outer.empty()) continue;
    const auto outer = tools.find(tool_key(tool.outer, ""));
    if (outer == tools.end() || !outer->second.met) continue;
    if (const Status done = mark_gone(server, tool); !done) return done;
    ++taken_.tools_gone;
  }
  return {};
}

Status Intake::keep_version(const Tool& tool) {
  if (const Status done = file_.run(
          "INSERT INTO versions VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last_us = excluded.last_us",
          tool.indexed.id, tool.changed_us, tool.definition, tool.last_seen_us);
      !done) {
    return done;
  }
  std::vector<std::int64_t> dropped;
  {
    auto query =
        file_.query("SELECT definition FROM versions WHERE tool = ? ORDER BY since_us DESC LIMIT -1 OFFSET ?",
                    tool.indexed.id, kMostVersions);
    if (!query) return std::unexpected(query.error());
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      dropped.push_back((*query)->number(0));
    }
  }
  if (dropped.empty()) return {};
  if (const Status done = file_.run("DELETE FROM versions WHERE tool = ?1 AND since_us < (SELECT "
                                    "min(since_us) FROM (SELECT since_us FROM versions "
                                    "WHERE tool = ?1 ORDER BY since_us DESC LIMIT ?2))",
                                    tool.indexed.id, kMostVersions);
      !done) {
    return done;
  }
  for (const std::int64_t definition : dropped) {
    if (const Status done = drop_unused(definition); !done) return done;
  }
  return {};
}

Status Intake::drop_unused(std::int64_t definition) {
  return file_.run(
      "DELETE FROM definitions WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM tools WHERE definition = ?1) "
      "AND NOT EXISTS (SELECT 1 FROM versions WHERE definition = ?1)",
      definition);
}

}  // namespace doorward::catalogue
