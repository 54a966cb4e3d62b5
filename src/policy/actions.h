#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace doorward::policy {

/// One tool that hides many (policy.md section 10), as a server's settings spell it.
struct ActionTool {
  std::string tool;
  std::string name_path;             ///< such as `args.action`
  std::string args_path;             ///< such as `args.params`; empty: the actions have no arguments
  std::vector<std::string> actions;  ///< exact names
};

/// What a call is to the policy, the limits and the log.
struct Resolved {
  enum class Kind : std::uint8_t {
    plain,           ///< no action tool, or one called without its action argument: judge the tool itself
    action,          ///< judge the action by its own name and arguments
    unknown_action,  ///< null, not a string, or not listed: answer like an unknown tool
  };
  Kind kind = Kind::plain;
  std::string_view tool;   ///< the name that is judged and logged: the one asked for, where it is a string
  json::Value args;        ///< where `args.*` is rooted
  std::string_view outer;  ///< the tool that the client named; hiding it hides every action
};

/// The action tools of one server, compiled. Immutable, any number of threads.
class ActionMap {
 public:
  ActionMap();
  ~ActionMap();
  ActionMap(ActionMap&&) noexcept;
  ActionMap& operator=(ActionMap&&) noexcept;

  /// Fails with a sentence for a person: a path that is none, a tool or an action named twice, no actions.
  static std::expected<ActionMap, std::string> make(std::span<const ActionTool> tools);

  bool empty() const;
  /// Allocates nothing; the views live as long as the map, `tool` and `args`.
  Resolved resolve(std::string_view tool, json::Value args) const;
  /// Names of the actions of one tool, or nothing.
  std::span<const std::string> actions_of(std::string_view tool) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace doorward::policy
