#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/attack.h"
#include "catalogue/catalogue.h"
#include "catalogue/implementation.h"
#include "catalogue/look_alike.h"
#include "catalogue/page.h"
#include "catalogue/stack.h"

namespace doorward::catalogue {

/// What the catalogue knows that a page tells of, gathered. Pages and the JSON of programs are made of the
/// same view.

struct ToolView {
  ServerRecord server;
  ToolRecord tool;
  std::vector<ToolVersion> versions;  ///< newest first
  std::vector<ToolRecord> siblings;   ///< the other tools of the server, riskiest first
  std::vector<ToolRecord> alike;      ///< tools of other servers with alike names, at most ten
  std::vector<ToolRecord> same;       ///< tools of other servers with the same definition
  std::optional<Implementation> code;
};

struct ServerView {
  ServerRecord server;
  std::vector<ToolRecord> tools;  ///< riskiest first
  std::vector<ToolRecord> gone;   ///< no longer listed, by name
  std::vector<LookAlike> look_alikes;
};

struct StackView {
  std::vector<ServerView> servers;
};

/// A tool that a pattern can abuse, and why.
struct OpenTool {
  ToolRecord tool;
  std::string why;
};
struct AttackView {
  const AttackPattern* pattern = nullptr;
  std::vector<OpenTool> open;  ///< riskiest first, at most kMostOpen
  std::size_t found = 0;       ///< in all that were looked at
  std::size_t servers = 0;     ///< looked at
  std::size_t tools = 0;
  bool all_servers = true;  ///< false: the bound left some out

  static constexpr std::size_t kMostOpen = 100;
};

struct IndexView {
  Catalogue::Counts counts;
  std::vector<ServerRecord> servers;  ///< the most tools that change or destroy first, at most kMostServers
  std::vector<ToolRecord> worst;      ///< at most twenty

  static constexpr std::size_t kMostServers = 200;
};

Result<ToolView> view_tool(Catalogue& catalogue, std::string_view slug, std::string_view name);
/// `names`: those whose likes are told of; null: of nobody's.
Result<ServerView> view_server(Catalogue& catalogue, std::string_view slug_or_name,
                               const LookAlikes* names = nullptr);
/// The names of the catalogue, arranged for views; nothing where there are too many to do so for one page.
Result<std::optional<LookAlikes>> names_for_views(Catalogue& catalogue);
Result<StackView> view_stack(Catalogue& catalogue, std::span<const std::string> slugs);
/// `slugs`: whose tools are looked at; empty: all servers, up to a bound of tools.
Result<AttackView> view_attack(Catalogue& catalogue, std::string_view id, std::span<const std::string> slugs);
Result<IndexView> view_index(Catalogue& catalogue);

Document tool_page(const ToolView& view);
Document server_page(const ServerView& view);
Document stack_page(const StackView& view);
Document attack_page(const AttackView& view);
/// All patterns.
Document attacks_page();
Document index_page(const IndexView& view);

/// For programs: what a page tells, as data with a `schema` (`doorward.page.tool/1`, ...).
std::string tool_json(const ToolView& view);
std::string server_json(const ServerView& view);
std::string stack_json(const StackView& view);
std::string attack_json(const AttackView& view);
std::string attacks_json();
std::string index_json(const IndexView& view);

}  // namespace doorward::catalogue
