#include "risk/words.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace doorward::risk {
namespace {

std::string joined(const Words& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : " ") + std::string(words[i]);
  return text;
}

TEST(Words, NamesEndWordsAtSeparatorsAndChangesOfCase) {
  const std::vector<std::pair<std::string_view, std::string_view>> names = {
      {"delete_user", "delete user"},   {"delete-user", "delete user"},     {"deleteUser", "delete user"},
      {"DeleteUser", "delete user"},    {"users.delete", "users delete"},   {"HTTPDelete", "http delete"},
      {"DELETE_USER", "delete user"},   {"listDAGs", "list dags"},          {"get2FA", "get2 fa"},
      {"s3_get_object", "s3 get object"}, {"ec2StopInstances", "ec2 stop instances"}, {"", ""}, {"__", ""},
      {"a__b", "a b"},                  {"\xe5\x88\xa0\xe9\x99\xa4_user", "\xe5\x88\xa0\xe9\x99\xa4 user"},
      {"listIDs", "list ids"},          {"getURLStatus", "get url status"}};
  for (const auto& [name, words] : names) EXPECT_EQ(joined(Words::of_name(name)), words) << name;
}

TEST(Words, ProseKeepsCaseChangesTogetherAndKnowsWhereWordsStood) {
  const Words words = Words::of_prose("Read-only: GitHub's API.\n\nDeletes nothing");
  EXPECT_EQ(joined(words), "read only github s api deletes nothing");
  EXPECT_EQ(words.gap(0), "");
  EXPECT_EQ(words.gap(1), "-");
  EXPECT_EQ(words.gap(5), ".\n\n");
  EXPECT_EQ(words.begin_of(2), 11U);
  EXPECT_EQ(words.end_of(2), 17U);
  EXPECT_TRUE(words.has("api"));
  EXPECT_FALSE(words.has("ap"));
  EXPECT_EQ(words.find("deletes nothing"), 5U);
  EXPECT_EQ(words.find("nothing deletes"), words.size());
  EXPECT_EQ(words.find(""), words.size());
}

TEST(Words, BoundsWhatIsRead) {
  EXPECT_EQ(joined(Words::of_name(std::string(1000, 'a'), 3)), "aaa");
  EXPECT_EQ(joined(Words::of_prose("one two three", 7)), "one two");
}

TEST(Words, Singulars) {
  const std::vector<std::pair<std::string_view, std::string_view>> nouns = {
      {"keys", "key"},       {"policies", "policy"}, {"branches", "branch"}, {"status", "status"}, {"access", "access"},
      {"addresses", "address"}, {"secrets", "secret"}, {"dns", "dns"}, {"caches", "cache"}, {"user", "user"},
      {"boxes", "box"}, {"analysis", "analysis"}, {"databases", "database"}, {"pies", "pie"}};
  for (const auto& [many, one] : nouns) EXPECT_EQ(singular(many), one);
}

TEST(Words, FormsOfVerbs) {
  const auto check = [](std::string_view verb, std::string_view third, std::string_view gerund, std::string_view past) {
    const VerbForms forms = forms_of(verb);
    EXPECT_EQ(forms.third, third);
    EXPECT_EQ(forms.gerund, gerund);
    EXPECT_EQ(forms.past, past);
  };
  check("delete", "deletes", "deleting", "deleted");
  check("copy", "copies", "copying", "copied");
  check("deploy", "deploys", "deploying", "deployed");
  check("fetch", "fetches", "fetching", "fetched");
  check("stop", "stops", "stopping", "stopped");
  check("free", "frees", "freeing", "freed");
  check("kill", "kills", "killing", "killed");
}

}  // namespace
}  // namespace doorward::risk
