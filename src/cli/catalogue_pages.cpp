#include "cli/catalogue_pages.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalogue/english.h"
#include "catalogue/package_files.h"
#include "catalogue/render.h"
#include "catalogue/site.h"
#include "catalogue/visible.h"
#include "cli/catalogue_open.h"
#include "cli/session.h"
#include "json/writer.h"

namespace doorward::cli {
namespace {

using catalogue::Catalogue;
using catalogue::Format;
using catalogue::PageKind;
using catalogue::PageRef;

struct PageOptions {
  std::vector<std::string> words;
  bool markdown = false;
  bool html = false;
};

/// How wide the terminal is; 80 where there is none.
std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::optional<catalogue::Rendering> rendering_of(Session& session, const PageOptions& options) {
  if (static_cast<int>(session.json) + static_cast<int>(options.markdown) + static_cast<int>(options.html) >
      1) {
    session.fail(Exit::usage, "give one of --json, --md and --html");
    return std::nullopt;
  }
  catalogue::Rendering how;
  how.format = session.json       ? Format::json
               : options.markdown ? Format::markdown
               : options.html     ? Format::html
                                  : Format::terminal;
  how.terminal = {.width = terminal_width(), .color = session.color()};
  return how;
}

/// Renders one page and prints it.
void print_page(Session& session, const PageOptions& options,
                const std::function<Result<PageRef>(Catalogue& catalogue)>& which) {
  const auto how = rendering_of(session, options);
  if (!how) return;
  const auto opened = open_catalogue(session);
  if (!opened) return;
  const auto page = which(*opened);
  if (!page) return session.fail(page.error());
  const auto text = catalogue::render_page(*opened, *page, *how);
  if (!text) return session.fail(text.error());
  how->format == Format::json ? print_line(*text) : print(*text);
}

/// `SERVER TOOL`, `SERVER/TOOL`, or the name of a tool that one server alone has.
Result<PageRef> tool_named(Catalogue& opened, const std::vector<std::string>& words) {
  if (words.size() == 2) {
    const auto server = opened.server(words[0]);
    if (!server) return std::unexpected(server.error());
    return catalogue::tool_ref(server->slug, words[1]);
  }
  const std::string& word = words.front();
  // A server's name may hold slashes, and so may a tool's.
  for (std::size_t at = word.find('/'); at != std::string::npos; at = word.find('/', at + 1)) {
    const auto server = opened.server(word.substr(0, at));
    if (server && opened.tool(server->slug, word.substr(at + 1))) {
      return catalogue::tool_ref(server->slug, word.substr(at + 1));
    }
  }
  return catalogue::find_tool(opened, word);
}

struct SiteWords {
  std::string directory;
  std::string base_url;
  std::vector<std::string> servers;
};

void write_site(Session& session, const SiteWords& words) {
  const auto opened = open_catalogue(session);
  if (!opened) return;
  if (!words.base_url.empty() && !words.base_url.starts_with("https://") &&
      !words.base_url.starts_with("http://")) {
    return session.fail(Exit::usage,
                        "--base-url is an address of the web, such as https://example.com/catalogue/");
  }
  catalogue::SiteOptions options;
  options.directory = words.directory;
  options.base_url = words.base_url;
  options.servers = words.servers;
  const bool progress = !session.json && isatty(STDERR_FILENO) == 1;
  if (progress) {
    options.progress = [](std::size_t done, std::size_t all) {
      if (done % 50 == 0 || done == all) std::fprintf(stderr, "\r\033[K%zu of %zu pages", done, all);
    };
  }
  const auto report = catalogue::write_site(*opened, options);
  if (progress) std::fputs("\r\033[K", stderr);
  if (!report) return session.fail(report.error());
  if (session.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object()
        .key("schema")
        .string("doorward.catalogue.site.report/1")
        .key("directory")
        .string(words.directory);
    writer.key("pages")
        .number(report->pages)
        .key("servers")
        .number(report->servers)
        .key("tools")
        .number(report->tools);
    writer.key("removed").number(report->removed).key("all_tools").boolean(report->all_tools).end_object();
    return print_line(out);
  }
  print_line(words.directory + ": " + catalogue::counted(report->pages, "page") + ", " +
             catalogue::counted(report->servers, "server") + " and " +
             catalogue::counted(report->tools, "tool") + " among them");
  if (report->removed > 0)
    print_line("  " + catalogue::counted(report->removed, "page") + " of an earlier run removed");
  if (!report->all_tools) {
    print_line(
        "  the catalogue is too large for a page of every tool; name servers with --server to have theirs");
  }
}

struct LocateWords {
  std::string server;
  std::string package;
};

void locate(Session& session, const LocateWords& words) {
  const auto opened = open_catalogue(session);
  if (!opened) return;
  const auto server = opened->server(words.server);
  if (!server) return session.fail(server.error());
  const auto tools = opened->tools(server->slug);
  if (!tools) return session.fail(tools.error());
  const auto package = catalogue::read_package(words.package);
  if (!package) return session.fail(package.error());
  std::vector<std::string> names;
  for (const catalogue::ToolRecord& tool : *tools) names.push_back(tool.name);
  const catalogue::Located located = catalogue::locate_tools(package->files, names, package->package);
  if (const Status kept = opened->set_implementations(server->slug, located.tools); !kept)
    return session.fail(kept.error());
  if (session.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object()
        .key("schema")
        .string("doorward.catalogue.locate/1")
        .key("server")
        .string(server->slug);
    writer.key("tools").number(names.size()).key("found").number(located.tools.size());
    writer.key("files").number(located.files).key("left_out").number(package->left_out).end_object();
    return print_line(out);
  }
  print_line(std::to_string(located.tools.size()) + " of " + catalogue::counted(names.size(), "tool") +
             " found in " + catalogue::counted(located.files, "file") + " of " +
             catalogue::visible(words.package));
  if (package->left_out > 0)
    print_line("  left out as too large or too many: " + catalogue::counted(package->left_out, "file"));
  if (located.tools.empty() && !names.empty()) session.exit = Exit::check_failed;
}

std::shared_ptr<PageOptions> add_formats(CLI::App& command) {
  auto options = std::make_shared<PageOptions>();
  command.add_flag("--md", options->markdown, "Markdown");
  command.add_flag("--html", options->html, "One HTML document with its style");
  return options;
}

}  // namespace

void add_catalogue_pages(CLI::App& group, Session& session) {
  CLI::App* show = group.add_subcommand(
      "show", "Print the page of a tool: what it does, how risky it is, what to do about it");
  auto tool = add_formats(*show);
  show->add_option("tool", tool->words,
                   "SERVER TOOL, SERVER/TOOL, or the name of a tool that one server alone has")
      ->required()
      ->expected(1, 2);
  show->callback([&session, tool] {
    print_page(session, *tool, [&](Catalogue& opened) { return tool_named(opened, tool->words); });
  });

  CLI::App* server =
      group.add_subcommand("server", "Print the page of a server: its tools, risks, cost and policies");
  auto of = add_formats(*server);
  server->add_option("server", of->words, "A slug or a name")->required()->expected(1);
  server->callback([&session, of] {
    print_page(session, *of, [&](Catalogue&) -> Result<PageRef> {
      return PageRef{PageKind::server, of->words.front()};
    });
  });

  CLI::App* stack = group.add_subcommand("stack", "Print what agents can call that have several servers");
  auto together = add_formats(*stack);
  stack->add_option("servers", together->words, "Slugs or names")->required();
  stack->callback([&session, together] {
    print_page(session, *together, [&](Catalogue& opened) -> Result<PageRef> {
      PageRef page{PageKind::stack, {}};
      for (const std::string& word : together->words) {
        const auto one = opened.server(word);
        if (!one) return std::unexpected(one.error());
        page.id += (page.id.empty() ? "" : "+") + one->slug;
      }
      return page;
    });
  });

  CLI::App* attacks =
      group.add_subcommand("attacks", "Print the attack patterns, or one with the tools open to it");
  auto pattern = add_formats(*attacks);
  attacks->add_option("pattern", pattern->words, "The id of a pattern; without one, all of them")
      ->expected(0, 1);
  attacks->callback([&session, pattern] {
    print_page(session, *pattern, [&](Catalogue&) -> Result<PageRef> {
      return PageRef{PageKind::attack, pattern->words.empty() ? std::string() : pattern->words.front()};
    });
  });

  CLI::App* site = group.add_subcommand("site", "Write the catalogue as a static site");
  auto where = std::make_shared<SiteWords>();
  site->add_option("directory", where->directory, "Its folder, made where it is missing")->required();
  site->add_option("--server", where->servers,
                   "Only this server and its tools; may be given again, then with their stack");
  site->add_option("--base-url", where->base_url, "Where it will be published, for canonical links");
  site->callback([&session, where] { write_site(session, *where); });

  CLI::App* locating =
      group.add_subcommand("locate", "Find where a server's package from npm defines its tools");
  auto what = std::make_shared<LocateWords>();
  locating->add_option("server", what->server, "A slug or a name")->required();
  locating->add_option("--package", what->package, "The package: its folder, or its .tgz")->required();
  locating->callback([&session, what] { locate(session, *what); });
}

}  // namespace doorward::cli
