#include "gateway/bundle_names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace doorward::gateway {
namespace {

BundleSettings bundle_of(BundleNames names, std::vector<std::string> prefixes) {
  BundleSettings bundle{"desk", "uuid", names, {}};
  for (std::string& prefix : prefixes) bundle.members.push_back({"server-" + prefix, "", std::move(prefix)});
  return bundle;
}

using Offered = std::vector<std::vector<std::string>>;

class NameTableTest : public ::testing::Test {
 protected:
  void make(const BundleSettings& bundle, const Offered& offered, std::string_view grant = "g") {
    table.make(bundle, offered, claims, grant, "tool");
  }
  std::string shown(std::size_t member, std::string_view own) {
    const std::string* name = table.shown(member, own);
    return name == nullptr ? "(withheld)" : *name;
  }
  std::string target(std::string_view name) {
    const NameTable::Target* found = table.find(name);
    return found == nullptr ? "(none)" : std::to_string(found->member) + ":" + found->name;
  }
  NameClaims claims;
  NameTable table;
};

TEST_F(NameTableTest, AlwaysPrefixesEveryName) {
  make(bundle_of(BundleNames::always, {"a", "b"}), {{"get", "put"}, {"get"}});
  EXPECT_EQ(shown(0, "get"), "a_get");
  EXPECT_EQ(shown(1, "get"), "b_get");
  EXPECT_EQ(target("a_put"), "0:put");
  for (const char* name : {"get", "put", "a_", "b_put", "A_get", "a_get ", "a-get", "c_get"}) {
    EXPECT_EQ(target(name), "(none)") << name;
  }
}

TEST_F(NameTableTest, OnConflictOnlyWhatTwoMembersHaveIsPrefixed) {
  make(bundle_of(BundleNames::conflict, {"a", "b"}), {{"get", "put"}, {"get", "list"}});
  EXPECT_EQ(shown(0, "get"), "a_get");
  EXPECT_EQ(shown(1, "get"), "b_get");
  EXPECT_EQ(shown(0, "put"), "put");
  EXPECT_EQ(shown(1, "list"), "list");
  EXPECT_EQ(target("get"), "(none)") << "the bare name is nobody's";
  EXPECT_EQ(target("a_put"), "(none)") << "a name is called as it is listed";
}

TEST_F(NameTableTest, NoPlainNamePassesForAPrefixedOne_T132) {
  // b publishes what a's tool would be called.
  make(bundle_of(BundleNames::conflict, {"a", "b"}), {{"status"}, {"status", "a_status"}});
  EXPECT_EQ(target("a_status"), "0:status");
  EXPECT_EQ(shown(1, "a_status"), "b_a_status");
}

TEST_F(NameTableTest, UnderNeverANameOfTwoIsOfferedByNeither_T132_T133) {
  make(bundle_of(BundleNames::never, {"a", "b"}), {{"get", "put"}, {"get"}});
  EXPECT_EQ(shown(0, "get"), "(withheld)");
  EXPECT_EQ(shown(1, "get"), "(withheld)");
  EXPECT_EQ(target("get"), "(none)");
  EXPECT_EQ(shown(0, "put"), "put");
  ASSERT_EQ(table.withheld().size(), 2u);
  EXPECT_EQ(table.withheld()[0].name, "get");
}

TEST_F(NameTableTest, ALaterNameTakesNoRouteAway_T134) {
  for (const BundleNames names : {BundleNames::never, BundleNames::conflict}) {
    const std::string grant = std::string(to_string(names));
    const BundleSettings bundle = bundle_of(names, {"a", "b"});
    make(bundle, {{}, {"status"}}, grant);
    EXPECT_EQ(target("status"), "1:status");
    // The first member, even so, comes too late; and while the second one is away the name waits for it.
    for (const Offered& offered : {Offered{{"status"}, {"status"}}, Offered{{"status"}, {}}}) {
      make(bundle, offered, grant);
      EXPECT_NE(target("status"), "0:status");
      EXPECT_EQ(shown(0, "status"), names == BundleNames::never ? "(withheld)" : "a_status");
    }
    make(bundle, {{"status"}, {"status"}}, grant);
    EXPECT_EQ(target("status"), "1:status");
    NameTable other_worker;
    other_worker.make(bundle, Offered{{"status"}, {}}, claims, grant, "tool");
    EXPECT_EQ(other_worker.find("status"), nullptr);
  }
}

TEST_F(NameTableTest, ClaimsAreOfOneGrantKindAndSettings_T156) {
  const BundleSettings bundle = bundle_of(BundleNames::never, {"a", "b"});
  make(bundle, {{}, {"status"}});
  make(bundle, {{"status"}, {}}, "another");
  EXPECT_EQ(target("status"), "0:status");
  table.make(bundle, Offered{{"status"}, {}}, claims, "g", "prompt");
  EXPECT_EQ(target("status"), "0:status");
  BundleSettings changed = bundle;
  changed.members.pop_back();
  make(changed, {{"status"}});
  EXPECT_EQ(target("status"), "0:status");
}

TEST_F(NameTableTest, ANameThatGrowsTooLongIsWithheld) {
  const BundleSettings bundle = bundle_of(BundleNames::always, {std::string(64, 'p')});
  make(bundle, {{std::string(63, 'x'), std::string(64, 'x')}});
  EXPECT_EQ(shown(0, std::string(63, 'x')).size(), 128u);
  EXPECT_EQ(shown(0, std::string(64, 'x')), "(withheld)");
  EXPECT_EQ(table.withheld().size(), 1u);
}

TEST_F(NameTableTest, PrefixesMatchByWholeBytes_T129) {
  const BundleSettings bundle = bundle_of(BundleNames::always, {"a", "ab", "a-b"});
  EXPECT_EQ(match_prefix(bundle, "ab_c_d")->member, 1u);
  EXPECT_EQ(match_prefix(bundle, "ab_c_d")->rest, "c_d");
  EXPECT_EQ(match_prefix(bundle, "a-b_x")->member, 2u);
  EXPECT_EQ(match_prefix(bundle, "a__x")->rest, "_x");
  for (const char* name : {"abc", "_x", "A_x", "a.b_x", "%61_x", " a_x", "a /_x", ""}) {
    EXPECT_FALSE(match_prefix(bundle, name)) << name;
  }
}

/// Whatever the members offer, no name means two things, and what is shown is what is found.
RC_GTEST_PROP(NameTable, NamesAreUnambiguous_T132, ()) {
  const auto word =
      rc::gen::element<std::string>("a", "b", "_a", "a_a", "a_b", "b_a", "b_a_b", "ab_b", "a__b", "ab");
  const BundleSettings bundle = bundle_of(
      *rc::gen::element(BundleNames::always, BundleNames::conflict, BundleNames::never), {"a", "b", "ab"});
  NameClaims claims;
  NameTable table;
  std::map<std::string, std::string> routes;
  for (int round = 0; round < 4; ++round) {
    Offered offered;
    for (int i = 0; i < 3; ++i) {
      const auto names = *rc::gen::container<std::vector<std::string>>(word);
      const std::set<std::string> once(names.begin(), names.end());
      offered.emplace_back(once.begin(), once.end());
    }
    table.make(bundle, offered, claims, "g", "tool");
    std::set<std::string> seen;
    for (std::size_t member = 0; member < offered.size(); ++member) {
      for (const std::string& own : offered[member]) {
        const std::string* shown = table.shown(member, own);
        if (shown == nullptr) continue;
        RC_ASSERT(seen.insert(*shown).second);
        const NameTable::Target* target = table.find(*shown);
        RC_ASSERT(target != nullptr);
        RC_ASSERT(target->member == member);
        RC_ASSERT(target->name == own);
        // What a name once meant it means for ever.
        const std::string meaning = std::to_string(member) + own;
        RC_ASSERT(routes.emplace(*shown, meaning).first->second == meaning);
      }
    }
  }
}

}  // namespace
}  // namespace doorward::gateway
