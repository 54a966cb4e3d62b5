#include "identity/person.h"

#include <gtest/gtest.h>

namespace doorward::identity {
namespace {

TEST(Person, T303_AnOwnerIsKnownByEveryNameOfTheirs) {
  const Actor alice{.name = "user:alice", .roles = {Role::approver}, .also = {"Alice.Smith@example.org"}};
  EXPECT_TRUE(same_person(alice, "alice"));
  EXPECT_TRUE(same_person(alice, "user:alice"));
  EXPECT_TRUE(same_person(alice, " ALICE "));
  EXPECT_TRUE(same_person(alice, "alice.smith@example.org"));
  EXPECT_FALSE(same_person(alice, "bob"));
  EXPECT_FALSE(same_person(alice, "alic"));
  EXPECT_FALSE(same_person(alice, "alice2"));
}

TEST(Person, AnEmptyOwnerIsNobody) {
  EXPECT_FALSE(same_person({.name = "user:", .roles = {}, .also = {""}}, ""));
  EXPECT_FALSE(same_person({.name = "", .roles = {}}, "  "));
}

TEST(Person, OneOfAnIssuerIsKnownByIssuerAndSubjectTogether) {
  const Actor someone{.name = "oidc:https://idp.example#7", .roles = {}, .also = {"bo@example.org"}};
  EXPECT_TRUE(same_person(someone, "oidc:https://idp.example#7"));
  EXPECT_TRUE(same_person(someone, "BO@example.org"));
  EXPECT_FALSE(same_person(someone, "oidc:https://other.example#7"));
  EXPECT_FALSE(same_person(someone, "7"));
}

TEST(Person, ApproversAreNamedExactlyAndNeverByAnotherName) {
  const Actor alice{
      .name = "user:alice", .roles = {Role::approver}, .groups = {"finance"}, .also = {"alice@example.org"}};
  EXPECT_TRUE(is_named(alice, "finance"));
  EXPECT_TRUE(is_named(alice, "alice"));
  EXPECT_TRUE(is_named(alice, "user:alice"));
  EXPECT_FALSE(is_named(alice, "Finance"));
  EXPECT_FALSE(is_named(alice, "ALICE"));
  EXPECT_FALSE(is_named(alice, "alice@example.org"));
  EXPECT_FALSE(is_named(alice, ""));
}

}  // namespace
}  // namespace doorward::identity
