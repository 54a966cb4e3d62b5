#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approval/test_support.h"

namespace doorward::approval {
namespace {

using identity::Actor;
using identity::Role;
using store::ApprovalState;

ErrorKind refusal(const Result<Details>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorKind::invalid : result.error().kind;
}

TEST(Decide, T303_WhoAsksDoesNotApprove) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  EXPECT_EQ(refusal(bench.approve(request, Bench::person("alice"))), ErrorKind::denied);
  Actor other_name = Bench::person("al");
  other_name.also = {"Alice"};
  EXPECT_EQ(refusal(bench.approve(request, other_name)), ErrorKind::denied);
  Actor local = Actor::local(4'000'000'001);
  local.also = {"alice"};
  EXPECT_EQ(refusal(bench.approve(request, local)), ErrorKind::denied);
  Actor admin = Bench::person("alice");
  admin.roles = identity::Roles::all();
  EXPECT_EQ(refusal(bench.approve(request, admin)), ErrorKind::denied);
  EXPECT_EQ(bench.desk().show(request, false)->request.state, ApprovalState::pending);
  EXPECT_TRUE(bench.deny(request, "changed my mind", Bench::person("alice"))) << "saying no is everybody's right";
}

TEST(Decide, T303_TheCallersOwnIdentityDoesNotApprove) {
  Bench bench;
  Ask ask = bench.make("dec_0");
  ask.binding.identity = "oidc:https://idp.example#7";
  std::string request;
  bench.desk().ask(std::move(ask), bench.loop(), [&](Answer answer) { request = answer.request; });
  bench.turn([&] { return !request.empty(); });
  Actor same = Bench::person("x");
  same.name = "oidc:https://idp.example#7";
  EXPECT_EQ(refusal(bench.approve(request, same)), ErrorKind::denied);
  same.name = "oidc:https://idp.example#8";
  EXPECT_TRUE(bench.approve(request, same));
}

TEST(Decide, T303_AnAgentsCredentialNeverDecides) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  for (const char* name : {"grant:g-1", "grant:g-2", "system"}) {
    Actor agent = Bench::person("x");
    agent.name = name;
    agent.roles = identity::Roles::all();
    EXPECT_EQ(refusal(bench.approve(request, agent)), ErrorKind::denied) << name;
    EXPECT_EQ(refusal(bench.deny(request, "", agent)), ErrorKind::denied) << name;
  }
}

TEST(Decide, T303_WhoLostTheRoleOrIsOfAnotherGroupDoesNotDecide) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  Actor without = Bench::person("bo");
  without.roles = {Role::viewer, Role::auditor, Role::policy_manager};
  EXPECT_EQ(refusal(bench.approve(request, without)), ErrorKind::denied);
  EXPECT_EQ(refusal(bench.approve(request, Bench::person("cy", {"ops"}))), ErrorKind::denied);
  EXPECT_EQ(refusal(bench.deny(request, "", Bench::person("cy", {"ops"}))), ErrorKind::denied);
  Actor admin = Bench::person("dee", {});
  admin.roles = {Role::admin};
  EXPECT_EQ(refusal(bench.approve(request, admin)), ErrorKind::denied) << "an admin is no member of every group";
  EXPECT_EQ(refusal(bench.approve(request, Bench::person("eve", {"Payments"}))), ErrorKind::denied);
  EXPECT_TRUE(bench.approve(request, Bench::person("payments", {}))) << "people can be named, too";
}

TEST(Decide, TheUserOfThisMachineCountsAsAMemberOfAllGroups) {
  Bench bench;
  const std::string request = bench.ask("dec_0", {.groups = {{.approvers = {"a"}}, {.approvers = {"b"}}}}).request;
  ASSERT_TRUE(bench.approve(request, Actor::local(4'000'000'001)));
  EXPECT_EQ(bench.ask("dec_0").standing, Standing::granted);
}

TEST(Decide, EveryGroupMustAgree) {
  Bench bench;
  const std::string request =
      bench.ask("dec_0", {.groups = {{.approvers = {"payments"}}, {.approvers = {"legal", "board"}}}}).request;
  const auto first = bench.approve(request);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->request.state, ApprovalState::pending);
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::waiting);
  const auto second = bench.approve(request, Bench::person("lee", {"board"}));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->request.state, ApprovalState::approved);
  EXPECT_EQ(second->request.decided_by, "user:bo, user:lee");
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::granted);
}

TEST(Decide, TwoApprovalsAreOfTwoPeople) {
  Bench bench;
  const std::string request = bench.ask("dec_0", {.groups = {{.approvers = {"payments"}, .approvals = 2}}}).request;
  Actor bo = Bench::person("bo");
  bo.also = {"bo@example.org"};
  ASSERT_TRUE(bench.approve(request, bo));
  EXPECT_EQ(refusal(bench.approve(request, bo)), ErrorKind::conflict);
  Actor again = Bench::person("x");
  again.name = "oidc:https://idp.example#12";
  again.also = {"Bo@Example.org"};
  EXPECT_EQ(refusal(bench.approve(request, again)), ErrorKind::conflict) << "the same person by another way";
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::waiting);
  ASSERT_TRUE(bench.approve(request, Bench::person("cy")));
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::granted);
}

TEST(Decide, OneNoOutweighsTheOthers) {
  Bench bench;
  const std::string request = bench.ask("dec_0", {.groups = {{.approvers = {"payments"}, .approvals = 2}}}).request;
  ASSERT_TRUE(bench.approve(request));
  ASSERT_TRUE(bench.deny(request, "no", Bench::person("cy")));
  EXPECT_EQ(refusal(bench.approve(request, Bench::person("dee"))), ErrorKind::conflict);
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::denied);
}

TEST(Decide, TheAgentsUserConfirmsWhereARuleLets) {
  Bench bench;
  const std::string own = bench.ask("dec_0", {.groups = {{.approvers = {"payments"}, .self_confirm = true}}}).request;
  ASSERT_TRUE(bench.approve(own, Bench::person("alice", {})));
  EXPECT_EQ(bench.ask("dec_0", {.request = own}).standing, Standing::granted);
  const std::string both =
      bench.ask("dec_1", {.tool = "t", .groups = {{.approvers = {}, .self_confirm = true}, {.approvers = {"payments"}}}}).request;
  const auto confirmed = bench.approve(both, Bench::person("alice"));
  ASSERT_TRUE(confirmed);
  EXPECT_EQ(confirmed->request.state, ApprovalState::pending) << "for the other group somebody else speaks";
  ASSERT_TRUE(bench.approve(both));
}

TEST(Decide, ARuleThatNamesNobodyAsksAnyApprover) {
  Bench bench;
  const std::string request = bench.ask("dec_0", {.groups = {{}}}).request;
  EXPECT_EQ(refusal(bench.approve(request, Bench::person("alice", {}))), ErrorKind::denied) << "but the owner";
  ASSERT_TRUE(bench.approve(request, Bench::person("zoe", {})));
  EXPECT_EQ(bench.ask("dec_1", {.tool = "t", .groups = {}}).standing, Standing::refused) << "no group, no approval";
}

TEST(Decide, ForAWhileIsWhatEverybodyMustMeanAndTheShortestCounts) {
  Bench bench;
  const std::vector<Group> groups = {{.approvers = {"payments"}, .approvals = 2}};
  const std::string once = bench.ask("dec_0", {.groups = groups}).request;
  ASSERT_TRUE(bench.approve(once, Bench::person("bo"), 600));
  const auto single = bench.approve(once, Bench::person("cy"));
  ASSERT_TRUE(single);
  EXPECT_FALSE(single->request.repeats);
  const std::string many = bench.ask("dec_1", {.tool = "t", .groups = groups}).request;
  ASSERT_TRUE(bench.approve(many, Bench::person("bo"), 600));
  const auto both = bench.approve(many, Bench::person("cy"), 60);
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->request.repeats);
  EXPECT_EQ(both->request.until_us - *both->request.decided_us, 60'000'000);
}

TEST(Decide, AReasonIsShort) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  EXPECT_EQ(refusal(bench.deny(request, std::string(501, 'x'))), ErrorKind::invalid);
  EXPECT_TRUE(bench.deny(request, std::string(500, 'x')));
}

}  // namespace
}  // namespace doorward::approval
