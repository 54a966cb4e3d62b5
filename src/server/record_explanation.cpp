#include "server/record_explanation.h"

#include <cstdlib>
#include <string_view>

#include "json/reader.h"
#include "policy/explain.h"

namespace doorward::server {
namespace {

policy::Verdict verdict_of(std::string_view name) {
  for (const auto verdict : {policy::Verdict::allow, policy::Verdict::hide, policy::Verdict::approve}) {
    if (policy::to_string(verdict) == name) return verdict;
  }
  return policy::Verdict::deny;
}

policy::Code code_of(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(policy::Code::tool_changed); ++i) {
    if (policy::to_string(static_cast<policy::Code>(i)) == name) return static_cast<policy::Code>(i);
  }
  return policy::Code::none;
}

void take_decision(policy::Explanation& explanation, json::Value record) {
  explanation.time = text_of(record, "time");
  explanation.decision = verdict_of(text_of(record, "verdict"));
  const json::Value enforced = record.find("enforced");
  explanation.enforced = !enforced.is(json::Type::boolean) || enforced.boolean();
  explanation.code = code_of(text_of(record, "code"));
  explanation.rule = text_of(record, "rule");
  explanation.pointer = text_of(record, "pointer");
  explanation.server = text_of(record, "server");
  explanation.tool = text_of(record, "tool");
  const json::Value grant = record.find("grant");
  explanation.grant = text_of(grant, "label");
  explanation.owner = text_of(grant, "owner");
  explanation.client = text_of(record.find("client"), "name");
  const json::Value policy = record.find("policy");
  explanation.policy_name = text_of(policy, "name");
  explanation.policy_version = std::strtoull(std::string(text_of(policy, "version")).c_str(), nullptr, 10);
  explanation.policy_sha256 = text_of(policy, "sha256");
  explanation.forwarded = text_of(record, "event") == "call.intent";
  explanation.told_agent = text_of(record, "reason");
  if (const json::Value wait = record.find("retry_after_s"); wait.is(json::Type::number)) {
    explanation.remedy.after_s = std::strtoll(std::string(wait.number()).c_str(), nullptr, 10);
  }
  explanation.remedy.retry = policy::retry_of(explanation.code);
  explanation.summary = explanation.told_agent.empty()
                            ? explanation.forwarded ? "The call was allowed and forwarded." : "The call was refused."
                            : explanation.told_agent;
}

}  // namespace

Result<std::string> explain_records(std::span<const std::string> lines) {
  for (const std::string& line : lines) {
    json::Reader reader;
    const auto record = reader.read(line);
    if (!record || !record->find("verdict")) continue;
    policy::Explanation explanation;
    explanation.id = text_of(*record, "id");
    take_decision(explanation, *record);
    return policy::to_json(explanation);
  }
  return fail(ErrorKind::not_found, "no record of this id tells of a decision");
}

}  // namespace doorward::server
