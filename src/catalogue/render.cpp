#include "catalogue/render.h"

#include <array>
#include <span>
#include <vector>

#include "base/suggest.h"
#include "catalogue/english.h"
#include "catalogue/views.h"

namespace doorward::catalogue {
namespace {

constexpr std::array<std::string_view, 5> kFormats = {"terminal", "json", "markdown", "html", "document"};
constexpr std::size_t kMostServers = 50;

std::string written(const Document& page, const Rendering& how) {
  switch (how.format) {
    case Format::terminal:
      return to_terminal(page, how.terminal);
    case Format::markdown:
      return to_markdown(page, how.address);
    case Format::document:
      return to_document_json(page);
    case Format::html:
    case Format::json:
      break;
  }
  if (!how.whole) return to_html_body(page, how.address);
  return to_html(page, {.address = how.address, .assets = how.assets, .canonical = how.canonical});
}

template <typename View>
Result<std::string> shown(const Result<View>& view, const Rendering& how, Document (*page)(const View&),
                          std::string (*data)(const View&)) {
  if (!view) return std::unexpected(view.error());
  if (how.format == Format::json) return data(*view);
  return written(page(*view), how);
}

Result<ServerView> server_with_names(Catalogue& catalogue, std::string_view slug) {
  const auto names = names_for_views(catalogue);
  if (!names) return std::unexpected(names.error());
  return view_server(catalogue, slug, *names ? &**names : nullptr);
}

std::vector<std::string> parts_of(std::string_view id, char separator) {
  std::vector<std::string> parts;
  while (!id.empty()) {
    const std::size_t end = std::min(id.find(separator), id.size());
    if (end > 0) parts.emplace_back(id.substr(0, end));
    id.remove_prefix(std::min(end + 1, id.size()));
  }
  return parts;
}

}  // namespace

std::string_view to_string(Format format) {
  return kFormats[static_cast<std::size_t>(format)];
}

std::optional<Format> parse_format(std::string_view name) {
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i] == name) return static_cast<Format>(i);
  }
  return std::nullopt;
}

Result<std::string> render_page(Catalogue& catalogue, const PageRef& page, const Rendering& how) {
  switch (page.kind) {
    case PageKind::index:
      return shown(view_index(catalogue), how, index_page, index_json);
    case PageKind::server:
      return shown(server_with_names(catalogue, page.id), how, server_page, server_json);
    case PageKind::tool: {
      const std::size_t slash = page.id.find('/');
      if (slash == std::string::npos) {
        return fail(ErrorKind::invalid, "a tool's page is named by its server and its name: SERVER/TOOL");
      }
      const std::string_view id = page.id;
      return shown(view_tool(catalogue, id.substr(0, slash), id.substr(slash + 1)), how, tool_page,
                   tool_json);
    }
    case PageKind::stack: {
      const std::vector<std::string> slugs = parts_of(page.id, '+');
      if (slugs.empty()) return fail(ErrorKind::invalid, "a stack is named by its servers: SERVER+SERVER");
      if (slugs.size() > kMostServers) {
        return fail(ErrorKind::invalid, "a stack holds at most " + std::to_string(kMostServers) + " servers");
      }
      return shown(view_stack(catalogue, slugs), how, stack_page, stack_json);
    }
    case PageKind::attack:
      break;
  }
  if (page.id.empty()) return how.format == Format::json ? attacks_json() : written(attacks_page(), how);
  return shown(view_attack(catalogue, page.id, {}), how, attack_page, attack_json);
}

Result<PageRef> find_tool(Catalogue& catalogue, std::string_view name) {
  Query query;
  query.words = std::string(name);
  query.limit = 200;
  const auto found = catalogue.search_tools(query);
  if (!found) return std::unexpected(found.error());
  std::vector<std::string> servers;
  std::vector<std::string_view> near;
  for (const ToolRecord& tool : found->records) {
    near.push_back(tool.name);
    if (tool.name == name) servers.push_back(tool.server);
  }
  if (servers.size() == 1) return tool_ref(servers.front(), name);
  if (servers.empty()) {
    const std::string_view other = suggest(name, near);
    return fail(ErrorKind::not_found,
                "the catalogue has no tool \"" + std::string(name) + "\"" +
                    (other.empty() ? "; doorward catalogue search finds tools by their words"
                                   : "; did you mean \"" + std::string(other) + "\"?"));
  }
  const std::size_t count = servers.size();
  if (servers.size() > 5) servers.resize(5);
  return fail(ErrorKind::conflict, counted(count, "server") + " have a tool \"" + std::string(name) +
                                       "\"; name the server before it, one of " + listed(servers, "or"));
}

}  // namespace doorward::catalogue
