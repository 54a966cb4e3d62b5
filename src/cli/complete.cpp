#include "cli/complete.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

namespace doorward::cli {
namespace {

/// The values that a type names by itself: `auto|legacy|modern`, or in braces after the name.
std::vector<std::string> fixed_values(std::string_view type) {
  char separator = '|';
  if (const std::size_t open = type.find('{'); open != std::string_view::npos) {
    type = type.substr(open + 1, type.find('}') - open - 1);
    separator = ',';
  } else if (type.find('|') == std::string_view::npos) {
    return {};
  }
  std::vector<std::string> values;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = type.find(separator);
    const std::string_view value = type.substr(0, end);
    const bool plain = std::ranges::all_of(value, [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '-'; });
    if (!plain || value.empty()) return {};
    values.emplace_back(value);
    if (end != std::string_view::npos) type.remove_prefix(end + 1);
  }
  return values;
}

const CLI::Option* find_option(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->nonpositional() && option->check_name(name)) return option;
    }
  }
  return nullptr;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::string_view name_of(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return option.get_lnames().front();
  if (!option.get_snames().empty()) return option.get_snames().front();
  return option.get_single_name();
}

/// Walks along the line, up to the word under the cursor.
class Line {
 public:
  explicit Line(const CLI::App& root) : app_(&root) {}

  void pass(const std::string& word) {
    if (awaiting_ != nullptr) return take_value(word);
    if (verbatim_) return;
    if (word == "--") {
      verbatim_ = true;
      return;
    }
    if (word.size() > 1 && word.front() == '-') {
      const std::size_t equals = word.find('=');
      const CLI::Option* option = find_option(app_, word.substr(0, equals));
      if (option == nullptr || !takes_value(*option)) return;
      awaiting_ = option;
      if (equals != std::string::npos) take_value(word.substr(equals + 1));
      return;
    }
    for (const CLI::App* command : app_->get_subcommands({})) {
      if (!command->check_name(word)) continue;
      group_ = app_->get_name();
      app_ = command;
      passed_ = 0;
      return;
    }
    if (const CLI::Option* here = positional()) note(*here, word);
    ++passed_;
  }

  const CLI::App& app() const { return *app_; }
  /// The option whose value comes; null: none.
  const CLI::Option* awaiting() const { return awaiting_; }
  /// Behind `--`: no word of ours.
  bool verbatim() const { return verbatim_; }
  const std::string& server() const { return server_; }

  /// The argument that a word without a dash would be.
  const CLI::Option* positional() const {
    std::size_t at = passed_;
    for (const CLI::Option* option : app_->get_options()) {
      if (!option->get_positional()) continue;
      const auto most = static_cast<std::size_t>(std::max(option->get_items_expected_max(), 1));
      if (at < most) return option;
      at -= most;
    }
    return nullptr;
  }

  /// Where values stand: of `grant show` the group `grant`, of `connect` itself.
  std::string command() const {
    const bool in_group = app_->get_parent() != nullptr && app_->get_parent()->get_parent() != nullptr;
    return in_group ? app_->get_parent()->get_name() : app_->get_name();
  }

 private:
  void take_value(const std::string& word) {
    note(*awaiting_, word);
    awaiting_ = nullptr;
  }
  void note(const CLI::Option& option, const std::string& word) {
    if (value_kind(command(), name_of(option), option.get_type_name()) == "server") server_ = word;
  }

  const CLI::App* app_;
  std::string group_;
  const CLI::Option* awaiting_ = nullptr;
  std::size_t passed_ = 0;  ///< arguments of app_ that stand already
  std::string server_;
  bool verbatim_ = false;
};

/// Whether another option of the same name stands nearer to the command.
bool shadowed(const CLI::App* from, const CLI::App* at, const std::string& name) {
  for (; from != at; from = from->get_parent()) {
    for (const CLI::Option* option : from->get_options()) {
      if (option->check_lname(name)) return true;
    }
  }
  return false;
}

class Collector {
 public:
  Collector(std::string prefix, std::string begins) : prefix_(std::move(prefix)), begins_(std::move(begins)) {}

  void add(const std::string& word, std::string text) {
    if (!word.starts_with(begins_)) return;
    result_.candidates.push_back({prefix_ + word, std::move(text)});
  }
  void add_values(const Line& line, const CLI::Option& option, const LiveNames& names) {
    for (const std::string& value : fixed_values(option.get_type_name())) add(value, {});
    const std::string kind = value_kind(line.command(), name_of(option), option.get_type_name());
    if (kind == "file") result_.files = true;
    if (kind == "folder") result_.folders = true;
    if (kind.empty() || kind == "file" || kind == "folder") return;
    for (Candidate& name : names(kind, line.server())) add(name.word, std::move(name.text));
  }
  Completion take() { return std::move(result_); }

 private:
  std::string prefix_;  ///< what stands before the value in the same word
  std::string begins_;
  Completion result_;
};

}  // namespace

std::string value_kind(std::string_view command, std::string_view option, std::string_view type) {
  constexpr std::array<std::string_view, 6> kByName = {"grant", "policy", "tool", "client", "user", "channel"};
  constexpr std::array<std::string_view, 5> kGroups = {"server", "policy", "grant", "user", "secret"};
  if (option == "server" || option == "servers") return "server";
  if (std::ranges::find(kByName, option) != kByName.end()) return std::string(option);
  if (option == "decision" || option == "record") return "decision";
  if ((option == "name" || option == "label") && std::ranges::find(kGroups, command) != kGroups.end()) {
    return std::string(command);
  }
  if (option == "id") {
    if (command == "approvals") return "approval";
    if (command == "session" || command == "token") return std::string(command);
    return "decision";
  }
  if (type.starts_with("FILE") || type.starts_with("PATH") || type.find("@FILE") != std::string_view::npos) return "file";
  if (type.starts_with("DIR")) return "folder";
  return {};
}

Completion complete(const CLI::App& app, const std::vector<std::string>& words, const LiveNames& names) {
  Line line(app);
  const std::string current = words.empty() ? std::string() : words.back();
  for (std::size_t i = 0; i + 1 < words.size(); ++i) line.pass(words[i]);
  if (line.verbatim()) {
    Collector files({}, current);
    Completion result = files.take();
    result.files = true;
    return result;
  }
  if (const CLI::Option* option = line.awaiting()) {
    Collector values({}, current);
    values.add_values(line, *option, names);
    return values.take();
  }
  if (const std::size_t equals = current.find('='); current.starts_with("--") && equals != std::string::npos) {
    Collector values(current.substr(0, equals + 1), current.substr(equals + 1));
    if (const CLI::Option* option = find_option(&line.app(), current.substr(0, equals)); option && takes_value(*option)) {
      values.add_values(line, *option, names);
    }
    return values.take();
  }
  Collector all({}, current);
  if (current.starts_with("-")) {
    for (const CLI::App* at = &line.app(); at != nullptr; at = at->get_parent()) {
      for (const CLI::Option* option : at->get_options()) {
        for (const std::string& name : option->get_lnames()) {
          if (!shadowed(&line.app(), at, name)) all.add("--" + name, option->get_description());
        }
      }
    }
    return all.take();
  }
  for (const CLI::App* command : line.app().get_subcommands({})) all.add(command->get_name(), command->get_description());
  if (const CLI::Option* option = line.positional()) all.add_values(line, *option, names);
  return all.take();
}

}  // namespace doorward::cli
