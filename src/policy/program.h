#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/timezone.h"
#include "json/reader.h"
#include "policy/condition.h"
#include "policy/decide.h"
#include "policy/policy.h"

namespace doorward::policy {

/// An element of `deny_if`, `require` or `approve_if`.
struct Entry {
  std::span<const Condition> conditions;  ///< within the program's flat list
  const Rule* rule = nullptr;             ///< ends in the index; what decides where `conditions` is empty
  const Approval* approval = nullptr;     ///< in approve_if
};

enum class Action : std::uint8_t { none, allow, deny, hide, approve };

/// A rule block: `tools.<name>`, `risk.<category>`, `all_tools`, or the rules of a section.
struct Block {
  std::string key;    ///< the tool name, glob or category; empty for `all_tools`
  std::string title;  ///< for people: `tools.pay`
  Action action = Action::none;
  const Rule* action_rule = nullptr;
  const Approval* approval = nullptr;  ///< of `action: approve`
  std::vector<Entry> deny_if;
  std::vector<Entry> require;
  std::vector<Entry> approve_if;
  std::vector<std::uint32_t> limits;  ///< indices into Program::limits; a rate_limit stands last
  std::size_t begin = 0;              ///< byte range in the text
  std::size_t end = 0;
};

/// The names that a list hides: exact ones by hash, globs in the order of the list.
class HideList {
 public:
  void add(std::string_view name, const Rule* rule);
  /// The first entry of the list that matches, or null.
  const Rule* match(std::string_view name) const;

  struct Item {
    std::string name;
    const Rule* rule;
  };
  const std::vector<Item>& items() const { return items_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::vector<Item> items_;
  std::vector<std::uint32_t> globs_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> exact_;
};

/// `resources` or `prompts`.
struct Section {
  Default default_verdict = Default::deny;
  const Rule* default_rule = nullptr;
  HideList hide;
  Block block;
};

/// An example that must hold (policy.md section 9).
struct TestCase {
  std::string name;
  std::string pointer;
  std::size_t begin = 0;
  std::size_t end = 0;
  Subject subject;
  bool has_subject = false;
  std::optional<Category> category;
  std::int64_t at_us = 0;
  std::string tool;
  json::Value args;
  Verdict expect = Verdict::allow;
  std::optional<std::string> rule;
};

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// The compiled document. Everything points into it, so it never moves once compiled.
struct Policy::Program {
  std::string text;
  json::Reader reader;  ///< holds the nodes that conditions refer to
  json::Value root;
  std::string name;
  std::uint64_t version = 1;
  std::string sha256;
  std::string description;
  Default default_verdict = Default::deny;
  const Rule* default_rule = nullptr;
  Mode mode = Mode::enforce;
  Detail detail = Detail::full;
  const TimeZone* zone = &TimeZone::utc();

  std::deque<Rule> rules;
  std::deque<Path> paths;
  std::deque<Operand> operands;
  std::deque<Approval> approvals;
  std::vector<Condition> conditions;  ///< of all entries, each entry's together
  KeyTable keys;                      ///< what their paths under `args` begin with
  std::vector<Limit> limits;
  std::vector<Path> amounts;  ///< of the limit of the same index; unused where it has no amount
  HideList hide;
  std::unordered_map<std::string, Block, NameHash, std::equal_to<>> exact;
  std::vector<Block> globs;  ///< in byte order of their keys
  std::array<std::unique_ptr<Block>, kCategories.size()> risk;
  std::unique_ptr<Block> all_tools;
  std::unique_ptr<Section> resources;
  std::unique_ptr<Section> prompts;
  std::vector<TestCase> tests;

  const Rule* add_rule(Rule rule) { return &rules.emplace_back(std::move(rule)); }
};

/// What one tool name and category meet, computed once for a list of tools or again for each call.
struct ToolIndex::Plan {
  const Rule* hidden = nullptr;      ///< by `hide` or an `action: hide`
  bool named = false;                ///< by `tools` or `risk`
  std::vector<const Block*> blocks;  ///< in the order of policy.md section 3, step 5
};

/// Fills `plan`, keeping its capacity.
void make_plan(const Policy::Program& program, std::string_view tool, std::optional<Category> category,
               ToolIndex::Plan& plan);

/// Judges like `decide`; `observe` false gives the answer of enforce whatever the document says.
Decision judge(const Policy::Program& program, const Call& call, Scratch::State& scratch,
               const ToolIndex::Plan* plan, bool observe);

/// The answer of enforce where nothing has been counted yet: what `tests` and `explain` give.
Decision judge_uncounted(const Policy& policy, const Call& call, Scratch& scratch);

struct Scratch::State {
  Slots slots;
  std::vector<LimitDemand> demands;
  std::vector<const Approval*> approvals;  ///< that the last call needs
  ToolIndex::Plan plan;
  ToolIndex::Plan outer;
};

}  // namespace doorward::policy
