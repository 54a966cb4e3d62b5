#include "server/exposure_operations.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "base/work_pool.h"
#include "catalogue/permissions.h"
#include "catalogue/policy_diff.h"
#include "json/edit.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/deployment.h"
#include "server/late_work.h"
#include "server/policy_file.h"
#include "server/policy_plan.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

constexpr std::size_t kMostWaiting = 8;

/// What the operations share; kept as long as they are.
struct Exposure {
  Operations& operations;
  store::Store& store;
  std::string state_directory;
  io::Loop& loop;
  const Clock& clock;
  WorkPool pool{1, kMostWaiting};

  std::int64_t now_s() const { return clock.wall_us() / 1'000'000; }

  /// Runs `work` on the pool's thread, and `then` with its result on the loop's.
  template <typename Work, typename Then>
  void run(Work work, Operations::Reply reply, Then then) {
    later(pool, loop, std::move(reply), std::move(work), std::move(then));
  }
};

void coverage(Exposure& exposure, ControlRequest& request, Operations::Reply reply) {
  DeploymentPart part{request.text("server"), request.text("grant")};
  const std::string detail = request.text("detail").value_or("patterns");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (detail != "patterns" && detail != "tools") return reply(fail(ErrorKind::invalid, "\"detail\" is \"patterns\" or \"tools\""));
  auto stored = read_deployment(exposure.operations.inventory(), exposure.store, part, exposure.now_s());
  if (!stored) return reply(std::unexpected(stored.error()));
  exposure.run(
      [stored = std::move(*stored), directory = exposure.state_directory, tools = detail == "tools"]() mutable {
        const catalogue::Deployment deployment = make_deployment(std::move(stored), directory);
        std::string out;
        json::Writer writer(out);
        catalogue::write_coverage(writer, deployment, catalogue::cover(deployment), tools);
        return Json(std::move(out));
      },
      std::move(reply), [](Json result) { return result; });
}

/// What an agent would be judged by: another policy of its server, or one that observes, once it enforces.
struct Supposed {
  std::optional<std::string> policy;
  bool enforce = false;
};

/// The same document, enforcing.
std::shared_ptr<const policy::Policy> enforcing(std::shared_ptr<const policy::Policy> policy, const std::string& server) {
  if (policy == nullptr || policy->mode() == policy::Mode::enforce) return policy;
  json::Reader reader;
  const std::string text(policy->text());
  const auto root = reader.read(text);
  if (!root) return policy;
  policy::Origin origin{.name = std::string(policy->name()), .version = policy->version(), .server = server, .category_of = {}, .draft = true};
  auto loaded = load_policy(json::edited(text, json::replace_value(root->find("mode"), R"("enforce")")), "draft.json", std::move(origin));
  return loaded ? loaded->policy : policy;
}

/// Puts what is supposed into the one grant of a deployment.
Status suppose(const Inventory& inventory, const Supposed& supposed, StoredDeployment& stored) {
  catalogue::LiveGrant& grant = stored.grants.front();
  if (supposed.policy) {
    const std::string& server = inventory.grant(grant.label)->grant->server;
    const PolicyItem* policy = inventory.policy(server, *supposed.policy);
    if (policy == nullptr) return fail(ErrorKind::not_found, "there is no policy \"" + *supposed.policy + "\" for \"" + server + "\"");
    grant.access.front().policy = policy->policy;
  }
  if (!supposed.enforce) return {};
  for (catalogue::LiveGrant::Access& access : grant.access) {
    access.policy = enforcing(std::move(access.policy), stored.servers[access.server].settings->name);
  }
  return {};
}

/// What agents can do: of one grant, or of one server.
void permissions(Exposure& exposure, DeploymentPart part, std::optional<std::string> tool, const Supposed& supposed,
                 Operations::Reply reply) {
  const Inventory& inventory = exposure.operations.inventory();
  auto stored = read_deployment(inventory, exposure.store, part, exposure.now_s());
  if (!stored) return reply(std::unexpected(stored.error()));
  if (part.grant && stored->grants.empty()) return reply(fail(ErrorKind::not_found, "the grant reaches no server"));
  if (part.grant) {
    if (const Status done = suppose(inventory, supposed, *stored); !done) return reply(std::unexpected(done.error()));
  }
  exposure.run(
      [stored = std::move(*stored), part = std::move(part), tool = std::move(tool), directory = exposure.state_directory]() mutable {
        const catalogue::Deployment deployment = make_deployment(std::move(stored), directory);
        const auto is_it = [&](const catalogue::LiveTool& each) { return each.record.name == *tool; };
        if (tool && std::ranges::none_of(deployment.servers, [&](const auto& server) { return std::ranges::any_of(server.tools, is_it); })) {
          return Json(fail(ErrorKind::not_found, "no tool \"" + *tool + "\" was met there yet"));
        }
        const catalogue::PermissionOptions options{.tool = tool.value_or("")};
        return Json(part.grant ? catalogue::grant_permissions(deployment, options) : catalogue::server_permissions(deployment, options));
      },
      std::move(reply), [](Json result) { return result; });
}

void grant_can(Exposure& exposure, ControlRequest& request, Operations::Reply reply) {
  DeploymentPart part{std::nullopt, request.need_text("label")};
  auto tool = request.text("tool");
  const auto mode = request.text("mode");
  const Supposed supposed{request.text("policy"), mode.has_value()};
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (mode && *mode != "enforce") return reply(fail(ErrorKind::invalid, "\"mode\" can be \"enforce\" here, or left out"));
  // By its id, too, as everywhere; the deployment knows labels.
  for (const GrantItem& item : exposure.operations.inventory().grants) {
    if (item.grant->id == *part.grant) part.grant = item.grant->label;
  }
  permissions(exposure, std::move(part), std::move(tool), supposed, std::move(reply));
}

void server_can(Exposure& exposure, ControlRequest& request, Operations::Reply reply) {
  DeploymentPart part{request.need_text("name"), std::nullopt};
  auto tool = request.text("tool");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  permissions(exposure, std::move(part), std::move(tool), {}, std::move(reply));
}

/// What a draft answers otherwise than the policy in force.
void diff(Exposure& exposure, ControlRequest& request, Operations::Reply reply) {
  const std::string text = request.need_text("text");
  const auto name = request.text("policy");
  const auto server = request.text("server");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  const Inventory& inventory = exposure.operations.inventory();
  const PolicyItem* live = nullptr;
  for (const PolicyItem& item : inventory.policies) {
    if (!name || item.name != *name || (server && item.server != *server)) continue;
    if (live != nullptr) return reply(fail(ErrorKind::conflict, "several servers have a policy \"" + *name + "\"; add \"server\""));
    live = &item;
  }
  if (live == nullptr && !server) {
    return reply(name ? fail(ErrorKind::not_found, "there is no policy \"" + *name + "\"; for a new one add \"server\"")
                      : fail(ErrorKind::invalid, "name the \"policy\" to compare with, or the \"server\" of a new one"));
  }
  const std::string where = live != nullptr ? live->server : *server;
  auto draft = load_draft(text, where);
  if (!draft) return reply(std::unexpected(draft.error()));
  auto stored = read_deployment(inventory, exposure.store, {where, std::nullopt}, exposure.now_s());
  if (!stored) return reply(std::unexpected(stored.error()));
  exposure.run(
      [stored = std::move(*stored), directory = exposure.state_directory, before = live != nullptr ? live->policy : nullptr,
       after = std::move(*draft), where]() mutable {
        const catalogue::Deployment deployment = make_deployment(std::move(stored), directory);
        std::string out;
        json::Writer writer(out);
        writer.begin_object().key("schema").string("doorward.policy.diff/1").key("server").string(where);
        writer.key("before");
        if (before) {
          writer.begin_object().key("name").string(before->name()).key("version").number(before->version());
          writer.key("sha256").string(before->sha256()).end_object();
        } else {
          writer.null();
        }
        writer.key("changed").boolean(!before || before->sha256() != after->sha256());
        catalogue::write_diff(writer, catalogue::diff_policies(before, after, where, deployment.servers.front().tools));
        writer.end_object();
        return Json(std::move(out));
      },
      std::move(reply), [](Json result) { return result; });
}

Result<PlanRequest> read_plan_request(ControlRequest& request) {
  PlanRequest plan;
  plan.servers = request.list("servers").value_or(std::vector<std::string>());
  plan.tool = request.text("tool");
  plan.policy = request.text("policy");
  const auto posture = request.text("posture");
  if (posture) {
    const auto parsed = catalogue::parse_posture(*posture);
    if (!parsed) return fail(ErrorKind::invalid, "\"posture\" is recommended, strict or permissive, not \"" + *posture + "\"");
    plan.posture = *parsed;
  }
  return plan;
}

using Plan = Result<std::vector<PlannedPolicy>>;

void recommend(Exposure& exposure, ControlRequest& request, Operations::Reply reply) {
  auto plan = read_plan_request(request);
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (!plan) return reply(std::unexpected(plan.error()));
  auto targets = read_targets(exposure.operations.inventory(), exposure.store, *plan, exposure.now_s());
  if (!targets) return reply(std::unexpected(targets.error()));
  exposure.run(
      [targets = std::move(*targets), plan = std::move(*plan), directory = exposure.state_directory]() mutable {
        return plan_policies(std::move(targets), plan, directory);
      },
      std::move(reply), [](Plan made) -> Json {
        if (!made) return std::unexpected(made.error());
        std::string out;
        json::Writer writer(out);
        writer.begin_object().key("schema").string("doorward.catalogue.recommend/1");
        write_plan(writer, *made);
        writer.end_object();
        return out;
      });
}

/// Why the plan cannot be put in force, before anything is touched.
Status check_plan(const Operations& operations, const std::vector<PlannedPolicy>& plan, const std::optional<std::string>& digest) {
  if (digest && *digest != digest_of(plan)) {
    return fail(ErrorKind::conflict, "a tool or a policy has changed since this was shown; look at it again");
  }
  for (const PlannedPolicy& planned : plan) {
    const PlanTarget& target = planned.target;
    if (!target.live) {
      return fail(ErrorKind::not_found, "the gateway has no server \"" + target.server + "\"; add it with `doorward server add`");
    }
    if (target.policy.empty()) {
      return fail(ErrorKind::invalid, "the server \"" + target.server + "\" has several policies; name one as \"policy\"");
    }
    const PolicyItem* now = operations.inventory().policy(target.server, target.policy);
    const std::string_view before = target.current ? target.current->sha256() : std::string_view();
    if ((now == nullptr ? std::string_view() : now->policy->sha256()) != before) {
      return fail(ErrorKind::conflict, "the policy \"" + target.policy + "\" was changed meanwhile; look at it and try again");
    }
    Findings findings;
    const auto fine = operations.check_new_policy({target.server, target.policy, planned.text}, target.policy, findings);
    if (fine) continue;
    return fail(fine.error().kind, fine.error().message + (findings.empty() ? "" : ": " + findings.front().text()));
  }
  return {};
}

Json put_in_force(Operations& operations, const std::vector<PlannedPolicy>& plan, const std::string& comment,
                  const identity::Actor& actor) {
  std::vector<store::NewPolicy> policies;
  for (const PlannedPolicy& planned : plan) policies.push_back({planned.target.server, planned.target.policy, planned.text});
  const auto items = operations.put_policies(policies, comment, actor);
  if (!items) return std::unexpected(items.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.catalogue.apply/1").key("policies").begin_array();
  for (std::size_t i = 0; i < items->size(); ++i) {
    const PlanTarget& target = plan[i].target;
    const PolicyItem& item = (*items)[i];
    const std::string where = item.name + " --server " + item.server;
    writer.begin_object().key("server").string(item.server).key("policy").string(item.name);
    writer.key("changed").boolean(plan[i].changed()).key("version").number(item.policy->version());
    writer.key("sha256").string(item.policy->sha256());
    writer.key("undo").string(!plan[i].changed() ? std::string()
                              : target.current   ? "doorward policy revert " + where + " --version " + std::to_string(target.current->version())
                                                 : "doorward policy remove " + where);
    writer.key("carried_by").begin_array();
    for (const std::string& label : target.carried_by) writer.string(label);
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return out;
}

void apply(Exposure& exposure, ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
  auto plan = read_plan_request(request);
  const auto digest = request.text("digest");
  std::string comment = request.text("comment").value_or("");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (!plan) return reply(std::unexpected(plan.error()));
  if (comment.empty()) {
    comment = plan->tool ? "rule recommended for " + *plan->tool : std::string(to_string(plan->posture)) + " policy of the catalogue";
  }
  auto targets = read_targets(exposure.operations.inventory(), exposure.store, *plan, exposure.now_s());
  if (!targets) return reply(std::unexpected(targets.error()));
  exposure.run(
      [targets = std::move(*targets), plan = std::move(*plan), directory = exposure.state_directory]() mutable {
        return plan_policies(std::move(targets), plan, directory);
      },
      std::move(reply), [&operations = exposure.operations, digest, comment, actor](Plan made) -> Json {
        if (!made) return std::unexpected(made.error());
        if (const Status fine = check_plan(operations, *made, digest); !fine) return std::unexpected(fine.error());
        return put_in_force(operations, *made, comment, actor);
      });
}

}  // namespace

void add_exposure_operations(Operations& operations, store::Store& store, const std::string& state_directory, io::Loop& loop,
                             const Clock& clock) {
  const auto exposure = std::make_shared<Exposure>(operations, store, state_directory, loop, clock);
  operations.add_late("coverage", identity::Roles::all(),
                      [exposure](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        coverage(*exposure, request, std::move(reply));
                      });
  operations.add_late("grant.can", identity::Roles::all(),
                      [exposure](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        grant_can(*exposure, request, std::move(reply));
                      });
  operations.add_late("server.can", identity::Roles::all(),
                      [exposure](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        server_can(*exposure, request, std::move(reply));
                      });
  operations.add_late("policy.diff", identity::Roles::all(),
                      [exposure](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        diff(*exposure, request, std::move(reply));
                      });
  operations.add_late("catalogue.recommend", identity::Roles::all(),
                      [exposure](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        recommend(*exposure, request, std::move(reply));
                      });
  operations.add_late("catalogue.apply", {identity::Role::policy_manager},
                      [exposure](ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
                        apply(*exposure, request, actor, std::move(reply));
                      });
}

}  // namespace doorward::server
