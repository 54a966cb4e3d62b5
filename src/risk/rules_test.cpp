// Every rule has an example: those of words are made from their rows, the others stand in kExamples.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "json/reader.h"
#include "risk/category.h"
#include "risk/vocabulary.h"

namespace doorward::risk {
namespace {

struct Example {
  std::string_view rule;
  Category category;
  std::string_view tool;  ///< JSON
};

constexpr Example kExamples[] = {
    // Together.
    {"together.money", Category::financial, R"({"name":"create_payment"})"},
    {"together.commitment", Category::financial,
     R"({"name":"create_invoice","description":"Create an invoice for a customer"})"},
    {"together.order", Category::financial, R"({"name":"place_order"})"},
    {"together.trading-order", Category::financial,
     R"({"name":"create_order","description":"Create a limit order on a crypto exchange"})"},
    {"together.coin", Category::financial,
     R"({"name":"transfer_tokens","description":"Send tokens from your wallet to a bitcoin address"})"},
    {"together.media", Category::execute, R"({"name":"generate_image"})"},
    {"together.process", Category::execute, R"({"name":"cancel_job"})"},
    {"together.code", Category::execute, R"({"name":"query_sql"})"},
    {"together.ticket", Category::write, R"({"name":"resolve_thread"})"},
    {"together.volume", Category::destructive, R"({"name":"format_disk"})"},
    {"together.open-record", Category::read, R"({"name":"open_nodes"})"},
    {"together.clean-text", Category::read, R"({"name":"clean_html","description":"Clean HTML of its tags"})"},
    {"together.convert-record", Category::write, R"({"name":"convert_issue"})"},
    {"together.order-goods", Category::financial, R"({"name":"order_pizza"})"},
    {"together.fund", Category::financial, R"({"name":"fund_wallet"})"},
    {"together.swap-coin", Category::financial, R"({"name":"swap_tokens"})"},
    // Phrases.
    {"phrase.no-undo", Category::destructive,
     R"({"name":"merge_records","description":"Merge two records. This cannot be undone."})"},
    {"phrase.no-undo-2", Category::destructive,
     R"({"name":"merge_records","description":"Merge two records. This can't be reversed."})"},
    {"phrase.no-undo-3", Category::destructive,
     R"({"name":"merge_records","description":"Merge two records. There is always one way, with no undo."})"},
    {"phrase.irreversible", Category::destructive,
     R"({"name":"transfer_ownership","description":"Hand a repository over. Irreversible!"})"},
    {"phrase.permanently", Category::destructive,
     R"({"name":"close_account","description":"Close an account. Its files are kept a week, then we permanently delete them."})"},
    {"phrase.permanent", Category::destructive,
     R"({"name":"close_account","description":"Close an account. Leads to permanent deletion of its files."})"},
    {"phrase.destructive", Category::destructive,
     R"({"name":"move_zone","description":"Move a zone. A destructive operation."})"},
    {"phrase.is-destructive", Category::destructive,
     R"({"name":"move_zone","description":"Move a zone. It is destructive."})"},
    {"phrase.data-loss", Category::destructive,
     R"({"name":"resize_volume","description":"Resize a volume. May cause data loss."})"},
    {"phrase.will-be-lost", Category::destructive,
     R"({"name":"switch_branch","description":"Switch to a branch. Local changes will be lost."})"},
    {"phrase.discarding", Category::destructive,
     R"({"name":"switch_branch","description":"Switch to a branch, discarding any changes."})"},
    {"phrase.read-only", Category::read, R"({"name":"zebra","description":"A read-only zebra"})"},
    {"phrase.readonly", Category::read, R"({"name":"zebra","description":"A readonly zebra"})"},
    {"phrase.changes-nothing", Category::read,
     R"({"name":"zebra","description":"It does not modify zebras"})"},
    {"phrase.no-side-effects", Category::read,
     R"({"name":"zebra","description":"Zebra with no side effects"})"},
    {"phrase.never-modifies", Category::read,
     R"({"name":"zebra","description":"A zebra that never modifies yaks"})"},
    {"phrase.without-modifying", Category::read,
     R"({"name":"zebra","description":"A zebra without modifying yaks"})"},
    {"phrase.any-api", Category::execute, R"({"name":"zebra","description":"Zebra for any API endpoint"})"},
    {"phrase.arbitrary", Category::execute, R"({"name":"zebra","description":"Zebra of arbitrary code"})"},
    {"phrase.escape-hatch", Category::execute,
     R"({"name":"zebra","description":"This is an escape hatch for uncommon cases"})"},
    {"phrase.execute-command", Category::execute,
     R"({"name":"zebra","description":"Zebras that run commands"})"},
    {"phrase.execute-a-command", Category::execute,
     R"({"name":"zebra","description":"Zebras execute a command"})"},
    {"phrase.http-request", Category::execute,
     R"({"name":"zebra","description":"Make an HTTP request to a host"})"},
    {"phrase.http-requests", Category::execute,
     R"({"name":"zebra","description":"Zebras make HTTP requests"})"},
    {"phrase.proxy-requests", Category::execute, R"({"name":"zebra","description":"Zebras proxy requests"})"},
    {"phrase.changing-request", Category::execute,
     R"({"name":"zebra","description":"Perform an HTTP POST request"})"},
    {"phrase.authenticated-request", Category::execute,
     R"({"name":"zebra","description":"An authenticated HTTP request"})"},
    {"phrase.raw-api", Category::execute, R"({"name":"zebra","description":"Raw API call to the zebra"})"},
    {"phrase.shell-command", Category::execute, R"({"name":"zebra","description":"Some shell command"})"},
    {"phrase.load-into", Category::write,
     R"({"name":"load_sample","description":"Load a sample into the cluster"})"},
    // Requests that a description spells.
    {"method.get", Category::read, R"({"name":"zebra","description":"GET /v1/zebras"})"},
    {"method.head", Category::read, R"({"name":"zebra","description":"HEAD /v1/zebras"})"},
    {"method.post", Category::write, R"({"name":"zebra","description":"POST /v1/zebras"})"},
    {"method.put", Category::write, R"({"name":"zebra","description":"PUT /v1/zebras/{id}"})"},
    {"method.patch", Category::write, R"({"name":"zebra","description":"PATCH /v1/zebras/{id}"})"},
    {"method.delete", Category::destructive, R"({"name":"zebra","description":"DELETE /v1/zebras/{id}"})"},
    // Parameters.
    {"parameter.cmd", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"cmd":{"type":"string"}}}})"},
    {"parameter.code", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"code":{"type":"string"}}}})"},
    {"parameter.command", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"command":{"type":"string"}}}})"},
    {"parameter.commands", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"commands":{"type":"string"}}}})"},
    {"parameter.javascript", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"javascript":{"type":"string"}}}})"},
    {"parameter.python_code", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"pythonCode":{"type":"string"}}}})"},
    {"parameter.script", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"script":{"type":"string"}}}})"},
    {"parameter.shell_command", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"shell_command":{"type":"string"}}}})"},
    {"parameter.sql", Category::execute,
     R"({"name":"query","inputSchema":{"properties":{"sql":{"type":"string"}}}})"},
    {"parameter.sql_query", Category::execute,
     R"({"name":"query","inputSchema":{"properties":{"sql_query":{"type":"string"}}}})"},
    {"parameter.statement", Category::execute,
     R"({"name":"zebra","inputSchema":{"properties":{"statement":{"type":"string"}}}})"},
    // What no table says.
    {"schema.action", Category::destructive,
     R"({"name":"manage_zebra","inputSchema":{"properties":{"action":{"enum":["list","create","delete"]}}}})"},
    {"noun.question", Category::read, R"({"name":"is_deleted"})"},
    {"annotation.readOnlyHint.false", Category::write,
     R"({"name":"get_zebra","annotations":{"readOnlyHint":false}})"},
    {"annotation.readOnlyHint.true", Category::read,
     R"({"name":"zebra","annotations":{"readOnlyHint":true}})"},
    {"annotation.destructiveHint.true", Category::destructive,
     R"({"name":"zebra","annotations":{"destructiveHint":true}})"},
};

CategoryVerdict judged(const std::string& json) {
  json::Reader reader;
  const auto tool = reader.read(json);
  EXPECT_TRUE(tool) << json;
  return category_of(ToolReading(facts_of(text_of(*tool, "server"), *tool)));
}

bool speaks(const CategoryVerdict& verdict, std::string_view rule) {
  return std::ranges::any_of(verdict.evidence, [&](const Evidence& piece) { return piece.rule == rule; });
}

void expect(const std::string& json, Category category, std::string_view rule) {
  const CategoryVerdict verdict = judged(json);
  EXPECT_EQ(to_string(verdict.category), to_string(category)) << json;
  std::string rules;
  for (const Evidence& piece : verdict.evidence) rules += piece.rule + " ";
  EXPECT_TRUE(rule.empty() || speaks(verdict, rule)) << json << " spoke: " << rules << "not " << rule;
}

TEST(Rules, EachSpeaksInItsExample) {
  for (const Example& example : kExamples) expect(std::string(example.tool), example.category, example.rule);
}

TEST(Rules, EachHasAnExample) {
  std::set<std::string> wanted;
  for (const TogetherRow& row : togethers()) wanted.insert("together." + std::string(row.id));
  for (const PhraseRow& row : phrases()) wanted.insert("phrase." + std::string(row.id));
  for (const ParameterRow& row : parameters()) wanted.insert("parameter." + std::string(row.name));
  for (const Example& example : kExamples) wanted.erase(std::string(example.rule));
  EXPECT_EQ(wanted, std::set<std::string>{});
}

TEST(Rules, NoneStandsTwice) {
  const auto unique = [](auto rows, auto key) {
    std::set<std::string> seen;
    for (const auto& row : rows) EXPECT_TRUE(seen.insert(key(row)).second) << key(row);
  };
  unique(verbs(), [](const VerbRow& row) { return std::string(row.word); });
  unique(run_verbs(), [](const RunRow& row) { return std::string(row.id); });
  unique(run_verbs(), [](const RunRow& row) { return std::string(row.word); });
  unique(nouns(), [](const NounRow& row) {
    return std::string(row.word) + " " + std::to_string(static_cast<int>(row.noun));
  });
  unique(compounds(),
         [](const CompoundRow& row) { return std::string(row.first) + " " + std::string(row.second); });
  unique(phrasals(),
         [](const PhrasalRow& row) { return std::string(row.first) + " " + std::string(row.particle); });
  unique(togethers(), [](const TogetherRow& row) { return std::string(row.id); });
  unique(phrases(), [](const PhraseRow& row) { return std::string(row.id); });
  unique(parameters(), [](const ParameterRow& row) { return std::string(row.name); });
}

TEST(Rules, EachVerbSpeaksInADescription) {
  for (const VerbRow& row : verbs()) {
    const CategoryVerdict verdict =
        judged(R"({"name":"x","description":")" + std::string(row.word) + R"( all zebras."})");
    EXPECT_EQ(to_string(verdict.category), to_string(row.category)) << row.word;
    EXPECT_TRUE(speaks(verdict, "verb." + std::string(row.word))) << row.word;
  }
  for (const RunRow& row : run_verbs())
    expect(R"({"name":"x","description":")" + std::string(row.word) + R"(x"})", row.category,
           "verb." + std::string(row.id));
}

TEST(Rules, EachPhrasalSpeaksInANameAndInADescription) {
  for (const PhrasalRow& row : phrasals()) {
    const std::string rule = "verb." + std::string(row.first) + "-" + std::string(row.particle);
    const std::string both = std::string(row.first) + " " + std::string(row.particle);
    expect(R"({"name":")" + both + R"( zebra"})", row.category, rule);
    expect(R"({"name":"x","description":")" + both + R"( a zebra"})", row.category, rule);
    expect(R"({"name":"x","description":")" + forms_of(row.first).third + " " + std::string(row.particle) +
               R"( a zebra"})",
           row.category, rule);
  }
}

TEST(Rules, EachCompoundIsNoVerb) {
  for (const CompoundRow& row : compounds()) {
    ASSERT_TRUE(find_verb(row.first)) << row.first << " is none anyway";
    const std::string verb = "verb." + std::string(row.first);
    const std::string both = std::string(row.first) + " " + std::string(row.second);
    EXPECT_FALSE(
        speaks(judged(R"({"name":")" + both + R"( zebra","description":")" + both + R"( of zebras"})"), verb))
        << both;
  }
}

TEST(Rules, EachNounTells) {
  const auto named = [](std::string_view before, std::string_view word, std::string_view rest = "") {
    return R"({"name":")" + std::string(before) + "_" + std::string(word) + "\"" + std::string(rest) + "}";
  };
  for (const NounRow& row : nouns()) {
    const std::string_view word = row.word;
    switch (row.noun) {
      case Noun::reading:
        if (!find_verb(word)) expect(named("zebra", word), Category::read, "noun." + std::string(word));
        break;
      case Noun::asked:
        if (!find_verb(word) || find_verb(word).row->use == Use::noun)
          expect(named("refund", word), Category::read, "");
        break;
      case Noun::money:
        expect(named("create", word), Category::financial, "together.money");
        break;
      case Noun::commitment:
        expect(named("create", word, R"(,"server":"billing")"), Category::financial, "together.commitment");
        break;
      case Noun::order:
        expect(named("place", word), Category::financial, "together.order");
        break;
      case Noun::coin:
        expect(named("transfer", word, R"(,"server":"crypto wallet")"), Category::financial, "together.coin");
        break;
      case Noun::context:
        expect(R"({"name":"transfer_coins","server":")" + std::string(word) + " " + std::string(word) + "\"}",
               Category::financial, "together.coin");
        break;
      case Noun::media:
        expect(named("generate", word), Category::execute, "together.media");
        break;
      case Noun::process:
        expect(named("cancel", word), Category::execute, "together.process");
        break;
      case Noun::code:
        expect(named("query", word), Category::execute, "");
        break;
      case Noun::ticket:
        expect(named("resolve", word), Category::write, "together.ticket");
        break;
      case Noun::volume:
        expect(named("format", word), Category::destructive, "together.volume");
        break;
      case Noun::kept:
        expect(named("open", word), Category::read, "together.open-record");
        break;
      case Noun::prose:
        expect(named("clean", word), Category::read, "together.clean-text");
        break;
      case Noun::tracked:
        expect(named("convert", word), Category::write, "together.convert-record");
        break;
      case Noun::goods:
        expect(named("order", word), Category::financial, "together.order-goods");
        break;
      case Noun::purse:
        expect(named("fund", word), Category::financial, "together.fund");
        break;
      case Noun::about:
        expect(R"({"name":"send_payment_)" + std::string(word) + "\"}", Category::write, "verb.send");
        break;
      case Noun::inquiry:
        expect(R"({"name":"x","description":"Perform a )" + std::string(word) + R"( of zebras"})",
               Category::read, "noun." + std::string(word));
        break;
      case Noun::filler: {
        const std::string lead =
            word == "to" ? "used to" : std::string(word) + (find_verb(word) ? " you to" : "");
        expect(R"({"name":"x","description":")" + lead + R"( delete zebras"})", Category::destructive,
               "verb.delete");
        break;
      }
    }
  }
}

}  // namespace
}  // namespace doorward::risk
