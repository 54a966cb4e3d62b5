#include <algorithm>
#include <array>
#include <vector>

#include "policy/describe.h"
#include "base/text.h"
#include "policy/explain.h"

namespace doorward::policy {
namespace {

constexpr std::size_t kWords = 89;  // "under 90 words"

std::size_t words_in(std::string_view text) {
  std::size_t count = 0;
  bool inside = false;
  for (char c : text) {
    const bool space = c == ' ';
    count += !space && !inside;
    inside = !space;
  }
  return count;
}

/// The author's text: whole, in the author's language, on one line.
std::string one_line(std::string_view note) {
  std::string out(note);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  while (out.ends_with(' ')) out.pop_back();
  if (!out.empty() && std::string_view(".!?:;").find(out.back()) == std::string_view::npos) out += '.';
  return out;
}

/// A sentence and whether the text can do without it when words run out.
struct Sentence {
  std::string text;
  bool spare = false;
};

class Teller {
 public:
  Teller(const Policy* policy, const Call& call, const Decision& decision, const Telling& telling)
      : policy_(policy), call_(call), decision_(decision), telling_(telling) {
    if (policy != nullptr) located_ = locate_rule(policy->program(), *decision.rule);
  }

  std::string text() {
    const bool asks = decision_.verdict == Verdict::approve;
    std::string out = asks ? "[APPROVAL REQUIRED] " : "[POLICY DENIED] ";
    // The author's `on_pending` speaks of waiting, which is over once people were asked.
    const bool was_asked = decision_.code == Code::approval_denied || decision_.code == Code::approval_expired ||
                           decision_.code == Code::approval_refused;
    if (const std::string note = one_line(decision_.rule->note); !note.empty() && !was_asked) out += note + " ";
    const Detail detail = policy_ != nullptr ? policy_->detail() : Detail::full;
    if (detail == Detail::minimal) {
      add("Not run.");
    } else {
      add((asks ? "Not run yet: " : "Not run: ") + name() + std::string(what_became()));
      if (detail == Detail::full) {
        why();
        permitted();
      }
      retry();
    }
    return out + joined();
  }

 private:
  void add(std::string sentence, bool spare = false) { sentences_.push_back({std::move(sentence), spare}); }

  std::string name() const {
    if (!telling_.called.empty()) return plain(telling_.called);
    const std::string tool = plain(call_.tool);
    return call_.server.empty() ? tool : plain(call_.server) + "." + tool;
  }

  std::string_view what_became() const {
    switch (decision_.code) {
      case Code::approval_pending:
      case Code::approval_refused:
        return " needs a person's approval first.";
      case Code::approval_denied:
        return " was refused by a person who was asked to approve it.";
      case Code::approval_expired:
        return " needed a person's approval, and nobody answered in time.";
      default:
        return " was refused by the gateway's policy.";
    }
  }

  void why() {
    switch (decision_.code) {
      case Code::tool_denied:
        if (located_.condition != nullptr) {
          conditions();
        } else {
          add("This agent has no permission for it, whatever the arguments.");
        }
        break;
      case Code::default_deny:
        add("The policy names no permission for it.");
        break;
      case Code::argument_denied:
      case Code::require_missing:
        if (decision_.limit != nullptr) {
          amount();
        } else {
          conditions();
        }
        break;
      case Code::rate_limited:
      case Code::budget_exceeded:
        limit();
        break;
      case Code::approval_pending:
        approvers();
        break;
      case Code::approval_denied:
        if (!telling_.approval.reason.empty()) add("The reason: " + sentence(telling_.approval.reason));
        break;
      case Code::approval_refused:
        add("No person is asked now: " + sentence(telling_.approval.reason));
        break;
      case Code::no_policy:
        add("This agent's grant has no policy, so every call is refused.");
        break;
      case Code::tool_changed:
        add(decision_.rule->rule == not_reviewed().rule->rule
                ? "The tool is new and nobody has reviewed it yet; a person must do so first."
                : "The tool's definition is not the one that was reviewed; a person must review it again.");
        break;
      case Code::policy_error:
        add("The gateway could not judge the call and refuses what it cannot judge. This is not your fault.");
        break;
      default:
        break;
    }
  }

  /// What the deciding entry met and asks.
  void conditions() {
    if (located_.entry == nullptr || policy_ == nullptr) return;
    if (located_.type_error) {
      const Condition& condition = *located_.condition;
      add(plain(condition.path->text) + " is " + actual(condition) + "; the rule \"" +
          std::string(to_string(condition.op)) + "\" cannot judge such a value and refuses it.");
      return;
    }
    if (located_.place == Place::require) {
      const Condition& condition = *located_.condition;
      add(plain(condition.path->text) + " is " + actual(condition) + "; it " + demand_text(condition, false) +
          ".");
      return;
    }
    constexpr std::size_t kShown = 3;
    std::string met;
    std::string would;
    const auto& entry = located_.entry->conditions;
    for (std::size_t i = 0; i < std::min(entry.size(), kShown); ++i) {
      met += (i == 0 ? "" : " and ") + plain(entry[i].path->text) + " is " + actual(entry[i]);
      would += (i == 0 ? "" : ", or ") + plain(entry[i].path->text) + " " + demand_text(entry[i], true);
    }
    add(met + "; to be allowed, " + would + (entry.size() > kShown ? ", among other conditions." : "."));
  }

  std::string actual(const Condition& condition) const {
    return witness(condition, call_, policy_->time_zone(), located_.place).actual;
  }

  void amount() {
    const json::Value value =
        resolve(
            policy_->program().amounts[static_cast<std::size_t>(decision_.limit - policy_->limits().data())],
            call_.args)
            .value;
    add(plain(decision_.limit->amount_path) + " is " + shortened(value) +
        "; the spending limit needs a number that is not negative.");
  }

  void limit() {
    const Limit& limit = *decision_.limit;
    const std::string unit = limit.has_amount        ? " of " + plain(limit.amount_path)
                             : limit.max_text == "1" ? " call"
                                                     : " calls";
    add("At most " + plain(limit.max_text) + unit + " in " + span_text(limit) +
        (limit.max_text == "1" && !limit.has_amount ? " is" : " are") +
        " allowed, and this call would exceed that.");
  }

  /// Another person's words, on one line of ASCII, ended.
  static std::string sentence(std::string_view words) {
    std::string out = plain(words, 200);
    if (out.empty() || std::string_view(".!?").find(out.back()) == std::string_view::npos) out += '.';
    return out;
  }

  void approvers() {
    if (policy_ != nullptr) add("The policy asks for: " + asked_of(*policy_, call_) + ".", true);
    const ApprovalTold& approval = telling_.approval;
    if (!approval.possible) return add("Approvals need a gateway that runs as doorward serve, so nobody can give one here.");
    if (approval.request.empty()) return;
    std::string request = "The request is " + plain(approval.request, 40);
    if (!approval.expires.empty()) request += ", open until " + plain(approval.expires, 40);
    add(request + ".");
    if (!approval.url.empty()) add("It can be decided at " + plain(approval.url, 200) + " by whoever may.");
  }

  void permitted() {
    const bool never = retry_of(decision_.code) == "never";
    if (!never || telling_.permitted.empty()) return;
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(telling_.permitted.size(), 3); ++i) {
      list += (i == 0 ? "" : ", ") + plain(telling_.permitted[i]);
    }
    add("Permitted on this server: " + list + ".", true);
  }

  void retry() {
    switch (decision_.code) {
      case Code::argument_denied:
      case Code::require_missing:
        add("You may call it again with such arguments, or ask the user for a wider permission.");
        add("Do not split the action to get under a limit.", true);
        add("The same call gets the same answer.");
        break;
      case Code::rate_limited:
      case Code::budget_exceeded:
        if (decision_.retry_after_s > 0) {
          add("Retry after " + std::to_string(decision_.retry_after_s) +
              " seconds; do other work meanwhile.");
        } else {
          add("Do not retry it now; do other work meanwhile.");
        }
        break;
      case Code::approval_pending:
        if (telling_.approval.possible) {
          add("Tell the user. Then repeat exactly this call, at most once a minute and three times, then stop.");
        } else {
          add("Tell the user; do not retry.");
        }
        break;
      case Code::approval_denied:
        add("Do not repeat or rephrase the request; ask the user what to do instead.");
        break;
      case Code::approval_expired:
        add("Ask the user before you request it again.");
        break;
      case Code::approval_refused:
        add("Tell the user; do not retry at once.");
        break;
      case Code::policy_error:
        add("Tell the user; do not retry at once.");
        break;
      default:
        add("Do not retry it; ask the user, or whoever manages this agent's grant, if it is needed.");
        break;
    }
  }

  std::string joined() {
    const std::string reference =
        telling_.reference.empty() ? std::string() : "Ref " + plain(telling_.reference, 40) + ".";
    const auto total = [&] {
      std::size_t words = words_in(reference);
      for (const Sentence& sentence : sentences_) words += words_in(sentence.text);
      return words;
    };
    for (auto spare = sentences_.begin(); total() > kWords && spare != sentences_.end();) {
      spare = spare->spare ? sentences_.erase(spare) : spare + 1;
    }
    // What still is too long is the second sentence: values and lists of the rule.
    if (total() > kWords && sentences_.size() > 1)
      sentences_[1].text = "The rule is " + plain(decision_.rule->rule) + ".";
    std::string out;
    for (const Sentence& sentence : sentences_) out += sentence.text + " ";
    out += reference;
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

  const Policy* policy_;
  const Call& call_;
  const Decision& decision_;
  const Telling& telling_;
  Located located_;
  std::vector<Sentence> sentences_;
};

}  // namespace

std::string_view retry_of(Code code) {
  switch (code) {
    case Code::argument_denied:
    case Code::require_missing:
      return "changed_arguments";
    case Code::rate_limited:
    case Code::budget_exceeded:
      return "after";
    case Code::approval_pending:
      return "after_approval";
    case Code::approval_expired:
    case Code::approval_refused:
      return "ask_user";
    default:
      return "never";
  }
}

std::string asked_of(std::span<const Approval* const> approvals) {
  std::vector<std::string> all;
  for (const Approval* approval : approvals) {
    std::string one;
    const auto& names = approval->approvers;
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i) {
      one += (i == 0 ? "" : " or ") + plain(names[i], 32);
    }
    if (names.size() > 3) one += " or others";
    if (one.empty()) one = approval->self_confirm ? "its user" : "an approver";
    if (approval->approvals > 1) one = std::to_string(approval->approvals) + " of " + one;
    if (std::ranges::find(all, one) == all.end()) all.push_back(std::move(one));
  }
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 3); ++i) out += (i == 0 ? "" : " and ") + all[i];
  if (all.size() > 3) out += " and others";
  return out;
}

std::string asked_of(const Policy& policy, const Call& call) {
  Scratch scratch;
  static_cast<void>(decide(policy, call, scratch));
  return asked_of(scratch.approvals());
}

std::string unknown_tool_text(std::string_view tool) {
  return "Unknown tool: " + plain(tool, 128);
}

std::string told_agent(const Policy* policy, const Call& call, const Decision& decision,
                       const Telling& telling) {
  if (decision.verdict == Verdict::allow) return {};
  if (decision.verdict == Verdict::hide) return unknown_tool_text(call.tool);
  return Teller(policy, call, decision, telling).text();
}

}  // namespace doorward::policy
