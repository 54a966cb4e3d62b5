#include "policy/dialect.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "json/decimal.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/checker.h"
#include "policy/condition.h"

namespace doorward::policy {
namespace {

using json::Type;
using json::Value;

constexpr std::array<std::string_view, 3> kWindows = {"minute", "hour", "day"};

/// The operators that both languages have; the others are ours alone.
constexpr std::array<std::string_view, 11> kOldOps = {"eq", "neq", "in",    "not_in",   "lt",    "lte",
                                                      "gt", "gte", "regex", "contains", "exists"};

/// What one tool's rules become.
struct Rules {
  std::vector<std::string> deny_if;
  std::vector<std::string> require;
  std::vector<std::string> approve_if;
  std::vector<std::string> limits;
};

class Translator {
 public:
  Translator(std::string_view text, Findings& findings) : check_(text, findings) {}

  std::string run(Value root) {
    const At at;
    if (!check_.object(root, at, {"version", "description", "default", "hide", "tools"})) return {};
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("version").string("1");
    if (const Value version = check_.required(root, at, "version"); version && !is_one(version)) {
      check_.error("unknown-version", version, at / "version", "the older dialect has one version, \"1\"");
    }
    if (const Value text = root.find("description");
        text && check_.is(text, Type::string, at / "description")) {
      writer.key("description").string(text.string());
    }
    const auto verdict = check_.word(root.find("default"), at / "default", {"allow", "deny"});
    writer.key("default").string(verdict.value_or(0) == 0 ? "allow" : "deny");
    if (!root.find("default"))
      notes_.push_back("\"default\" was absent, which the older dialect takes as \"allow\"");
    hide(root.find("hide"), at / "hide", writer);
    if (const Value tools = root.find("tools"); tools && check_.is(tools, Type::object, at / "tools")) {
      all_tools(tools, at / "tools", writer);
      writer.key("tools").begin_object();
      for (json::Member member : tools.members()) {
        const std::string_view name = member.key.string();
        if (name == "*") continue;
        if (name.find_first_of("*?") != std::string_view::npos) {
          check_.error("untranslatable", member.key, at / "tools" / name,
                       "the older dialect takes this name literally, ours as a pattern; no tool can have it");
          continue;
        }
        writer.key(name);
        tool(member.value, at / "tools" / name, std::string(name), writer);
      }
      writer.end_object();
    }
    writer.end_object();
    return out;
  }

  bool failed() const { return check_.failed(); }
  std::vector<std::string>& notes() { return notes_; }

 private:
  /// YAML readers give "1" and 1 alike.
  static bool is_one(Value version) {
    return (version.is(Type::string) && version.string() == "1") ||
           (version.is(Type::number) && version.number() == "1");
  }

  void hide(Value list, const At& at, json::Writer& writer) {
    if (!list || !check_.is(list, Type::array, at)) return;
    writer.key("hide").begin_array();
    std::size_t index = 0;
    for (Value name : list.elements()) {
      const At here = at / index++;
      if (!check_.is(name, Type::string, here)) continue;
      if (name.string() != "*" && name.string().find_first_of("*?") != std::string_view::npos) {
        check_.error("untranslatable", name, here,
                     "the older dialect takes this name literally, ours as a pattern");
      }
      writer.string(name.string());
    }
    writer.end_array();
  }

  void all_tools(Value tools, const At& at, json::Writer& writer) {
    const Value all = tools.find("*");
    if (!all) return;
    writer.key("all_tools");
    tool(all, at / "*", "_global", writer);
  }

  void tool(Value value, const At& at, const std::string& scope, json::Writer& writer) {
    Rules rules;
    writer.begin_object();
    if (check_.object(value, at, {"rules"})) {
      const Value list = value.find("rules");
      if (list && list.type() != Type::null && check_.is(list, Type::array, at / "rules")) {
        std::size_t index = 0;
        std::set<std::string> counters;
        for (Value each : list.elements()) rule(each, at / "rules" / index++, scope, rules, counters);
      }
    }
    write(writer, "deny_if", rules.deny_if);
    write(writer, "require", rules.require);
    write(writer, "approve_if", rules.approve_if);
    write(writer, "limits", rules.limits);
    writer.end_object();
  }

  static void write(json::Writer& writer, std::string_view name, const std::vector<std::string>& items) {
    if (items.empty()) return;
    writer.key(name).begin_array();
    for (const std::string& item : items) writer.raw(item);
    writer.end_array();
  }

  void rule(Value value, const At& at, const std::string& scope, Rules& rules,
            std::set<std::string>& counters) {
    if (!check_.object(
            value, at,
            {"name", "action", "rate_limit", "conditions", "on_deny", "state", "approval_timeout"})) {
      return;
    }
    if (value.find("name")) names_dropped_ = true;
    const auto action =
        check_.word(value.find("action"), at / "action", {"evaluate", "deny", "require_approval"});
    const bool plain = action.value_or(0) == 0;
    const std::string note = check_.note(value.find("on_deny"), at / "on_deny");
    const Value conditions = value.find("conditions");
    const Value state = value.find("state");
    const Value rate = value.find("rate_limit");
    if (!plain && (state || rate)) {
      check_.error("untranslatable", value, at,
                   "a counter beside \"action\": \"deny\" or \"require_approval\" has no meaning");
      return;
    }
    if (value.find("approval_timeout") && action != 2) {
      check_.error("untranslatable", value.find("approval_timeout"), at / "approval_timeout",
                   "this belongs to \"action\": \"require_approval\"");
    }
    if (action == 1) {
      if (conditions) {
        check_.error("untranslatable", conditions, at / "conditions",
                     "a rule with \"action\": \"deny\" has no conditions");
      }
      rules.deny_if.push_back(entry("[]", "on_deny", note));
      return;
    }
    if (rate) {
      if (conditions || state) {
        check_.error("untranslatable", rate, at / "rate_limit",
                     "\"rate_limit\" cannot stand beside conditions or state");
      }
      rate_limit(rate, at / "rate_limit", scope, note, rules, counters);
      return;
    }
    if (!conditions || !check_.is(conditions, Type::array, at / "conditions") || conditions.size() == 0) {
      if (action == 2) {
        approval(value, at, "[]", rules);
      } else if (!conditions || conditions.is(Type::array)) {
        check_.error("untranslatable", value, at,
                     "a rule without \"action\": \"deny\" needs at least one condition");
      }
      return;
    }
    std::string kept;
    json::Writer list(kept);
    list.begin_array();
    std::size_t left = 0;
    std::optional<Value> bound;
    std::size_t index = 0;
    for (Value condition : conditions.elements()) {
      const At here = at / "conditions" / index++;
      if (!check_.object(condition, here, {"path", "op", "value"})) continue;
      const Value path = check_.required(condition, here, "path");
      if (!path || !check_.is(path, Type::string, here / "path")) continue;
      if (path.string().starts_with("state.")) {
        if (bound || !counter_of(state, scope, path.string())) {
          check_.error("untranslatable", condition, here,
                       "only one condition on the rule's own counter can be translated: a limit counts and "
                       "checks at once");
        }
        bound = condition;
        continue;
      }
      ++left;
      copy(condition, here, list);
    }
    list.end_array();
    if (action == 2) {
      if (bound) check_.error("untranslatable", *bound, at, "an approval cannot depend on a counter");
      approval(value, at, kept, rules);
      return;
    }
    if (left != 0) rules.require.push_back(entry(kept, "on_deny", note));
    if (state) {
      counter(state, at / "state", bound, scope, note, rules, counters);
    }
  }

  void approval(Value value, const At& at, const std::string& conditions, Rules& rules) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("conditions").raw(conditions);
    const Value time = value.find("approval_timeout");
    if (time && check_.is(time, Type::string, at / "approval_timeout"))
      writer.key("expires").string(time.string());
    writer.end_object();
    rules.approve_if.push_back(std::move(out));
  }

  static bool counter_of(Value state, const std::string& scope, std::string_view path) {
    if (!state || !state.is(Type::object) || !state.find("counter").is(Type::string)) return false;
    return path == "state." + scope + "." + std::string(state.find("counter").string());
  }

  static std::string entry(const std::string& conditions, std::string_view note_name,
                           const std::string& note) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("conditions").raw(conditions);
    if (!note.empty()) writer.key(note_name).string(note);
    writer.end_object();
    return out;
  }

  /// A condition on arguments, which means the same in `require`, or is stricter there.
  void copy(Value condition, const At& at, json::Writer& list) {
    const Value path = condition.find("path");
    const Value op = check_.required(condition, at, "op");
    const Value value = check_.required(condition, at, "value");
    if (!path.string().starts_with("args.")) {
      check_.error("untranslatable", path, at / "path",
                   "the older dialect knows paths under args and state only");
      return;
    }
    if (path.string().find_first_of("[]\"' ") != std::string_view::npos) {
      check_.error("untranslatable", path, at / "path",
                   "brackets, quotes and spaces are part of a key in the older dialect");
      return;
    }
    if (!op || !value || !check_.word(op, at / "op", kOldOps)) return;
    list.begin_object().key("path").string(path.string()).key("op").string(op.string());
    list.key("value").raw(check_.spelled(value)).end_object();
  }

  void rate_limit(Value value, const At& at, const std::string& scope, const std::string& note, Rules& rules,
                  std::set<std::string>& counters) {
    if (!check_.is(value, Type::string, at)) return;
    const std::string_view text = value.string();
    const std::size_t slash = text.find('/');
    const std::string_view count = text.substr(0, slash);
    const std::string_view window = slash == std::string_view::npos ? "" : text.substr(slash + 1);
    const bool digits =
        !count.empty() && count.size() <= 12 && count[0] != '0' && std::ranges::all_of(count, is_digit);
    if (!digits || std::ranges::find(kWindows, window) == kWindows.end()) {
      check_.error("untranslatable", value, at, "write a count and a window, such as 5/hour");
      return;
    }
    add_limit(scope, "_rate_" + std::string(window), std::string(window), std::string(count), {}, note, value,
              at, rules, counters);
  }

  void counter(Value state, const At& at, const std::optional<Value>& bound, const std::string& scope,
               const std::string& note, Rules& rules, std::set<std::string>& counters) {
    if (!check_.object(state, at, {"counter", "window", "increment", "increment_from"})) return;
    const Value name = check_.required(state, at, "counter");
    const auto window = check_.word(check_.required(state, at, "window"), at / "window", kWindows);
    if (!bound) {
      check_.error("untranslatable", state, at,
                   "a counter that no condition of this rule compares limits nothing here");
      return;
    }
    const auto op = check_.word(bound->find("op"), at, {"lte", "lt"});
    const Value most = bound->find("value");
    if (!name || !check_.is(name, Type::string, at / "counter") || !window || !op) return;
    const auto number =
        most && most.is(Type::number) ? json::Decimal(most.number()).to_integer() : std::nullopt;
    if (!number || *number < 0 || *number > 1'000'000'000'000) {
      check_.error("untranslatable", *bound, at,
                   "the counter must be compared with a whole number that is not negative");
      return;
    }
    // The older engine counts in whole numbers, so that less than N is at most N - 1.
    std::int64_t max = *number - (*op == 1 ? 1 : 0);
    std::string amount;
    if (const Value from = state.find("increment_from");
        from && check_.is(from, Type::string, at / "increment_from")) {
      amount = std::string(from.string());
      notes_.push_back("\"" + amount + "\" is added exactly here; the older engine cut fractions off");
    } else if (const Value step = state.find("increment")) {
      const auto by = check_.whole(step, at / "increment", 1, 1'000'000'000);
      if (!by) return;
      max = max < 0 ? max : max / *by;
    }
    if (max < 0) {
      check_.error("untranslatable", *bound, at, "this denies every call; write \"action\": \"deny\"");
      return;
    }
    add_limit(scope, std::string(name.string()), std::string(kWindows[*window]), std::to_string(max), amount,
              note, state, at, rules, counters);
  }

  void add_limit(const std::string& scope, const std::string& name, const std::string& window,
                 const std::string& max, const std::string& amount, const std::string& note, Value value,
                 const At& at, Rules& rules, std::set<std::string>& counters) {
    if (!counters.insert(name).second) {
      check_.error("untranslatable", value, at, "the counter \"" + name + "\" occurs twice under this tool");
      return;
    }
    std::string out;
    json::Writer writer(out);
    // Counters of the older dialect belong to one tool; ours are shared by name.
    writer.begin_object()
        .key("counter")
        .string(scope + "." + name)
        .key("window")
        .string(window)
        .key("max")
        .raw(max);
    writer.key("scope").string("grant");
    if (!amount.empty()) writer.key("amount").string(amount);
    if (!note.empty()) writer.key("on_deny").string(note);
    writer.end_object();
    rules.limits.push_back(std::move(out));
    limits_written_ = true;
  }

 public:
  void general_notes() {
    if (names_dropped_)
      notes_.push_back("rule names are dropped; the log names a rule by its place in the document");
    if (limits_written_) {
      notes_.push_back(
          "minutes and hours are rolling windows here, not aligned to the clock, and count per grant; a call "
          "that failed "
          "upstream is given back only where it surely did not run: stricter than before in both");
    }
    notes_.push_back(
        "a value of another type than the rule's denies here; the older engine compared 5 and \"5\" as "
        "equal");
  }

 private:
  Checker check_;
  std::vector<std::string> notes_;
  bool names_dropped_ = false;
  bool limits_written_ = false;
};

/// The same JSON on lines of two-space indentation.
std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  bool inside = false;
  const auto line = [&] { out += "\n" + std::string(depth * 2, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (inside) {
      out += c;
      if (c == '\\') out += json[++i];
      inside = c != '"';
      continue;
    }
    const bool empty =
        (c == '{' || c == '[') && i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']');
    if (empty) {
      out += c;
      out += json[++i];
    } else if (c == '{' || c == '[') {
      out += c;
      ++depth;
      line();
    } else if (c == '}' || c == ']') {
      --depth;
      line();
      out += c;
    } else if (c == ',') {
      out += c;
      line();
    } else if (c == ':') {
      out += ": ";
    } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      inside = c == '"';
      out += c;
    }
  }
  return out + "\n";
}

}  // namespace

bool is_older_dialect(Value document) {
  const Value tools = document.find("tools");
  if (!tools.is(Type::object)) return false;
  return std::ranges::any_of(tools.members(), [](json::Member member) {
    return member.value.is(Type::object) && member.value.find("rules");
  });
}

std::expected<Translation, Findings> translate(std::string_view text, Value document) {
  Findings findings;
  Translator translator(text, findings);
  const std::string compact = translator.run(document);
  if (!translator.failed()) {
    // Our own loader has the last word: patterns and values that it refuses are refused here with its reason.
    if (auto loaded = load(compact); loaded) {
      translator.general_notes();
      return Translation{indented(compact), std::move(translator.notes())};
    } else {
      for (Finding& finding : loaded.error()) {
        if (finding.severity != Severity::error) continue;
        finding.message = "the translation is refused: " + finding.message;
        finding.line = finding.column = finding.begin = finding.end = 0;
        findings.push_back(std::move(finding));
      }
    }
  }
  for (Finding& finding : findings) {
    const json::Position position = json::position_of(text, finding.begin);
    finding.line = position.line;
    finding.column = position.column;
  }
  return std::unexpected(std::move(findings));
}

}  // namespace doorward::policy
