#include "server/usage_operations.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "json/reader.h"
#include "policy/rule_place.h"
#include "server/connect_snippet.h"
#include "server/late_work.h"
#include "server/statistics.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

constexpr std::int64_t kWeek = 7LL * 24 * 3600 * 1'000'000;

/// How full one limit is.
struct Gauge {
  std::string server;
  const policy::Policy* policy = nullptr;
  const policy::Limit* limit = nullptr;
  std::int64_t used = 0;  ///< millionths
  std::int64_t resets_s = 0;  ///< until nothing is counted, if nobody calls; 0: nothing is

  /// Of its maximum, at most 1 where it is full.
  double part() const {
    if (limit->max_millionths == 0) return 1;
    return static_cast<double>(used) / static_cast<double>(limit->max_millionths);
  }
};

std::string_view holder_of(policy::Scope scope) {
  switch (scope) {
    case policy::Scope::session:
      return "session";
    case policy::Scope::identity:
      return "identity";
    case policy::Scope::server:
      return "server";
    case policy::Scope::organisation:
      return "organisation";
    case policy::Scope::grant:
      break;
  }
  return "grant";
}

void read_entry(const gateway::GrantEntry& entry, quota::Table& quotas, quota::Now now, std::vector<Gauge>& into) {
  if (!entry.policy || entry.server == nullptr) return;
  const std::span<const policy::Limit> limits = entry.policy->limits();
  for (std::size_t i = 0; i < std::min(limits.size(), entry.demands.size()); ++i) {
    // Asking for everything tells how long until there is room for everything. Nothing is counted.
    quota::Demand demand = entry.demands[i];
    demand.amount = demand.max;
    const quota::Outcome outcome = quotas.peek({&demand, 1}, now);
    into.push_back({entry.server->settings->name, entry.policy.get(), &limits[i], demand.count_before,
                    outcome.granted() ? 0 : std::max<std::int64_t>(outcome.retry_after_s, 0)});
  }
}

std::vector<Gauge> gauges_of(const gateway::GrantEntry& entry, quota::Table& quotas, quota::Now now) {
  std::vector<Gauge> gauges;
  read_entry(entry, quotas, now, gauges);
  for (const gateway::GrantEntry& member : entry.members) read_entry(member, quotas, now, gauges);
  return gauges;
}

/// A count in millionths as a JSON number.
std::string amount_text(std::int64_t millionths) {
  std::string text = std::to_string(millionths / quota::kOne);
  std::string rest = std::to_string(millionths % quota::kOne);
  if (millionths % quota::kOne == 0) return text;
  rest.insert(0, 6 - rest.size(), '0');
  rest.erase(rest.find_last_not_of('0') + 1);
  return text + "." + rest;
}

void write_gauge(json::Writer& writer, const Gauge& gauge) {
  const policy::Limit& limit = *gauge.limit;
  const std::string& pointer = limit.without_room->pointer;
  writer.begin_object().key("server").string(gauge.server).key("policy").string(gauge.policy->name());
  writer.key("counter").string(limit.counter).key("rule").string(limit.without_room->rule).key("pointer").string(pointer);
  writer.key("line").number(policy::place_of(*gauge.policy, pointer).line);
  writer.key("window").string(limit.window_text).key("scope").string(holder_of(limit.scope));
  writer.key("counts").string(limit.has_amount ? std::string_view(limit.amount_path) : std::string_view("calls"));
  writer.key("used").raw(amount_text(gauge.used)).key("max").raw(amount_text(limit.max_millionths));
  writer.key("used_percent").number(static_cast<std::int64_t>(100 * std::min(gauge.part(), 100.0)));
  writer.key("resets_in_s").number(gauge.resets_s).end_object();
}

const gateway::GrantEntry* entry_of(const gateway::World& world, std::string_view id) {
  const auto found = std::ranges::find_if(world.grants(), [&](const gateway::GrantEntry& entry) { return entry.grant->id == id; });
  return found == world.grants().end() ? nullptr : &*found;
}

quota::Now now_of(quota::Table& quotas) {
  return quotas.at(system_clock().wall_us(), system_clock().monotonic_us());
}

Result<const GrantItem*> need_grant(const UsageReach& reach, const std::string& label) {
  for (const GrantItem& item : reach.operations->inventory().grants) {
    if (item.grant->label == label || item.grant->id == label) {
      if (!item.grant->is_revoked()) return &item;
    }
  }
  return fail(ErrorKind::not_found, "there is no grant \"" + label + "\" in use");
}

Json quotas(const UsageReach& reach, ControlRequest& request) {
  const std::string label = request.need_text("label");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_grant(reach, label);
  if (!item) return std::unexpected(item.error());
  const auto world = reach.world();
  std::vector<Gauge> gauges;
  if (const gateway::GrantEntry* entry = entry_of(*world, (*item)->grant->id)) {
    gauges = gauges_of(*entry, *reach.quotas, now_of(*reach.quotas));
  }
  std::ranges::sort(gauges, [](const Gauge& a, const Gauge& b) {
    return a.part() != b.part() ? a.part() > b.part() : a.limit < b.limit;
  });
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.grant.quotas/1").key("grant").string((*item)->grant->label);
  writer.key("limits").begin_array();
  for (const Gauge& gauge : gauges) write_gauge(writer, gauge);
  writer.end_array().end_object();
  return out;
}

/// What the log tells of one grant.
struct Seen {
  WordCounts week;
  std::string last_line;
  std::int64_t last_us = 0;
};

/// One grant of the answer, as far as the control thread fills it in.
struct Row {
  std::string id;
  std::string label;
  std::string url;
  std::string fullest;  ///< a gauge as JSON; empty: no limits
};

std::map<std::string, Seen> look(const audit::RecordIndex& index, std::int64_t now_us, const std::vector<Row>& rows) {
  std::map<std::string, Seen> seen;
  StatisticsRequest request;
  request.query.since_us = now_us - kWeek;
  request.query.until_us = now_us + 1;
  request.step_us = kWeek;
  request.by = GroupBy::agent;
  request.limit = SIZE_MAX;
  for (Statistics::Group& group : count_calls(index, request).groups) seen[group.grant].week = group.counts;
  for (const Row& row : rows) {
    audit::Query query;
    query.grant = row.id;
    query.calls = true;
    const auto page = index.page(query, {}, 1, false);
    if (!page || page->records.empty()) continue;
    seen[row.id].last_line = page->records.front().line;
    seen[row.id].last_us = page->records.front().place.time_us;
  }
  return seen;
}

Json usage_json(const std::vector<Row>& rows, std::map<std::string, Seen> seen, bool whole) {
  std::string out;
  json::Writer writer(out);
  json::Reader reader;
  writer.begin_object().key("schema").string("doorward.grant.usage/1").key("found_is").string(whole ? "exact" : "at_least");
  writer.key("grants").begin_array();
  for (const Row& row : rows) {
    const Seen& one = seen[row.id];
    writer.begin_object().key("label").string(row.label).key("id").string(row.id).key("url").string(row.url);
    if (one.last_us != 0) {
      const auto record = reader.read(one.last_line);
      const std::string_view client = record ? text_of(record->find("client"), "name") : std::string_view();
      writer.key("last_call").string(format_time(one.last_us));
      if (!client.empty()) writer.key("client").string(client);
    }
    one.week.write(writer.key("week").begin_object());
    writer.end_object();
    if (!row.fullest.empty()) writer.key("fullest").raw(row.fullest);
    writer.end_object();
  }
  writer.end_array().end_object();
  return out;
}

void usage(const UsageReach& reach, ControlRequest& request, Operations::Reply reply) {
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  const auto world = reach.world();
  const quota::Now now = now_of(*reach.quotas);
  const std::string base = reach.url();
  std::vector<Row> rows;
  for (const GrantItem& item : reach.operations->inventory().grants) {
    if (item.grant->is_revoked()) continue;
    Row& row = rows.emplace_back(item.grant->id, item.grant->label, endpoint_url(base, item.grant->server));
    const gateway::GrantEntry* entry = entry_of(*world, item.grant->id);
    if (entry == nullptr) continue;
    const std::vector<Gauge> gauges = gauges_of(*entry, *reach.quotas, now);
    const auto fullest = std::ranges::max_element(gauges, {}, &Gauge::part);
    if (fullest == gauges.end()) continue;
    json::Writer writer(row.fullest);
    write_gauge(writer, *fullest);
  }
  later(
      *reach.readers, *reach.loop, std::move(reply),
      [index = reach.index, rows = std::move(rows), now_us = reach.loop->wall_us()]() -> Json {
        if (const Status read = index->refresh(); !read) return std::unexpected(read.error());
        return usage_json(rows, look(*index, now_us, rows), index->whole());
      },
      std::identity());
}

Json connect(const UsageReach& reach, ControlRequest& request) {
  const std::string label = request.need_text("label");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_grant(reach, label);
  if (!item) return std::unexpected(item.error());
  const std::string base = reach.url();
  const std::string& server = (*item)->grant->server;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.grant.connect/1").key("grant").string((*item)->grant->label);
  writer.key("url").string(endpoint_url(base, server)).key("token_place").string(kTokenPlace).key("clients").begin_array();
  for (const ConnectSnippet& snippet : connect_snippets(server, base, kTokenPlace)) {
    writer.begin_object().key("client").string(snippet.client).key("title").string(snippet.title);
    writer.key("format").string(snippet.format).key("file").string(snippet.file).key("text").string(snippet.text).end_object();
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace

void add_usage_operations(Operations& operations, UsageReach reach) {
  operations.add("grant.quotas", identity::Roles::all(), [reach](ControlRequest& request, const identity::Actor&) {
    return quotas(reach, request);
  });
  operations.add("grant.connect", identity::Roles::all(), [reach](ControlRequest& request, const identity::Actor&) {
    return connect(reach, request);
  });
  operations.add_late("grant.usage", identity::Roles::all(),
                      [reach](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        usage(reach, request, std::move(reply));
                      });
}

}  // namespace doorward::server
