#include "policy/lint.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "policy/checker.h"
#include "policy/glob.h"
#include "policy/program.h"

namespace doorward::policy {
namespace {

/// Last words of a path under which a string is a program in some language.
constexpr std::array<std::string_view, 12> kPrograms = {"sql",  "query",  "statement", "command",
                                                        "cmd",  "script", "shell",     "bash",
                                                        "code", "exec",   "eval",      "expression"};

bool denies_always(const Block& block) {
  return block.action == Action::deny || block.action == Action::hide ||
         std::ranges::any_of(block.deny_if, [](const Entry& entry) { return entry.conditions.empty(); });
}

class Linter {
 public:
  Linter(const Policy& policy, Checker& check) : program_(policy.program()), check_(check) {}

  void run() {
    allows_nothing();
    hidden_names(program_.hide);
    for (const Block* block : named_blocks()) {
      unreachable(*block);
      rate_limit_alone(*block);
      wide_key(*block);
    }
    for (const auto& [key, block] : program_.exact) {
      if (program_.hide.match(key) != nullptr) {
        warn("unreachable", block,
             "the tool \"" + key + "\" is hidden, so these rules never decide; remove one of the two");
      }
    }
    if (program_.all_tools) {
      unreachable(*program_.all_tools);
      rate_limit_alone(*program_.all_tools);
    }
    for (const Section* section : {program_.resources.get(), program_.prompts.get()}) {
      if (section == nullptr) continue;
      hidden_names(section->hide);
      unreachable(section->block);
    }
  }

 private:
  std::vector<const Block*> named_blocks() const {
    std::vector<const Block*> blocks;
    for (const auto& [key, block] : program_.exact) blocks.push_back(&block);
    for (const Block& block : program_.globs) blocks.push_back(&block);
    for (const auto& block : program_.risk) {
      if (block) blocks.push_back(block.get());
    }
    return blocks;
  }

  void warn(std::string code, const Block& block, std::string message) {
    check_.warn(std::move(code), block.begin, block.end, At{pointer_of(block)}, std::move(message));
  }
  void warn(std::string code, const Rule& rule, std::string message) {
    check_.warn(std::move(code), rule.begin, rule.end, At{rule.pointer}, std::move(message));
  }
  std::string pointer_of(const Block& block) const {
    At at;
    const std::size_t dot = block.title.find('.');
    at = at / block.title.substr(0, dot);
    return dot == std::string::npos ? at.pointer : (at / block.key).pointer;
  }

  void allows_nothing() {
    const bool hides_all = std::ranges::any_of(program_.hide.items(), [](const auto& item) {
      return item.name.find_first_not_of('*') == std::string::npos && !item.name.empty();
    });
    const bool denies_all = program_.all_tools && denies_always(*program_.all_tools);
    const std::vector<const Block*> blocks = named_blocks();
    const bool admits_none =
        program_.default_verdict == Default::deny &&
        std::ranges::all_of(blocks, [](const Block* block) { return denies_always(*block); });
    if (!hides_all && !denies_all && !admits_none) return;
    check_.warn("allows-nothing", program_.root, {},
                "this policy allows no tool; name the tools that may be called under \"tools\", such as "
                "\"read_*\": {}");
  }

  void hidden_names(const HideList& list) {
    const auto& items = list.items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      // Quadratic in globs only: an exact name is looked up.
      const Rule* first = list.match(items[i].name);
      if (first != nullptr && first != items[i].rule && first->begin < items[i].rule->begin) {
        warn("redundant", *items[i].rule,
             "\"" + items[i].name + "\" is hidden by an earlier entry already; remove it");
      }
    }
  }

  void unreachable(const Block& block) {
    std::set<std::string> seen;
    bool denied = false;
    for (const Entry& entry : block.deny_if) {
      if (denied)
        warn("unreachable", *entry.rule,
             "an earlier entry of this list denies every call, so this one never decides");
      duplicate(entry, seen);
      denied = denied || entry.conditions.empty();
      content(entry);
    }
    seen.clear();
    for (const Entry& entry : block.require) {
      if (denied)
        warn("unreachable", *entry.rule,
             "this block denies every call in \"deny_if\", so this entry never decides");
      duplicate(entry, seen);
      unanchored(entry);
      content(entry);
    }
    seen.clear();
    for (const Entry& entry : block.approve_if) {
      if (denied)
        warn("unreachable", *entry.rule,
             "this block denies every call in \"deny_if\", so this entry never decides");
      duplicate(entry, seen);
      content(entry);
    }
  }

  void duplicate(const Entry& entry, std::set<std::string>& seen) {
    std::string key;
    for (const Condition& condition : entry.conditions) {
      key += condition.path->text + '\n' + std::string(to_string(condition.op)) + '\n' +
             check_.spelled(condition.value) + '\n';
    }
    if (!seen.insert(std::move(key)).second) {
      warn("unreachable", *entry.rule,
           "an earlier entry of this list has the same conditions, so this one never decides");
    }
  }

  void unanchored(const Entry& entry) {
    for (const Condition& condition : entry.conditions) {
      if (condition.op != Op::regex || Pattern::looks_anchored(condition.value.string())) continue;
      warn("unanchored-pattern", *condition.rule,
           "this pattern may match in the middle of the text, so a call can add anything around it; begin it "
           "with ^ and "
           "end it with $");
    }
  }

  void content(const Entry& entry) {
    for (const Condition& condition : entry.conditions) {
      const auto& segments = condition.path->segments;
      const bool text_op = condition.op == Op::regex || condition.op == Op::contains ||
                           condition.op == Op::starts_with || condition.op == Op::ends_with;
      if (!text_op || condition.path->root != Root::args) continue;
      const bool program = std::ranges::any_of(segments, [](const Segment& segment) {
        return std::ranges::any_of(
            kPrograms, [&](std::string_view word) { return equal_ignoring_case(word, segment.name); });
      });
      if (!program) continue;
      warn("content-rule", *condition.rule,
           "no rule over text can tell what SQL or a command does (comments, several statements, encodings); "
           "deny the tool, "
           "ask a person, or give it credentials that can only read");
    }
  }

  void rate_limit_alone(const Block& block) {
    const auto is_wide = [&](std::uint32_t index) {
      const Limit& limit = program_.limits[index];
      return limit.scope != Scope::session && !limit.has_amount;
    };
    for (std::uint32_t index : block.limits) {
      const Limit& limit = program_.limits[index];
      if (!limit.own_counter) continue;
      const bool beside = std::ranges::any_of(block.limits, is_wide) ||
                          (program_.all_tools && std::ranges::any_of(program_.all_tools->limits, is_wide));
      if (beside) continue;
      warn("session-limit", *limit.without_room,
           "a rate_limit counts per session, and a client can open new sessions at will; add an entry of "
           "\"limits\" with "
           "\"scope\": \"grant\" beside it");
    }
  }

  void wide_key(const Block& block) {
    const bool wide = is_glob(block.key) || block.title.starts_with("risk.");
    if (program_.default_verdict == Default::allow || !wide || block.action != Action::none) return;
    warn("admits", block,
         "under \"default\": \"deny\" this key also admits every tool that it names, now and later; write "
         "\"action\": "
         "\"allow\" into it if that is meant");
  }

  const Policy::Program& program_;
  Checker& check_;
};

}  // namespace

void lint(const Policy& policy, Checker& checker) {
  Linter(policy, checker).run();
}

}  // namespace doorward::policy
