#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/category.h"
#include "gateway/world.h"
#include "json/value.h"
#include "mcp/param_mirror.h"
#include "policy/decide.h"
#include "risk/verb.h"

namespace doorward::gateway {

/// A tool as its server publishes it.
struct KnownTool {
  Category category = Category::other;
  mcp::ParamMirror mirror;  ///< arguments that go into headers (2026-07-28)
  std::string withheld;     ///< why it is not offered, or empty
};

/// What one worker knows of one server's tools, from the latest whole list. Worker's thread.
class ToolTable {
 public:
  explicit ToolTable(const ServerEntry& server) : server_(&server) {}

  /// Starts a new list; take() adds one page of it, finish() puts it in force.
  void begin();
  void take(json::Value list_result);
  void finish();
  bool known() const { return known_; }

  /// Null where the server has no such tool, or it is withheld.
  const KnownTool* find(std::string_view name) const;
  /// Whether the server publishes the tool but it must not be offered.
  bool withheld(std::string_view name) const;
  /// Of a tool, or of an action that another tool hides.
  std::optional<Category> category(std::string_view name) const;

  /// The tools and actions matched against a policy, made on first use.
  const policy::ToolIndex& index(const std::shared_ptr<const policy::Policy>& policy);
  void set_server(const ServerEntry& server);

  template <typename Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& [name, tool] : tools_) visit(name, tool);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Map = std::unordered_map<std::string, KnownTool, Hash, std::equal_to<>>;

  const ServerEntry* server_;
  risk::VerbClassifier classifier_;
  Map tools_;
  Map coming_;
  bool known_ = false;
  std::vector<std::pair<std::shared_ptr<const policy::Policy>, std::unique_ptr<policy::ToolIndex>>> indexes_;
};

}  // namespace doorward::gateway
