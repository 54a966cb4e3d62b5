#include "policy/actions.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "policy/condition.h"
#include "policy/program.h"

namespace doorward::policy {
namespace {

constexpr json::Node kNoObject{nullptr, 0, 0, 0, 1, json::Type::boolean, false};

struct Compiled {
  Path name;
  Path args;
  bool has_args = false;
  std::vector<std::string> actions;  // sorted
};

/// A path under args without `[*]`, or why it is none.
std::expected<Path, std::string> arguments_path(std::string_view text) {
  auto path = parse_path(text);
  if (!path) return std::unexpected("\"" + std::string(text) + "\" is no path: " + path.error().message);
  if (path->root != Root::args || path->each) {
    return std::unexpected("\"" + std::string(text) + "\" must be a path under args without [*]");
  }
  return *std::move(path);
}

}  // namespace

struct ActionMap::State {
  std::unordered_map<std::string, Compiled, NameHash, std::equal_to<>> tools;
};

ActionMap::ActionMap() : state_(std::make_unique<State>()) {}
ActionMap::~ActionMap() = default;
ActionMap::ActionMap(ActionMap&&) noexcept = default;
ActionMap& ActionMap::operator=(ActionMap&&) noexcept = default;

std::expected<ActionMap, std::string> ActionMap::make(std::span<const ActionTool> tools) {
  ActionMap map;
  for (const ActionTool& tool : tools) {
    Compiled compiled;
    auto name = arguments_path(tool.name_path);
    if (!name) return std::unexpected(std::move(name.error()));
    compiled.name = *std::move(name);
    compiled.has_args = !tool.args_path.empty();
    if (compiled.has_args) {
      auto args = arguments_path(tool.args_path);
      if (!args) return std::unexpected(std::move(args.error()));
      compiled.args = *std::move(args);
    }
    compiled.actions = tool.actions;
    std::ranges::sort(compiled.actions);
    if (compiled.actions.empty())
      return std::unexpected("the tool \"" + tool.tool + "\" lists no actions; list them by name");
    if (const auto twice = std::ranges::adjacent_find(compiled.actions); twice != compiled.actions.end()) {
      return std::unexpected("the action \"" + *twice + "\" of \"" + tool.tool + "\" is listed twice");
    }
    if (!map.state_->tools.emplace(tool.tool, std::move(compiled)).second) {
      return std::unexpected("the tool \"" + tool.tool + "\" has two settings; keep one");
    }
  }
  return map;
}

bool ActionMap::empty() const {
  return state_->tools.empty();
}

std::span<const std::string> ActionMap::actions_of(std::string_view tool) const {
  const auto found = state_->tools.find(tool);
  if (found == state_->tools.end()) return {};
  return found->second.actions;
}

Resolved ActionMap::resolve(std::string_view tool, json::Value args) const {
  Resolved out{Resolved::Kind::plain, tool, args, tool};
  const auto found = state_->tools.find(tool);
  if (found == state_->tools.end()) return out;
  const Compiled& compiled = found->second;

  // An absent action argument is a call of the outer tool; one that is null is not, so `resolve`, to which
  // both are missing, cannot be asked.
  json::Value name = args;
  for (const Segment& segment : compiled.name.segments) {
    if (!name) break;
    if (name.is(json::Type::null)) {
      name = {};
      break;
    }
    const bool member = segment.kind == Segment::Kind::member;
    if (!name.is(member ? json::Type::object : json::Type::array)) {
      out.kind = Resolved::Kind::unknown_action;
      return out;
    }
    name = member ? name.find(segment.name) : name.at(segment.index);
  }
  if (!name) return out;
  out.kind = Resolved::Kind::unknown_action;
  if (!name.is(json::Type::string)) return out;
  out.tool = name.string();
  if (!std::ranges::binary_search(compiled.actions, name.string(), std::less<>())) return out;
  out.kind = Resolved::Kind::action;
  out.args = {};
  if (compiled.has_args) {
    const Single own = policy::resolve(compiled.args, args);
    // Where the way to the arguments is broken they are no object: a condition that asks for one is an error.
    out.args = own.error ? json::Value(&kNoObject) : own.value;
  }
  return out;
}

}  // namespace doorward::policy
