#include "risk/signals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "json/reader.h"
#include "json/writer.h"
#include "risk/classification.h"
#include "risk/phrase.h"
#include "risk/severity.h"

namespace doorward::risk {
namespace {

constexpr Category kRead = Category::read;
constexpr Category kWrite = Category::write;
constexpr Category kExecute = Category::execute;
constexpr Category kDestructive = Category::destructive;
constexpr Category kFinancial = Category::financial;

/// A tool with what a rule looks at, and one that looks alike and must not raise it. What the text is depends
/// on where the rule looks: a tool's name, its description, `name:type` of a parameter, a parameter's
/// description, the name of a member of its result.
struct Example {
  std::string_view rule;
  Category category;
  std::string_view raises;
  std::string_view does_not;
};

constexpr Example kExamples[] = {
#include "risk/testdata/signal_examples.inc"
};

/// Keeps what a tool refers to.
class Definition {
 public:
  Definition(std::string name, std::string description, std::string input, std::string output = "{}")
      : name_(std::move(name)),
        description_(std::move(description)),
        input_(std::move(input)),
        output_(std::move(output)) {
    const auto input_schema = input_reader_.read(input_);
    const auto output_schema = output_reader_.read(output_);
    EXPECT_TRUE(input_schema) << input_;
    EXPECT_TRUE(output_schema) << output_;
    facts.name = name_;
    facts.description = description_;
    facts.input_schema = *input_schema;
    facts.output_schema = *output_schema;
  }
  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;

  std::vector<SignalHit> signals(Category category) const {
    return find_signals(ToolReading(facts), category);
  }
  std::vector<std::string> ids(Category category) const {
    std::vector<std::string> ids;
    for (const SignalHit& hit : signals(category)) ids.emplace_back(to_string(hit.signal));
    return ids;
  }

  ToolFacts facts;

 private:
  std::string name_;
  std::string description_;
  std::string input_;
  std::string output_;
  json::Reader input_reader_;
  json::Reader output_reader_;
};

std::string property(std::string_view name, std::string_view type, std::string_view description) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("properties").begin_object().key(name).begin_object();
  if (!type.empty()) writer.key("type").string(type);
  if (!description.empty()) writer.key("description").string(description);
  writer.end_object().end_object().end_object();
  return text;
}

std::string name_of(std::string_view spelled) {
  return std::string(spelled.substr(0, spelled.find(':')));
}
std::string type_of(std::string_view spelled) {
  const std::size_t colon = spelled.find(':');
  return colon == std::string_view::npos ? "string" : std::string(spelled.substr(colon + 1));
}

bool raises(const SignalRule& rule, Category category, std::string_view text, std::string* raised = nullptr) {
  const std::string words(text);
  const Definition definition(rule.look == Look::name ? words : "zebra", rule.look == Look::text ? words : "",
                              rule.look == Look::parameter     ? property(name_of(text), type_of(text), "")
                              : rule.look == Look::explanation ? property("zebra", "string", text)
                                                               : "{}",
                              rule.look == Look::result ? property(name_of(text), type_of(text), "") : "{}");
  for (const SignalHit& hit : definition.signals(category)) {
    if (raised != nullptr) raised->append(hit.rule).append(" ");
    if (hit.rule == rule.id) return true;
  }
  return false;
}

bool holds(const std::vector<std::string>& ids, std::string_view id) {
  return std::ranges::find(ids, id) != ids.end();
}

TEST(SignalRules, EachHasAnExampleThatRaisesItAndOneThatDoesNot) {
  std::set<std::string_view> shown;
  for (const Example& example : kExamples) {
    const auto rules = signal_rules();
    const auto rule = std::ranges::find(rules, example.rule, &SignalRule::id);
    ASSERT_NE(rule, rules.end()) << example.rule;
    shown.insert(example.rule);
    std::string instead;
    EXPECT_TRUE(raises(*rule, example.category, example.raises, &instead))
        << example.rule << " is not raised by " << example.raises << ", but " << instead;
    EXPECT_FALSE(raises(*rule, example.category, example.does_not))
        << example.rule << " is raised by " << example.does_not;
  }
  for (const SignalRule& rule : signal_rules())
    EXPECT_TRUE(shown.contains(rule.id)) << rule.id << " has no example";
}

TEST(SignalRules, IdsAreUniqueAndSignalsStandInTheOrderOfTheEnumeration) {
  std::set<std::string_view> ids;
  for (const SignalRule& rule : signal_rules()) EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
  for (const OtherRule& rule : other_signal_rules()) EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
  for (const SeverityRule& rule : severity_rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_EQ(find_severity_rule(rule.id), &rule);
    const bool known = rule.raised_by.empty() || std::ranges::any_of(ids, [&](std::string_view id) {
                         return id.starts_with(rule.raised_by);
                       });
    EXPECT_TRUE(known) << rule.id << " speaks of rules that do not exist";
  }
}

TEST(Signals, EachOnceInOrderWithWhatRaisedIt) {
  const Definition tool(
      "send_secret", "Sends it. This cannot be undone.",
      R"({"properties":{"api_key":{"type":"string"},"password":{"type":"string"},"url":{"type":"string"}}})");
  const auto hits = tool.signals(kWrite);
  EXPECT_EQ(tool.ids(kWrite),
            (std::vector<std::string>{"handles-secrets", "accepts-url", "sends-out", "irreversible"}));
  EXPECT_EQ(hits[0].where, "/inputSchema/properties/password");
  EXPECT_EQ(hits[0].words, "password");
  EXPECT_EQ(hits[1].where, "/inputSchema/properties/url");
  EXPECT_EQ(hits[2].where, "/name");
  EXPECT_EQ(hits[2].words, "send");
  EXPECT_EQ(hits[3].where, "/description");
  EXPECT_EQ(hits[3].words, "cannot be undone");
}

TEST(Signals, OfParametersThatOnlyTheDescriptionNames) {
  const Definition tool("delete_key", "Deletes. Args: api_key: Account-level API key. confirm: Must be true.",
                        "{}");
  const auto hits = tool.signals(kDestructive);
  const auto hit = std::ranges::find(hits, Signal::handles_secrets, &SignalHit::signal);
  ASSERT_NE(hit, hits.end());
  EXPECT_EQ(hit->words, "api_key");
  EXPECT_EQ(hit->where, "/description");
}

TEST(Signals, ATokenIsASecretAPlaceInAListOrACoin) {
  const auto is_secret = [](std::string_view tool, std::string_view name, std::string_view description) {
    const Definition definition(std::string(tool), "", property(name, "string", description));
    return holds(definition.ids(kRead), "handles-secrets");
  };
  EXPECT_TRUE(is_secret("list_items", "token", "API token"));
  EXPECT_TRUE(is_secret("list_items", "token", ""));
  EXPECT_TRUE(is_secret("list_items", "accessToken", ""));
  EXPECT_TRUE(is_secret("list_items", "GITHUB_TOKEN", ""));
  EXPECT_FALSE(is_secret("list_items", "token", "Token of the next page"));
  EXPECT_FALSE(is_secret("list_items", "page_token", ""));
  EXPECT_FALSE(is_secret("list_items", "nextPageToken", ""));
  EXPECT_FALSE(is_secret("list_items", "continuationToken", ""));
  EXPECT_FALSE(is_secret("ask", "max_tokens", ""));
  EXPECT_FALSE(is_secret("ask", "maxTokens", "How many tokens to generate"));
  EXPECT_FALSE(is_secret("get_token_price", "token", ""));
  EXPECT_FALSE(is_secret("swap", "tokenAddress", ""));
  EXPECT_FALSE(is_secret("get_coin", "token", "Symbol of the coin"));
  EXPECT_FALSE(is_secret("list_items", "secret_name", ""));
  EXPECT_FALSE(is_secret("list_items", "api_key_id", ""));
  EXPECT_FALSE(is_secret("delete_item", "id", "The UUID of the API key to delete"));
}

TEST(Signals, APathIsAFilesOrNot) {
  const auto is_path = [](std::string_view tool, std::string_view schema) {
    const Definition definition(std::string(tool), "", std::string(schema));
    return holds(definition.ids(kRead), "accepts-path");
  };
  EXPECT_TRUE(is_path("read_file", R"({"properties":{"path":{"type":"string"}}})"));
  EXPECT_TRUE(is_path("x", R"({"properties":{"path":{"type":"string","description":"Directory to list"}}})"));
  EXPECT_TRUE(is_path("x", R"({"properties":{"filePath":{"type":"string"}}})"));
  EXPECT_FALSE(is_path(
      "get_doc", R"({"properties":{"path":{"type":"string","description":"Path of the page's URL"}}})"));
  EXPECT_FALSE(
      is_path("api_call", R"({"properties":{"path":{"type":"string"},"method":{"type":"string"}}})"));
  EXPECT_FALSE(
      is_path("get_file_contents", R"({"properties":{"path":{"type":"string"},"repo":{"type":"string"}}})"));
  EXPECT_FALSE(is_path("get_file_contents",
                       R"({"properties":{"path":{"type":"string","description":"Path to the file"},
                                               "repo":{"type":"string"}}})"));
  EXPECT_FALSE(is_path("x", R"({"properties":{"jsonPath":{"type":"string"}}})"));
  EXPECT_FALSE(is_path("x", R"({"properties":{"file_path":{"type":"string","enum":["a","b"]}}})"));
}

TEST(Signals, AQueryIsSearchWordsOrSql) {
  const auto is_code = [](std::string_view tool, std::string_view description) {
    const Definition definition(std::string(tool), std::string(description), property("query", "string", ""));
    return holds(definition.ids(kRead), "accepts-code");
  };
  EXPECT_TRUE(is_code("query", "Run a read-only SQL query"));
  EXPECT_TRUE(is_code("postgres", "Reads rows"));
  EXPECT_FALSE(is_code("search_users", "Searches users by their names"));
  EXPECT_FALSE(is_code("web_search", "Searches the web"));
}

TEST(Signals, OfCompany) {
  const auto ids = [](std::string_view name, std::string_view schema, Category category = kExecute) {
    return Definition(std::string(name), "", std::string(schema)).ids(category);
  };
  const auto has = [](const std::vector<std::string>& ids, std::string_view id) {
    return std::ranges::find(ids, id) != ids.end();
  };
  EXPECT_TRUE(
      has(ids("api_request", R"({"properties":{"method":{"type":"string"},"path":{"type":"string"}}})"),
          "raw-api"));
  EXPECT_FALSE(
      has(ids("create_monitor", R"({"properties":{"method":{"type":"string"},"url":{"type":"string"}}})"),
          "raw-api"));
  EXPECT_TRUE(has(ids("connect", R"({"properties":{"host":{"type":"string"},"port":{"type":"integer"}}})"),
                  "accepts-url"));
  EXPECT_FALSE(has(ids("list_hosts", R"({"properties":{"host":{"type":"string"}}})"), "accepts-url"));
  EXPECT_TRUE(
      has(ids("x", R"({"properties":{"pw":{"type":"string","format":"password"}}})"), "handles-secrets"));
  EXPECT_TRUE(has(ids("x", R"({"properties":{"a":{"type":"string","format":"uri"}}})"), "accepts-url"));
  std::string many = R"({"properties":{"a0":{})";
  for (int i = 1; i < 9; ++i) many += ",\"a" + std::to_string(i) + "\":{}";
  EXPECT_FALSE(has(ids("x", many + "}}"), "many-parameters"));
  EXPECT_TRUE(has(ids("x", many + ",\"a9\":{}}}"), "many-parameters"));
  EXPECT_TRUE(
      has(ids("x", R"({"properties":{"action":{"enum":["list","create","delete"]}}})"), "many-actions"));
  EXPECT_FALSE(has(ids("x", R"({"properties":{"action":{"enum":["list","get"]}}})"), "many-actions"));
  EXPECT_FALSE(
      has(ids("x", R"({"properties":{"method":{"enum":["GET","POST","DELETE"]}}})"), "many-actions"));
}

TEST(Signals, ARealTemplateIsNoId) {
  const auto ids = [](std::string_view name) {
    return Definition("x", "", property(name, "string", "")).ids(kWrite);
  };
  EXPECT_EQ(ids("template"), std::vector<std::string>{"accepts-markup"});
  EXPECT_TRUE(ids("template_id").empty());
  EXPECT_TRUE(ids("templateName").empty());
}

TEST(Signals, ListingAllIsNotBulk) {
  EXPECT_TRUE(Definition("list_all_items", "Lists all items at once.", "{}").ids(kRead).empty());
  EXPECT_TRUE(Definition("get_multiple_items", "Gets multiple items.", "{}").ids(kRead).empty());
}

TEST(Signals, AnyTextIsAnsweredInBoundedTime) {
  std::string text;
  while (text.size() < 400'000) text += "permanently delete all the return api key not without cannot be ";
  const Definition tool(std::string(3000, 'a') + "_delete", text, "{}");
  EXPECT_LE(tool.signals(kDestructive).size(), kSignals);
  const Definition wordless("", "\xe2\x80\x94\xe2\x80\x94 ... !!!",
                            R"({"properties":{"":{},"\u0000":{"type":7}}})");
  EXPECT_TRUE(wordless.signals(kWrite).empty());
}

// -- Own severity
// --------------------------------------------------------------------------------------------------

Classification classified(std::string_view name, std::string_view description = "",
                          std::string_view schema = "{}") {
  const Definition definition{std::string(name), std::string(description), std::string(schema)};
  return classify(definition.facts);
}

TEST(OwnSeverity, OfCredentials) {
  for (const char* name : {"get_secret", "read_password", "create_api_key", "rotate_access_key"}) {
    const Classification is = classified(name);
    EXPECT_GE(is.severity, Severity::high) << name;
    const auto piece = std::ranges::find(is.evidence, "severity.returns-secrets", &Evidence::rule);
    if (is.category != kDestructive) {
      ASSERT_NE(piece, is.evidence.end()) << name;
      EXPECT_EQ(piece->says, "high");
      EXPECT_EQ(piece->where, "/name");
    }
  }
  EXPECT_EQ(classified("get_weather").severity, Severity::low);
  EXPECT_EQ(classified("update_note").severity, Severity::medium);
}

TEST(OwnSeverity, OfWhatIsRun) {
  const std::string command = property("command", "string", "");
  EXPECT_EQ(classified("execute_command", "Runs a shell command.", command).severity, Severity::critical);
  EXPECT_EQ(classified("run_python", "Runs Python code.", property("code", "string", "")).severity,
            Severity::critical);
  EXPECT_EQ(classified("execute_sql", "Executes a SQL query.", property("sql", "string", "")).severity,
            Severity::critical);
  EXPECT_EQ(classified("query", "Run a read-only SQL query", property("sql", "string", "")).severity,
            Severity::high);
  EXPECT_EQ(
      classified("validate_sql", "Checks the syntax of a statement.", property("sql", "string", "")).severity,
      Severity::low);
  EXPECT_GE(classified("api_request", "Make a raw API call to any endpoint.",
                       R"({"properties":{"method":{"type":"string"},"path":{"type":"string"}}})")
                .severity,
            Severity::high);
}

TEST(OwnSeverity, IsNeverBelowTheCategorys) {
  for (const Category category : kCategories) {
    for (const Example& example : kExamples) {
      const Definition definition{std::string(example.raises), std::string(example.raises), "{}"};
      const ToolReading reading(definition.facts);
      std::vector<Evidence> evidence;
      const auto hits = find_signals(reading, category);
      EXPECT_GE(judge_severity(reading, category, hits, evidence), category_severity(category));
      std::vector<Evidence> none;
      EXPECT_EQ(judge_severity(reading, category, {}, none), category_severity(category));
      EXPECT_TRUE(none.empty());
      for (const Evidence& piece : evidence) {
        ASSERT_TRUE(parse_severity(piece.says)) << piece.says;
        EXPECT_GT(*parse_severity(piece.says), category_severity(category));
        ASSERT_NE(find_severity_rule(piece.rule), nullptr) << piece.rule;
      }
    }
  }
}

// The document names every signal and every rule of the severity.
TEST(OwnSeverity, StandsInItsDocument) {
  std::ifstream file("docs/risk-signals.md");
  ASSERT_TRUE(file);
  std::stringstream text;
  text << file.rdbuf();
  for (std::size_t i = 0; i < kSignals; ++i) {
    const std::string id = "`" + std::string(to_string(static_cast<Signal>(i))) + "`";
    EXPECT_NE(text.str().find("| " + id), std::string::npos) << id;
  }
  for (const SeverityRule& rule : severity_rules())
    EXPECT_NE(text.str().find("`" + std::string(rule.id) + "`"), std::string::npos) << rule.id;
  EXPECT_NE(text.str().find("`severity.three-legs`"), std::string::npos);
}

TEST(Phrases, FindWordsOfOneSentence) {
  const std::array<std::string_view, 2> texts = {"return|returns ~ key", "cannot be undone"};
  const Phrases phrases(texts);
  const auto found = [&](std::string_view text) {
    std::vector<PhraseMatch> matches;
    phrases.find(Words::of_prose(text), matches);
    std::vector<std::uint32_t> which;
    for (const PhraseMatch& match : matches) which.push_back(match.phrase);
    return which;
  };
  EXPECT_EQ(found("Returns the new API keys."), std::vector<std::uint32_t>{0});
  EXPECT_EQ(found("It returns nothing. The key stays."), std::vector<std::uint32_t>{});
  EXPECT_EQ(found("returns a b c d e key"), std::vector<std::uint32_t>{});
  EXPECT_EQ(found("This CANNOT be undone!"), std::vector<std::uint32_t>{1});
  EXPECT_EQ(found("- returns\n- key"), std::vector<std::uint32_t>{});
  EXPECT_EQ(found(""), std::vector<std::uint32_t>{});
}

}  // namespace
}  // namespace doorward::risk
