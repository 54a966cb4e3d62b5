#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace doorward {
namespace {

TEST(Ids, UuidsAreVersionFourAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = make_uuid();
    ASSERT_TRUE(is_uuid(id)) << id;
    ASSERT_EQ(id[14], '4');
    ASSERT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
    ASSERT_TRUE(seen.insert(id).second);
  }
}

TEST(Ids, OnlyTheCanonicalSpellingIsAUuid) {
  EXPECT_TRUE(is_uuid("01890f3e-7c1a-7def-8abc-0123456789ab"));
  for (std::string_view text :
       {"", "01890F3E-7C1A-7DEF-8ABC-0123456789AB", "01890f3e7c1a7def8abc0123456789ab",
        "01890f3e-7c1a-7def-8abc-0123456789a", "01890f3e-7c1a-7def-8abc-0123456789abc",
        "{1890f3e-7c1a-7def-8abc-0123456789a}", "01890f3e-7c1a-7def-8abc-0123456789ag",
        "01890f3e-7c1a-7def-8abc_0123456789ab"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

TEST(Ids, DecisionIdsHaveTheirFormAndDoNotRepeat) {
  DecisionIds ids;
  DecisionIds others;
  std::set<std::string> seen;
  for (int i = 0; i < 2'000; ++i) {  // several pages of the pool
    for (DecisionIds* source : {&ids, &others}) {
      const DecisionId id = source->next();
      ASSERT_EQ(id.view().size(), 20u);
      ASSERT_TRUE(id.view().starts_with("dec_"));
      ASSERT_EQ(id.view().substr(4).find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz"),
                std::string_view::npos);
      ASSERT_TRUE(seen.emplace(id.view()).second);
    }
  }
}

}  // namespace
}  // namespace doorward
