#include "server/refused_call.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "json/reader.h"
#include "policy/explain.h"
#include "risk/category.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

/// The test grant. No token leads to it.
constexpr std::string_view kGrant = "doorward-test";
constexpr std::string_view kClient = "doorward test call";
/// Tools that are asked about before another policy is tried.
constexpr std::size_t kMostTools = 2'000;

/// A call and who refuses it.
struct Refusable {
  std::string server;
  std::string tool;
  Category category = Category::other;
  const policy::Policy* policy = nullptr;  ///< null: the grant carries none
};

struct Judged {
  policy::Call call;
  policy::Decision decision;
};

policy::Call call_of(const Refusable& wanted, const policy::Subject& subject, json::Value args, std::int64_t now_us) {
  policy::Call call;
  call.tool = wanted.tool;
  call.category = wanted.category;
  call.args = args;
  call.server = wanted.server;
  call.subject = &subject;
  call.now_us = now_us;
  return call;
}

policy::Decision judge(const Refusable& wanted, const policy::Call& call) {
  if (wanted.policy == nullptr) return policy::no_policy();
  policy::Scratch scratch;
  return policy::decide(*wanted.policy, call, scratch);
}

bool refuses(const policy::Decision& decision) {
  return decision.enforced && (decision.verdict == policy::Verdict::deny || decision.verdict == policy::Verdict::hide);
}

/// What makes the better example: a plain refusal of what does harm.
int worth(const policy::Decision& decision, Category category) {
  const bool harm = category == Category::destructive || category == Category::financial || category == Category::execute;
  return (decision.verdict == policy::Verdict::deny ? 2 : 0) + (harm ? 1 : 0);
}

class RefusedCalls {
 public:
  RefusedCalls(Operations& operations, store::Store& store, RecordDenial record, const Clock& clock)
      : operations_(operations), store_(store), record_(std::move(record)), clock_(clock) {
    subject_.label = std::string(kGrant);
  }

  Json make(ControlRequest& request, const identity::Actor& actor) {
    const auto server = request.text("server");
    const auto name = request.text("policy");
    const auto tool = request.text("tool");
    const std::string args_text = request.object("args").value_or("{}");
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    if ((tool || name) && !server) return fail(ErrorKind::invalid, "name the \"server\" beside the \"tool\" or \"policy\"");
    json::Reader reader;
    const auto args = reader.read(args_text);
    if (!args) return fail(ErrorKind::invalid, "the arguments are not JSON");
    const auto wanted = choose(server, name, tool, *args);
    if (!wanted) return std::unexpected(wanted.error());
    return refuse(*wanted, *args, args_text, actor);
  }

 private:
  Category category_of(std::string_view tool, const std::vector<store::ToolCategory>& known) const {
    const auto row = std::ranges::find(known, tool, &store::ToolCategory::tool);
    return row == known.end() ? risk::category_of_name(tool) : row->category;
  }

  /// The call that is the best example of what is in force.
  Result<Refusable> choose(const std::optional<std::string>& server, const std::optional<std::string>& policy,
                           const std::optional<std::string>& tool, json::Value args) {
    const Inventory& inventory = operations_.inventory();
    if (server && inventory.server(*server) == nullptr) {
      return fail(ErrorKind::not_found, "there is no server \"" + *server + "\"; `doorward server list` shows them");
    }
    if (policy && inventory.policy(*server, *policy) == nullptr) {
      return fail(ErrorKind::not_found, "the server \"" + *server + "\" has no policy \"" + *policy + "\"");
    }
    std::optional<Refusable> best;
    int best_worth = -1;
    for (const PolicyItem& item : inventory.policies) {
      if ((server && item.server != *server) || (policy && item.name != *policy)) continue;
      const auto known = store::ToolCategories(store_.database()).of(item.server);
      if (!known) return std::unexpected(known.error());
      const auto names = tool ? Result<std::vector<std::string>>(std::vector{*tool}) : tools_of(item.server);
      if (!names) return std::unexpected(names.error());
      for (const std::string& each : *names) {
        Refusable candidate{item.server, each, category_of(each, *known), item.policy.get()};
        const policy::Decision decision = judge(candidate, call_of(candidate, subject_, args, clock_.wall_us()));
        if (!refuses(decision)) continue;
        if (const int value = worth(decision, candidate.category); value > best_worth) {
          best_worth = value;
          best = std::move(candidate);
        }
      }
    }
    if (best) return std::move(*best);
    if (policy || tool) {
      return fail(ErrorKind::conflict, "the policy refuses no such call, so none was made: a test call must never reach a server");
    }
    // Where no policy refuses anything: a grant without a policy is refused everything, by the same engine.
    if (inventory.servers.empty()) return fail(ErrorKind::conflict, "there is no server yet; add one first");
    Refusable fallback;
    fallback.server = server.value_or(inventory.servers.front().settings->name);
    const auto names = tools_of(fallback.server);
    if (!names) return std::unexpected(names.error());
    fallback.tool = names->empty() ? "delete_everything" : names->front();
    fallback.category = risk::category_of_name(fallback.tool);
    return fallback;
  }

  Result<std::vector<std::string>> tools_of(std::string_view server) {
    const auto rows = store_.tools(server);
    if (!rows) return std::unexpected(rows.error());
    std::vector<std::string> names;
    for (const store::ToolRow& row : *rows) {
      if (names.size() < kMostTools) names.push_back(row.name);
    }
    return names;
  }

  Json refuse(const Refusable& wanted, json::Value args, std::string_view args_text, const identity::Actor& actor) {
    const std::int64_t now_us = clock_.wall_us();
    const policy::Call call = call_of(wanted, subject_, args, now_us);
    const policy::Decision decision = judge(wanted, call);
    const DecisionId id = ids_.next();
    const std::string told = policy::told_agent(wanted.policy, call, decision, {.reference = id.view(), .permitted = {}});

    audit::CallRecord record;
    record.id = id.view();
    record.time_us = now_us;
    record.verdict = policy::to_string(decision.verdict);
    record.code = policy::to_string(decision.code);
    record.rule = decision.rule->rule;
    record.pointer = decision.rule->pointer;
    std::string version;
    if (wanted.policy != nullptr) {
      version = std::to_string(wanted.policy->version());
      record.policy = {wanted.policy->name(), version, wanted.policy->sha256()};
    }
    record.grant = {{}, kGrant, actor.name};
    record.client = {actor.address, kClient};
    record.server = wanted.server;
    record.method = "tools/call";
    record.tool = wanted.tool;
    record.category = to_string(wanted.category);
    record.args = {{}, {}, args_text.size(), true};
    record.reason = told;
    if (!record_(record)) return fail(ErrorKind::unavailable, "the log takes no records, so no call was made");

    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.demo.refused/1").key("id").string(id.view());
    writer.key("grant").string(kGrant).key("server").string(wanted.server).key("tool").string(wanted.tool);
    writer.key("told_agent").string(told);
    if (wanted.policy != nullptr) {
      policy::Explanation explanation = policy::explain(*wanted.policy, call, &decision);
      explanation.id = id.view();
      explanation.time = format_time(now_us);
      explanation.grant = kGrant;
      explanation.owner = actor.name;
      explanation.client = kClient;
      explanation.told_agent = told;
      writer.key("explanation").raw(policy::to_json(explanation));
    }
    writer.end_object();
    return out;
  }

  Operations& operations_;
  store::Store& store_;
  RecordDenial record_;
  const Clock& clock_;
  policy::Subject subject_;
  DecisionIds ids_;
};

}  // namespace

void add_refused_call_operation(Operations& operations, store::Store& store, RecordDenial record, const Clock& clock) {
  operations.add("demo.refused", {identity::Role::policy_manager},
                 [calls = std::make_shared<RefusedCalls>(operations, store, std::move(record), clock)](
                     ControlRequest& request, const identity::Actor& actor) { return calls->make(request, actor); });
}

}  // namespace doorward::server
