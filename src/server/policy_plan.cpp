#include "server/policy_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/suggest.h"
#include "catalogue/catalogue.h"
#include "policy/policy.h"

namespace doorward::server {
namespace {

using catalogue::Posture;
using catalogue::ToolRecord;

constexpr std::size_t kMostDecisions = 500'000;

/// The policy that a recommendation is for.
std::string choose_policy(const Inventory& inventory, const std::string& server, const PlanRequest& request) {
  if (request.policy) return *request.policy;
  std::set<std::string> names;
  for (const PolicyItem& item : inventory.policies) {
    if (item.server == server) names.insert(item.name);
  }
  if (names.empty()) return std::string(to_string(request.posture));
  return names.size() == 1 ? *names.begin() : std::string();
}

std::vector<std::string> labels_with(const Inventory& inventory, const std::string& server, const std::string& policy, std::int64_t now_s) {
  std::vector<std::string> labels;
  for (const GrantItem& item : inventory.grants) {
    if (item.grant->is_revoked() || item.grant->is_expired(now_s)) continue;
    bool carries = item.grant->server == server && item.grant->policy == policy;
    if (const BundleItem* bundle = inventory.bundle(item.grant->server)) {
      carries = std::ranges::any_of(bundle->settings->members, [&](const gateway::BundleMember& member) {
        return member.server == server && member.policy == policy;
      });
    }
    if (carries) labels.push_back(item.grant->label);
  }
  return labels;
}

/// The server's tools: as the gateway has met them, else as the catalogue knows them.
Result<std::vector<ToolRecord>> tools_of(const PlanTarget& target, const std::string& state_directory) {
  if (target.live && !target.live->tools.empty()) return records_of(*target.live, state_directory);
  const auto opened = catalogue::Catalogue::open(state_directory);
  if (!opened) return std::unexpected(opened.error());
  const auto server = (*opened)->server(target.server);
  if (!server) {
    if (target.live) {
      return fail(ErrorKind::not_found, "no list of the server \"" + target.server +
                                            "\" was met yet; let a client list its tools, or run `doorward scan`");
    }
    return std::unexpected(server.error());
  }
  auto tools = (*opened)->tools(server->slug);
  if (tools && tools->empty()) {
    return fail(ErrorKind::not_found, "no source says which tools the server \"" + target.server + "\" has");
  }
  return tools;
}

/// What a rule for a tool is asked for under a posture: as if it were what such a rule is usual for.
risk::Classification as_asked(const ToolRecord& tool, Posture posture) {
  risk::Classification is = tool.classification;
  if (posture == Posture::strict) {
    is.category = Category::destructive;
    is.severity = Severity::critical;
  } else if (posture == Posture::permissive) {
    is.category = Category::write;
    is.severity = Severity::medium;
  }
  return is;
}

Status plan_tool(PlannedPolicy& planned, const std::vector<ToolRecord>& tools, const PlanRequest& request) {
  const auto found = std::ranges::find(tools, *request.tool, &ToolRecord::name);
  if (found == tools.end()) {
    std::vector<std::string_view> names;
    for (const ToolRecord& tool : tools) names.push_back(tool.name);
    const std::string_view near = suggest(*request.tool, names);
    return fail(ErrorKind::not_found, "the server \"" + planned.target.server + "\" has no tool \"" + *request.tool + "\"" +
                                          (near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?"));
  }
  const catalogue::ToolRule rule = catalogue::recommend(found->name, found->classification);
  if (!rule.why.empty()) planned.why.push_back(rule.why);
  if (planned.target.current) {
    auto merged = catalogue::merge_rule(planned.target.current->text(), found->name, as_asked(*found, request.posture));
    if (!merged) return std::unexpected(merged.error());
    planned.text = std::move(*merged);
    return {};
  }
  planned.text = request.posture == Posture::strict ? rule.block : request.posture == Posture::permissive ? rule.rate_limit : rule.policy;
  return {};
}

void compare(PlannedPolicy& planned, const policy::Policy& next, const std::vector<ToolRecord>& tools) {
  if (!planned.target.current) return;
  catalogue::ReachJudge judge(kMostDecisions);
  for (const ToolRecord& tool : tools) {
    catalogue::LiveTool live{tool, tool.classification.category, std::nullopt, {}, {}};
    if (planned.target.live) live.category = planned.target.live->pins->category(tool.name).value_or(live.category);
    const auto reach = [&](const policy::Policy& policy) { return judge.judge(&policy, planned.target.server, live, {}).reach; };
    const auto before = reach(*planned.target.current);
    const auto after = reach(next);
    if (before != after) planned.changes.push_back({tool.name, before, after});
  }
}

}  // namespace

Result<std::vector<PlanTarget>> read_targets(const Inventory& inventory, store::Store& store, const PlanRequest& request,
                                             std::int64_t now_s) {
  if (request.servers.empty()) return fail(ErrorKind::invalid, "name at least one server");
  if (request.tool && request.servers.size() > 1) return fail(ErrorKind::invalid, "a tool's rule is for one server");
  std::vector<PlanTarget> targets;
  for (const std::string& name : request.servers) {
    if (std::ranges::find(targets, name, &PlanTarget::server) != targets.end()) {
      return fail(ErrorKind::invalid, "the server \"" + name + "\" is named twice");
    }
    PlanTarget target;
    target.server = name;
    if (inventory.server(name) != nullptr) {
      auto stored = read_deployment(inventory, store, {.server = name, .grant = {}}, now_s);
      if (!stored) return std::unexpected(stored.error());
      target.server = stored->servers.front().settings->name;
      target.live = std::move(stored->servers.front());
      target.policy = choose_policy(inventory, target.server, request);
      if (const PolicyItem* item = inventory.policy(target.server, target.policy)) target.current = item->policy;
      target.carried_by = labels_with(inventory, target.server, target.policy, now_s);
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<std::vector<PlannedPolicy>> plan_policies(std::vector<PlanTarget> targets, const PlanRequest& request,
                                                 const std::string& state_directory) {
  std::vector<PlannedPolicy> plan;
  for (PlanTarget& target : targets) {
    const auto tools = tools_of(target, state_directory);
    if (!tools) return std::unexpected(tools.error());
    PlannedPolicy planned;
    planned.target = std::move(target);
    if (request.tool) {
      if (const Status done = plan_tool(planned, *tools, request); !done) return std::unexpected(done.error());
    } else {
      catalogue::ServerPolicy made = catalogue::recommend(*tools, request.posture);
      planned.text = std::move(made.policy);
      planned.why = std::move(made.why);
    }
    const auto loaded = policy::load(planned.text);
    if (!loaded) {
      return fail(ErrorKind::invalid, "the policy \"" + planned.target.policy + "\" of \"" + planned.target.server +
                                          "\" would not be valid: " + loaded.error().front().message);
    }
    for (const policy::Finding& warning : loaded->warnings) planned.warnings.push_back(warning.message);
    compare(planned, *loaded->policy, *tools);
    plan.push_back(std::move(planned));
  }
  return plan;
}

std::string digest_of(std::span<const PlannedPolicy> plan) {
  Sha256 hash;
  for (const PlannedPolicy& planned : plan) {
    for (const std::string_view part : {std::string_view(planned.target.server), std::string_view(planned.target.policy),
                                        planned.target.current ? planned.target.current->sha256() : std::string_view(),
                                        std::string_view(planned.text)}) {
      hash.update(std::to_string(part.size())).update(":").update(part);
    }
  }
  return to_hex(hash.finish());
}

void write_plan(json::Writer& writer, std::span<const PlannedPolicy> plan) {
  writer.key("digest").string(digest_of(plan)).key("policies").begin_array();
  for (const PlannedPolicy& planned : plan) {
    const PlanTarget& target = planned.target;
    writer.begin_object().key("server").string(target.server).key("live").boolean(target.live.has_value());
    writer.key("policy").string(target.policy).key("changed").boolean(planned.changed());
    writer.key("version").number(target.current ? target.current->version() : 0);
    writer.key("text").string(planned.text);
    writer.key("before").string(target.current ? target.current->text() : std::string_view());
    writer.key("why").begin_array();
    for (const std::string& reason : planned.why) writer.string(reason);
    writer.end_array().key("warnings").begin_array();
    for (const std::string& warning : planned.warnings) writer.string(warning);
    writer.end_array().key("changes").begin_array();
    for (const PlannedPolicy::Change& change : planned.changes) {
      writer.begin_object().key("tool").string(change.tool).key("before").string(to_string(change.before));
      writer.key("after").string(to_string(change.after)).end_object();
    }
    writer.end_array().key("carried_by").begin_array();
    for (const std::string& label : target.carried_by) writer.string(label);
    writer.end_array().end_object();
  }
  writer.end_array();
}

}  // namespace doorward::server
