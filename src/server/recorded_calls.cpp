#include "server/recorded_calls.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace doorward::server {
namespace {

/// The names, and whether they are all.
void take_arguments(json::Value record, RecordedCall& call) {
  const json::Value args = record.find("args");
  if (!args.is(json::Type::object)) return;
  const json::Value keys = args.find("keys");
  if (keys.is(json::Type::array)) {
    for (const json::Value key : keys.elements()) {
      if (key.is(json::Type::string)) call.arguments.emplace_back(key.string());
    }
  }
  std::size_t count = 0;
  if (const json::Value number = args.find("count"); number.is(json::Type::number)) {
    const std::string_view digits = number.number();
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
  }
  call.arguments_whole = count == call.arguments.size();
}

}  // namespace

void CallCollector::take(json::Value record, std::int64_t time_us) {
  if (filter_.since_us && time_us < *filter_.since_us) return;
  const json::Value event_value = record.find("event");
  if (!event_value.is(json::Type::string)) return;
  const std::string_view event = event_value.string();
  const bool outcome = event == "call.outcome";
  const bool intent = event == "call.intent";
  if (!outcome && !intent && event != "call.denied") return;
  std::string server(text_of(record, "server"));
  if (!filter_.server.empty() && server != filter_.server) return;
  if (outcome) {
    succeeded_[std::string(text_of(record, "id"))] = text_of(record, "result") == "ok";
    return;
  }
  if (text_of(record, "method") != "tools/call") return;
  const json::Value policy = record.find("policy");
  const json::Value grant = record.find("grant");
  RecordedCall call;
  call.policy = text_of(policy, "name");
  call.agent = text_of(grant, "label");
  call.grant_id = text_of(grant, "id");
  if (!filter_.policy.empty() && call.policy != filter_.policy) return;
  if (!filter_.agent.empty() && call.agent != filter_.agent && call.grant_id != filter_.agent) return;
  call.id = text_of(record, "id");
  call.time_us = time_us;
  call.server = std::move(server);
  call.tool = text_of(record, "tool");
  call.session = text_of(record, "session");
  const json::Value identity = record.find("identity");
  call.issuer = text_of(identity, "issuer");
  call.subject = text_of(identity, "subject");
  call.verdict = text_of(record, "verdict");
  call.code = text_of(record, "code");
  call.rule = text_of(record, "rule");
  call.pointer = text_of(record, "pointer");
  call.policy_sha256 = text_of(policy, "sha256");
  const json::Value enforced = record.find("enforced");
  call.enforced = !enforced.is(json::Type::boolean) || enforced.boolean();
  call.forwarded = intent;
  take_arguments(record, call);
  calls_.push_back(std::move(call));
}

std::vector<RecordedCall> CallCollector::calls(std::size_t most) && {
  std::ranges::sort(calls_, {}, &RecordedCall::time_us);
  if (calls_.size() > most) calls_.erase(calls_.begin(), calls_.end() - static_cast<std::ptrdiff_t>(most));
  for (RecordedCall& call : calls_) {
    const auto known = succeeded_.find(call.id);
    if (call.forwarded && known != succeeded_.end()) call.succeeded = known->second;
  }
  return std::move(calls_);
}

}  // namespace doorward::server
