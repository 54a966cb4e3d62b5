#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "gateway/tool_table.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mcp/definition_diff.h"
#include "risk/poisoning.h"
#include "server/categories.h"
#include "server/operations.h"
#include "server/pins.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

/// Events of one report; what is beyond them is told as a number.
constexpr std::size_t kMostEvents = 32;
constexpr std::int64_t kGonePauseUs = 60'000'000;  // between two times that a server's missing tools are marked

/// How a tool stands, as a review shows it.
enum class Review : std::uint8_t { reviewed, changed, added, rejected };

std::string_view to_string(Review review) {
  switch (review) {
    case Review::reviewed:
      return "reviewed";
    case Review::changed:
      return "changed";
    case Review::added:
      return "new";
    case Review::rejected:
      break;
  }
  return "rejected";
}

Review review_of(const store::ToolRow& row, const std::optional<Digest>& pinned) {
  if (pinned == row.seen) return Review::reviewed;
  if (row.rejected == row.seen) return Review::rejected;
  return pinned ? Review::changed : Review::added;
}

const store::ToolDefinition* definition_of(const std::vector<store::ToolDefinition>& definitions,
                                           const std::optional<Digest>& digest) {
  if (!digest) return nullptr;
  const auto found = std::ranges::find(definitions, *digest, &store::ToolDefinition::digest);
  return found == definitions.end() ? nullptr : &*found;
}

/// A definition of the store, read.
class ReadDefinition {
 public:
  explicit ReadDefinition(const store::ToolDefinition* definition) {
    if (definition == nullptr || definition->text.empty()) return;
    if (const auto root = reader_.read(definition->text)) root_ = *root;
  }
  json::Value root() const { return root_; }

 private:
  json::Reader reader_;
  json::Value root_;
};

/// Whether a name is one that a text would hardly hold by chance.
bool is_distinctive(std::string_view name) {
  return name.size() >= 8 && std::ranges::any_of(name, [&](const char& c) {
           const bool hump = c >= 'A' && c <= 'Z' && &c != name.data();
           return c == '_' || c == '-' || hump;
         });
}

/// The tools of all servers but one, as far as a text that names them says something.
std::set<std::string, std::less<>> names_of_others(store::Store& store, const Inventory& inventory,
                                                   std::string_view server) {
  std::set<std::string, std::less<>> names;
  for (const ServerItem& item : inventory.servers) {
    if (item.settings->name == server) continue;
    const auto rows = store.tools(item.settings->name);
    if (!rows) continue;
    for (const store::ToolRow& row : *rows) {
      if (is_distinctive(row.name)) names.insert(row.name);
    }
  }
  if (const auto own = store.tools(server)) {
    for (const store::ToolRow& row : *own) names.erase(row.name);
  }
  return names;
}

void write_changes(json::Writer& writer, json::Value before, json::Value after) {
  writer.key("changes").begin_array();
  if (before && after) {
    for (const mcp::DefinitionChange& change : mcp::diff_definitions(before, after)) {
      writer.begin_object().key("of").string(mcp::to_string(change.of));
      writer.key("kind").string(mcp::to_string(change.kind)).key("name").string(change.name);
      writer.key("where").string(change.where);
      if (!change.before.empty()) writer.key("before").raw(change.before);
      if (!change.after.empty()) writer.key("after").raw(change.after);
      if (!change.words.empty()) {
        writer.key("words").begin_array();
        for (const mcp::WordRun& run : change.words) {
          writer.begin_object()
              .key(run.op == mcp::WordRun::Op::same      ? "same"
                   : run.op == mcp::WordRun::Op::added ? "added"
                                                         : "removed")
              .string(run.text)
              .end_object();
        }
        writer.end_array();
      }
      writer.end_object();
    }
  }
  writer.end_array();
}

}  // namespace

/// What one review shows of a tool, and what it decides by.
struct Operations::ReviewedTool {
  ReviewedTool(const store::ToolRow& tool, std::vector<store::ToolDefinition> known,
               const upstream::ServerSettings& settings, const std::set<std::string, std::less<>>& others)
      : row(tool),
        definitions(std::move(known)),
        pinned(pinned_definition(tool, settings)),
        review(review_of(tool, pinned)),
        before(definition_of(definitions, pinned)),
        seen(definition_of(definitions, tool.seen)) {
    if (!seen.root()) {
      withheld = "its definition is too large";
      return;
    }
    signs = risk::signs_of_poisoning(seen.root(), [&](std::string_view word) { return others.contains(word); });
    if (const auto examined = gateway::examine_tool(settings, tool.name, seen.root()); !examined) {
      withheld = examined.error();
    }
  }

  bool waits() const { return withheld.empty() && (review == Review::changed || review == Review::added); }
  void write(json::Writer& writer, bool whole) const;

  const store::ToolRow& row;
  std::vector<store::ToolDefinition> definitions;
  std::optional<Digest> pinned;
  Review review;
  ReadDefinition before;
  ReadDefinition seen;
  std::vector<risk::Sign> signs;
  std::string withheld;
};

void Operations::ReviewedTool::write(json::Writer& writer, bool whole) const {
  writer.begin_object().key("name").string(row.name).key("state").string(to_string(review));
  writer.key("offered").boolean(withheld.empty() && review == Review::reviewed);
  if (!withheld.empty()) writer.key("withheld").string(withheld);
  writer.key("definition").string(to_hex(row.seen));
  if (pinned) writer.key("reviewed_definition").string(to_hex(*pinned));
  if (!row.reviewer.empty()) writer.key("reviewer").string(row.reviewer);
  if (row.reviewed_us) writer.key("reviewed_at").string(format_time(*row.reviewed_us));
  if (const store::ToolDefinition* latest = definition_of(definitions, row.seen)) {
    writer.key("first_seen").string(format_time(latest->first_us));
  }
  write_changes(writer, review == Review::reviewed ? json::Value() : before.root(), seen.root());
  writer.key("signs").begin_array();
  for (const risk::Sign& sign : signs) {
    writer.begin_object().key("kind").string(risk::to_string(sign.kind)).key("where").string(sign.where);
    writer.key("words").string(sign.words).end_object();
  }
  writer.end_array();
  if (whole && seen.root()) writer.key("text").raw(definition_of(definitions, row.seen)->text);
  writer.end_object();
}

Operations::Json Operations::server_review(ControlRequest& request, const identity::Actor& actor) {
  const std::string name = request.need_text("name");
  const std::optional<std::string> only = request.text("tool");
  const std::optional<std::string> decision = request.text("decision");
  const std::optional<std::string> definition = request.text("definition");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (decision && *decision != "accept" && *decision != "reject")
    return fail(ErrorKind::invalid, "\"decision\" must be accept or reject");
  if (definition && !only) return fail(ErrorKind::invalid, "\"definition\" needs a tool");

  const auto known = store_.knows_tools(name);
  if (!known) return std::unexpected(known.error());
  upstream::ServerSettings settings;
  if (const ServerItem* item = inventory_.server(name)) {
    settings = *item->settings;
  } else if (*known) {
    settings.name = name;  // of `doorward run`, which keeps no servers
  } else {
    return std::unexpected(need_server(name).error());
  }
  auto rows = store_.tools(name);
  if (!rows) return std::unexpected(rows.error());
  const auto others = names_of_others(store_, inventory_, name);
  bool found = false;
  bool changed = false;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.server.review/1").key("server").string(name);
  writer.key("known").boolean(*known).key("tools").begin_array();
  for (store::ToolRow& row : *rows) {
    if (only && row.name != *only) continue;
    found = true;
    auto definitions = store_.tool_definitions(name, row.name);
    if (!definitions) return std::unexpected(definitions.error());
    ReviewedTool tool(row, std::move(*definitions), settings, others);
    // A flagged tool is accepted by its name only, never among many.
    if (decision && (only || (tool.waits() && (tool.signs.empty() || *decision == "reject")))) {
      if (definition && (definition->size() < 8 || !to_hex(row.seen).starts_with(*definition))) {
        return fail(ErrorKind::conflict, "the definition of " + row.name + " is not " + *definition +
                                             " but " + to_hex(row.seen).substr(0, 12) +
                                             "; look at it again, it has changed");
      }
      const bool accept = *decision == "accept";
      const std::int64_t now = clock_.wall_us();
      if (const Status done = store_.review_tool(name, row.name, row.seen, accept, actor.name, now); !done) {
        return std::unexpected(done.error());
      }
      const std::string hex = to_hex(row.seen);
      record("tool.reviewed", actor,
             {{"server", std::string_view(name)},
              {"tool", std::string_view(row.name)},
              {"definition", std::string_view(hex)},
              {"accepted", accept}});
      (accept ? row.reviewed : row.rejected) = row.seen;
      if (!accept && row.reviewed == row.seen) row.reviewed.reset();
      row.reviewer = actor.name;
      row.reviewed_us = now;
      tool.pinned = pinned_definition(row, settings);
      tool.review = review_of(row, tool.pinned);
      changed = true;
    }
    tool.write(writer, only.has_value());
  }
  writer.end_array().key("reclassified").begin_array();
  const auto reclassified = reclassified_tools(store_, settings);
  if (!reclassified) return std::unexpected(reclassified.error());
  for (const Reclassified& tool : *reclassified) {
    if (only && tool.tool != *only) continue;
    found = true;
    writer.begin_object().key("tool").string(tool.tool).key("in_force").string(to_string(tool.in_force));
    writer.key("now").string(to_string(tool.now)).end_object();
    if (decision != "accept") continue;
    if (const Status done = accept_category(settings, tool, actor); !done) return std::unexpected(done.error());
    changed = true;
  }
  writer.end_array().end_object();
  if (only && !found) {
    return fail(ErrorKind::not_found, "server " + name + " has shown no tool \"" + *only +
                                          "\"; `doorward server review " + name + "` lists those it has shown");
  }
  if (changed) {
    if (const Status done = renew_pins({name}); !done) return std::unexpected(done.error());
  }
  return out;
}

Status Operations::accept_category(const upstream::ServerSettings& settings, const Reclassified& tool,
                                   const identity::Actor& actor) {
  if (const Status done = take_rules_category(store_, settings, tool.tool, clock_.wall_us()); !done) return done;
  record("tool.reclassified", actor,
         {{"server", std::string_view(settings.name)},
          {"tool", std::string_view(tool.tool)},
          {"before", to_string(tool.in_force)},
          {"category", to_string(tool.now)}});
  return {};
}

Status Operations::hold_category(std::string_view server, std::string_view tool, std::optional<Category> category,
                                 const identity::Actor& actor) {
  const ServerItem* item = inventory_.server(server);
  if (item == nullptr) return {};
  const std::string before(item->pins ? to_string(item->pins->category(tool).value_or(Category::other)) : "");
  if (!item->pins || !item->pins->category(tool)) return {};
  store::ToolCategories categories(store_.database());
  if (category) {
    const store::ToolCategory held{std::string(tool), *category, std::nullopt, actor.name, clock_.wall_us()};
    if (const Status done = categories.hold(server, held); !done) return done;
  } else {
    if (const Status done = categories.release(server, tool); !done) return done;
  }
  if (const Status done = renew_pins({std::string(server)}); !done) return done;
  const std::string_view now = category ? to_string(*category) : std::string_view("by the rules");
  record("tool.category", actor,
         {{"server", server}, {"tool", tool}, {"before", std::string_view(before)}, {"category", now}});
  return {};
}

Status Operations::renew_pins(const std::set<std::string>& servers) {
  Inventory next = inventory_;
  for (ServerItem& item : next.servers) {
    if (!servers.contains(item.settings->name)) continue;
    if (const Status done = settle_categories(store_, *item.settings, clock_.wall_us()); !done) return done;
    auto pins = load_pins(store_, *item.settings);
    if (!pins) return std::unexpected(pins.error());
    item.pins = std::move(*pins);
  }
  return commit(std::move(next));
}

void Operations::take_tool_reports(const std::vector<gateway::ToolReport>& reports) {
  std::set<std::string> servers;
  for (const gateway::ToolReport& report : reports) {
    if (inventory_.server(report.server) == nullptr) continue;  // it has left meanwhile
    const std::span<const std::string> gone = gone_now(report);
    if (report.tools.empty() && report.back.empty() && gone.empty()) continue;
    servers.insert(report.server);
    const auto as = store_report(store_, report, gone, clock_.wall_us());
    if (!as) {
      log_line(LogLevel::error, "what a server lists could not be stored",
               {{"server", report.server}, {"why", as.error().message}});
      continue;
    }
    record_sightings(report, *as);
  }
  if (servers.empty()) return;
  // Also where nothing was stored: the workers then report again.
  if (const Status done = renew_pins(servers); !done) {
    log_line(LogLevel::error, "the workers still go by older reviews", {{"why", done.error().message}});
  }
}

/// Lists that differ from session to session would mark the same tools as gone and back without end.
std::span<const std::string> Operations::gone_now(const gateway::ToolReport& report) {
  if (report.gone.empty()) return {};
  const std::int64_t now_us = clock_.wall_us();
  const auto [last, fresh] = gone_us_.try_emplace(report.server, now_us);
  if (!fresh && now_us - last->second < kGonePauseUs) return {};
  last->second = now_us;
  return report.gone;
}

void Operations::record_sightings(const gateway::ToolReport& report, const std::vector<store::SeenAs>& as) {
  const auto others = names_of_others(store_, inventory_, report.server);
  std::int64_t first = 0;
  std::int64_t flagged = 0;
  std::size_t events = 0;
  std::int64_t untold = 0;
  for (std::size_t i = 0; i < as.size(); ++i) {
    if (as[i] == store::SeenAs::known) continue;
    const gateway::Sighting& tool = report.tools[i];
    json::Reader reader;
    const auto root = reader.read(tool.definition);
    const auto signs = root ? risk::signs_of_poisoning(
                                  *root, [&](std::string_view word) { return others.contains(word); })
                            : std::vector<risk::Sign>();
    if (as[i] == store::SeenAs::first) {
      ++first;
      flagged += signs.empty() ? 0 : 1;
      continue;
    }
    if (++events > kMostEvents) {
      ++untold;
      continue;
    }
    const std::string hex = to_hex(tool.digest);
    record(as[i] == store::SeenAs::added ? "tool.new" : "tool.changed",
           std::vector<audit::EventRecord::Field>{{"server", std::string_view(report.server)},
                                                  {"tool", std::string_view(tool.name)},
                                                  {"definition", std::string_view(hex)},
                                                  {"signs", static_cast<std::int64_t>(signs.size())}});
  }
  if (untold > 0) {
    record("tool.many", std::vector<audit::EventRecord::Field>{{"server", std::string_view(report.server)},
                                                               {"tools", untold}});
  }
  if (first > 0) {
    record("tool.first_list", std::vector<audit::EventRecord::Field>{{"server", std::string_view(report.server)},
                                                                     {"tools", first},
                                                                     {"flagged", flagged}});
  }
}

}  // namespace doorward::server
