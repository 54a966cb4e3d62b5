#include "identity/role_map.h"

#include <gtest/gtest.h>

namespace doorward::identity {
namespace {

TEST(RoleMap, GroupsGiveRolesByExactName) {
  const RoleMap map{.roles = {{"gw-admins", Role::admin}, {"staff", Role::viewer}, {"sec", Role::viewer}},
                    .approver_groups = {{"cfo", "finance"}, {"controllers", "finance"}}};
  Actor actor;
  map.apply({"staff", "cfo", "controllers"}, actor);
  EXPECT_EQ(actor.roles, Roles{Role::viewer});
  EXPECT_EQ(actor.groups, std::vector<std::string>{"finance"});
  for (const char* near : {"GW-admins", "gw-admin", "gw-admins ", "gw-adminss", ""}) {
    Actor other;
    map.apply({near}, other);
    EXPECT_TRUE(other.roles.empty()) << near;
  }
}

}  // namespace
}  // namespace doorward::identity
