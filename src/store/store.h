#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// An upstream server as commands made it; what YAML owns is not stored.
struct ServerRow {
  std::string uuid;
  std::string name;      ///< [a-z0-9-]{1,64}, unique
  std::string settings;  ///< JSON text of its transport; secrets by reference only
  std::int64_t created_us = 0;
  std::int64_t updated_us = 0;
  std::int64_t revision = 0;  ///< grows by one with every change
};

/// One immutable version of a policy's text.
struct PolicyVersion {
  std::int64_t version = 0;  ///< from 1, without gaps, never used twice
  std::string text;          ///< the document exactly as given
  Digest sha256{};           ///< of the text
  std::string author;
  std::string comment;
  std::int64_t created_us = 0;
};

/// A named policy of one server and the version in force.
struct PolicyRow {
  std::string server;
  std::string name;  ///< [A-Za-z0-9._-]{1,64}, unique within the server
  std::int64_t current = 0;
  std::int64_t revision = 0;  ///< grows by one with every change, a revert included
  std::int64_t created_us = 0;
  std::int64_t updated_us = 0;
};

struct GrantRow {
  std::string id;     ///< UUID
  std::string label;  ///< [A-Za-z0-9._-]{1,64}, unique among the grants that are not revoked
  std::string owner;
  Labels labels;
  std::string server;  ///< a name; it may be a server that YAML owns, so no foreign key
  std::string policy;  ///< likewise; empty: none
  Digest token_hash{};
  std::string token_hint;  ///< by which a person tells tokens apart
  std::int64_t created_us = 0;
  std::optional<std::int64_t> expires_us;
  std::optional<std::int64_t> revoked_us;
  std::optional<std::int64_t> rotated_us;
  std::int64_t version = 1;  ///< grows by one with every change
  std::int64_t number = 0;   ///< by which people and agents name it; the store's to give, from 1
};

/// What is remembered of one tool of a server. Digests are those of canonical definitions.
struct ToolRow {
  std::string name;
  Digest first{};                  ///< the definition that was met first
  Digest seen{};                   ///< the latest
  std::optional<Digest> reviewed;  ///< the one that may be called
  std::optional<Digest> rejected;  ///< the latest that a person refused
  std::string reviewer;            ///< who reviewed or rejected; `first list` for what counts as reviewed
  std::optional<std::int64_t> reviewed_us;
  std::optional<std::int64_t> gone_us;  ///< since when whole lists do not hold it; nothing while they do
};

/// One definition of a tool.
struct ToolDefinition {
  Digest digest{};
  std::string text;  ///< canonical JSON; empty: too large to keep
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
};

/// A tool with its latest definition.
struct MetTool {
  ToolRow row;
  std::string definition;  ///< canonical JSON; empty: too large to keep
};

/// A text that becomes a policy's newest version.
struct NewPolicy {
  std::string server;
  std::string name;
  std::string text;
};

/// A tool as it was met now.
struct SeenTool {
  std::string_view name;
  Digest digest{};
  std::string_view text;
};

/// What a sighting made known.
enum class SeenAs : std::uint8_t {
  known,    ///< this definition was met before
  first,    ///< of the server's first list: it counts as reviewed
  added,    ///< the tool is new
  changed,  ///< the definition is new
};

/// Whether a text may name a server, and whether it may name a policy or label a grant.
bool is_server_name(std::string_view name);
bool is_name(std::string_view name);

/// Servers, policies and grants that commands made, in one file of the state directory. Every member that
/// changes something is one transaction, durable when it returns (synchronous=FULL). `expected` is the
/// revision or version that the caller saw: another one in the file is a conflict, and nothing changes;
/// without it the last writer wins. One thread; the times are the caller's.
class Store {
 public:
  /// Opens `<directory>/doorward.db`; see Database::open.
  static Result<std::unique_ptr<Store>> open(const std::string& directory,
                                             const DatabaseOptions& options = {});

  // --- servers

  Result<std::vector<ServerRow>> servers();  ///< by name
  Result<ServerRow> server(std::string_view name_or_uuid);
  /// A new server: conflict where the name exists. Returns it with revision 1.
  Result<ServerRow> add_server(std::string_view name, std::string_view uuid, std::string_view settings,
                               std::int64_t now_us);
  Result<ServerRow> set_server(std::string_view name, std::string_view settings, std::int64_t now_us,
                               std::optional<std::int64_t> expected = std::nullopt);
  /// conflict while a policy or a live grant names it.
  Status remove_server(std::string_view name, std::optional<std::int64_t> expected = std::nullopt);

  // --- policies

  Result<std::vector<PolicyRow>> policies();  ///< by server, then name
  Result<PolicyRow> policy(std::string_view server, std::string_view name);
  /// Makes the text the newest version and the one in force; makes the policy where it does not exist. A text
  /// equal to the one in force changes nothing. `author` and `comment` are recorded as given.
  Result<PolicyRow> put_policy(std::string_view server, std::string_view name, std::string_view text,
                               std::string_view author, std::string_view comment, std::int64_t now_us,
                               std::optional<std::int64_t> expected = std::nullopt);
  /// The same of several, all or none.
  Result<std::vector<PolicyRow>> put_policies(std::span<const NewPolicy> policies, std::string_view author,
                                              std::string_view comment, std::int64_t now_us);
  /// Puts an older version's text in force again, as a new version with that text.
  Result<PolicyRow> revert_policy(std::string_view server, std::string_view name, std::int64_t version,
                                  std::string_view author, std::int64_t now_us,
                                  std::optional<std::int64_t> expected = std::nullopt);
  Result<PolicyVersion> policy_version(std::string_view server, std::string_view name, std::int64_t version);
  Result<PolicyVersion> current_policy(std::string_view server, std::string_view name);
  Result<std::vector<PolicyVersion>> policy_versions(std::string_view server,
                                                     std::string_view name);  ///< newest first
  /// conflict while a live grant names it. Its versions stay readable, for the log names them; another policy
  /// of the name continues their numbers.
  Status remove_policy(std::string_view server, std::string_view name,
                       std::optional<std::int64_t> expected = std::nullopt);

  // --- grants

  Result<std::vector<GrantRow>> grants();  ///< by label, then creation; revoked ones included
  /// By id, or by the label of a grant that is not revoked.
  Result<GrantRow> grant(std::string_view id_or_label);
  /// A new grant with version 1: conflict where a live one has the label, or any one the token hash.
  Result<GrantRow> add_grant(const GrantRow& grant);
  /// Replaces the token at once: the old one is good no more.
  Result<GrantRow> rotate_grant(std::string_view id_or_label, const Digest& token_hash,
                                std::string_view token_hint, std::int64_t now_us,
                                std::optional<std::int64_t> expected = std::nullopt);
  /// Revokes for good; a second call changes nothing.
  Result<GrantRow> revoke_grant(std::string_view id_or_label, std::int64_t now_us,
                                std::optional<std::int64_t> expected = std::nullopt);
  /// Gives the grant another policy (empty: none).
  Result<GrantRow> set_grant_policy(std::string_view id_or_label, std::string_view policy,
                                    std::optional<std::int64_t> expected = std::nullopt);

  // --- tools of a server, whoever owns it

  /// Whether a first list of the server was stored.
  Result<bool> knows_tools(std::string_view server);
  Result<std::vector<ToolRow>> tools(std::string_view server);  ///< by name
  /// The same, each with its latest definition.
  Result<std::vector<MetTool>> met_tools(std::string_view server);
  /// Newest first.
  Result<std::vector<ToolDefinition>> tool_definitions(std::string_view server, std::string_view name);
  /// Remembers what was met, in one transaction, and says of each what it made known. `first_list`: where no list of
  /// the server is stored yet, this one is its first. At most kMostTools tools of a server are remembered, and
  /// kMostDefinitions definitions of a tool: those longest not met, but neither the first nor the reviewed one, make
  /// room.
  Result<std::vector<SeenAs>> see_tools(std::string_view server, std::span<const SeenTool> seen, bool first_list,
                                        std::int64_t now_us);
  /// Marks tools that a whole list does not hold, and unmarks those that are listed again. How many of them stood
  /// otherwise.
  Result<std::size_t> mark_gone(std::string_view server, std::span<const std::string> gone,
                                std::span<const std::string> back, std::int64_t now_us);
  /// Makes a definition the reviewed one, or the rejected one, which is then reviewed no more. not_found where it is
  /// not one of the tool's.
  Status review_tool(std::string_view server, std::string_view name, const Digest& digest, bool accept,
                     std::string_view reviewer, std::int64_t now_us);
  /// Forgets all of a server's tools: its next list is a first one.
  Status forget_tools(std::string_view server);

  static constexpr std::size_t kMostTools = 20'000;
  static constexpr std::size_t kMostDefinitions = 16;

  // --- settings

  Result<std::optional<std::string>> setting(std::string_view key);
  Status set_setting(std::string_view key, std::string_view value);

  Database& database() { return *database_; }

 private:
  explicit Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  /// Within a transaction.
  Result<PolicyRow> put_version(std::string_view server, std::string_view name, std::string_view text,
                                std::string_view author, std::string_view comment, std::int64_t now_us,
                                std::optional<std::int64_t> expected);
  Status add_version(std::string_view server, std::string_view name, std::string_view text,
                     const Digest& digest, std::string_view author, std::string_view comment,
                     std::int64_t now_us);
  Status read_labels(GrantRow& grant);
  template <typename Change>
  Result<GrantRow> change_grant(std::string_view id_or_label, std::optional<std::int64_t> expected,
                                Change&& change);

  std::unique_ptr<Database> database_;
};

}  // namespace doorward::store
