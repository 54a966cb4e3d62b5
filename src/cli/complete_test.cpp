// What the shell is offered for a line, from a tree of commands and names that a gateway would have.
#include "cli/complete.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

#include "cli/man_page.h"

namespace doorward::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CompleteTest : public ::testing::Test {
 protected:
  CompleteTest() {
    app.fallthrough();
    app.add_option("--state", state, "State directory")->type_name("DIR");
    app.add_flag("--json", json, "Print data as JSON");
    CLI::App* grant = app.add_subcommand("grant", "Grants");
    grant->require_subcommand(1);
    CLI::App* create = grant->add_subcommand("create", "Make one");
    create->add_option("label", text, "What people call it")->required();
    create->add_option("--server", text, "Its server")->type_name("NAME");
    create->add_option("--mode", text, "How")->type_name("auto|legacy");
    create->add_option("--posture", text, "What")->check(CLI::IsMember({"strict", "loose"}));
    CLI::App* call = app.add_subcommand("call", "Call a tool");
    call->add_option("server", text, "Server")->required();
    call->add_option("tool", text, "Tool")->required();
    call->add_option("--args", text, "Arguments")->type_name("JSON|@FILE");
    app.add_subcommand("groom", "Else");
  }

  std::vector<std::string> words(const std::vector<std::string>& line) {
    last = complete(app, line, [](std::string_view kind, std::string_view server) -> std::vector<Candidate> {
      if (kind == "tool") return {{"tool-of-" + std::string(server), "Read"}};
      return {{std::string(kind) + "-1", ""}, {"other", ""}};
    });
    std::vector<std::string> found;
    for (const Candidate& each : last.candidates) found.push_back(each.word);
    return found;
  }

  CLI::App app{"A program", "doorward"};
  std::string state, text;
  bool json = false;
  Completion last;
};

TEST_F(CompleteTest, Commands) {
  EXPECT_THAT(words({}), ElementsAre("grant", "call", "groom"));
  EXPECT_THAT(words({"gr"}), ElementsAre("grant", "groom"));
  EXPECT_THAT(words({"grant", ""}), ElementsAre("create"));
  EXPECT_THAT(words({"--json", "--state", "x", "gra"}), ElementsAre("grant"));
  EXPECT_THAT(words({"nothing", "gr"}), ElementsAre("grant", "groom"));
}

TEST_F(CompleteTest, OptionsOfTheCommandAndThoseAboveIt) {
  EXPECT_THAT(words({"grant", "create", "--"}),
              ElementsAre("--help", "--server", "--mode", "--posture", "--state", "--json"));
  EXPECT_THAT(words({"grant", "create", "--s"}), ElementsAre("--server", "--state"));
}

TEST_F(CompleteTest, ValuesLiveFixedAndOfFiles) {
  EXPECT_THAT(words({"grant", "create", "--server", "server"}), ElementsAre("server-1"));
  EXPECT_THAT(words({"grant", "create", "--server=o"}), ElementsAre("--server=other"));
  EXPECT_THAT(words({"grant", "create", "--mode", ""}), ElementsAre("auto", "legacy"));
  EXPECT_THAT(words({"grant", "create", "--posture", "s"}), ElementsAre("strict"));
  EXPECT_THAT(words({"grant", "create", "g"}), ElementsAre("grant-1"));
  EXPECT_THAT(words({"--state", ""}), IsEmpty());
  EXPECT_TRUE(last.folders);
  EXPECT_THAT(words({"call", "--args", ""}), IsEmpty());
  EXPECT_TRUE(last.files);
  EXPECT_THAT(words({"call", "--", ""}), IsEmpty());
}

TEST_F(CompleteTest, ArgumentsByTheirPlaceAndWhatStandsBefore) {
  EXPECT_THAT(words({"call", "s"}), ElementsAre("server-1"));
  EXPECT_THAT(words({"call", "notes", ""}), ElementsAre("tool-of-notes"));
  EXPECT_THAT(words({"call", "notes", "t", "tool"}), IsEmpty());
}

TEST_F(CompleteTest, PagesHaveEveryCommandAndNoStrayMacro) {
  app.get_subcommand("groom")->description(".TH breaks -- out\\fB");
  const std::vector<ManPage> pages = man_pages(app);
  ASSERT_EQ(pages.size(), 4u);
  EXPECT_EQ(pages[1].name, "doorward-grant");
  EXPECT_THAT(pages[1].roff, HasSubstr(".SS doorward grant create"));
  EXPECT_THAT(pages[1].roff, HasSubstr("\\fI{strict,loose}\\fR"));
  EXPECT_THAT(pages[3].roff, HasSubstr("\\&.TH breaks \\-\\- out\\efB"));
}

}  // namespace
}  // namespace doorward::cli
