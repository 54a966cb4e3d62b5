#include "cli/exception_draft.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "json/edit.h"
#include "json/pointer.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/glob.h"

namespace doorward::cli {
namespace {

/// The value that a JSON Pointer names, and what it lies in.
struct Found {
  std::vector<json::Value> way;    ///< from the root to the value
  std::vector<std::string> steps;  ///< the keys and indices between them
};

std::optional<Found> follow(json::Value root, std::string_view pointer) {
  Found found{{root}, {}};
  for (std::string& step : json::steps_of(pointer)) {
    json::Value next = found.way.back().find(step);
    if (found.way.back().is(json::Type::array)) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      next = error == std::errc() && end == step.data() + step.size() ? found.way.back().at(index) : json::Value();
    }
    if (!next) return std::nullopt;
    found.way.push_back(next);
    found.steps.push_back(std::move(step));
  }
  return found;
}

class Draft {
 public:
  Draft(std::string_view document, const Refusal& refusal, std::string_view limit)
      : text_(document), refusal_(refusal), limit_(limit) {}

  std::expected<std::string, std::string> write() {
    if (refusal_.rule == "(no policy)") {
      return std::unexpected("the grant carries no policy; make one: doorward policy suggest --server NAME, or doorward catalogue recommend NAME");
    }
    if (refusal_.rule == "(unknown tool)") return std::unexpected("the server has no such tool");
    if (refusal_.rule == "(not reviewed)" || refusal_.rule == "(definition changed)") {
      return std::unexpected("no policy refused it: its definition waits for a review; doorward server review SERVER " + refusal_.tool);
    }
    if (refusal_.rule.empty()) return std::unexpected("that call was allowed");
    if (policy::is_glob(refusal_.tool)) return std::unexpected("the tool's name is a pattern to a policy, so no rule can name it alone");
    const auto root = reader_.read(text_);
    if (!root) return std::unexpected("the policy in force is no JSON");
    if (refusal_.rule == "(default deny)") return permit(*root);
    if (refusal_.rule == "(hidden)" && refusal_.pointer.starts_with("/hide/")) return unhide(*root);
    const auto found = follow(*root, refusal_.pointer);
    if (!found) return std::unexpected("the policy in force has no such rule any more; try the call again, or simulate it");
    return change(*root, *found);
  }

 private:
  std::string rules() const {
    if (limit_.empty()) return "{}";
    return "{\"limits\": [{\"counter\": " + json::quoted(refusal_.tool) + ", " + std::string(limit_) + ", \"scope\": \"grant\"}]}";
  }

  /// Names the tool, where nothing names it yet.
  std::string permit(json::Value root) const {
    const json::Value tools = root.find("tools");
    if (tools.is(json::Type::object)) return json::edited(text_, json::append_member(text_, tools, refusal_.tool, rules()));
    return json::edited(text_, json::append_member(text_, root, "tools", "{" + json::quoted(refusal_.tool) + ": " + rules() + "}"));
  }

  std::expected<std::string, std::string> unhide(json::Value root) const {
    const json::Value list = root.find("hide");
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list.at(i).is(json::Type::string) || list.at(i).string() != refusal_.tool) continue;
      std::string shown = json::edited(text_, json::erase_element(list, i));
      json::Reader reader;
      const auto next = reader.read(shown);
      const bool named = next && (text_of(*next, "default") == "allow" || next->find("tools").find(refusal_.tool));
      if (!next || named) return shown;
      return Draft(shown, refusal_, limit_).permit(*next);
    }
    return std::unexpected("a pattern under \"hide\" hides it with others; replace the pattern by names (" + refusal_.pointer + ")");
  }

  std::expected<std::string, std::string> change(json::Value root, const Found& found) const {
    const std::vector<std::string>& steps = found.steps;
    const bool own = steps.size() >= 2 && steps[0] == "tools" && steps[1] == refusal_.tool;
    if (!own) {
      return std::unexpected("the rule " + refusal_.rule + " stands for more tools than this one, and no other rule rescues a call from it; edit " +
                             refusal_.pointer + ", or say what the tool is: doorward catalogue override");
    }
    const json::Value block = found.way[2];
    if (steps.size() == 3 && steps[2] == "action") return json::edited(text_, json::replace_value(block, rules()));
    const auto limits = std::ranges::find(steps, "limits");
    if (limits != steps.end() || (steps.size() > 2 && steps[2] == "rate_limit")) return widen(root, found);
    if (refusal_.actual.empty()) {
      return std::unexpected("the rule looks at arguments, and their values are not stored; edit " + refusal_.pointer +
                             ", then doorward policy simulate FILE");
    }
    return move_bound(found);
  }

  /// A limit that was full.
  std::expected<std::string, std::string> widen(json::Value, const Found& found) const {
    if (limit_.empty()) return std::unexpected("a limit had no room; say how much there should be, such as --limit 20/hour");
    json::Value entry = found.way.back();
    if (!entry.is(json::Type::object) && found.way.size() > 1) entry = found.way[found.way.size() - 2];
    json::Reader reader;
    const std::string wrapped = "{" + std::string(limit_) + "}";
    const auto wanted = reader.read(wrapped);
    const json::Value max = entry.find("max");
    if (!wanted || !max) return std::unexpected("edit " + refusal_.pointer);
    if (const json::Value window = entry.find("window"); window.is(json::Type::string) && window.string() != text_of(*wanted, "window")) {
      return std::unexpected("that limit counts in a " + std::string(window.string()) + ": --limit N/" + std::string(window.string()));
    }
    return json::edited(text_, json::replace_value(max, wanted->find("max").number()));
  }

  /// The bound of one comparison, as far as this call needs.
  std::expected<std::string, std::string> move_bound(const Found& found) const {
    json::Value condition = found.way.back();
    if (!condition.find("op") && found.way.size() > 1) condition = found.way[found.way.size() - 2];
    const std::string_view op = text_of(condition, "op");
    const bool denies = std::ranges::find(found.steps, "require") == found.steps.end();
    // In deny_if the bound itself must not hold any more, in require it must.
    const bool moves = denies ? op == "gt" || op == "lt" : op == "gte" || op == "lte";
    const json::Value bound = condition.find("value");
    if (!moves || !bound.is(json::Type::number)) {
      return std::unexpected("no smaller change than another rule would let it pass; edit " + refusal_.pointer + ", then doorward policy simulate FILE");
    }
    return json::edited(text_, json::replace_value(bound, refusal_.actual));
  }

  std::string_view text_;
  const Refusal& refusal_;
  std::string_view limit_;
  json::Reader reader_;
};

}  // namespace

std::expected<std::string, std::string> draft_exception(std::string_view document, const Refusal& refusal, std::string_view limit) {
  return Draft(document, refusal, limit).write();
}

std::optional<std::string> limit_members(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash > 9) return std::nullopt;
  const std::string_view digits = text.substr(0, slash);
  const std::string_view window = text.substr(slash + 1);
  constexpr std::string_view kWindows[] = {"minute", "hour", "day", "week", "month"};
  if (!std::ranges::all_of(digits, is_digit) || (digits.size() > 1 && digits.front() == '0') ||
      std::ranges::find(kWindows, window) == std::end(kWindows)) {
    return std::nullopt;
  }
  return "\"window\": \"" + std::string(window) + "\", \"max\": " + std::string(digits);
}

}  // namespace doorward::cli
