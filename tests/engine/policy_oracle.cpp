// The policy engine behind the line protocol of the differential test: one JSON object a line in, one out.
//
//   {"policy": TEXT, "tool": NAME, "args": TEXT or null, "category", "server", "grant": {"label", "labels"},
//    "identity": {..} or null, "time_us", "known", "counts": {POINTER: DECIMAL}, "actions": [{"tool", "name",
//    "args", "list"}]}
//   {"decision": "allow|deny|hide|approve|invalid|malformed", "rule": TEXT, "pointer": TEXT,
//    "asks": [{"approvers", "approvals", "self_confirm", "expires_s"}]}
//
// A decision of `invalid` stands for a document that is refused, `malformed` for arguments that are no JSON
// object.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "json/decimal.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/actions.h"
#include "policy/decide.h"
#include "policy/program.h"

namespace {

using namespace doorward;
using json::Value;

std::string answer(std::string_view decision, std::string_view rule = {}, std::string_view pointer = {},
                   std::span<const policy::Approval* const> asks = {}) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("decision").string(decision).key("rule").string(rule).key("pointer").string(pointer);
  writer.key("asks").begin_array();
  for (const policy::Approval* ask : asks) {
    writer.begin_object().key("approvers").begin_array();
    for (const std::string& name : ask->approvers) writer.string(name);
    writer.end_array().key("approvals").number(ask->approvals).key("self_confirm").boolean(ask->self_confirm);
    writer.key("expires_s").number(ask->expires_s).end_object();
  }
  writer.end_array().end_object();
  return out;
}

std::string text_of(Value value) {
  return value.is(json::Type::string) ? std::string(value.string()) : std::string();
}

/// Compiled documents by their text, so that many calls of one document load it once.
class Documents {
 public:
  std::shared_ptr<const policy::Policy> find(const std::string& text) {
    if (const auto found = loaded_.find(text); found != loaded_.end()) return found->second;
    if (loaded_.size() > 1'000) loaded_.clear();
    auto result = policy::load(text);
    std::shared_ptr<const policy::Policy> compiled = result ? result->policy : nullptr;
    loaded_.emplace(text, compiled);
    return compiled;
  }

 private:
  std::unordered_map<std::string, std::shared_ptr<const policy::Policy>> loaded_;
};

class Oracle {
 public:
  std::string judge(const std::string& line) {
    const auto read = line_reader_.read(line);
    if (!read) return answer("malformed", read.error().message);
    const Value request = *read;
    const auto document = documents_.find(text_of(request.find("policy")));
    if (document == nullptr) return answer("invalid");

    Value args;
    std::string args_text = text_of(request.find("args"));
    if (request.find("args").is(json::Type::string)) {
      const auto parsed = args_reader_.read(args_text);
      if (!parsed || !parsed->is(json::Type::object)) return answer("malformed");
      args = *parsed;
    }
    auto actions = action_map(request.find("actions"));
    if (!actions) return answer("invalid", actions.error());

    const std::string tool = text_of(request.find("tool"));
    const std::string server = text_of(request.find("server"));
    const policy::Subject subject = subject_of(request);
    const policy::Resolved resolved = actions->resolve(tool, args);
    policy::Call call;
    call.tool = resolved.tool;
    call.args = resolved.args;
    call.server = server;
    call.subject = &subject;
    call.category = parse_category(text_of(request.find("category")));
    call.known = !request.find("known").is(json::Type::boolean) || request.find("known").boolean();
    if (resolved.kind != policy::Resolved::Kind::plain) {
      call.outer = resolved.outer;
      call.outer_category = call.category;
    }
    if (resolved.kind == policy::Resolved::Kind::unknown_action) call.known = false;
    if (const Value time = request.find("time_us"); time.is(json::Type::number)) {
      call.now_us = json::Decimal(time.number()).to_integer().value_or(0);
    }

    // The answer of enforce, also where the document observes.
    policy::Decision decision = policy::judge(document->program(), call, scratch_.state(), nullptr, false);
    if (decision.limit != nullptr || decision.verdict == policy::Verdict::allow) {
      decision = reserve(decision, request.find("counts"));
    }
    const bool asks = decision.verdict == policy::Verdict::approve;
    return answer(policy::to_string(decision.verdict), decision.rule->rule, decision.rule->pointer,
                  asks ? scratch_.approvals() : std::span<const policy::Approval* const>{});
  }

 private:
  static std::expected<policy::ActionMap, std::string> action_map(Value list) {
    std::vector<policy::ActionTool> tools;
    for (Value entry : list.elements()) {
      policy::ActionTool tool{
          text_of(entry.find("tool")), text_of(entry.find("name")), text_of(entry.find("args")), {}};
      for (Value name : entry.find("list").elements()) tool.actions.push_back(text_of(name));
      tools.push_back(std::move(tool));
    }
    return policy::ActionMap::make(tools);
  }

  static policy::Subject subject_of(Value request) {
    policy::Subject subject;
    const Value grant = request.find("grant");
    if (const Value label = grant.find("label"); label.is(json::Type::string)) subject.label = text_of(label);
    for (json::Member member : grant.find("labels").members()) {
      subject.labels.emplace_back(member.key.string(), text_of(member.value));
    }
    std::ranges::sort(subject.labels);
    if (const Value identity = request.find("identity"); identity.is(json::Type::object))
      subject.identity = identity;
    return subject;
  }

  /// The reservation against the counts of the line, in the order of the demands; a refused amount stands
  /// behind them.
  policy::Decision reserve(const policy::Decision& decision, Value counts) {
    for (const policy::LimitDemand& demand : scratch_.demands()) {
      std::int64_t count = 0;
      if (const Value known = counts.find(demand.limit->without_room->pointer);
          known.is(json::Type::string)) {
        const auto number = json::Decimal::parse(known.string());
        // A count beyond what an amount may be leaves no room anywhere.
        count = number ? number->to_millionths_rounded_up().value_or(std::numeric_limits<std::int64_t>::max())
                       : 0;
      }
      if (count > demand.limit->max_millionths - demand.amount_millionths) {
        return policy::limit_denial(decision, *demand.limit, 0);
      }
    }
    return decision;
  }

  Documents documents_;
  json::Reader line_reader_;
  json::Reader args_reader_;
  policy::Scratch scratch_;
};

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  Oracle oracle;
  std::string line;
  while (std::getline(std::cin, line)) std::cout << oracle.judge(line) << '\n' << std::flush;
  return 0;
}
