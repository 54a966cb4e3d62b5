#include "catalogue/policy_diff.h"

#include <algorithm>
#include <map>
#include <set>

#include "catalogue/permissions.h"
#include "policy/applied.h"
#include "policy/names.h"
#include "policy/rule_place.h"
#include "risk/category.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kDecisions = 1'000'000;

/// How much a word lets through.
int width(std::string_view word) {
  constexpr std::array<std::string_view, 6> kWords = {"hidden", "denied", "needs_approval", "rate_limited", "depends", "allowed"};
  return static_cast<int>(std::ranges::find(kWords, word) - kWords.begin());
}

std::string words_of(const policy::Limit& limit) {
  std::string text = limit.max_text;
  if (limit.has_amount) text += " of " + limit.amount_path;
  return text + " a " + limit.window_text;
}

std::string_view word_of(policy::Scope scope) {
  constexpr std::array<std::string_view, 5> kNames = {"grant", "session", "identity", "server", "organisation"};
  return kNames[static_cast<std::size_t>(scope)];
}

class Comparison {
 public:
  Comparison(std::shared_ptr<const policy::Policy> before, std::shared_ptr<const policy::Policy> after, std::string_view server)
      : before_(std::move(before)), after_(std::move(after)), server_(server), judge_(kDecisions) {}

  PolicyDiff run(std::span<const LiveTool> tools) {
    std::set<std::string_view> met;
    for (const LiveTool& tool : tools) {
      met.insert(tool.record.name);
      compare(tool);
    }
    std::set<std::string> named;
    for (const auto* policy : {before_.get(), after_.get()}) {
      if (policy == nullptr) continue;
      for (std::string& name : policy::named_tools(*policy)) {
        if (!met.contains(name)) named.insert(std::move(name));
      }
    }
    for (const std::string& name : named) compare(known_by_name(name));
    limits();
    if (before_) settings();
    summarise();
    return std::move(result_);
  }

 private:
  static LiveTool known_by_name(const std::string& name) {
    LiveTool tool;
    tool.record.name = name;
    json::Writer(tool.record.definition).begin_object().key("name").string(name).end_object();
    tool.category = risk::category_of_name(name);
    tool.record.classification.category = tool.category;
    return tool;
  }

  std::string word(const ToolReach& reach) const {
    return std::string(reach.observed ? would_word(reach) : decision_word(reach));
  }

  void compare(const LiveTool& tool) {
    if (!tool.withheld.empty()) return;  // refused by both, whatever they say
    policy::Call call;
    call.tool = tool.record.name;
    call.category = tool.category;
    call.server = server_;
    call.outer = tool.record.outer;
    call.outer_category = tool.outer_category;
    if (before_ && policy::judged_alike(*before_, *after_, call)) return;
    const ToolReach then = judge_.judge(before_.get(), server_, tool, {});
    const ToolReach now = judge_.judge(after_.get(), server_, tool, {});
    PolicyDiff::Tool change{tool.record.name, word(then), word(now), then.rule, now.rule, policy::place_of(*after_, now.pointer).line, false};
    // Where only limits differ, they are told of by themselves.
    change.rules = change.before == change.after;
    if (change.rules && (change.after == "hidden" || change.after == "rate_limited" || change.after == "allowed")) return;
    if (width(change.after) > width(change.before)) result_.widens = true;
    result_.tools.push_back(std::move(change));
  }

  void limits() {
    std::map<std::string, std::pair<const policy::Limit*, const policy::Limit*>> all;
    if (before_) {
      for (const policy::Limit& limit : before_->limits()) all[limit.without_room->rule].first = &limit;
    }
    for (const policy::Limit& limit : after_->limits()) all[limit.without_room->rule].second = &limit;
    for (const auto& [rule, pair] : all) {
      const auto [then, now] = pair;
      PolicyDiff::Limit change{rule, then == nullptr ? "" : words_of(*then), now == nullptr ? "" : words_of(*now), {}};
      if (then == nullptr) {
        change.change = "added";
      } else if (now == nullptr) {
        change.change = "removed";
      } else if (same_but_max(*then, *now)) {
        if (then->max_millionths == now->max_millionths) continue;
        change.change = now->max_millionths < then->max_millionths ? "lowered" : "raised";
      } else {
        change.change = "changed";
        if (then->scope != now->scope) {
          change.before += " for each " + std::string(word_of(then->scope));
          change.after += " for each " + std::string(word_of(now->scope));
        }
      }
      if (change.change == "removed" || change.change == "raised") result_.widens = true;
      result_.limits.push_back(std::move(change));
    }
  }

  static bool same_but_max(const policy::Limit& a, const policy::Limit& b) {
    return a.window == b.window && a.window_s == b.window_s && a.scope == b.scope && a.amount_path == b.amount_path &&
           a.on_store_error == b.on_store_error;
  }

  void settings() {
    const auto add = [this](std::string name, std::string_view before, std::string_view after) {
      if (before != after) result_.settings.push_back({std::move(name), std::string(before), std::string(after)});
    };
    const auto verdict = [](const policy::Policy& policy) { return policy.default_verdict() == policy::Default::allow ? "allow" : "deny"; };
    const auto mode = [](const policy::Policy& policy) { return policy.mode() == policy::Mode::observe ? "observe" : "enforce"; };
    const auto detail = [](const policy::Policy& policy) {
      constexpr std::array<std::string_view, 3> kNames = {"full", "reason", "minimal"};
      return kNames[static_cast<std::size_t>(policy.detail())];
    };
    add("default", verdict(*before_), verdict(*after_));
    add("mode", mode(*before_), mode(*after_));
    add("timezone", before_->time_zone_name(), after_->time_zone_name());
    add("detail", detail(*before_), detail(*after_));
    const bool opened = before_->default_verdict() == policy::Default::deny && after_->default_verdict() == policy::Default::allow;
    const bool relaxed = before_->mode() == policy::Mode::enforce && after_->mode() == policy::Mode::observe;
    if (opened || relaxed) result_.widens = true;
  }

  void summarise() {
    // In the order of harm to those who use it, then to those who guard it.
    std::vector<std::string> parts;
    const auto part = [&](std::size_t count, std::string_view what, std::string_view rest) {
      if (count == 0) return;
      parts.push_back(std::to_string(count) + " " + std::string(what) + (count == 1 ? " " : "s ") + std::string(rest));
    };
    const auto tools_to = [&](std::string_view word) {
      return static_cast<std::size_t>(std::ranges::count_if(result_.tools, [&](const auto& tool) { return !tool.rules && tool.after == word; }));
    };
    part(tools_to("denied"), "tool", "newly denied");
    part(tools_to("hidden"), "tool", "newly hidden");
    part(tools_to("needs_approval"), "tool", "newly needing approval");
    part(tools_to("rate_limited"), "tool", "newly limited");
    part(tools_to("depends"), "tool", "newly depending on arguments");
    part(tools_to("allowed"), "tool", "newly allowed");
    part(static_cast<std::size_t>(std::ranges::count_if(result_.tools, &PolicyDiff::Tool::rules)), "tool", "with other rules");
    for (const std::string_view change : {"lowered", "raised", "added", "removed", "changed"}) {
      part(static_cast<std::size_t>(std::ranges::count(result_.limits, change, &PolicyDiff::Limit::change)), "limit", change);
    }
    for (const PolicyDiff::Setting& setting : result_.settings) {
      parts.push_back(setting.name + " " + setting.before + " -> " + setting.after);
    }
    for (const std::string& each : parts) result_.summary += (result_.summary.empty() ? "" : ", ") + each;
    result_.summary = result_.summary.empty() ? "No decision changes." : result_.summary + ".";
  }

  std::shared_ptr<const policy::Policy> before_;
  std::shared_ptr<const policy::Policy> after_;
  std::string_view server_;
  ReachJudge judge_;
  PolicyDiff result_;
};

}  // namespace

PolicyDiff diff_policies(const std::shared_ptr<const policy::Policy>& before, const std::shared_ptr<const policy::Policy>& after,
                         std::string_view server, std::span<const LiveTool> tools) {
  return Comparison(before, after, server).run(tools);
}

void write_diff(json::Writer& writer, const PolicyDiff& diff) {
  writer.key("summary").string(diff.summary).key("widens").boolean(diff.widens).key("tools").begin_array();
  for (const PolicyDiff::Tool& tool : diff.tools) {
    writer.begin_object().key("tool").string(tool.tool).key("before").string(tool.before).key("after").string(tool.after);
    writer.key("before_rule").string(tool.before_rule).key("rule").string(tool.rule).key("line").number(tool.line).end_object();
  }
  writer.end_array().key("limits").begin_array();
  for (const PolicyDiff::Limit& limit : diff.limits) {
    writer.begin_object().key("rule").string(limit.rule).key("change").string(limit.change);
    writer.key("before").string(limit.before).key("after").string(limit.after).end_object();
  }
  writer.end_array().key("settings").begin_array();
  for (const PolicyDiff::Setting& setting : diff.settings) {
    writer.begin_object().key("name").string(setting.name).key("before").string(setting.before);
    writer.key("after").string(setting.after).end_object();
  }
  writer.end_array();
}

}  // namespace doorward::catalogue
