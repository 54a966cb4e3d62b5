#include "catalogue/views.h"

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "catalogue/english.h"
#include "catalogue/page_parts.h"
#include "risk/words.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostAlike = 10;
/// Of a view of an attack over the whole catalogue.
constexpr std::size_t kMostToolsLookedAt = 20'000;
constexpr std::size_t kPage = 200;
/// Servers whose names are compared for a page.
constexpr std::size_t kMostNames = 5'000;

/// Calls `take` with each server, until it says no.
template <typename Take>
Status each_server(Catalogue& catalogue, const Take& take) {
  Query query;
  query.limit = kPage;
  for (;;) {
    auto page = catalogue.search_servers(query);
    if (!page) return std::unexpected(page.error());
    for (ServerRecord& server : page->records) {
      if (!take(std::move(server))) return {};
    }
    if (page->next.empty()) return {};
    query.after = std::move(page->next);
  }
}

/// Tools of other servers that share words with this one's name.
Result<std::vector<ToolRecord>> alike(Catalogue& catalogue, const ToolRecord& tool) {
  Query query;
  const risk::Words words = risk::Words::of_name(tool.name);
  for (std::size_t i = 0; i < words.size() && i < 4; ++i) {
    if (i != 0) query.words += ' ';
    query.words += words[i];
  }
  if (query.words.empty()) return std::vector<ToolRecord>();
  query.limit = kPage;
  auto found = catalogue.search_tools(query);
  if (!found) return std::unexpected(found.error());
  std::erase_if(found->records, [&](const ToolRecord& other) {
    return other.server == tool.server || other.key == tool.key;
  });
  return nearest_by_name(tool, found->records, kMostAlike);
}

}  // namespace

Result<ToolView> view_tool(Catalogue& catalogue, std::string_view slug, std::string_view name) {
  ToolView view;
  auto server = catalogue.server(slug);
  if (!server) return std::unexpected(server.error());
  view.server = std::move(*server);
  auto tool = catalogue.tool(view.server.slug, name);
  if (!tool) return std::unexpected(tool.error());
  view.tool = std::move(*tool);
  auto versions = catalogue.versions(view.server.slug, name);
  if (!versions) return std::unexpected(versions.error());
  view.versions = std::move(*versions);
  auto siblings = catalogue.tools(view.server.slug);
  if (!siblings) return std::unexpected(siblings.error());
  view.siblings = std::move(*siblings);
  std::erase_if(view.siblings, [&](const ToolRecord& other) { return other.name == view.tool.name; });
  auto same = catalogue.same_definition(view.tool.key);
  if (!same) return std::unexpected(same.error());
  view.same = std::move(*same);
  std::erase_if(view.same, [&](const ToolRecord& other) { return other.server == view.server.slug; });
  auto near = alike(catalogue, view.tool);
  if (!near) return std::unexpected(near.error());
  view.alike = std::move(*near);
  auto code = catalogue.implementation(view.server.slug, name);
  if (!code) return std::unexpected(code.error());
  view.code = std::move(*code);
  return view;
}

Result<ServerView> view_server(Catalogue& catalogue, std::string_view slug_or_name, const LookAlikes* names) {
  ServerView view;
  auto server = catalogue.server(slug_or_name);
  if (!server) return std::unexpected(server.error());
  view.server = std::move(*server);
  auto tools = catalogue.tools(view.server.slug);
  if (!tools) return std::unexpected(tools.error());
  view.tools = std::move(*tools);
  auto gone = catalogue.gone_tools(view.server.slug);
  if (!gone) return std::unexpected(gone.error());
  view.gone = std::move(*gone);
  if (names != nullptr) view.look_alikes = names->like(view.server.listing, view.server.slug);
  return view;
}

Result<std::optional<LookAlikes>> names_for_views(Catalogue& catalogue) {
  const auto counts = catalogue.counts();
  if (!counts) return std::unexpected(counts.error());
  if (counts->servers > kMostNames) return std::nullopt;
  auto names = LookAlikes::of(catalogue);
  if (!names) return std::unexpected(names.error());
  return std::optional(std::move(*names));
}

Result<StackView> view_stack(Catalogue& catalogue, std::span<const std::string> slugs) {
  StackView view;
  for (const std::string& slug : slugs) {
    auto server = view_server(catalogue, slug);
    if (!server) return std::unexpected(server.error());
    const bool again = std::ranges::any_of(
        view.servers, [&](const ServerView& one) { return one.server.slug == server->server.slug; });
    if (!again) view.servers.push_back(std::move(*server));
  }
  return view;
}

Result<AttackView> view_attack(Catalogue& catalogue, std::string_view id,
                               std::span<const std::string> slugs) {
  AttackView view;
  view.pattern = find_attack(id);
  if (view.pattern == nullptr) {
    std::vector<std::string_view> ids;
    for (const AttackPattern& pattern : attack_patterns()) ids.push_back(pattern.id);
    const std::string_view near = suggest(id, ids);
    return fail(ErrorKind::not_found, "there is no attack pattern \"" + std::string(id) + "\"; " +
                                          (near.empty() ? std::string("doorward catalogue attacks lists them")
                                                        : "did you mean \"" + std::string(near) + "\"?"));
  }
  std::vector<OpenTool> open;
  const auto look = [&](std::vector<ToolRecord> tools) {
    ++view.servers;
    view.tools += tools.size();
    for (ToolRecord& tool : tools) {
      for (Exposure& exposure : exposures(tool.name, tool.classification)) {
        if (exposure.pattern != view.pattern) continue;
        open.push_back({std::move(tool), std::move(exposure.why)});
        break;
      }
    }
  };
  Status failed;
  const auto take = [&](const std::string& slug) {
    auto tools = catalogue.tools(slug);
    if (!tools)
      failed = std::unexpected(tools.error());
    else
      look(std::move(*tools));
    return failed.has_value();
  };
  if (slugs.empty()) {
    const Status each = each_server(catalogue, [&](ServerRecord server) {
      if (server.tool_count == 0) return true;
      if (view.tools + server.tool_count > kMostToolsLookedAt) {
        view.all_servers = false;
        return false;
      }
      return take(server.slug);
    });
    if (!each) return std::unexpected(each.error());
  }
  for (const std::string& given : slugs) {
    const auto server = catalogue.server(given);
    if (!server) return std::unexpected(server.error());
    if (!take(server->slug)) break;
  }
  if (!failed) return std::unexpected(failed.error());
  view.found = open.size();
  std::ranges::sort(open, [](const OpenTool& a, const OpenTool& b) {
    if (riskier(a.tool, b.tool) != riskier(b.tool, a.tool)) return riskier(a.tool, b.tool);
    return std::tie(a.tool.name, a.tool.server) < std::tie(b.tool.name, b.tool.server);
  });
  if (open.size() > AttackView::kMostOpen) open.resize(AttackView::kMostOpen);
  view.open = std::move(open);
  return view;
}

Result<IndexView> view_index(Catalogue& catalogue) {
  IndexView view;
  auto counts = catalogue.counts();
  if (!counts) return std::unexpected(counts.error());
  view.counts = *counts;
  Query query;
  query.limit = IndexView::kMostServers;
  auto servers = catalogue.search_servers(query);
  if (!servers) return std::unexpected(servers.error());
  view.servers = std::move(servers->records);
  query.limit = 20;
  query.at_least = Severity::high;
  auto worst = catalogue.search_tools(query);
  if (!worst) return std::unexpected(worst.error());
  view.worst = std::move(worst->records);
  return view;
}

}  // namespace doorward::catalogue
