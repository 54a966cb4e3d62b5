#include "server/record_explanation.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "audit/argument_store.h"
#include "audit/keys.h"
#include "audit/segment.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/explain.h"
#include "server/recorded_policy.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::size_t kMostRelated = 20;

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

std::int64_t whole(json::Value number) {
  std::int64_t value = 0;
  if (!number.is(json::Type::number)) return value;
  const std::string_view text = number.number();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The records of one call, read.
struct Records {
  struct Record {
    json::Reader reader;
    json::Value root;
  };
  std::vector<std::string> lines;
  std::vector<Record> read;
  json::Value decision;
  json::Value outcome;
  json::Value arguments;
};

std::optional<Records> read_records(std::vector<std::string> lines) {
  Records records;
  records.lines = std::move(lines);
  for (const std::string& line : records.lines) {
    Records::Record& record = records.read.emplace_back();
    const auto root = record.reader.read(line);
    if (!root) continue;
    const std::string_view event = text_of(*root, "event");
    if (root->find("verdict") && !records.decision) records.decision = *root;
    if (event == "call.outcome") records.outcome = *root;
    if (event == "call.arguments") records.arguments = *root;
  }
  if (!records.decision) return std::nullopt;
  return records;
}

/// The stored arguments of a call as the object that they were.
struct Arguments {
  std::string json;
  std::size_t count = 0;
};

Arguments stored_arguments(const ExplanationContext& context, const std::string& id) {
  const auto key = audit::load_or_create_secret(context.state.keys(), audit::kArgumentKey);
  const auto found = key ? audit::read_arguments(context.state.log(), *key, id, context.now_us)
                         : Result<std::vector<audit::StoredArgument>>();
  Arguments arguments;
  if (!found || found->empty()) return arguments;
  arguments.count = found->size();
  if (found->front().path == "args") {
    arguments.json = found->front().value;
    return arguments;
  }
  json::Writer writer(arguments.json);
  writer.begin_object();
  for (const audit::StoredArgument& argument : *found) {
    writer.key(std::string_view(argument.path).substr(std::string_view("args.").size())).raw(argument.value);
  }
  writer.end_object();
  return arguments;
}

void take_names(policy::Explanation& explanation, json::Value record) {
  explanation.id = text_of(record, "id");
  explanation.time = text_of(record, "time");
  const json::Value enforced = record.find("enforced");
  explanation.enforced = !enforced.is(json::Type::boolean) || enforced.boolean();
  const json::Value grant = record.find("grant");
  explanation.grant = text_of(grant, "label");
  explanation.owner = text_of(grant, "owner");
  explanation.client = text_of(record.find("client"), "name");
  const json::Value policy = record.find("policy");
  explanation.policy_name = text_of(policy, "name");
  const std::string_view version = text_of(policy, "version");
  std::from_chars(version.data(), version.data() + version.size(), explanation.policy_version);
  explanation.policy_sha256 = text_of(policy, "sha256");
  explanation.told_agent = text_of(record, "reason");
  explanation.approval = text_of(record, "approval");
  explanation.args_digest = text_of(record.find("args"), "digest");
  if (explanation.grant.empty()) return;
  const std::string reaches = "grant " + explanation.grant + " active, reaches server " + std::string(text_of(record, "server"));
  explanation.trace.insert(explanation.trace.begin(), {reaches, "ok", {}, 0});
}

void take_effects(policy::Explanation& explanation, const Records& records) {
  const bool counted = static_cast<bool>(records.decision.find("quota"));
  const bool returned = static_cast<bool>(records.outcome.find("quota"));
  explanation.quota = !counted || !explanation.forwarded ? "none used" : returned ? "given back" : "counted";
  if (records.outcome) explanation.result = text_of(records.outcome, "result");
}

/// Ids of calls that fit a query, newest first, but for one.
std::vector<std::string> calls_of(const audit::RecordIndex& index, const audit::Query& query, const std::string& but,
                                  bool refused) {
  std::vector<std::string> ids;
  const auto page = index.page(query, {}, 3 * kMostRelated, false);
  if (!page) return ids;
  json::Reader reader;
  for (const audit::IndexedRecord& record : page->records) {
    if (ids.size() == kMostRelated) break;
    if (refused && record.word == audit::DecisionWord::allowed) continue;
    const auto root = reader.read(record.line);
    const std::string_view id = root ? text_of(*root, "id") : std::string_view();
    if (!id.empty() && id != but) ids.emplace_back(id);
  }
  return ids;
}

void write_ids(json::Writer& writer, std::string_view key, const std::vector<std::string>& ids) {
  writer.key(key).begin_array();
  for (const std::string& id : ids) writer.string(id);
  writer.end_array();
}

/// Calls of the same agent within a minute, and the same call refused before.
void write_related(json::Writer& writer, const audit::RecordIndex& index, json::Value record) {
  const std::string id(text_of(record, "id"));
  const std::int64_t time_us = audit::parse_time(text_of(record, "time")).value_or(0);
  audit::Query near;
  near.grant = text_of(record.find("grant"), "id");
  near.calls = true;
  audit::Query same = near;
  near.since_us = time_us - kMinute;
  near.until_us = time_us + kMinute;
  same.server = text_of(record, "server");
  same.tool = text_of(record, "tool");
  same.args_digest = text_of(record.find("args"), "digest");
  same.until_us = time_us;
  const bool known = !near.grant.empty();
  writer.key("related").begin_object();
  write_ids(writer, "within_a_minute", known ? calls_of(index, near, id, false) : std::vector<std::string>());
  const bool comparable = known && !same.tool.empty() && !same.args_digest.empty();
  write_ids(writer, "same_refused_before", comparable ? calls_of(index, same, id, true) : std::vector<std::string>());
  writer.end_object();
}

void write_links(json::Writer& writer, const policy::Explanation& explanation) {
  const std::string record = "/api/v1/records/" + explanation.id;
  writer.key("links").begin_object().key("self").string(record + "/explanation").key("record").string(record);
  if (!explanation.policy_name.empty()) {
    // Names of policies and servers are letters, digits, '.', '_' and '-'.
    writer.key("policy").string("/api/v1/policies/" + explanation.policy_name + "?server=" + explanation.server +
                                "&version=" + std::to_string(explanation.policy_version));
  }
  if (!explanation.approval.empty()) writer.key("approval").string("/api/v1/approvals/" + explanation.approval);
  writer.end_object();
}

}  // namespace

ExplanationContext explanation_context(const StateDir& state, const Inventory& inventory, bool shows_arguments,
                                       std::int64_t now_us) {
  ExplanationContext context{state, {}, shows_arguments, now_us};
  for (const GrantItem& item : inventory.grants) {
    context.holders.insert_or_assign(std::string(item.grant->configured_id()),
                                     ExplanationContext::Holder{item.grant->labels, item.grant->rule.has_value()});
  }
  return context;
}

Result<RecordExplanation> explain_record(const audit::RecordIndex& index, const std::string& id,
                                         const ExplanationContext& context) {
  const auto records = read_records(index.find(id));
  if (!records) return fail(ErrorKind::not_found, "no record of this id tells of a decision");
  const json::Value record = records->decision;
  RecordExplanation out;
  const bool stored = static_cast<bool>(records->arguments);
  Arguments arguments;
  if (stored && context.shows_arguments) arguments = stored_arguments(context, id);
  out.arguments_read = arguments.count;
  json::Reader reader;
  const auto args = arguments.json.empty() ? std::nullopt : std::optional(reader.read(arguments.json));

  policy::Subject subject;
  subject.label = text_of(record.find("grant"), "label");
  policy::Missing missing;
  missing.arguments = !args || !*args;
  missing.redacted = audit::kRedacted;
  if (const auto holder = context.holders.find(text_of(record.find("grant"), "id")); holder != context.holders.end()) {
    subject.labels = holder->second.labels;
    missing.identity = holder->second.identity;
  }
  policy::Call call;
  const std::string_view method = text_of(record, "method");
  call.kind = method == "resources/read" ? policy::Kind::resource : method == "prompts/get" ? policy::Kind::prompt : policy::Kind::tool;
  call.tool = call.kind == policy::Kind::tool ? text_of(record, "tool") : text_of(record, "target");
  call.category = parse_category(text_of(record, "category"));
  if (!missing.arguments) call.args = **args;
  call.server = text_of(record, "server");
  call.subject = &subject;
  call.now_us = audit::parse_time(text_of(record, "time")).value_or(0);

  policy::Recorded recorded;
  recorded.verdict = verdict_of(text_of(record, "verdict"));
  recorded.code = code_of(text_of(record, "code"));
  recorded.rule = text_of(record, "rule");
  recorded.pointer = text_of(record, "pointer");
  recorded.retry_after_s = whole(record.find("retry_after_s"));
  recorded.forwarded = text_of(record, "event") == "call.intent";
  const json::Value ruled = record.find("policy");
  policy::Origin origin{std::string(text_of(ruled, "name")), 0, std::string(call.server), {}};
  const std::string_view version = text_of(ruled, "version");
  std::from_chars(version.data(), version.data() + version.size(), origin.version);
  const auto policy = recorded_policy(context.state, std::string(text_of(ruled, "sha256")), std::move(origin));
  policy::Explanation explanation = policy::explain_recorded(policy.get(), call, recorded, missing);
  take_names(explanation, record);
  take_effects(explanation, *records);
  explanation.args_state = !stored ? "not_stored" : !context.shows_arguments ? "not_shown" : missing.arguments ? "not_stored" : "shown";
  if (!missing.arguments) explanation.args = arguments.json;

  json::Writer writer(out.json, json::Escape::ascii);
  writer.begin_object();
  policy::write_members(writer, explanation);
  write_related(writer, index, record);
  write_links(writer, explanation);
  writer.end_object();
  return out;
}

}  // namespace doorward::server
