#include "server/explain_call.h"

#include <algorithm>

#include "json/reader.h"
#include "risk/category.h"
#include "server/time_text.h"

namespace doorward::server {

Result<policy::Explanation> explain_call(const policy::Policy& policy, const policy::ActionMap& actions,
                                         const HypotheticalCall& hypothetical) {
  json::Reader reader;
  const auto args = reader.read(hypothetical.args);
  if (!args) {
    const json::Position at = json::position_of(hypothetical.args, args.error().offset);
    return fail(ErrorKind::invalid, "the arguments are not JSON: line " + std::to_string(at.line) + ", column " +
                                        std::to_string(at.column) + ": " + args.error().message);
  }
  if (!args->is(json::Type::object)) {
    return fail(ErrorKind::invalid, "the arguments must be a JSON object, such as {\"amount\": 5}");
  }
  policy::Subject subject;
  subject.label = hypothetical.grant;
  subject.labels = hypothetical.labels;
  std::ranges::sort(subject.labels);
  const policy::Resolved resolved = actions.resolve(hypothetical.tool, *args);

  policy::Call call;
  call.tool = resolved.tool;
  call.args = resolved.args;
  call.known = resolved.kind != policy::Resolved::Kind::unknown_action;
  if (resolved.kind == policy::Resolved::Kind::action) call.outer = resolved.outer;
  call.server = hypothetical.server;
  if (!hypothetical.grant.empty() || !hypothetical.labels.empty()) call.subject = &subject;
  call.now_us = hypothetical.now_us;
  call.category = hypothetical.category.value_or(risk::category_of_name(resolved.tool));

  policy::Explanation explanation = policy::explain(policy, call);
  explanation.time = format_time(hypothetical.now_us);
  explanation.grant = hypothetical.grant;
  explanation.args_state = "given";
  explanation.args = hypothetical.args;
  return explanation;
}

std::expected<policy::ActionMap, std::string> action_map(const ServerConfig& config) {
  std::vector<policy::ActionTool> tools;
  for (const ActionConfig& action : config.actions) {
    tools.push_back({action.tool, action.name, action.args, action.list});
  }
  return policy::ActionMap::make(tools);
}

}  // namespace doorward::server
