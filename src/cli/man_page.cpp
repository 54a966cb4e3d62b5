#include "cli/man_page.h"

#include <CLI/CLI.hpp>
#include <string_view>
#include <utility>

namespace doorward::cli {
namespace {

constexpr std::string_view kExitCodes =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\ndone\n"
    ".TP\n.B 1\na check failed: findings, a broken chain, drift, an object that is missing or in the way\n"
    ".TP\n.B 2\nusage\n"
    ".TP\n.B 3\na policy or configuration is invalid, or one of its tests fails\n"
    ".TP\n.B 4\nthe gateway, a file or a device cannot be reached\n"
    ".TP\n.B 5\nnot authorised\n"
    ".TP\n.B 6\ndenied by the policy\n"
    ".TP\n.B 7\nan approval is still missing, or has expired\n"
    ".TP\n.B 130\ninterrupted\n";

constexpr std::string_view kEnvironment =
    ".SH ENVIRONMENT\n"
    ".TP\n.B DOORWARD_STATE\nthe state directory, where\n.B \\-\\-state\nis not given\n"
    ".TP\n.B XDG_STATE_HOME\nwhere the directory\n.I doorward\nlies otherwise; by default\n.I ~/.local/state\n"
    ".TP\n.B NO_COLOR\nno colour\n";

/// Text as roff takes it: no macro at the start of a line, no escape, ASCII hyphens.
std::string escape(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string placeholder(const CLI::Option& option) {
  std::string type = option.get_type_name();
  if (const std::size_t colon = type.find(':'); colon != std::string::npos) {
    // `POSTURE:{recommended,strict}`: the values say more than the name.
    std::string values = type.substr(colon + 1);
    if (values.starts_with('{') && values.ends_with('}')) return values;
    type.resize(colon);
  }
  return type.empty() && option.get_positional() ? option.get_single_name() : type;
}

std::string positional_word(const CLI::Option& option) {
  std::string word = placeholder(option);
  if (option.get_items_expected_max() > 1) word += "...";
  return option.get_required() ? word : "[" + word + "]";
}

bool has_options(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional() && !option->check_lname("help")) return true;
  }
  return false;
}

void append_synopsis(std::string& out, const std::string& words, const CLI::App& app) {
  out += ".B " + escape(words) + "\n";
  if (has_options(app)) out += "[\\fIOPTIONS\\fR]\n";
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) out += ".I " + escape(positional_word(*option)) + "\n";
  }
  if (!app.get_subcommands({}).empty()) out += ".I COMMAND\n";
}

void append_options(std::string& out, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    out += ".TP\n";
    if (option->get_positional()) {
      out += ".I " + escape(positional_word(*option)) + "\n";
    } else {
      std::string names;
      for (const std::string& name : option->get_snames()) names += (names.empty() ? "" : ", ") + ("-" + name);
      for (const std::string& name : option->get_lnames()) names += (names.empty() ? "" : ", ") + ("--" + name);
      const std::string value = option->get_items_expected_max() > 0 ? placeholder(*option) : std::string();
      out += "\\fB" + escape(names) + "\\fR" + (value.empty() ? "" : " \\fI" + escape(value) + "\\fR") + "\n";
    }
    const std::string text = escape(option->get_description());
    out += (text.empty() ? "\\&" : text) + "\n";
  }
}

/// One command with all below it, as subsections.
void append_command(std::string& out, const std::string& words, const CLI::App& app) {
  out += ".SS " + escape(words) + "\n" + escape(app.get_description()) + ".\n.PP\n";
  append_synopsis(out, words, app);
  append_options(out, app);
  for (const CLI::App* below : app.get_subcommands({})) append_command(out, words + " " + below->get_name(), *below);
}

std::string head(const std::string& name, std::string_view text) {
  std::string title = name;
  for (char& c : title) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return ".TH " + escape(title) + " 1 \"\" \"Doorward " DOORWARD_VERSION "\" \"Doorward\"\n.SH NAME\n" + escape(name) +
         " \\- " + escape(text) + "\n";
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z')) {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

ManPage own_page(const CLI::App& app) {
  std::string out = head("doorward", "policy gateway for the Model Context Protocol");
  out += ".SH SYNOPSIS\n";
  append_synopsis(out, "doorward", app);
  out += ".SH DESCRIPTION\n" + escape(app.get_description()) +
         "\nData goes to standard output, talk to standard error.\n.SH OPTIONS\nOf every command:\n";
  append_options(out, app);
  out += ".SH COMMANDS\n";
  std::string also;
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string page = "doorward-" + command->get_name();
    out += ".TP\n\\fB" + escape(command->get_name()) + "\\fR\n" + escape(command->get_description()) + "; see\n.BR " +
           escape(page) + " (1)\n";
    also += (also.empty() ? ".BR " : ",\n.BR ") + escape(page) + " (1)";
  }
  out += kExitCodes;
  out += kEnvironment;
  out += ".SH SEE ALSO\n" + also + "\n";
  return {"doorward", std::move(out)};
}

ManPage command_page(const CLI::App& command) {
  const std::string words = "doorward " + command.get_name();
  const std::string name = "doorward-" + command.get_name();
  std::string out = head(name, lower_first(command.get_description()));
  out += ".SH SYNOPSIS\n";
  append_synopsis(out, words, command);
  out += ".SH DESCRIPTION\n" + escape(command.get_description()) + ".\n.SH OPTIONS\n";
  append_options(out, command);
  if (!command.get_subcommands({}).empty()) {
    out += ".SH COMMANDS\n";
    for (const CLI::App* below : command.get_subcommands({})) {
      append_command(out, words + " " + below->get_name(), *below);
    }
  }
  out += kExitCodes;
  out += ".SH SEE ALSO\n.BR doorward (1)\n";
  return {name, std::move(out)};
}

}  // namespace

std::vector<ManPage> man_pages(const CLI::App& app) {
  std::vector<ManPage> pages = {own_page(app)};
  for (const CLI::App* command : app.get_subcommands({})) pages.push_back(command_page(*command));
  return pages;
}

}  // namespace doorward::cli
