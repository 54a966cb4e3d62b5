#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::identity {

/// What a person may do with the gateway (docs/roles.md). A person may have several.
enum class Role : std::uint8_t {
  viewer,          ///< sees everything but secrets and stored arguments
  auditor,         ///< a viewer who also sees stored arguments, verifies and exports the log
  approver,        ///< a viewer who also decides approvals
  policy_manager,  ///< a viewer who also changes policies and reviews tools
  admin,           ///< everything
};
inline constexpr Role kAllRoles[] = {Role::viewer, Role::auditor, Role::approver, Role::policy_manager, Role::admin};
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view name);

/// A set of roles.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) bits_ |= bit(role);
  }
  static constexpr Roles all() {
    return {Role::viewer, Role::auditor, Role::approver, Role::policy_manager, Role::admin};
  }
  constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  constexpr void add(Role role) { bits_ |= bit(role); }
  constexpr bool intersects(Roles other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const Roles&) const = default;

 private:
  static constexpr std::uint8_t bit(Role role) { return static_cast<std::uint8_t>(1u << static_cast<unsigned>(role)); }
  std::uint8_t bits_ = 0;
};
/// Names joined by `, `, in the order of Role.
std::string to_string(Roles roles);

/// Who asks the control plane for something, already authenticated.
struct Actor {
  /// Unique among all who act: `uid:1000` (the peer of the control socket), `user:alice`, `oidc:<issuer>#<subject>`,
  /// `cert:<sha256>`, `grant:<id>` (an agent, by the admin MCP server), `system` (the gateway itself).
  std::string name;
  Roles roles;
  std::vector<std::string> groups = {};  ///< of approvers that the actor belongs to
  std::string address = {};              ///< of its connection; empty: local
  /// Other names of the same person, such as an e-mail address. They only ever refuse (identity/person.h), never permit.
  std::vector<std::string> also = {};
  std::string via = {};  ///< what it came by, for the log: `session:<id>`, `token:<id>`; empty: the control socket

  /// The user of this machine, who owns the state directory: an admin. Its login name is one of `also`.
  static Actor local(std::uint32_t uid);
};

}  // namespace doorward::identity
