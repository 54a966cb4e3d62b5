#include "gateway/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace doorward::gateway {
namespace {

using ::testing::HasSubstr;

World::ServerSetting server(const std::string& name, const std::string& uuid = "",
                            std::vector<upstream::ActionSetting> actions = {}) {
  upstream::ServerSettings settings;
  settings.name = name;
  settings.uuid = uuid;
  settings.target = upstream::HttpTarget{};
  settings.actions = std::move(actions);
  return {std::make_shared<const upstream::ServerSettings>(std::move(settings)), {}};
}

World::GrantSetting grant(const std::string& label, const std::string& server_name,
                          std::shared_ptr<const policy::Policy> policy = nullptr) {
  auto made = std::make_shared<identity::Grant>();
  made->id = "id-of-" + label;
  made->label = label;
  made->server = server_name;
  made->token_hash = identity::hash_token(label);
  return {made, std::move(policy)};
}

std::string error_of(std::vector<World::ServerSetting> servers,
                     std::vector<World::GrantSetting> grants = {}) {
  const auto built = World::build(std::move(servers), std::move(grants));
  return built ? "built" : built.error().message;
}

std::shared_ptr<const policy::Policy> policy_with(const std::string& limits,
                                                  const std::string& zone = "UTC") {
  return doorward::testing::load_or_fail(R"({"version":"1","default":"allow","timezone":")" + zone +
                                         R"(","all_tools":{"limits":[)" + limits + "]}}");
}
std::string limit(const std::string& counter, const std::string& scope,
                  const std::string& window = "\"minute\"") {
  return R"({"counter":")" + counter + R"(","window":)" + window + R"(,"max":5,"scope":")" + scope + "\"}";
}

std::shared_ptr<const World> built(std::vector<World::ServerSetting> servers,
                                   std::vector<World::GrantSetting> grants) {
  auto world = World::build(std::move(servers), std::move(grants));
  EXPECT_TRUE(world) << (world ? "" : world.error().message);
  return world ? *world : nullptr;
}

TEST(World, AServerIsFoundByNameAndUuid) {
  const auto world =
      built({server("files", "uuid-1"), server("mail")}, {grant("a", "uuid-1"), grant("b", "mail")});
  EXPECT_EQ(world->server("files"), world->server("uuid-1"));
  EXPECT_EQ(world->grant(0).server, world->server("files"));
  EXPECT_EQ(world->grant(1).server, world->server("mail"));
  EXPECT_EQ(world->server(""), nullptr);
  EXPECT_EQ(world->server("Files"), nullptr);
  EXPECT_EQ(world->grant(0).policy, nullptr);
  EXPECT_EQ(world->grant(0).subject.label, "a");
}

TEST(World, NamesAndUuidsAreOfOneServerOnly) {
  EXPECT_THAT(error_of({server("files"), server("files")}), HasSubstr("two servers are called files"));
  EXPECT_THAT(error_of({server("a", "u"), server("b", "u")}), HasSubstr("two servers are called u"));
  EXPECT_THAT(error_of({server("a", "b"), server("b")}), HasSubstr("two servers are called b"));
  EXPECT_EQ(error_of({server("a"), server("b")}), "built");
}

TEST(World, AGrantNeedsItsServer) {
  EXPECT_THAT(error_of({server("files")}, {grant("ci-bot", "mail")}),
              ::testing::AllOf(HasSubstr("ci-bot"), HasSubstr("no server mail")));
}

World::BundleSetting bundle(const std::string& name, std::vector<std::string> members,
                            std::vector<std::shared_ptr<const policy::Policy>> policies = {}) {
  BundleSettings settings{name, "uuid-of-" + name, BundleNames::always, {}};
  for (std::string& member : members) settings.members.push_back({member, "", member});
  return {std::make_shared<const BundleSettings>(std::move(settings)), std::move(policies)};
}

TEST(World, AGrantOfABundleHasOneOfEachMember) {
  const auto first = policy_with(limit("c", "grant"));
  const auto second = policy_with(limit("c", "grant"));
  const auto world =
      World::build({server("files"), server("mail")}, {grant("a", "desk"), grant("b", "files", first)},
                   {bundle("desk", {"mail", "files"}, {second, first})});
  ASSERT_TRUE(world) << world.error().message;
  const GrantEntry& entry = (*world)->grant(0);
  EXPECT_EQ(entry.server, nullptr);
  EXPECT_EQ(entry.target(), "desk");
  EXPECT_TRUE(entry.reached_as("desk") && entry.reached_as("uuid-of-desk"));
  EXPECT_FALSE(entry.reached_as("mail") || entry.reached_as("Desk") || entry.reached_as(""));
  ASSERT_EQ(entry.members.size(), 2u);
  EXPECT_EQ(entry.members[0].server, (*world)->server("mail"));
  EXPECT_EQ(entry.members[1].policy, first);
  EXPECT_EQ(entry.members[0].subject.label, "a");
  EXPECT_NE(entry.members[0].demands.at(0).key, entry.members[1].demands.at(0).key) << "one count a server";
  EXPECT_TRUE((*world)->grant(1).reached_as("files"));
}

TEST(World, BundlesShareTheNamesOfServers_T143) {
  const auto error = [](std::vector<World::BundleSetting> bundles, const std::string& of = "files") {
    const auto world = World::build({server("files", "u")}, {grant("a", of)}, std::move(bundles));
    return world ? std::string("built") : world.error().message;
  };
  EXPECT_EQ(error({bundle("desk", {"files"})}), "built");
  EXPECT_THAT(error({bundle("files", {"files"})}), HasSubstr("are called files"));
  EXPECT_THAT(error({bundle("u", {"files"})}), HasSubstr("are called u"));
  EXPECT_THAT(error({bundle("desk", {"files"}), bundle("desk", {"files"})}), HasSubstr("are called desk"));
  EXPECT_THAT(error({bundle("desk", {"nosuch"})}), HasSubstr("no server nosuch"));
  EXPECT_THAT(error({bundle("desk", {"desk"})}), HasSubstr("no server desk")) << "a bundle is no member";
  EXPECT_THAT(error({bundle("desk", {"files"})}, "other"), HasSubstr("no server other"));
}

TEST(World, TwoGrantsWithOneTokenAreRefused) {
  auto second = grant("b", "files");
  second.grant->token_hash = identity::hash_token("a");
  EXPECT_NE(error_of({server("files")}, {grant("a", "files"), second}), "built");
}

TEST(World, ActionToolsMustBeWellFormed) {
  for (const upstream::ActionSetting& bad : {upstream::ActionSetting{"t", "action", "", {"x"}},
                                             upstream::ActionSetting{"t", "args.action", "params", {"x"}},
                                             upstream::ActionSetting{"t", "args.action", "", {}},
                                             upstream::ActionSetting{"t", "args.action", "", {"x", "x"}}}) {
    EXPECT_THAT(error_of({server("nas", "", {bad})}), ::testing::StartsWith("server nas: "));
  }
  const upstream::ActionSetting good{"t", "args.action", "args.params", {"x"}};
  EXPECT_THAT(error_of({server("nas", "", {good, good})}), ::testing::StartsWith("server nas: "));
  const auto world = built({server("nas", "", {good})}, {});
  EXPECT_EQ(world->server("nas")->actions.actions_of("t").size(), 1u);
}

TEST(World, LoggedValuesAreSplitIntoTheirSteps) {
  auto setting = server("files");
  setting.logged_values = {"pay args.customer.id", "* args.amount"};
  const auto world = built({setting}, {});
  const auto& values = world->server("files")->logged_values;
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[0].tool, "pay");
  EXPECT_EQ(values[0].path, "args.customer.id");
  EXPECT_EQ(values[0].steps, (std::vector<std::string>{"customer", "id"}));
  EXPECT_EQ(values[1].tool, "*");
  EXPECT_EQ(values[1].steps, std::vector<std::string>{"amount"});
}

TEST(World, CountsAreSharedAsTheirScopeSays_T298) {
  const auto policy =
      policy_with(limit("c", "grant") + "," + limit("s", "server") + "," + limit("o", "organisation"));
  const auto again =
      policy_with(limit("c", "grant") + "," + limit("s", "server") + "," + limit("o", "organisation"));
  const auto world =
      built({server("files", "uuid-1"), server("mail")},
            {grant("a", "files", policy), grant("b", "uuid-1", again), grant("c", "mail", policy)});
  const auto key = [&](std::size_t of, std::size_t which) { return world->grant(of).demands.at(which).key; };
  EXPECT_NE(key(0, 0), key(1, 0));
  EXPECT_NE(key(0, 0), key(2, 0));
  EXPECT_EQ(key(0, 1), key(1, 1)) << "one server, called by its name and by its UUID";
  EXPECT_NE(key(0, 1), key(2, 1));
  EXPECT_EQ(key(0, 2), key(1, 2));
  EXPECT_EQ(key(0, 2), key(2, 2));
  EXPECT_EQ(world->grant(0).demands.at(0).max, 5 * quota::kOne);
  EXPECT_EQ(world->grant(0).windows, (std::vector<std::string>{"60", "60", "60"}));
}

TEST(World, WithoutSessionOrIdentityTheGrantHolds_T298) {
  for (const char* scope : {"session", "identity"}) {
    const auto world = built({server("files")}, {grant("a", "files", policy_with(limit("c", scope))),
                                                 grant("a2", "files", policy_with(limit("c", "grant")))});
    const auto& own = world->grant(0);
    EXPECT_EQ(
        own.demands[0].key,
        demand_of(*own.policy, own.policy->limits()[0], "files", quota::HolderKind::grant, "id-of-a").key);
    EXPECT_NE(own.demands[0].key, world->grant(1).demands[0].key);
  }
}

TEST(World, NamesThatJoinToOneTextHaveKeysOfTheirOwn_T298) {
  const auto policy = policy_with(limit("c", "grant"));
  const auto& of = policy->limits()[0];
  const auto key = [&](std::string_view server_name, std::string_view holder) {
    return demand_of(*policy, of, server_name, quota::HolderKind::session, holder).key;
  };
  for (const char* joint : {":", "|", "/", "\n"}) {
    const std::string with = joint;
    EXPECT_NE(key("a" + with, "b"), key("a", with + "b")) << joint;
    EXPECT_NE(key("a" + with + "b", "c"), key("a", "b" + with + "c")) << joint;
  }
  EXPECT_NE(key("a", "b"), demand_of(*policy, of, "a", quota::HolderKind::grant, "b").key);
}

TEST(World, ABlocksOwnCounterMeetsNoNamedOne_T298) {
  const auto policy = doorward::testing::load_or_fail(
      R"({"version":"1","default":"allow","all_tools":{"limits":[)" + limit("c", "grant") + "]}}");
  policy::Limit own = policy->limits()[0];
  own.own_counter = true;
  EXPECT_NE(demand_of(*policy, own, "s", quota::HolderKind::grant, "g").key,
            demand_of(*policy, policy->limits()[0], "s", quota::HolderKind::grant, "g").key);
}

TEST(World, AWindowsTextIsReadBack) {
  for (const char* zone : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"}) {
    const auto policy =
        policy_with(limit("m", "grant") + "," + limit("h", "grant", "\"hour\"") + "," +
                        limit("n", "grant", "90") + "," + limit("d", "grant", "\"day\"") + "," +
                        limit("w", "grant", "\"week\"") + "," + limit("y", "grant", "\"month\""),
                    zone);
    const auto world = built({server("files")}, {grant("a", "files", policy)});
    const auto& entry = world->grant(0);
    const std::string at = std::string("@") + zone;
    EXPECT_EQ(entry.windows,
              (std::vector<std::string>{"60", "3600", "90", "day" + at, "week" + at, "month" + at}));
    for (std::size_t i = 0; i < entry.demands.size(); ++i) {
      const auto read = parse_window(entry.windows[i]);
      ASSERT_TRUE(read) << entry.windows[i];
      EXPECT_EQ(read->window, entry.demands[i].window);
      const bool rolling = read->window.kind == quota::Window::Kind::rolling;
      EXPECT_EQ(read->zone, rolling ? nullptr : entry.demands[i].zone);
    }
  }
}

TEST(World, OtherTextsAreNoWindows) {
  for (const char* text : {"", "0", "-60", "+60", " 60", "60 ", "1.5", "4294967296", "day", "minute", "day@",
                           "@UTC", "day@Nowhere/City", "Day@UTC", "day@UTC@UTC", "hour@UTC", "day@../UTC"}) {
    EXPECT_FALSE(parse_window(text)) << text;
  }
  EXPECT_EQ(parse_window("4294967295")->window, quota::Window::rolling(4294967295));
}

}  // namespace
}  // namespace doorward::gateway
