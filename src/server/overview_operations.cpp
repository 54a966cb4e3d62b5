#include "server/overview_operations.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/rfc3339.h"
#include "server/attention.h"
#include "server/pins.h"
#include "server/late_work.h"
#include "server/statistics.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kMostGroups = 1000;
constexpr std::int64_t kMostItems = 50;
constexpr std::int64_t kExposureHolds = 60 * kSecond;

/// The calls that wait for people now.
struct Waiting {
  std::uint64_t count = 0;
  std::optional<std::int64_t> oldest_us;
};

Result<Waiting> waiting_now(approval::Desk& desk) {
  store::ApprovalFilter filter;
  filter.state = store::ApprovalState::pending;
  filter.limit = 10'000;
  const auto rows = desk.list(filter);
  if (!rows) return std::unexpected(rows.error());
  Waiting waiting{rows->size(), std::nullopt};
  for (const store::ApprovalRow& row : *rows) {
    waiting.oldest_us = std::min(waiting.oldest_us.value_or(row.created_us), row.created_us);
  }
  return waiting;
}

void write_group(json::Writer& writer, const Statistics::Group& group) {
  writer.begin_object();
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"server", group.server}, {"tool", group.tool},     {"agent", group.agent},
      {"grant", group.grant},   {"policy", group.policy}, {"rule", group.rule}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) writer.key(name).string(text);
  }
  group.counts.write(writer);
  if (group.counts.last_us != 0) writer.key("last").string(format_time(group.counts.last_us));
  if (!group.main_rule.empty()) {
    writer.key("main_rule").string(group.main_rule).key("main_rule_count").number(group.main_rule_count);
  }
  writer.end_object();
}

void write_groups(json::Writer& writer, std::string_view key, const std::vector<Statistics::Group>& groups) {
  writer.key(key).begin_array();
  for (const Statistics::Group& group : groups) write_group(writer, group);
  writer.end_array();
}

void write_latency(json::Writer& writer, const Statistics& statistics, const gateway::CallCounters::Totals& totals) {
  writer.key("latency").begin_object().key("calls").number(statistics.ended);
  if (statistics.ended > 0) {
    writer.key("total_p50_us").number(statistics.p50_us).key("total_p95_us").number(statistics.p95_us);
  }
  const auto& bounds = gateway::CallCounters::kAddedBounds;
  if (const auto half = percentile(totals.added, bounds, 0.5)) writer.key("added_p50_us").number(*half);
  if (const auto most = percentile(totals.added, bounds, 0.95)) writer.key("added_p95_us").number(*most);
  writer.end_object();
}

Json statistics_json(const Statistics& statistics, const StatisticsRequest& request, std::string_view by, const Waiting& waiting,
                     const gateway::CallCounters::Totals& totals, std::int64_t now_us, bool whole) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.stats/1");
  writer.key("since").string(format_time(*request.query.since_us)).key("until").string(format_time(*request.query.until_us));
  writer.key("step_s").number(request.step_us / kSecond).key("found_is").string(whole ? "exact" : "at_least");
  writer.key("totals").begin_object();
  statistics.total.write(writer);
  writer.end_object();
  writer.key("waiting").begin_object().key("count").number(waiting.count);
  if (waiting.oldest_us) {
    writer.key("oldest").string(format_time(*waiting.oldest_us)).key("oldest_s").number((now_us - *waiting.oldest_us) / kSecond);
  }
  writer.end_object();
  write_latency(writer, statistics, totals);
  writer.key("series").begin_array();
  for (std::size_t i = 0; i < statistics.steps.size(); ++i) {
    writer.begin_object().key("at");
    writer.string(format_time(statistics.from_us + static_cast<std::int64_t>(i) * request.step_us));
    statistics.steps[i].write(writer);
    writer.end_object();
  }
  writer.end_array();
  write_groups(writer, "refused_tools", statistics.refused_tools);
  write_groups(writer, "refused_agents", statistics.refused_agents);
  writer.key("by").string(by);
  write_groups(writer, "groups", statistics.groups);
  writer.end_object();
  return out;
}

struct StatsAsked {
  StatisticsRequest request;
  std::string by;
};

Result<StatsAsked> read_stats(ControlRequest& request, const Inventory& inventory, std::int64_t now_us) {
  StatsAsked asked;
  audit::Query& query = asked.request.query;
  const std::string since = request.text("since").value_or("24h");
  const auto until = request.text("until");
  const auto step = request.text("step");
  asked.by = request.text("by").value_or("none");
  query.grant = request.text("agent").value_or("");
  query.server = request.text("server").value_or("");
  query.tool = request.text("tool").value_or("");
  query.policy = request.text("policy").value_or("");
  const std::int64_t limit = request.number("limit").value_or(100);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  query.since_us = parse_past(since, now_us);
  query.until_us = until ? parse_past(*until, now_us) : now_us + kSecond;
  if (!query.since_us || !query.until_us || *query.since_us >= *query.until_us || *query.since_us < 0) {
    return fail(ErrorKind::invalid, "\"since\" and \"until\" must be times like 2027-01-31T14:00:00Z or spans like 7d, in this order");
  }
  const std::int64_t window = *query.until_us - *query.since_us;
  std::optional<std::int64_t> step_us = window <= 3 * kDay + kHour ? kHour : kDay;
  if (step) {
    const auto from = parse_past(*step, now_us);
    step_us = from ? std::optional(now_us - *from) : std::nullopt;
  }
  if (!step_us || *step_us < kSecond || window / *step_us >= StatisticsRequest::kMostSteps) {
    return fail(ErrorKind::invalid, "\"step\" must be a span such as 1h, at most 1000 of them in the period");
  }
  asked.request.step_us = *step_us;
  const auto by = parse_group_by(asked.by);
  if (!by) return fail(ErrorKind::invalid, "\"by\" must be tool, server, agent, rule or policy");
  if (limit < 1 || limit > kMostGroups) return fail(ErrorKind::invalid, "\"limit\" must be a whole number from 1 to 1000");
  asked.request.by = *by;
  asked.request.limit = static_cast<std::size_t>(limit);
  // Outcomes name the grant by its id alone.
  if (const GrantItem* item = query.grant.empty() ? nullptr : inventory.grant(query.grant)) query.grant = item->grant->id;
  return asked;
}

void stats(const OverviewReach& reach, ControlRequest& request, Operations::Reply reply) {
  const std::int64_t now_us = reach.loop->wall_us();
  auto asked = read_stats(request, reach.operations->inventory(), now_us);
  if (!asked) return reply(std::unexpected(asked.error()));
  const auto waiting = waiting_now(*reach.desk);
  if (!waiting) return reply(std::unexpected(waiting.error()));
  later(*reach.readers, *reach.loop, std::move(reply),
             [index = reach.index, asked = std::move(*asked), waiting = *waiting, totals = reach.totals(), now_us]() -> Json {
               if (const Status read = index->refresh(); !read) return std::unexpected(read.error());
               const Statistics counted = count_calls(*index, asked.request);
               return statistics_json(counted, asked.request, asked.by, waiting, totals, now_us, index->whole());
        },
        std::identity());
}

/// What the policy engine said lately: asking it takes longer than people wait for a page.
struct Exposure {
  std::mutex mutex;
  std::int64_t asked_us = -kExposureHolds;
  Unguarded unguarded;
};

/// The tools of the servers, and which of them are not as they were reviewed.
Status add_changed(AttentionFacts& facts, const OverviewReach& reach) {
  for (const ServerItem& item : reach.operations->inventory().servers) {
    const auto rows = reach.store->tools(item.settings->name);
    if (!rows) return std::unexpected(rows.error());
    for (const store::ToolRow& row : *rows) {
      const auto pinned = pinned_definition(row, *item.settings);
      if (pinned && *pinned != row.seen && row.rejected != row.seen) facts.changed.push_back({item.settings->name, row.name});
    }
  }
  return {};
}

Result<AttentionFacts> gather(const OverviewReach& reach) {
  AttentionFacts facts;
  facts.now_us = reach.loop->wall_us();
  const auto waiting = waiting_now(*reach.desk);
  if (!waiting) return std::unexpected(waiting.error());
  facts.waiting = waiting->count;
  facts.oldest_us = waiting->oldest_us;
  facts.log_accepting = reach.log->accepting();
  if (!facts.log_accepting) facts.log_failure = reach.log->state().failure;
  if (const Status added = add_changed(facts, reach); !added) return std::unexpected(added.error());
  for (const GrantItem& item : reach.operations->inventory().grants) {
    if (item.grant->is_revoked() || item.grant->is_expired(facts.now_us / kSecond)) continue;
    facts.grants.push_back({item.grant->id, item.grant->label, item.grant->created_s * kSecond});
  }
  return facts;
}

Json attention_json(const std::vector<AttentionItem>& items, std::int64_t now_us) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.attention/1").key("items").begin_array();
  for (const AttentionItem& item : items) {
    writer.begin_object().key("kind").string(item.kind).key("sentence").string(item.sentence);
    writer.key("count").number(item.count);
    if (item.since_us) {
      writer.key("since").string(format_time(*item.since_us)).key("age_s").number((now_us - *item.since_us) / kSecond);
    }
    writer.key("page").string(item.page).key("filters").begin_object();
    for (const auto& [name, value] : item.filters) writer.key(name).string(value);
    writer.end_object().end_object();
  }
  writer.end_array().end_object();
  return out;
}

void attention_list(const OverviewReach& reach, const std::shared_ptr<Exposure>& exposure, ControlRequest& request,
                    Operations::Reply reply) {
  const std::int64_t limit = request.number("limit").value_or(5);
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (limit < 1 || limit > kMostItems) return reply(fail(ErrorKind::invalid, "\"limit\" must be a whole number from 1 to 50"));
  auto facts = gather(reach);
  if (!facts) return reply(std::unexpected(facts.error()));
  auto stored = read_deployment(reach.operations->inventory(), *reach.store, {}, facts->now_us / kSecond);
  if (!stored) return reply(std::unexpected(stored.error()));
  later(*reach.readers, *reach.loop, std::move(reply),
             [index = reach.index, directory = reach.state_directory, exposure, facts = std::move(*facts),
              stored = std::move(*stored), limit]() mutable -> Json {
               if (const Status read = index->refresh(); !read) return std::unexpected(read.error());
               Unguarded unguarded;
               {
                 const std::lock_guard lock(exposure->mutex);
                 if (facts.now_us - exposure->asked_us >= kExposureHolds) {
                   exposure->unguarded = find_unguarded(make_deployment(std::move(stored), directory));
                   exposure->asked_us = facts.now_us;
                 }
                 unguarded = exposure->unguarded;
               }
               return attention_json(attention(facts, unguarded, *index, static_cast<std::size_t>(limit)), facts.now_us);
        },
        std::identity());
}

}  // namespace

void add_overview_operations(Operations& operations, OverviewReach reach) {
  operations.add_late("stats", identity::Roles::all(),
                      [reach](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        stats(reach, request, std::move(reply));
                      });
  operations.add_late("attention", identity::Roles::all(),
                      [reach, exposure = std::make_shared<Exposure>()](ControlRequest& request, const identity::Actor&,
                                                                       Operations::Reply reply) {
                        attention_list(reach, exposure, request, std::move(reply));
                      });
}

}  // namespace doorward::server
