#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/background.h"

namespace doorward::cli {
namespace {

struct UiOptions {
  bool print = false;
  bool open = false;
};

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

/// The program that shows a URL to the person at this terminal; empty where there is none.
std::string find_opener() {
  if (is_set("BROWSER")) return std::getenv("BROWSER");
  if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY")) return {};
  const std::string_view path = is_set("PATH") ? std::getenv("PATH") : "";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string program = std::string(path.substr(at, end - at)) + "/xdg-open";
    if (end > at && access(program.c_str(), X_OK) == 0) return program;
    at = end + 1;
  }
  return {};
}

/// Starts it apart from this terminal, so that it may live on; nobody waits for it.
bool start(const std::string& program, const std::string& url) {
  signal(SIGCHLD, SIG_IGN);
  const pid_t child = fork();
  if (child != 0) return child > 0;
  setsid();
  signal(SIGCHLD, SIG_DFL);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null < 0 || dup2(null, fd) < 0) _exit(127);
  }
  execlp(program.c_str(), program.c_str(), url.c_str(), nullptr);
  _exit(127);
}

/// The text member of what the gateway answers; empty after having failed.
std::string answer_of(Session& session, std::string_view op, std::string_view key) {
  const auto answer = ask(session, op, nullptr, true);
  if (!answer) return {};
  json::Reader reader;
  const auto root = reader.read(*answer);
  return root ? std::string(json::text_of(*root, key)) : std::string();
}

/// An address that listens on all of the machine's is reached by this one.
std::string reachable(std::string url) {
  for (const std::string_view any : {"://0.0.0.0:", "://[::]:"}) {
    if (const std::size_t at = url.find(any); at != std::string::npos) url.replace(at, any.size(), "://127.0.0.1:");
  }
  return url;
}

void ui(Session& session, const UiOptions& options) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  if (const Status runs = server::ensure_gateway(state); !runs) return session.fail(runs.error());
  const std::string admin = answer_of(session, "status", "admin");
  if (session.exit != Exit::ok) return;
  if (admin.empty()) {
    return session.fail(Exit::unreachable, "the gateway serves no console: its admin.listen is `none`, or another program has "
                                           "that address; set admin.listen in the configuration, then run `doorward stop`");
  }
  const std::string code = answer_of(session, "login.code", "code");
  if (code.empty()) return;
  const std::string url = reachable(admin) + "/login#code=" + code;
  if (session.json) {
    std::string out;
    json::Writer(out).begin_object().key("schema").string("doorward.ui/1").key("console").string(admin).key("url").string(url).end_object();
    return print_line(out);
  }
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const std::string opener = !options.print && (options.open || terminal) ? find_opener() : std::string();
  if (!opener.empty() && start(opener, url)) {
    return session.say("the console opens in your browser: " + reachable(admin) + " (`doorward ui --print` prints an address to open elsewhere)");
  }
  if (options.open) return session.fail(Exit::unreachable, "there is no browser to open here; `doorward ui --print` prints the address");
  print_line(url);
  session.say("open it within a minute: it signs you in once, as the user of this machine");
}

}  // namespace

void add_ui_command(CLI::App& app, Session& session) {
  const auto options = std::make_shared<UiOptions>();
  CLI::App* command = app.add_subcommand("ui", "Open the console, signed in; starts the gateway where none runs");
  CLI::Option* printing = command->add_flag("--print", options->print, "Print the address instead of opening a browser");
  command->add_flag("--open", options->open, "Open a browser also where this is no terminal")->excludes(printing);
  command->callback([&session, options] { ui(session, *options); });
}

}  // namespace doorward::cli
