#include "catalogue/permissions.h"

#include <vector>

#include "policy/rule_place.h"

namespace doorward::catalogue {
namespace {

bool is_hidden(const ToolReach& reach) {
  return reach.rule == "(hidden)" || reach.rule == "(unknown tool)";
}

std::string_view word_of(Reach reach, const ToolReach& tool) {
  switch (reach) {
    case Reach::blocked:
      return is_hidden(tool) ? "hidden" : "denied";
    case Reach::needs_person:
      return "needs_approval";
    case Reach::limited:
      return "rate_limited";
    case Reach::depends:
      return "depends";
    case Reach::open:
      break;
  }
  return "allowed";
}

void write_policy(json::Writer& writer, const policy::Policy* policy) {
  writer.key("policy");
  if (policy == nullptr) {
    writer.null();
    return;
  }
  writer.begin_object().key("name").string(policy->name()).key("version").number(policy->version());
  writer.key("sha256").string(policy->sha256());
  writer.key("mode").string(policy->mode() == policy::Mode::observe ? "observe" : "enforce").end_object();
}

void write_tool(json::Writer& writer, const LiveTool& tool) {
  writer.key("tool").string(tool.record.name).key("category").string(to_string(tool.category));
  writer.key("severity").string(to_string(tool.record.classification.severity));
  if (!tool.record.outer.empty()) writer.key("outer").string(tool.record.outer);
}

void write_decision(json::Writer& writer, const policy::Policy* policy, const ToolReach& reach) {
  writer.key("decision").string(decision_word(reach)).key("decided").boolean(reach.decided);
  if (reach.observed) writer.key("would").string(would_word(reach));
  writer.key("rule").string(reach.rule).key("pointer").string(reach.pointer);
  const policy::RulePlace place = policy != nullptr ? policy::place_of(*policy, reach.pointer) : policy::RulePlace{};
  writer.key("line").number(place.line).key("note").string(place.note).key("why").string(reach.why);
  if (!reach.passes.empty()) writer.key("passes").string(reach.passes);
  if (!reach.stopped.empty()) writer.key("stopped").string(reach.stopped);
}

bool is_meant(const LiveTool& tool, const PermissionOptions& options) {
  return options.tool.empty() || tool.record.name == options.tool;
}

}  // namespace

std::string_view decision_word(const ToolReach& reach) {
  // Not proven to pass, and not proven to be stopped: some other call might.
  if (!reach.decided) return "depends";
  return word_of(reach.reach, reach);
}

std::string_view would_word(const ToolReach& reach) {
  return word_of(reach.would, reach);
}

std::string grant_permissions(const Deployment& deployment, const PermissionOptions& options) {
  ReachJudge judge(options.decisions);
  std::string out;
  json::Writer writer(out);
  const LiveGrant& grant = deployment.grants.front();
  writer.begin_object().key("schema").string("doorward.grant.can/1").key("grant").string(grant.label);
  writer.key("owner").string(grant.owner).key("servers").begin_array();
  for (const LiveGrant::Access& access : grant.access) {
    const LiveServer& server = deployment.servers[access.server];
    writer.begin_object().key("server").string(server.name);
    write_policy(writer, access.policy.get());
    writer.key("tools").begin_array();
    for (const LiveTool& tool : server.tools) {
      if (!is_meant(tool, options)) continue;
      writer.begin_object();
      write_tool(writer, tool);
      write_decision(writer, access.policy.get(), judge.judge(access.policy.get(), server.name, tool, grant.caller));
      writer.end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().key("whole").boolean(judge.left() > 0).end_object();
  return out;
}

std::string server_permissions(const Deployment& deployment, const PermissionOptions& options) {
  ReachJudge judge(options.decisions);
  const LiveServer& server = deployment.servers.front();
  const std::vector<Coverage::Access> accesses = judge_accesses(deployment, judge);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.server.can/1").key("server").string(server.name);
  writer.key("tools").begin_array();
  for (const LiveTool& tool : server.tools) {
    if (!is_meant(tool, options)) continue;
    writer.begin_object();
    write_tool(writer, tool);
    writer.end_object();
  }
  writer.end_array().key("agents").begin_array();
  for (std::size_t column = 0; column < accesses.size(); ++column) {
    for (const std::size_t index : accesses[column].grants) {
      const LiveGrant& grant = deployment.grants[index];
      writer.begin_object().key("grant").string(grant.label).key("owner").string(grant.owner);
      writer.key("column").number(column).end_object();
    }
  }
  writer.end_array().key("columns").begin_array();
  for (const Coverage::Access& access : accesses) {
    writer.begin_object();
    write_policy(writer, access.policy.get());
    writer.key("cells").begin_array();
    for (std::size_t i = 0; i < access.tools.size(); ++i) {
      if (!is_meant(server.tools[i], options)) continue;
      writer.begin_object();
      write_decision(writer, access.policy.get(), access.tools[i]);
      writer.end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().key("whole").boolean(judge.left() > 0).end_object();
  return out;
}

}  // namespace doorward::catalogue
