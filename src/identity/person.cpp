#include "identity/person.h"

#include <algorithm>

#include "base/text.h"

namespace doorward::identity {
namespace {

constexpr std::string_view kUser = "user:";

/// A name without the kind that local users have.
std::string_view bare(std::string_view name) {
  name = trim(name);
  return name.size() > kUser.size() && equal_ignoring_case(name.substr(0, kUser.size()), kUser) ? name.substr(kUser.size())
                                                                                       : name;
}

}  // namespace

bool same_person(const Actor& actor, std::string_view owner) {
  const std::string_view wanted = bare(owner);
  if (wanted.empty()) return false;
  return equal_ignoring_case(bare(actor.name), wanted) ||
         std::ranges::any_of(actor.also, [&](const std::string& name) { return equal_ignoring_case(bare(name), wanted); });
}

bool is_named(const Actor& actor, std::string_view approver) {
  if (approver.empty()) return false;
  return std::ranges::find(actor.groups, approver) != actor.groups.end() || actor.name == approver ||
         (actor.name.starts_with(kUser) && std::string_view(actor.name).substr(kUser.size()) == approver);
}

}  // namespace doorward::identity
