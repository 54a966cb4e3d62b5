#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/category.h"
#include "gateway/pin_set.h"
#include "gateway/world.h"
#include "json/canonical.h"
#include "json/value.h"
#include "mcp/param_mirror.h"
#include "mcp/tool_list.h"
#include "policy/decide.h"

namespace doorward::gateway {

/// What pinning says of a tool's latest definition (docs/pinning.md).
enum class Standing : std::uint8_t {
  reviewed,    ///< it is the one that was reviewed
  changed,     ///< it is another one
  unreviewed,  ///< the tool came after the first list, and nobody has reviewed it
};

/// A tool as its server publishes it.
struct KnownTool {
  Category category = Category::other;    ///< the one in force
  Category classified = Category::other;  ///< what the rules of this program say of the latest definition
  Standing standing = Standing::reviewed;
  Digest digest{};          ///< of the latest definition that was seen
  mcp::ParamMirror mirror;  ///< arguments that go into headers (2026-07-28)
  std::string withheld;     ///< why it is not offered whatever a review says, or empty

  bool offered() const { return withheld.empty() && standing == Standing::reviewed; }
};

/// What a tool needs to be offered, whatever a review says: a name of the grammar, or one that the setting
/// `admit_names` admits, and a definition without a flaw (mcp/tool_definition.h). Its mirrored arguments, or why it is
/// withheld.
std::expected<mcp::ParamMirror, std::string> examine_tool(const upstream::ServerSettings& settings,
                                                          std::string_view name, json::Value tool);

/// What one worker knows of one server's tools, from the latest whole list and the pages of clients' lists since
/// then, and how that stands to what was reviewed. The first whole list of a server of which the store knows none
/// counts as reviewed; this worker goes by it until the store has chosen one for all workers. Worker's thread.
class ToolTable {
 public:
  explicit ToolTable(const ServerEntry& server);

  /// Starts a new list; take() adds one page of it, finish() puts it in force.
  void begin();
  void take(json::Value list_result);
  void finish();
  /// One page of a list that a client turns over.
  void glance(json::Value list_result);
  bool known() const { return known_; }
  /// Whether neither the store nor this worker has a whole list yet.
  bool wants_whole_list() const { return !pins_->known && !whole_; }
  /// Another number after everything that may change how a tool stands.
  std::uint64_t generation() const { return generation_; }

  /// What is news to the store since the last time; nothing where nothing is.
  std::optional<ToolReport> report();
  /// The report could not be delivered: a later list tells it again.
  void report_refused() { reported_.clear(); }

  /// Null where the server has no such tool, or it is withheld whatever a review says.
  const KnownTool* find(std::string_view name) const;
  /// Whether a list may show the tool: it is known, not withheld, and reviewed.
  bool offered(std::string_view name) const;
  /// Of a tool, or of an action that another tool hides; of a name that is neither, what the name alone says.
  Category category(std::string_view name) const;

  /// The tools and actions matched against a policy, made on first use.
  const policy::ToolIndex& index(const std::shared_ptr<const policy::Policy>& policy);
  /// The same server under a new world; every tool is judged anew by its pins. Whether another worker has met a newer
  /// definition, so that what else this table says of the tool may be out of date.
  bool set_server(const ServerEntry& server);

  /// Visits the tools that are offered.
  template <typename Visitor>
  void for_each(Visitor&& visit) const {
    for (const auto& [name, tool] : tools_) {
      if (tool.offered()) visit(name, tool);
    }
  }

 private:
  template <typename Value>
  using Map = std::unordered_map<std::string, Value, PinSet::Hash, std::equal_to<>>;

  void examine(json::Value list_result, Map<KnownTool>& into);
  void note(std::string_view name, const Digest& digest);
  void note_absences();
  Standing stand(std::string_view name, const Digest& digest);
  Category category_in_force(std::string_view name, const KnownTool& tool) const;
  Category category_of_name(std::string_view name) const;
  void classify_actions();

  const ServerEntry* server_;
  std::shared_ptr<const PinSet> pins_;
  Map<KnownTool> tools_;
  Map<Category> actions_;
  Map<KnownTool> coming_;
  bool known_ = false;
  std::uint64_t generation_ = 0;
  /// What this worker takes as reviewed while the store does not know the tool: of the first list, or admitted by
  /// `include_new`.
  Map<Digest> adopted_;
  bool whole_ = false;  ///< adopted_ holds a whole first list
  Map<Digest> reported_;
  std::vector<Sighting> news_;
  std::vector<std::string> gone_;  ///< by the latest whole list, against what the store says
  std::vector<std::string> back_;
  std::size_t news_bytes_ = 0;
  json::Canonical canonical_;
  std::string definition_;
  std::vector<std::pair<std::shared_ptr<const policy::Policy>, std::unique_ptr<policy::ToolIndex>>> indexes_;
};

}  // namespace doorward::gateway
