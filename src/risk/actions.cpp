#include "risk/actions.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "json/canonical.h"
#include "json/reader.h"
#include "json/writer.h"
#include "risk/category.h"

namespace doorward::risk {
namespace {

constexpr std::size_t kLongestName = 128;
constexpr std::size_t kMostQuestions = 64;

bool is_name(char c) {
  return is_alnum(c) || c == '_';
}

/// The name at the start of a text, quotes around it cut off: what an action may be called.
std::string_view leading_name(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() &&
         (is_name(text[size]) ||
          (size > 0 && std::string_view("-.:/").find(text[size]) != std::string_view::npos &&
           size + 1 < text.size() && is_name(text[size + 1])))) {
    ++size;
  }
  return size <= kLongestName ? text.substr(0, size) : std::string_view();
}

bool has_verb(std::string_view name) {
  return category_of_name(name) != Category::other;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, word) != list.end();
}

bool is_http_method(std::string_view value) {
  return is_one_of(value, {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "post", "put",
                           "patch", "delete", "head", "options"});
}

std::vector<std::string_view> choices_of(const Parameter& parameter) {
  std::vector<std::string_view> names;
  for (const json::Value choice : parameter.choices.elements()) {
    if (names.size() == kMostActions) break;
    if (choice.is(json::Type::string)) names.push_back(choice.string());
  }
  const json::Value constant = parameter.schema.find("const");
  if (names.empty() && constant.is(json::Type::string)) names.push_back(constant.string());
  return names;
}

/// Whether one piece of a list ends here.
bool ends_piece(std::string_view rest) {
  return std::string_view(",|\n;").find(rest.front()) != std::string_view::npos || rest == "." ||
         rest.starts_with(". ") || rest.starts_with(" or ") || rest.starts_with(" and ");
}

/// Names that a sentence lists: behind a colon, parted by commas, bars, `or`; each may be quoted and
/// explained in brackets.
std::vector<std::string_view> listed_in(std::string_view text) {
  std::vector<std::string_view> names;
  const std::size_t colon = text.find(':');
  std::string_view rest = colon == std::string_view::npos ? text : text.substr(colon + 1);
  while (!rest.empty() && names.size() < kMostActions) {
    int depth = 0;
    std::size_t end = 0;
    while (end < rest.size() && (depth > 0 || !ends_piece(rest.substr(end)))) {
      depth += rest[end] == '(' ? 1 : rest[end] == ')' && depth > 0 ? -1 : 0;
      ++end;
    }
    const bool stops = end < rest.size() && rest[end] == '.';
    std::string_view piece = trim(rest.substr(0, end));
    for (const std::string_view word : {"or ", "and ", "- ", "* "}) {
      if (piece.starts_with(word)) piece = trim(piece.substr(word.size()));
    }
    const char quote = piece.empty() ? ' ' : piece.front();
    const bool quoted = quote == '\'' || quote == '"' || quote == '`';
    if (quoted) piece.remove_prefix(1);
    const std::string_view name = leading_name(piece);
    piece.remove_prefix(name.size());
    if (quoted && piece.starts_with(quote)) piece.remove_prefix(1);
    piece = trim(piece);
    const bool alone = piece.empty() || piece.front() == '(' || piece.front() == '=' ||
                       piece.starts_with("- ") || piece.starts_with(":") || (quoted && !piece.empty());
    if (!name.empty() && alone) names.push_back(name);
    if (stops) break;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

std::size_t verbs_among(const std::vector<std::string_view>& names) {
  return static_cast<std::size_t>(std::ranges::count_if(names, has_verb));
}

bool only_reads(std::string_view name) {
  const Category category = category_of_name(name);
  return category == Category::read || category == Category::other;
}

/// Whether names are actions: two verbs at least, one of which does more than read, and no HTTP methods.
bool are_actions(const std::vector<std::string_view>& names) {
  return names.size() >= 2 && verbs_among(names) >= 2 && !std::ranges::all_of(names, only_reads) &&
         !std::ranges::all_of(names, is_http_method);
}

bool names_an_action(const Words& name) {
  if (name.size() == 1)
    return is_one_of(
        name[0], {"action", "operation", "op", "subcommand", "command", "method", "tool", "function", "act"});
  return name.size() == 2 &&
         is_one_of(name[0], {"action", "operation", "tool", "function", "method", "sub", "api"}) &&
         (is_one_of(name[1], {"name", "command", "action"}) || (name[0] == "action" && name[1] == "type"));
}

bool holds_arguments(const Words& name, const Parameter& parameter) {
  return name.size() <= 2 && !name.empty() && parameter.parent < 0 &&
         is_one_of(name[name.size() - 1], {"params", "parameters", "args", "arguments", "input", "inputs",
                                           "payload", "data", "kwargs", "options", "body"}) &&
         (parameter.types.any() || parameter.types.has(Types::object));
}

std::optional<std::size_t> arguments_parameter(const ToolReading& tool) {
  for (std::size_t i = 0; i < tool.parameters.list.size(); ++i) {
    if (holds_arguments(tool.parameter_words[i].name, tool.parameters.list[i])) return i;
  }
  return std::nullopt;
}

/// Whether what stands beside a command can only be its arguments: `options` of a shell's command are the
/// shell's.
bool is_named_for_it(const Words& name) {
  return name.size() == 1 && is_one_of(name[0], {"params", "parameters", "arguments"});
}

/// Whether a request to an address is made: then a method is the request's.
bool speaks_http(const ToolReading& tool) {
  return std::ranges::any_of(tool.parameter_words, [](const ParameterWords& words) {
    return !words.name.empty() &&
           is_one_of(words.name[words.name.size() - 1], {"url", "endpoint", "path", "uri", "route"});
  });
}

/// The names that a discriminated union gives a parameter, one variant each.
std::vector<std::string_view> actions_of(const ToolReading& tool, std::size_t index) {
  const Parameter& parameter = tool.parameters.list[index];
  std::vector<std::string_view> names = choices_of(parameter);
  for (std::size_t i = index + 1; i < tool.parameters.list.size(); ++i) {
    const Parameter& other = tool.parameters.list[i];
    if (other.parent != parameter.parent || other.name != parameter.name) continue;
    for (const std::string_view name : choices_of(other)) names.push_back(name);
  }
  if (names.empty() && parameter.types.may_be_text()) {
    names = listed_in(parameter.description);
    if (!are_actions(names)) names.clear();
  }
  return names;
}

std::string path_to(std::string_view name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, is_name);
  if (plain) return "args." + std::string(name);
  std::string path = "args[";
  json::append_string(path, name);
  return path + "]";
}

std::string definition_of(std::string_view name, std::string_view description, std::string_view schema) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("name").string(name).key("description").string(description);
  if (!schema.empty()) writer.key("inputSchema").raw(schema);
  writer.end_object();
  return text;
}

/// `name (explanation), other (explanation)`: the arguments of an action in a help text.
struct ListedArgument {
  std::string_view name;
  std::string_view description;
};
std::vector<ListedArgument> listed_arguments(std::string_view text) {
  std::vector<ListedArgument> arguments;
  while (!text.empty() && arguments.size() < kMostParameters) {
    int depth = 0;
    std::size_t end = 0;
    while (end < text.size() && (depth > 0 || text[end] != ',')) {
      depth += text[end] == '(' ? 1 : text[end] == ')' && depth > 0 ? -1 : 0;
      ++end;
    }
    const std::string_view piece = trim(text.substr(0, end));
    const std::string_view name = leading_name(piece);
    std::string_view rest = trim(piece.substr(name.size()));
    if (rest.starts_with('(')) rest.remove_prefix(1);
    if (rest.ends_with(')')) rest.remove_suffix(1);
    if (!name.empty()) arguments.push_back({name, rest});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return arguments;
}

/// An action of a help text, as it is read line by line.
class ToldAction {
 public:
  explicit ToldAction(std::string_view name, std::string_view description)
      : name_(name), description_(description) {}

  /// A line below the action's own.
  void take(std::string_view line) {
    if (line.starts_with("Required:")) {
      required_ = listed_arguments(line.substr(9));
    } else if (line.starts_with("Optional:")) {
      optional_ = listed_arguments(line.substr(9));
    }
  }

  HiddenAction finish() const {
    std::string schema;
    if (!required_.empty() || !optional_.empty()) {
      json::Writer writer(schema);
      writer.begin_object().key("type").string("object").key("properties").begin_object();
      std::unordered_set<std::string_view> seen;
      for (const auto* list : {&required_, &optional_}) {
        for (const ListedArgument& argument : *list) {
          if (seen.insert(argument.name).second) {
            writer.key(argument.name)
                .begin_object()
                .key("description")
                .string(argument.description)
                .end_object();
          }
        }
      }
      writer.end_object().key("required").begin_array();
      for (const ListedArgument& argument : required_) writer.string(argument.name);
      writer.end_array().end_object();
    }
    return {std::string(name_), definition_of(name_, description_, schema)};
  }

 private:
  std::string_view name_;
  std::string_view description_;
  std::vector<ListedArgument> required_;
  std::vector<ListedArgument> optional_;
};

/// `name — what it does`, `- name: what it does`, `name - what it does`; nothing for any other line.
std::optional<ToldAction> action_line(std::string_view line) {
  bool bullet = false;
  for (const std::string_view mark : {"- ", "* ", "\xe2\x80\xa2 "}) {
    if (line.starts_with(mark)) {
      line = trim(line.substr(mark.size()));
      bullet = true;
    }
  }
  while (line.starts_with('`') || line.starts_with('*')) line.remove_prefix(1);
  std::string_view name = leading_name(line);
  if (name.empty()) return std::nullopt;
  line.remove_prefix(name.size());
  while (line.starts_with('`') || line.starts_with('*')) line.remove_prefix(1);
  for (const std::string_view dash : {" \xe2\x80\x94 ", " \xe2\x80\x93 ", " - ", ": "}) {
    if (line.starts_with(dash) && (dash != ": " || bullet))
      return ToldAction(name, trim(line.substr(dash.size())));
  }
  if (bullet && line.empty()) return ToldAction(name, {});
  return std::nullopt;
}

std::vector<HiddenAction> actions_of_lines(std::string_view text) {
  std::vector<HiddenAction> actions;
  std::optional<ToldAction> open;
  bool only_names = true;
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || actions.size() + 1 >= kMostActions) continue;
    only_names = only_names && leading_name(line) == line;
    if (only_names && lines.size() < kMostActions) lines.push_back(line);
    if (auto next = action_line(line)) {
      if (open) actions.push_back(open->finish());
      open = std::move(next);
    } else if (open) {
      open->take(line);
    }
  }
  if (open) actions.push_back(open->finish());
  if (only_names && actions.empty()) {
    for (const std::string_view line : lines) actions.push_back(ToldAction(line, {}).finish());
  }
  return actions;
}

std::vector<HiddenAction> actions_of_json(json::Value value) {
  if (value.is(json::Type::object)) {
    for (const std::string_view key : {"actions", "tools", "operations", "commands", "functions"}) {
      if (const json::Value list = value.find(key); list.is(json::Type::array)) return actions_of_json(list);
    }
    return {};
  }
  std::vector<HiddenAction> actions;
  json::Canonical canonical;
  for (const json::Value element : value.elements()) {
    if (actions.size() == kMostActions) break;
    const std::string_view name =
        element.is(json::Type::string) ? element.string() : text_of(element, "name");
    if (name.empty() || name.size() > kLongestName) continue;
    std::string schema;
    for (const std::string_view key : {"inputSchema", "input_schema", "parameters"}) {
      const json::Value found = element.find(key);
      if (schema.empty() && found.is(json::Type::object)) canonical.append(found, schema);
    }
    actions.push_back({std::string(name), definition_of(name, text_of(element, "description"), schema)});
  }
  return actions;
}

/// The values of the parameter that groups the actions, each to be asked for; and if there is none, one bare
/// call.
std::vector<std::string> questions_of(const ToolReading& tool, std::size_t action) {
  std::vector<std::string> questions;
  for (std::size_t i = 0; i < tool.parameters.list.size(); ++i) {
    const Parameter& parameter = tool.parameters.list[i];
    const Words& name = tool.parameter_words[i].name;
    if (i == action || parameter.parent >= 0 || name.size() != 1 ||
        !is_one_of(name[0], {"category", "group", "module", "domain", "resource", "service", "namespace",
                             "toolset"})) {
      continue;
    }
    std::vector<std::string_view> groups = choices_of(parameter);
    if (groups.empty()) groups = listed_in(parameter.description);
    for (const std::string_view group : groups) {
      if (questions.size() == kMostQuestions) break;
      std::string question;
      json::Writer(question).begin_object().key(parameter.name).string(group).end_object();
      questions.push_back(std::move(question));
    }
    break;
  }
  if (questions.empty()) questions.emplace_back("{}");
  return questions;
}

}  // namespace

std::optional<std::size_t> action_parameter(const ToolReading& tool) {
  for (std::size_t i = 0; i < tool.parameters.list.size(); ++i) {
    const Parameter& parameter = tool.parameters.list[i];
    const Words& name = tool.parameter_words[i].name;
    if (parameter.parent >= 0 || !names_an_action(name)) continue;
    if (!parameter.types.any() && !parameter.types.has(Types::string)) continue;
    if (are_actions(actions_of(tool, i))) return i;
    const bool listed = parameter.choices && parameter.choices.size() > 0;
    const std::optional<std::size_t> arguments = arguments_parameter(tool);
    const bool short_name = is_one_of(name[0], {"command", "op", "act"});
    if (!listed && arguments && (!short_name || is_named_for_it(tool.parameter_words[*arguments].name)) &&
        !(name[0] == "method" && speaks_http(tool)))
      return i;
  }
  return std::nullopt;
}

std::vector<HiddenAction> told_actions(std::string_view text) {
  text = trim(text);
  if (text.starts_with('{') || text.starts_with('[')) {
    json::Reader reader;
    if (const auto value = reader.read(text)) return actions_of_json(*value);
    return {};
  }
  return actions_of_lines(text);
}

std::optional<ActionProposal> propose_actions(const ToolFacts& facts,
                                              std::span<const std::string_view> answers) {
  const ToolReading tool(facts);
  const std::optional<std::size_t> action = action_parameter(tool);
  if (!action) return std::nullopt;
  ActionProposal proposal;
  proposal.tool = facts.name;
  proposal.name_path = path_to(tool.parameters.list[*action].name);
  if (const auto arguments = arguments_parameter(tool); arguments && *arguments != *action)
    proposal.args_path = path_to(tool.parameters.list[*arguments].name);

  std::unordered_set<std::string> seen;
  const auto add = [&](HiddenAction one) {
    if (proposal.actions.size() < kMostActions && seen.insert(one.name).second)
      proposal.actions.push_back(std::move(one));
  };
  for (const std::string_view name : actions_of(tool, *action))
    add({std::string(name), definition_of(name, {}, {})});
  for (const std::string_view answer : answers) {
    for (HiddenAction& one : told_actions(answer)) add(std::move(one));
  }
  if (proposal.actions.empty()) proposal.questions = questions_of(tool, *action);
  return proposal;
}

ActionSetting settle_actions(std::vector<ActionProposal> proposals, std::span<const std::string_view> tools) {
  ActionSetting setting;
  std::unordered_map<std::string_view, std::size_t> count;
  for (const std::string_view tool : tools) ++count[tool];
  for (const ActionProposal& proposal : proposals) {
    for (const HiddenAction& action : proposal.actions) ++count[action.name];
  }
  std::vector<ActionProposal> settled;
  for (ActionProposal& proposal : proposals) {
    if (proposal.actions.empty()) {
      setting.problems.push_back("\"" + proposal.tool + "\" hides actions behind " + proposal.name_path +
                                 " and does not say which; ask it for them, or list them by hand");
      continue;
    }
    const auto shared =
        std::ranges::find_if(proposal.actions, [&](const HiddenAction& one) { return count[one.name] > 1; });
    if (shared != proposal.actions.end()) {
      setting.problems.push_back(
          "the action \"" + shared->name + "\" of \"" + proposal.tool +
          "\" has the name of another tool or action, so a policy could not tell them apart; "
          "judge the tool by conditions on " +
          proposal.name_path + " instead");
      continue;
    }
    settled.push_back(proposal);
  }
  setting.proposals = std::move(settled);
  return setting;
}

std::string write_setting(const ActionSetting& setting) {
  if (setting.proposals.empty()) return {};
  std::string text = "\"actions\":";
  json::Writer writer(text);
  writer.begin_array();
  for (const ActionProposal& proposal : setting.proposals) {
    writer.begin_object().key("tool").string(proposal.tool).key("name").string(proposal.name_path);
    if (!proposal.args_path.empty()) writer.key("args").string(proposal.args_path);
    writer.key("list").begin_array();
    for (const HiddenAction& action : proposal.actions) writer.string(action.name);
    writer.end_array().end_object();
  }
  writer.end_array();
  return text;
}

}  // namespace doorward::risk
