#include "server/policy_operations.h"

#include <algorithm>
#include <utility>

#include "json/writer.h"
#include "policy/explain.h"
#include "policy/selftest.h"
#include "risk/category.h"
#include "server/explain_call.h"
#include "server/policy_file.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

Json validate(ControlRequest& request) {
  const std::string text = request.need_text("text");
  const std::string file = request.text("file").value_or("policy.json");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  policy::Origin origin;
  origin.name = file;
  const auto loaded = load_policy(text, file, std::move(origin));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy.validate/1").key("files").begin_array();
  writer.begin_object().key("file").string(file).key("valid").boolean(loaded.has_value());
  if (loaded) writer.key("sha256").string(loaded->policy->sha256());
  writer.key("findings").begin_array();
  for (const policy::Finding& finding : loaded ? loaded->warnings : loaded.error()) writer.raw(policy::to_json(finding));
  writer.end_array().end_object().end_array().end_object();
  return out;
}

/// The document that a request is about: a draft, the policy of that name, or the one that a grant carries.
struct Subject {
  std::shared_ptr<const policy::Policy> policy;
  std::string server;
  std::string origin;  ///< what the draft is called, or who owns the policy
  const identity::Grant* grant = nullptr;
  std::string carried;  ///< name of the policy that the grant carries there
};

std::unexpected<Error> unknown(std::string_view what, const std::string& name) {
  return fail(ErrorKind::not_found, "there is no " + std::string(what) + " \"" + name + "\"");
}

/// By label, id or number.
const GrantItem* find_grant(const Inventory& inventory, const std::string& name) {
  if (const GrantItem* grant = inventory.grant(name)) return grant;
  const auto found = std::ranges::find_if(inventory.grants, [&](const GrantItem& item) {
    return item.grant->id == name || (item.number > 0 && std::to_string(item.number) == name);
  });
  return found == inventory.grants.end() ? nullptr : &*found;
}

Result<Subject> subject_of(const Operations& operations, ControlRequest& request) {
  const auto text = request.text("text");
  const auto name = request.text("policy");
  const auto server = request.text("server");
  const auto label = request.text("grant");
  const Inventory& inventory = operations.inventory();
  Subject subject;
  subject.server = server.value_or("");
  if (label) {
    const GrantItem* grant = find_grant(inventory, *label);
    if (grant == nullptr) return unknown("grant", *label);
    subject.grant = grant->grant.get();
    subject.carried = grant->grant->policy;
    if (const BundleItem* bundle = inventory.bundle(grant->grant->server)) {
      const auto& members = bundle->settings->members;
      const auto member = std::ranges::find(members, subject.server, &gateway::BundleMember::server);
      if (member == members.end()) {
        return fail(ErrorKind::invalid, "the grant is for the bundle \"" + bundle->settings->name +
                                            "\"; name the member as \"server\"");
      }
      subject.carried = member->policy;
    } else {
      if (server && *server != grant->grant->server) {
        return fail(ErrorKind::invalid, "the grant is for the server \"" + grant->grant->server + "\"");
      }
      subject.server = grant->grant->server;
    }
  }
  if (text) {
    if (name) return fail(ErrorKind::invalid, "give \"text\" or \"policy\", not both");
    auto draft = load_draft(*text, subject.server);
    if (!draft) return std::unexpected(draft.error());
    subject.policy = std::move(*draft);
    subject.origin = "draft";
    return subject;
  }
  const std::string wanted = name.value_or(subject.carried);
  if (wanted.empty() && !name) {
    if (subject.grant != nullptr) return fail(ErrorKind::not_found, "the grant carries no policy, so every call is denied");
    return fail(ErrorKind::invalid, "name a \"policy\" or a \"grant\", or give a document as \"text\"");
  }
  for (const PolicyItem& item : inventory.policies) {
    if (item.name != wanted || (!subject.server.empty() && item.server != subject.server)) continue;
    if (subject.policy) return fail(ErrorKind::conflict, "several servers have a policy \"" + wanted + "\"; add \"server\"");
    subject.policy = item.policy;
    subject.origin = item.at.file.empty() ? "store" : item.at.text();
    if (server) continue;
    subject.server = item.server;
  }
  if (!subject.policy) return unknown("policy", wanted);
  return subject;
}

Json explain(const Operations& operations, ControlRequest& request, const Clock& clock) {
  const auto subject = subject_of(operations, request);
  HypotheticalCall call;
  call.tool = request.need_text("tool");
  call.args = request.object("args").value_or("{}");
  const auto category = request.text("category");
  const auto at = request.text("at");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (!subject) return std::unexpected(subject.error());
  call.server = subject->server;
  call.now_us = clock.wall_us();
  if (at) {
    const auto time = parse_time(*at);
    if (!time) return fail(ErrorKind::invalid, "\"at\" must be a time like 2027-01-31T14:00:00Z");
    call.now_us = *time;
  }
  if (category) {
    call.category = parse_category(*category);
    if (!call.category) return fail(ErrorKind::invalid, "there is no category \"" + *category + "\"");
  }
  if (subject->grant != nullptr) {
    call.grant = subject->grant->label;
    call.labels = subject->grant->labels;
  }
  policy::ActionMap actions;
  if (const ServerItem* item = operations.inventory().server(call.server)) {
    auto map = action_map(item->config);
    if (!map) return fail(ErrorKind::corrupt, map.error());
    actions = std::move(*map);
  }
  auto explanation = explain_call(*subject->policy, actions, call);
  if (!explanation) return std::unexpected(explanation.error());
  explanation->policy_origin = subject->origin;
  if (subject->grant != nullptr) explanation->owner = subject->grant->owner;
  return policy::to_json(*explanation);
}

Json test(const Operations& operations, ControlRequest& request) {
  const auto subject = subject_of(operations, request);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (!subject) return std::unexpected(subject.error());
  policy::Origin origin;
  origin.name = subject->policy->name();
  origin.server = subject->server;
  origin.category_of = [](std::string_view tool) -> std::optional<Category> {
    return risk::category_of_name(tool);
  };
  const auto results = policy::run_tests(*subject->policy, origin);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy.test/1");
  writer.key("passed").number(std::ranges::count_if(results, &policy::TestResult::passed));
  writer.key("failed").number(std::ranges::count_if(results, [](const auto& result) { return !result.passed; }));
  writer.key("tests").begin_array();
  for (const policy::TestResult& result : results) {
    writer.begin_object().key("name").string(result.name).key("pointer").string(result.pointer);
    writer.key("passed").boolean(result.passed).key("expected").string(result.expected);
    writer.key("got").string(result.got).end_object();
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace

void add_policy_operations(Operations& operations, const Clock& clock) {
  operations.add("policy.validate", identity::Roles::all(),
                 [](ControlRequest& request, const identity::Actor&) { return validate(request); });
  operations.add("policy.test", identity::Roles::all(), [&operations](ControlRequest& request, const identity::Actor&) {
    return test(operations, request);
  });
  operations.add("policy.explain", identity::Roles::all(),
                 [&operations, &clock](ControlRequest& request, const identity::Actor&) {
                   return explain(operations, request, clock);
                 });
}

}  // namespace doorward::server
