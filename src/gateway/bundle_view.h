#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/bundle_names.h"
#include "gateway/list_part.h"
#include "gateway/world.h"
#include "mcp/method.h"

namespace doorward::gateway {

class ServerLink;
class Worker;

/// What one grant sees of a bundle: what its members have listed to it lately, and by which names. Of one
/// legacy session, or of the modern requests of a grant with the same client capabilities; never of two
/// grants (attack case T156). Worker's thread.
class BundleView {
 public:
  BundleView(Worker& worker, std::shared_ptr<const World> world, const GrantEntry& grant);

  /// Judges by another world; what was listed under the old one is forgotten.
  void set_world(std::shared_ptr<const World> world, const GrantEntry& grant);
  const World* world() const { return world_.get(); }

  /// Whether the member's list is known and may still be shown without asking again.
  bool fresh(mcp::Method list, std::size_t member) const;
  /// Whether it was asked for so lately that asking again would be too soon.
  bool just_listed(mcp::Method list, std::size_t member) const;
  /// Puts a whole new list in force, which may be shown for `ttl_us` (at most a minute) unless the member
  /// announces a change. `epoch`: ServerEntry::list_changes when it was asked for.
  void put(mcp::Method list, std::size_t member, ListPart part, std::int64_t ttl_us, std::uint64_t epoch);
  /// Appends the elements of the lists of these members (one for each: whether it counts), in their order.
  void append(std::string& out, mcp::Method list, const std::vector<bool>& of);
  /// How long clients may keep the list, in milliseconds: as long as each of its parts, and not at all where
  /// a member is missing, which may be back any moment.
  std::int64_t ttl_ms(mcp::Method list, const std::vector<bool>& of) const;

  /// How the tools are called: those that the worker's tables know of the members, as far as the grant may
  /// see them.
  const NameTable& tools();
  /// How the prompts are called, as far as they have been listed.
  const NameTable& prompts();
  /// A tool that the policy of its member hides, or that nobody may call, by this name; for the log's sake.
  std::optional<NameTable::Target> hidden_tool(std::string_view name);
  /// The member that a URI, or the URI template of a completion, belongs to: the first that lists it, else
  /// the one whose template fits best.
  std::optional<std::size_t> member_of(std::string_view uri) const;

  /// Lets go what may not be shown any more.
  void tick();

 private:
  struct Part {
    ListPart list;
    std::int64_t put_us = INT64_MIN / 2;
    std::int64_t until_us = INT64_MIN / 2;
    std::int64_t ttl_ms = 0;
    std::uint64_t epoch = 0;
  };
  using Parts = std::vector<Part>;
  Parts& parts(mcp::Method list);
  const Parts& parts(mcp::Method list) const;
  bool find_visible_tools(std::size_t member);
  void name_all(NameTable& table, std::span<const std::vector<std::string>> offered, std::string_view kind);

  Worker& worker_;
  std::shared_ptr<const World> world_;
  const GrantEntry* grant_;
  std::vector<std::shared_ptr<ServerLink>> links_;  ///< of the members
  std::array<Parts, 4> lists_;
  NameTable tools_;
  NameTable prompts_;
  bool prompts_named_ = false;
  std::vector<std::uint64_t> generations_;  ///< of the members' tables, when tools_ was made; 0: never
  std::vector<std::vector<std::string>> visible_;
  std::unordered_map<std::string, std::size_t> uris_;
};

}  // namespace doorward::gateway
