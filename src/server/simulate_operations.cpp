#include "server/simulate_operations.h"

#include <array>
#include <utility>

#include "audit/argument_store.h"
#include "audit/keys.h"
#include "audit/reader.h"
#include "json/writer.h"
#include "risk/category.h"
#include "server/late_work.h"
#include "server/policy_file.h"
#include "server/recorded_policy.h"
#include "server/simulation.h"
#include "server/suggestion.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;
using Field = audit::EventRecord::Field;
using audit::StoredArgument;

constexpr std::int64_t kMostCalls = 10'000;
constexpr std::int64_t kUsualSpanUs = 7LL * 24 * 3600 * 1'000'000;
/// Records that one simulation looks at.
constexpr std::size_t kMostScanned = 1'000'000;
constexpr identity::Roles kSeeArguments = {identity::Role::auditor, identity::Role::policy_manager, identity::Role::admin};

/// Everything that the thread of the pool needs.
struct Task {
  StateDir state;
  CallFilter filter;
  std::size_t most = 0;
  std::int64_t now_us = 0;
  std::shared_ptr<const policy::Policy> draft;
  std::shared_ptr<const policy::Policy> current;  ///< that is named, or the server's only one; null: neither
  ReplayContext context;
  std::map<std::string, std::shared_ptr<const policy::Policy>> in_force;  ///< by digest
  std::shared_ptr<const gateway::PinSet> pins;
  bool shows_arguments = false;
};

struct Target {
  const ServerItem* server = nullptr;
  const PolicyItem* policy = nullptr;
};

Result<Target> target_of(const Inventory& inventory, const std::optional<std::string>& server,
                         const std::optional<std::string>& policy) {
  Target target;
  if (policy) {
    for (const PolicyItem& item : inventory.policies) {
      if (item.name != *policy || (server && item.server != *server)) continue;
      if (target.policy != nullptr) {
        return fail(ErrorKind::conflict, "several servers have a policy \"" + *policy + "\"; add \"server\"");
      }
      target.policy = &item;
    }
    if (target.policy == nullptr) return fail(ErrorKind::not_found, "there is no policy \"" + *policy + "\"");
  } else if (!server) {
    return fail(ErrorKind::invalid, "name a \"server\" or a \"policy\": whose calls are to be replayed");
  }
  const std::string& name = target.policy != nullptr ? target.policy->server : *server;
  target.server = inventory.server(name);
  if (target.server == nullptr) return fail(ErrorKind::not_found, "there is no server \"" + name + "\"");
  return target;
}

std::shared_ptr<const policy::Policy> current_of(const Inventory& inventory, const Target& target) {
  if (target.policy != nullptr) return target.policy->policy;
  std::shared_ptr<const policy::Policy> only;
  for (const PolicyItem& item : inventory.policies) {
    if (item.server != target.server->settings->name) continue;
    if (only) return nullptr;
    only = item.policy;
  }
  return only;
}

ReplayContext context_of(const Inventory& inventory, const ServerItem& server) {
  ReplayContext context;
  context.server = server.settings->name;
  for (const GrantItem& item : inventory.grants) {
    const ReplayContext::Grant grant{item.grant->configured_id(), item.grant->labels};
    context.grants.emplace(item.grant->id, grant);
    if (!item.grant->is_revoked()) context.grants.insert_or_assign(item.grant->label, grant);
  }
  for (const upstream::ActionSetting& setting : server.settings->actions) {
    for (const std::string& action : setting.actions) context.outer_of.emplace(action, setting.tool);
  }
  return context;
}

constexpr const char* kUnrecorded = "the log cannot store that arguments are read, so they are not judged";

enum class For : std::uint8_t { simulation, suggestion };

Result<Task> read_task(const Operations& operations, ControlRequest& request, const identity::Actor& actor,
                       const StateDir& state, std::int64_t now_us, For purpose) {
  const bool simulates = purpose == For::simulation;
  const auto text = simulates ? request.text("text") : std::nullopt;
  const auto policy = request.text("policy");
  const auto server = request.text("server");
  const auto since = request.text("since");
  const std::string grant = request.text("grant").value_or("");
  const std::int64_t limit = request.number("limit").value_or(kMostCalls);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (limit < 1 || limit > kMostCalls) return fail(ErrorKind::invalid, "\"limit\" must be a whole number from 1 to 10000");
  if (simulates && !text && !policy) return fail(ErrorKind::invalid, "give a document as \"text\", or name a \"policy\"");
  const auto target = target_of(operations.inventory(), server, policy);
  if (!target) return std::unexpected(target.error());

  Task task;
  task.state = state;
  task.most = static_cast<std::size_t>(limit);
  task.now_us = now_us;
  task.filter = {target->server->settings->name, policy.value_or(""), grant, now_us - kUsualSpanUs};
  if (since) {
    task.filter.since_us = parse_past(*since, now_us);
    if (!task.filter.since_us) return fail(ErrorKind::invalid, "\"since\" must be a time like 2027-01-31T14:00:00Z or a span like 7d");
  }
  if (text) {
    auto draft = load_draft(*text, task.filter.server);
    if (!draft) return std::unexpected(draft.error());
    task.draft = std::move(*draft);
  } else if (simulates) {
    task.draft = target->policy->policy;
  }
  task.current = current_of(operations.inventory(), *target);
  task.context = context_of(operations.inventory(), *target->server);
  task.pins = target->server->pins;
  for (const PolicyItem& item : operations.inventory().policies) task.in_force.emplace(item.policy->sha256(), item.policy);
  task.shows_arguments = actor.roles.intersects(kSeeArguments);
  return task;
}

std::map<std::string, std::vector<StoredArgument>> stored_arguments(const Task& task, const std::set<std::string, std::less<>>& ids) {
  const auto key = audit::load_or_create_secret(task.state.keys(), audit::kArgumentKey);
  if (!key) return {};
  auto found = audit::read_arguments_of(task.state.log(), *key, ids, task.now_us);
  return found ? std::move(*found) : std::map<std::string, std::vector<StoredArgument>>();
}

struct Gathered {
  std::vector<RecordedCall> calls;  ///< oldest first
  bool whole = true;                ///< there are no more in the window
};

Result<Gathered> gather(const Task& task) {
  CallCollector collector(task.filter);
  audit::Query query;
  query.since_us = task.filter.since_us;
  query.event = "call.*";
  std::size_t scanned = 0;
  Gathered gathered;
  const Status read = audit::LogReader(task.state.log()).for_each_newest(query, [&](const audit::RecordView& record) {
    gathered.whole = collector.count() < task.most && scanned++ < kMostScanned;
    if (gathered.whole) collector.take(record.root, record.time_us);
    return gathered.whole;
  });
  if (!read) return std::unexpected(read.error());
  gathered.calls = std::move(collector).calls(task.most);
  return gathered;
}

Simulation replay_all(Task& task, const Gathered& gathered) {
  task.context.category_of = [&task](std::string_view tool) {
    const auto held = task.pins ? task.pins->category(tool) : std::nullopt;
    return held ? *held : risk::category_of_name(tool);
  };
  task.context.policy_of = [&task](const std::string& sha256) {
    const auto live = task.in_force.find(sha256);
    return live != task.in_force.end() ? live->second : recorded_policy(task.state, sha256);
  };
  if (task.shows_arguments) {
    task.context.arguments_of = [&task](const std::set<std::string, std::less<>>& ids) { return stored_arguments(task, ids); };
  }
  Simulation simulation = simulate(gathered.calls, task.draft, task.context, task.now_us);
  simulation.since_us = *task.filter.since_us;
  simulation.until_us = task.now_us;
  simulation.policy = task.filter.policy;
  simulation.whole = gathered.whole;
  return simulation;
}

Result<Simulation> run(Task task) {
  const auto gathered = gather(task);
  if (!gathered) return std::unexpected(gathered.error());
  return replay_all(task, *gathered);
}

/// A draft, and the same calls judged by it.
struct Suggested {
  Suggestion suggestion;
  Simulation check;
};

Result<Suggested> run_suggest(Task task) {
  const auto gathered = gather(task);
  if (!gathered) return std::unexpected(gathered.error());
  if (gathered->calls.empty()) {
    return fail(ErrorKind::not_found, "the log holds no call to " + task.filter.server + " in this time; try a longer one");
  }
  Suggested suggested;
  const std::string span = format_time(gathered->calls.front().time_us).substr(0, 10) + " to " + format_time(task.now_us).substr(0, 10);
  suggested.suggestion = suggest_policy(gathered->calls, task.filter.server, task.current, span);
  policy::Origin origin;
  origin.name = "suggested";
  origin.server = task.filter.server;
  auto loaded = load_policy(suggested.suggestion.text, "suggested.json", std::move(origin));
  if (!loaded) {
    return fail(ErrorKind::corrupt, "the suggested document is not valid: " + policy::to_text(loaded.error().front(), "suggested"));
  }
  task.draft = std::move(loaded->policy);
  suggested.check = replay_all(task, *gathered);
  return suggested;
}

std::string suggested_json(const Suggested& suggested) {
  const Suggestion& suggestion = suggested.suggestion;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy.suggest/1").key("server").string(suggested.check.server);
  writer.key("text").string(suggestion.text).key("calls").number(suggestion.calls).key("peak").number(suggestion.peak);
  const auto write_tools = [&](std::string_view key, const std::vector<Suggestion::Tool>& tools) {
    writer.key(key).begin_array();
    for (const Suggestion::Tool& tool : tools) {
      writer.begin_object().key("tool").string(tool.tool).key("calls").number(tool.calls).key("asked").number(tool.asked);
      writer.key("agents").number(tool.agents).key("refused").number(tool.refused).end_object();
    }
    writer.end_array();
  };
  write_tools("tools", suggestion.tools);
  write_tools("refused", suggestion.refused);
  writer.key("check").raw(to_json(suggested.check)).key("notes").begin_array();
  for (const std::string& note : suggestion.notes) writer.string(note);
  writer.end_array().end_object();
  return out;
}

/// Says that stored arguments were read, once for all; false where the log cannot hold it.
bool record_reading(const RecordEvent& record, const Simulation& simulation, const std::string& actor) {
  if (simulation.arguments_read == 0) return true;
  const std::array<Field, 5> fields = {{{"actor", std::string_view(actor)},
                                        {"by", std::string_view("simulation")},
                                        {"server", std::string_view(simulation.server)},
                                        {"policy_sha256", simulation.draft->sha256()},
                                        {"count", static_cast<std::int64_t>(simulation.arguments_read)}}};
  return record("audit.read", fields);
}

}  // namespace

void add_simulate_operations(Operations& operations, const StateDir& state, WorkPool& readers, io::Loop& loop,
                             RecordEvent record) {
  operations.add_late(
      "policy.suggest", identity::Roles::all(),
      [&operations, state, &readers, &loop, record](ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
        auto task = read_task(operations, request, actor, state, loop.wall_us(), For::suggestion);
        if (!task) return reply(std::unexpected(task.error()));
        later(
            readers, loop, std::move(reply), [task = std::move(*task)]() mutable { return run_suggest(std::move(task)); },
            [record, actor = actor.name](Result<Suggested> suggested) -> Json {
              if (!suggested) return std::unexpected(suggested.error());
              if (!record_reading(record, suggested->check, actor)) return fail(ErrorKind::unavailable, kUnrecorded);
              return suggested_json(*suggested);
            });
      });
  operations.add_late(
      "policy.simulate", identity::Roles::all(),
      [&operations, state, &readers, &loop, record = std::move(record)](ControlRequest& request, const identity::Actor& actor,
                                                                        Operations::Reply reply) {
        auto task = read_task(operations, request, actor, state, loop.wall_us(), For::simulation);
        if (!task) return reply(std::unexpected(task.error()));
        later(
            readers, loop, std::move(reply), [task = std::move(*task)]() mutable { return run(std::move(task)); },
            [record, actor = actor.name](Result<Simulation> simulation) -> Json {
              if (!simulation) return std::unexpected(simulation.error());
              if (!record_reading(record, *simulation, actor)) return fail(ErrorKind::unavailable, kUnrecorded);
              return to_json(*simulation);
            });
      });
}

}  // namespace doorward::server
