#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "risk/tool_facts.h"
#include "risk/tool_reading.h"

namespace doorward::risk {

/// Of a tool that hides many behind an argument (policy.md section 10): the parameter that names the action,
/// by its place in the parameters. Nothing where a tool is but one: an enum must hold verbs, a free text must
/// stand beside an object of arguments or be explained by a list of verbs. An HTTP method is no action, and
/// neither is a mode.
std::optional<std::size_t> action_parameter(const ToolReading& tool);

/// One action, as a tool of its own.
struct HiddenAction {
  std::string name;
  std::string
      definition;  ///< JSON text of a tool object: `name`, `description` and `inputSchema` as far as known
};

/// How a server's settings may take a tool's actions for tools.
struct ActionProposal {
  std::string tool;
  std::string name_path;  ///< `args.action`
  std::string args_path;  ///< `args.params`; empty: the actions' arguments stand beside their name
  std::vector<HiddenAction> actions;  ///< each name once, in the order of their first mention
  /// What to call the tool with to be told of its actions (JSON objects), where its definition does not list
  /// them; the answers are to be handed to `propose_actions`. Such a call is a call: a person must agree to
  /// it.
  std::vector<std::string> questions;
};

/// The proposal for one tool; nothing where it hides none. `answers`: texts that the tool answered to the
/// questions. Bounded: at most kMostActions. Any thread.
std::optional<ActionProposal> propose_actions(const ToolFacts& tool,
                                              std::span<const std::string_view> answers = {});

inline constexpr std::size_t kMostActions = 4096;

/// Actions as a text lists them: `name — what it does` lines with `Required:` and `Optional:` below, bullets,
/// a line for each name, or JSON (names, or objects with `name`, `description`, `inputSchema`).
std::vector<HiddenAction> told_actions(std::string_view text);

/// What is proposed for the tools of one server. A name that two tools would have is proposed for neither.
struct ActionSetting {
  std::vector<ActionProposal>
      proposals;                      ///< those that can be set: with actions, all of them by distinct names
  std::vector<std::string> problems;  ///< for people: what cannot be set, and why
};
ActionSetting settle_actions(std::vector<ActionProposal> proposals, std::span<const std::string_view> tools);

/// The member of a server's settings: `"actions": [{"tool", "name", "args", "list"}]`, without white space;
/// empty where there is nothing to set.
std::string write_setting(const ActionSetting& setting);

}  // namespace doorward::risk
