#include "identity/claim_rule.h"

#include <gtest/gtest.h>

#include "identity/grant_table.h"

namespace doorward::identity {
namespace {

std::shared_ptr<const Subject> subject(const std::string& claims, const std::string& issuer = "https://idp",
                                       const std::string& name = "alice") {
  auto made = std::make_shared<Subject>();
  made->issuer = issuer;
  made->subject = name;
  made->credential = "jwt";
  made->claims = Claims::read(claims);
  return made;
}

bool matches(const std::string& claim, const std::string& value, const std::string& claims) {
  return SubjectRule{.issuer = "https://idp", .claims = {{claim, value}}}.matches(*subject(claims));
}

TEST(SubjectRule, AClaimIsTheValueOrAnArrayWithIt) {
  EXPECT_TRUE(matches("groups", "payments", R"({"groups":"payments"})"));
  EXPECT_TRUE(matches("groups", "payments", R"({"groups":["a","payments"]})"));
  EXPECT_FALSE(matches("groups", "payments", R"({"groups":"payments-read"})"));
  EXPECT_FALSE(matches("groups", "payments", R"({"groups":"a payments"})"));
  EXPECT_FALSE(matches("groups", "payments", R"({"groups":[["payments"]]})"));
  EXPECT_FALSE(matches("groups", "payments", R"({"groups":{"payments":true}})"));
  EXPECT_FALSE(matches("groups", "payments", R"({"Groups":"payments"})"));
  EXPECT_FALSE(matches("groups", "payments", "{}"));
  EXPECT_FALSE(matches("level", "3", R"({"level":3})"));
  EXPECT_FALSE(matches("groups", "", R"({"groups":null})"));
}

TEST(SubjectRule, APointerReachesClaimsInsideClaims) {
  const std::string claims = R"({"realm":{"roles":["x","admin"]},"https://a.b/c":"d","a.b":"e","q/r":{"~":"f"}})";
  EXPECT_TRUE(matches("/realm/roles", "admin", claims));
  EXPECT_TRUE(matches("/realm/roles/1", "admin", claims));
  EXPECT_FALSE(matches("/realm/roles/0", "admin", claims));
  EXPECT_TRUE(matches("https://a.b/c", "d", claims));
  EXPECT_TRUE(matches("a.b", "e", claims));
  EXPECT_TRUE(matches("/q~1r/~0", "f", claims));
  EXPECT_FALSE(matches("/realm/none/roles", "admin", claims));
}

TEST(SubjectRule, EveryClaimAndTheIssuerMustMatch) {
  SubjectRule rule{.issuer = "https://idp", .claims = {{"a", "1"}, {"b", "2"}}};
  EXPECT_TRUE(rule.matches(*subject(R"({"a":"1","b":"2"})")));
  EXPECT_FALSE(rule.matches(*subject(R"({"a":"1"})")));
  EXPECT_FALSE(rule.matches(*subject(R"({"a":"1","b":"2"})", "https://idp/")));
  rule.claims.clear();
  EXPECT_FALSE(rule.matches(*subject("{}")));
  EXPECT_FALSE(SubjectRule{}.matches(*subject("{}", "")));
}

TEST(SubjectRule, AnotherRuleHasAnotherDigest) {
  const SubjectRule one{.issuer = "https://idp", .claims = {{"a", "b"}}};
  const SubjectRule two{.issuer = "https://idp", .claims = {{"ab", ""}}};
  EXPECT_NE(one.digest(), two.digest());
  EXPECT_EQ(one.digest(), SubjectRule(one).digest());
}

TEST(ForSubject, T203_T231_EachAgentHoldsAGrantOfItsOwn) {
  Grant configured;
  configured.id = "0b3f2a52-1d7c-4a77-9a30-8f3a3f1c2d4e";
  configured.revoked = std::make_shared<std::atomic<bool>>(false);
  const auto alice = for_subject(configured, subject("{}"));
  EXPECT_EQ(alice->id, for_subject(configured, subject("{}"))->id);
  EXPECT_NE(alice->id, for_subject(configured, subject("{}", "https://other"))->id);
  EXPECT_NE(alice->id, for_subject(configured, subject("{}", "https://idp", "Alice"))->id);
  EXPECT_NE(alice->id, configured.id);
  EXPECT_EQ(alice->configured_id(), configured.id);
  EXPECT_EQ(alice->owner, "oidc:https://idp#alice");
  configured.revoked->store(true);
  EXPECT_TRUE(alice->is_revoked());
}

}  // namespace
}  // namespace doorward::identity
