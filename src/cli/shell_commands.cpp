#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/live_names.h"
#include "cli/man_page.h"
#include "cli/session.h"
#include "io/file.h"

namespace doorward::cli {
namespace {

/// What shells ask by the hidden command `complete SHELL WORD...` is answered with a candidate a line, behind a tab what it
/// is; `:file` and `:folder` say that the shell's own names belong there, too.
constexpr std::string_view kBash = R"sh(# bash completion for doorward: eval "$(doorward completion bash)"
_doorward() {
  local word text cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]/#\~/$HOME}
  [[ $cur == = ]] && cur=
  COMPREPLY=()
  while IFS=$'\t' read -r word text; do
    case $word in
      :file) compopt -o filenames 2>/dev/null; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
      :folder) compopt -o filenames 2>/dev/null; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$cur") ;;
      *) COMPREPLY+=("$word") ;;
    esac
  done < <("$program" complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _doorward doorward
)sh";

constexpr std::string_view kZsh = R"sh(#compdef doorward
# zsh completion for doorward: source <(doorward completion zsh), or a file _doorward in $fpath
_doorward() {
  local line word text program=${(Q)words[1]/#\~/$HOME}
  local -a found
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    text=${line#$word}
    text=${text#$'\t'}
    case $word in
      :file) _files ;;
      :folder) _files -/ ;;
      *) found+=("${word//:/\\:}${text:+:$text}") ;;
    esac
  done < <("$program" complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${#found} )) && _describe doorward found
}
if [[ $funcstack[1] == _doorward ]]; then _doorward "$@"; else compdef _doorward doorward; fi
)sh";

constexpr std::string_view kFish = R"sh(# fish completion for doorward: doorward completion fish | source
function __doorward_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] complete fish $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':file*'
                __fish_complete_path "$current"
            case ':folder*'
                __fish_complete_directories "$current"
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c doorward -f -a '(__doorward_complete)'
)sh";

void print_script(const std::string& shell) {
  print(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
}

/// bash takes `=` for a word of its own. `after_equals`: the last word of bash's is the value alone.
std::vector<std::string> join_equals(const std::vector<std::string>& words, bool& after_equals) {
  std::vector<std::string> joined;
  bool glue = false;
  after_equals = false;
  for (const std::string& word : words) {
    if (word == "=" && !joined.empty() && joined.back().starts_with("--")) {
      joined.back() += "=";
      glue = after_equals = true;
      continue;
    }
    after_equals = glue;
    if (glue) {
      joined.back() += word;
    } else {
      joined.push_back(word);
    }
    glue = false;
  }
  return joined;
}

/// A word as a shell reads it, but that nothing in it is expanded: a quote that is still open ends with the word.
std::string unquoted(std::string_view word) {
  std::string plain;
  char quote = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < word.size()) {
      plain += word[++i];
    } else {
      plain += c;
    }
  }
  return plain;
}

/// The folder of `--state`, as far as it stands on the line.
std::string state_of(const std::vector<std::string>& line) {
  std::string state;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (line[i] == "--state") state = line[i + 1];
    if (line[i].starts_with("--state=")) state = line[i].substr(8);
  }
  const char* home = std::getenv("HOME");
  return state.starts_with("~/") && home != nullptr ? home + state.substr(1) : state;
}

void man(Session& session, const CLI::App& app, const std::string& command, const std::string& folder) {
  const std::vector<ManPage> pages = man_pages(app);
  if (!folder.empty()) {
    if (const Status made = io::make_directory(folder, 0755); !made) return session.fail(made.error());
    for (const ManPage& page : pages) {
      const Status written = io::write_file_atomic(folder + "/" + page.name + ".1", page.roff, 0644);
      if (!written) return session.fail(written.error());
    }
    return session.say("wrote " + std::to_string(pages.size()) + " pages; read one with `man -l " + folder + "/doorward.1`");
  }
  const std::string name = command.empty() ? "doorward" : "doorward-" + command;
  for (const ManPage& page : pages) {
    if (page.name == name) return print(page.roff);
  }
  session.fail(Exit::usage, "there is no command " + command + "; see `doorward --help`");
}

}  // namespace

void answer_completion(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) return;
  bool value_only = false;
  std::vector<std::string> line(words.begin() + 1, words.end());
  if (words.front() == "bash") line = join_equals(line, value_only);
  // fish hands over words without their quotes, but for the one that is being typed.
  for (std::size_t i = words.front() == "fish" && !line.empty() ? line.size() - 1 : 0; i < line.size(); ++i) line[i] = unquoted(line[i]);
  const Completion found = complete(app, line, live_names(state_of(line)));
  if (found.files) print_line(":file");
  if (found.folders) print_line(":folder");
  for (const Candidate& each : found.candidates) {
    const std::string word = value_only ? each.word.substr(each.word.find('=') + 1) : each.word;
    print_line(each.text.empty() ? word : word + "\t" + each.text);
  }
}

void add_shell_commands(CLI::App& app, Session& session) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "Print what makes a shell complete commands, options and live names");
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([shell] { print_script(*shell); });

  const auto command = std::make_shared<std::string>();
  const auto folder = std::make_shared<std::string>();
  CLI::App* pages = app.add_subcommand("man", "Print the manual page of the program or of a command, for man(1)");
  pages->add_option("command", *command, "Name of a command")->type_name("COMMAND");
  pages->add_option("--dir", *folder, "Write every page into a folder instead")->type_name("DIR");
  pages->callback([&session, &app, command, folder] { man(session, app, *command, *folder); });
}

}  // namespace doorward::cli
