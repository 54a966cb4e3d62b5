#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "json/reader.h"
#include "policy/decide.h"

namespace doorward::testing {

/// A document that must load.
inline std::shared_ptr<const policy::Policy> load_or_fail(std::string_view text) {
  auto loaded = policy::load(text);
  if (loaded) return loaded->policy;
  for (const auto& finding : loaded.error()) ADD_FAILURE() << policy::to_text(finding, "document");
  return nullptr;
}

/// One call with its arguments read from text. Keeps everything that the call refers to.
class CallUnderTest {
 public:
  explicit CallUnderTest(std::string tool, std::string args = "{}")
      : tool_(std::move(tool)), args_(std::move(args)) {
    call.tool = tool_;
    if (!args_.empty()) call.args = read(args_reader_, args_);
    call.subject = &subject;
  }
  CallUnderTest(const CallUnderTest&) = delete;
  CallUnderTest& operator=(const CallUnderTest&) = delete;

  CallUnderTest& identity(std::string text) {
    identity_ = std::move(text);
    subject.identity = read(identity_reader_, identity_);
    return *this;
  }

  policy::Call call;
  policy::Subject subject;

 private:
  static json::Value read(json::Reader& reader, const std::string& text) {
    auto value = reader.read(text);
    EXPECT_TRUE(value.has_value()) << text;
    return value ? *value : json::Value();
  }

  std::string tool_;
  std::string args_;
  std::string identity_;
  json::Reader args_reader_;
  json::Reader identity_reader_;
};

/// The decision in one line: `deny /tools/x/deny_if/args.a-gt @ /tools/x/deny_if/0/conditions/0`; limits have
/// room for one call of any amount up to `max`.
inline std::string judged(const policy::Policy& policy, const policy::Call& call) {
  policy::Scratch scratch;
  policy::Decision decision = policy::decide(policy, call, scratch);
  if (decision.verdict == policy::Verdict::allow) {
    for (const policy::LimitDemand& demand : scratch.demands()) {
      if (demand.amount_millionths > demand.limit->max_millionths) {
        decision = policy::limit_denial(decision, *demand.limit, 1);
        break;
      }
    }
  }
  std::string out(policy::to_string(decision.verdict));
  if (!decision.rule->rule.empty()) out += " " + decision.rule->rule;
  if (!decision.rule->pointer.empty()) out += " @ " + decision.rule->pointer;
  if (!decision.enforced) out += " (observed)";
  return out;
}

inline std::string judged(std::string_view document, const std::string& tool,
                          const std::string& args = "{}") {
  const auto policy = load_or_fail(document);
  if (policy == nullptr) return "not loaded";
  const CallUnderTest under_test(tool, args);
  return judged(*policy, under_test.call);
}

/// A document with one condition in one list of the tool `t`, default deny.
inline std::string one_condition(std::string_view list, std::string_view path, std::string_view op,
                                 std::string_view value) {
  std::string quoted;
  for (char c : path) quoted += c == '"' ? "\\\"" : c == '\\' ? "\\\\" : std::string(1, c);
  return R"({"version":"1","default":"deny","tools":{"t":{")" + std::string(list) +
         R"(":[{"conditions":[{"path":")" + quoted + R"(","op":")" + std::string(op) + R"(","value":)" +
         std::string(value) + "}]}]}}}";
}

/// What one condition is for the arguments: `true`, `false` or `error`, read off the decision.
inline std::string truth_of(std::string_view list, std::string_view path, std::string_view op,
                            std::string_view value, const std::string& args) {
  const std::string decision = judged(one_condition(list, path, op, value), "t", args);
  if (decision.find("-type") != std::string::npos) return "error";
  const bool passed = decision == "allow";
  if (list == "require") return passed ? "true" : "false";
  return passed ? "false" : "true";
}

}  // namespace doorward::testing
