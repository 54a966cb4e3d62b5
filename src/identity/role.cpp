#include "identity/role.h"

#include <pwd.h>

#include <array>

namespace doorward::identity {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"viewer", "auditor", "approver", "policy_manager", "admin"};

}  // namespace

std::string_view to_string(Role role) {
  return kNames[static_cast<std::size_t>(role)];
}

std::optional<Role> parse_role(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

std::string to_string(Roles roles) {
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (!roles.has(static_cast<Role>(i))) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

Actor Actor::local(std::uint32_t uid) {
  Actor actor{.name = "uid:" + std::to_string(uid), .roles = {Role::admin}};
  std::array<char, 4096> text{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, text.data(), text.size(), &found) == 0 && found != nullptr) {
    actor.also.emplace_back(found->pw_name);
  }
  return actor;
}

}  // namespace doorward::identity
