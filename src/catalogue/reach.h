#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/call_generator.h"
#include "catalogue/record.h"
#include "json/reader.h"
#include "policy/decide.h"

namespace doorward::catalogue {

/// What stands between an agent and a tool, the tightest first.
enum class Reach : std::uint8_t {
  blocked,       ///< no call goes through
  needs_person,  ///< no call goes through unless a person agrees
  limited,       ///< calls go through, so many in a time
  depends,       ///< some arguments go through without a person, others do not
  open,          ///< calls go through
};
inline constexpr std::array<Reach, 5> kReaches = {Reach::blocked, Reach::needs_person, Reach::limited, Reach::depends,
                                                  Reach::open};
/// `blocked`, `needs-person`, `limited`, `depends`, `open`.
std::string_view to_string(Reach reach);
/// For people: `Blocked`, `Needs a person`, `Limited`, `Depends`, `Open`.
std::string_view label(Reach reach);
/// Whether an agent can use the tool without a person.
constexpr bool is_usable(Reach reach) { return reach >= Reach::limited; }

/// A tool as the gateway judges its calls.
struct LiveTool {
  ToolRecord record;
  Category category = Category::other;     ///< by which `risk` blocks and `tool.category` go; not always the record's
  std::optional<Category> outer_category;  ///< of the tool that hides it, where one does
  std::string withheld;                    ///< the rule by which the gateway refuses it before any policy, or empty
  std::vector<std::string> filled;         ///< arguments that the gateway fills: no call may bring them
};

/// Who calls, as far as policies ask.
struct Caller {
  policy::Subject subject;    ///< without an identity
  bool any_identity = false;  ///< calls bring claims, which may be any
};

/// The answer for one tool.
struct ToolReach {
  Reach reach = Reach::open;
  bool decided = true;   ///< false: it could not be decided, and counts as open
  bool observed = false;  ///< the policy only observes: what it says is recorded, and the call passes
  bool limited = false;   ///< of depends: what goes through is limited
  std::string rule;       ///< what blocks, asks or limits, or would (policy.md section 8); of depends: what stops the others
  std::string pointer;    ///< of that rule, into the policy's document; empty where it is none of the document
  Reach would = Reach::open;  ///< of observed: what it would be if the policy enforced; depends where that is undecided
  std::string why;        ///< one sentence
  std::string passes;     ///< of limited, depends, open: a call that goes through; JSON of its arguments
  std::string stopped;    ///< of depends: a call that does not, or would not
  std::uint32_t calls = 0;  ///< how many calls the engine was asked about
  /// The widest answer for the calls of each Trial; nothing where the tool has no such argument.
  std::array<std::optional<Reach>, 5> trials;
};

/// Asks the policy engine about calls generated from a tool's schema. What it answers is what the gateway would, for
/// the same tool, policy and caller, with every limit having room. One thread.
///
/// `blocked` and `needs_person` are said only where they are proven: by a rule that looks at nothing that a call, its
/// caller or the time could change. Where none of the generated calls goes through and no such rule is there, the
/// tool counts as open and undecided.
class ReachJudge {
 public:
  /// `most`: decisions in all; when they are used up, every tool counts as open and undecided.
  explicit ReachJudge(std::size_t most) : left_(most) {}

  /// `policy`: null where the grant carries none.
  ToolReach judge(const policy::Policy* policy, std::string_view server, const LiveTool& tool, const Caller& caller);

  std::size_t left() const { return left_; }

 private:
  class Question;
  std::size_t left_;
  policy::Scratch scratch_;
  json::Reader definition_reader_;
  json::Reader args_reader_;
  json::Reader identity_reader_;
};

}  // namespace doorward::catalogue
