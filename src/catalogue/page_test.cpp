#include "catalogue/page.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "catalogue/english.h"
#include "catalogue/page_render.h"
#include "catalogue/pretty.h"
#include "catalogue/shell.h"
#include "catalogue/site.h"
#include "catalogue/visible.h"
#include "json/reader.h"

namespace doorward::catalogue {
namespace {

/// A page with a text in every place that a source's words can reach.
Document page_with(const std::string& hostile) {
  Document page;
  page.self = tool_ref("s", hostile);
  page.title = hostile;
  page.title_is_name = true;
  page.eyebrow = "Tool of " + hostile;
  page.summary = hostile;
  page.above = {{hostile, {PageKind::server, "s"}}};
  page.lead = {plain(hostile), strong(hostile), code(hostile), cited(hostile), outside(hostile, hostile)};
  page.banner = Banner{Severity::high, hostile, {plain(hostile)}, {{hostile, {code(hostile)}}}};
  using Op = Changes::Change::Op;
  Section all{"all", hostile, {}};
  const Text text{plain(hostile)};
  const Code copied{"json", hostile, hostile};
  all.blocks.emplace_back(Paragraph{text});
  all.blocks.emplace_back(Quote{hostile, hostile});
  all.blocks.emplace_back(Bullets{{Text{code_link(hostile, tool_ref("s", hostile))}}});
  all.blocks.emplace_back(Table{hostile, {hostile, hostile}, {{Text{code(hostile)}, text}}});
  all.blocks.emplace_back(copied);
  all.blocks.emplace_back(Facts{{{hostile, text}}});
  all.blocks.emplace_back(Steps{{Steps::Step{text, copied}}});
  all.blocks.emplace_back(Answers{{Answers::Answer{hostile, text, copied}}});
  all.blocks.emplace_back(Bars{hostile, {Bars::Bar{hostile, 3, Severity::low}}});
  all.blocks.emplace_back(Notice{Severity::low, text});
  all.blocks.emplace_back(Changes{{Changes::Change{Op::changed, hostile, {{Op::added, hostile}}}}});
  page.sections.push_back(std::move(all));
  return page;
}

std::string address(const PageRef& page) {
  return "/" + std::string(to_string(page.kind)) + "/" + page.id;
}

TEST(Page, DocumentIsJsonWithTheTextsAsTheyAre) {
  const std::string hostile = "<script>\"\\\xe2\x80\xae javascript:alert(2)";
  const std::string text = to_document_json(page_with(hostile));
  json::Reader reader;
  const auto root = reader.read(text);
  ASSERT_TRUE(root) << text;
  EXPECT_EQ(root->find("title").string(), hostile);
  const json::Value sections = root->find("sections");
  EXPECT_EQ(sections.at(0).find("blocks").size(), page_with("").sections.front().blocks.size());
  EXPECT_EQ(text.find("\"url\""), std::string::npos) << "an address that is none of the web is no link";
}

TEST(Page, HtmlHoldsNoMarkupOfASource) {
  const std::string html =
      to_html(page_with("<script>alert(1)</script>\" onmouseover='x' javascript:alert(2)"),
              {.address = address, .assets = "a/", .canonical = {}});
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("onmouseover='"), std::string::npos);
  EXPECT_EQ(html.find("\" onmouseover"), std::string::npos);
  EXPECT_EQ(html.find("href=\"javascript:"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(1)"), std::string::npos);
}

TEST(Page, OnlyAddressesOfTheWebAreLinked) {
  for (const char* url : {"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", " https://x",
                          "JaVaScRiPt:x", "//x"}) {
    Document page;
    page.lead = {outside("here", url)};
    EXPECT_EQ(to_html(page, {}).find("<a href=\"j"), std::string::npos) << url;
    EXPECT_EQ(to_html_body(page, {}).find("<a "), std::string::npos) << url;
    EXPECT_EQ(to_markdown(page).find("]("), std::string::npos) << url;
  }
  Document page;
  page.lead = {outside("here", "https://example.com/?a=\"b\"")};
  EXPECT_NE(to_html_body(page, {}).find("<a href=\"https://example.com/?a=&quot;b&quot;\""),
            std::string::npos);
}

TEST(Page, MarkdownHoldsNoMarkupOfASource) {
  const std::string hostile =
      "[x](javascript:alert(1)) <b>bold</b> `tick` | cell *star*\n# head\n- item\n1. one";
  Document page;
  page.title = hostile;
  page.lead = {plain(hostile), strong(hostile), cited(hostile)};
  page.sections.push_back(
      {"s", hostile, {Table{hostile, {hostile}, {{Text{plain(hostile)}}}}, Quote{hostile, hostile}}});
  const std::string text = to_markdown(page);
  for (const char* markup : {"[x](", "<b>", " `tick", " | cell", " *star", "\n# head", "\n- item"}) {
    EXPECT_EQ(text.find(markup), std::string::npos) << markup << "\n" << text;
  }
}

TEST(Page, MarkdownFencesAreLongerThanThoseInTheText) {
  Document page;
  page.sections = {{"a", "A", {Code{"json", "", "````\n# out"}}}};
  EXPECT_NE(to_markdown(page).find("`````json\n````\n# out\n`````\n"), std::string::npos);
}

TEST(Page, NamesStayReadableInMarkdown) {
  Document page;
  page.lead = {plain("delete_api_key _x_ a@b.c")};
  EXPECT_NE(to_markdown(page).find("delete_api_key \\_x\\_ a\\@b.c"), std::string::npos);
}

TEST(Page, ATerminalIsToldNothingByASource) {
  const std::string text =
      to_terminal(page_with("a\x1b[31mred\x07\r\nnext\xE2\x80\xAEtxet"), {.width = 60, .color = true});
  std::string rest = text;
  for (std::size_t at = rest.find('\x1b'); at != std::string::npos; at = rest.find('\x1b', at + 1)) {
    // Ours are the only sequences: SGR that ends in m, and never what the source asked for.
    EXPECT_EQ(rest[at + 1], '[');
  }
  EXPECT_EQ(text.find("\x1b[31mred"), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_NE(text.find("<U+202E>"), std::string::npos);
  EXPECT_EQ(to_terminal(page_with("x"), {.width = 60, .color = false}).find('\x1b'), std::string::npos);
}

TEST(Page, LinesFitTheTerminal) {
  Document page;
  page.lead = {plain(std::string(400, 'a') + " "),
               plain("many words that have to be broken into lines of which none is longer than it may be")};
  page.sections = {
      {"t",
       "T",
       {Table{"c",
              {"Name", "What"},
              {{{code("a_name")}, {plain("words and words and words and words and words and words")}}}}}}};
  const std::string text = to_terminal(page, {.width = 44, .color = false});
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    if (line.find("aaaa") == std::string::npos) {
      EXPECT_LE(line.size(), 44u) << line;
    }
    begin = end + 1;
  }
}

RC_GTEST_PROP(Page, NoBytesBreakARenderer, (const std::string& any)) {
  const Document page = page_with(any);
  const std::string html = to_html_body(page, address);
  RC_ASSERT(html.find("<script") == std::string::npos);
  to_markdown(page, address);
  const std::string text = to_terminal(page, {.width = 50, .color = false});
  RC_ASSERT(text.find('\x1b') == std::string::npos);
}

TEST(Page, ADocumentWithoutAssetsAllowsItsOwnStyleByHash) {
  Document page;
  page.title = "x";
  const std::string html = to_html(page, {});
  EXPECT_NE(html.find("style-src 'sha256-"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("url("), std::string::npos);
}

TEST(Visible, WhatIsNotSeenIsMarked) {
  EXPECT_EQ(visible("a\xE2\x80\xAE"
                    "b\xE2\x80\x8B"
                    "c"),
            "a<U+202E>b<U+200B>c");
  EXPECT_EQ(visible("a\x80z"), "a<byte 80>z");
  EXPECT_EQ(visible("tab\tline\nnext"), "tab\tline\nnext");
  EXPECT_EQ(visible("win\r\nnext"), "win\nnext");
  EXPECT_EQ(visible("lone\rcr"), "lone<U+000D>cr");
  EXPECT_EQ(visible("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"),
            "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB");  // an emoji of two
  EXPECT_EQ(visible("a\xE2\x80\x8D"
                    "b"),
            "a<U+200D>b");
  EXPECT_EQ(visible("\xF3\xA0\x81\x81"), "<U+E0041>");
}

TEST(English, CountsAgreeWithTheirNouns) {
  EXPECT_EQ(counted(0, "tool"), "no tools");
  EXPECT_EQ(counted(1, "tool"), "1 tool");
  EXPECT_EQ(counted(1863, "tool"), "1,863 tools");
  EXPECT_EQ(counted(2, "entry", "entries"), "2 entries");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(listed(std::vector<std::string>{"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(percent_of(1, 8), "12.5 %");
  EXPECT_EQ(percent_of(1, 100000), "less than 0.1 %");
  EXPECT_EQ(percent_of(0, 0), "0 %");
  EXPECT_EQ(day_of(1763784000000000), "22 November 2025");
}

TEST(English, SentencesEndWhereTheyEnd) {
  EXPECT_EQ(sentences_of("Read it, e.g. by id. Then v1.2 of it! \n- One item\n- Two items"),
            (std::vector<std::string>{"Read it, e.g. by id.", "Then v1.2 of it!", "One item", "Two items"}));
  EXPECT_TRUE(sentences_of(" \n ").empty());
  EXPECT_EQ(sentences_of("a. b. c. d.", 2).size(), 2u);
}

TEST(English, ATextIsCutBetweenItsCharacters) {
  EXPECT_EQ(shortened("one two three", 9), "one two …");
  EXPECT_EQ(shortened("one", 9), "one");
  EXPECT_EQ(shortened("\xE6\x96\x87\xE6\x96\x87\xE6\x96\x87", 4), "\xE6\x96\x87 …");
}

TEST(Pretty, ShortThingsStayOnALine) {
  EXPECT_EQ(pretty(R"({"version":"1","default":"deny","hide":["x"]})"),
            R"({"version": "1", "default": "deny", "hide": ["x"]})");
  EXPECT_EQ(pretty(R"({"tools":{"x":{"limits":[]}}})"),
            "{\n  \"tools\": {\n    \"x\": {\"limits\": []}\n  }\n}");
  EXPECT_EQ(pretty("no json"), "no json");
}

TEST(Shell, AWordMeansItsBytes) {
  EXPECT_EQ(shell_word("delete_api_key"), "delete_api_key");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("$(rm -rf /)"), "'$(rm -rf /)'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("-rf"), "'-rf'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Site, NamesOfFilesArePlainAndDiffer) {
  EXPECT_EQ(site_path(tool_ref("s", "delete_api_key")), "servers/s/delete_api_key.html");
  const std::string up = site_path(tool_ref("s", "../../etc/passwd"));
  EXPECT_EQ(up.find(".."), std::string::npos);
  EXPECT_NE(site_path(tool_ref("s", "Get")), site_path(tool_ref("s", "get")));
  EXPECT_NE(site_path(tool_ref("s", "a/b")), site_path(tool_ref("s", "a-b")));
  EXPECT_EQ(site_path({PageKind::attack, ""}), "attacks/index.html");
}

}  // namespace
}  // namespace doorward::catalogue
