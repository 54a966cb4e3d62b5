#include "risk/category.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"
#include "json/writer.h"
#include "risk/vocabulary.h"

namespace doorward::risk {
namespace {

class Verb : public testing::TestWithParam<VerbRow> {};

TEST_P(Verb, IsFoundInEverySpellingOfAName) {
  const std::string verb(GetParam().word);
  const Category category = GetParam().category;
  std::vector<std::string> names = {verb, verb + "_zebra", verb + "-zebra"};
  const bool ascii = std::ranges::all_of(verb, [](char c) { return c >= 'a' && c <= 'z'; });
  if (ascii) {
    std::string capital = verb;
    capital[0] = static_cast<char>(capital[0] - 32);
    std::string upper = verb;
    std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
    for (const std::string& name :
         {verb + "Zebra", capital + "Zebra", upper + "_ZEBRA", "zebra_" + verb, "zebra" + capital})
      names.push_back(name);
  }
  for (const std::string& name : names)
    EXPECT_EQ(to_string(category_of_name(name)), to_string(category)) << name;
  if (GetParam().use == Use::noun) {
    EXPECT_EQ(category_of_name(verb + "_zebra_delete"), Category::destructive);
  }
  EXPECT_EQ(category_of_name("x" + verb + "qq"), Category::other);
}

INSTANTIATE_TEST_SUITE_P(Verbs, Verb, testing::ValuesIn(verbs().begin(), verbs().end()),
                         [](const auto& row) { return "n" + std::to_string(row.index); });

TEST(Category, TheRiskierOfTwo) {
  const std::vector<Category> ascending = {Category::other,   Category::read,        Category::write,
                                           Category::execute, Category::destructive, Category::financial};
  for (std::size_t a = 0; a < ascending.size(); ++a) {
    for (std::size_t b = 0; b < ascending.size(); ++b)
      EXPECT_EQ(riskier(ascending[a], ascending[b]), ascending[std::max(a, b)]);
  }
}

/// A tool that knows some of our words, and some that are none.
struct Made {
  std::vector<std::string> name;
  std::string description;
  int read_only = -1;  ///< -1: not said
  int destructive = -1;

  std::string json(std::string_view separator = "_") const {
    std::string text;
    json::Writer writer(text);
    std::string joined;
    for (const std::string& word : name) joined += (joined.empty() ? "" : std::string(separator)) + word;
    writer.begin_object().key("name").string(joined).key("description").string(description);
    writer.key("annotations").begin_object();
    if (read_only >= 0) writer.key("readOnlyHint").boolean(read_only == 1);
    if (destructive >= 0) writer.key("destructiveHint").boolean(destructive == 1);
    writer.end_object().end_object();
    return text;
  }
};

rc::Gen<std::string> some_word() {
  return rc::gen::map(
      rc::gen::inRange<std::size_t>(0, verbs().size() + nouns().size() + 8), [](std::size_t at) {
        if (at < verbs().size()) return std::string(verbs()[at].word);
        at -= verbs().size();
        return at < nouns().size() ? std::string(nouns()[at].word) : "zebra" + std::string(at % 2, 's');
      });
}

Made some_tool() {
  Made made;
  made.name =
      *rc::gen::container<std::vector<std::string>>(*rc::gen::inRange<std::size_t>(1, 5), some_word());
  for (const std::string& word :
       *rc::gen::container<std::vector<std::string>>(*rc::gen::inRange<std::size_t>(0, 20), some_word()))
    made.description += word + *rc::gen::element<std::string>(" ", " ", " ", ", ", ". ", " and ", " to ");
  made.read_only = *rc::gen::inRange(-1, 2);
  made.destructive = *rc::gen::inRange(-1, 2);
  return made;
}

Category category_of_json(const std::string& json) {
  json::Reader reader;
  const auto tool = reader.read(json);
  EXPECT_TRUE(tool) << json;
  return category_of(ToolReading(facts_of("", *tool))).category;
}

bool no_milder(Category now, Category before) {
  return riskier(now, before) == now;
}

RC_GTEST_PROP(Category, ReadOnlyHintNeverLowers, ()) {
  Made tool = some_tool();
  tool.read_only = -1;
  const Category before = category_of_json(tool.json());
  tool.read_only = 1;
  RC_ASSERT(no_milder(category_of_json(tool.json()), before));
}

RC_GTEST_PROP(Category, AnHonestHintNeverLowers, ()) {
  Made tool = some_tool();
  tool.read_only = tool.destructive = -1;
  const Category before = category_of_json(tool.json());
  tool.read_only = 0;
  RC_ASSERT(no_milder(category_of_json(tool.json()), before));
  RC_ASSERT(no_milder(category_of_json(tool.json()), Category::write));
  tool.destructive = 1;
  RC_ASSERT(no_milder(category_of_json(tool.json()), before));
}

RC_GTEST_PROP(Category, AWarningNeverLowers, ()) {
  Made tool = some_tool();
  const Category before = category_of_json(tool.json());
  tool.description += ". This cannot be undone.";
  RC_ASSERT(no_milder(category_of_json(tool.json()), before));
}

RC_GTEST_PROP(Category, CaseAndSeparatorsOfANameDoNotMatter, ()) {
  const Made tool = some_tool();
  const Category category = category_of_json(tool.json());
  for (std::string_view separator : {"-", ".", "/", " ", "__", "::"})
    RC_ASSERT(category_of_json(tool.json(separator)) == category);
  // A letter beyond ASCII has no case for us.
  Made loud = tool;
  for (std::string& word : loud.name) {
    if (std::ranges::any_of(word, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) return;
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  RC_ASSERT(category_of_json(loud.json()) == category);
}

TEST(Category, NamesOfTools) {
  const std::vector<std::pair<std::string_view, Category>> names = {
      {"read_file", Category::read},
      {"list_directory", Category::read},
      {"write_file", Category::write},
      {"issues.update", Category::write},
      {"delete_user", Category::destructive},
      {"compute_vm_delete", Category::destructive},
      {"api_key_delete", Category::destructive},
      {"purge_cache", Category::destructive},
      {"execute_sql", Category::execute},
      {"browserNavigate", Category::execute},
      {"pay_invoice", Category::financial},
      {"transfer_file", Category::write},
      {"place_order", Category::financial},
      {"list_orders", Category::read},
      {"order_status", Category::read},
      {"refund_status", Category::read},
      {"get_or_create_user", Category::write},
      {"is_deleted", Category::read},
      {"cancel_subscription", Category::destructive},
      {"cancel_job", Category::execute},
      // Two words that are one verb.
      {"check_out_branch", Category::write},
      {"roll_back_deployment", Category::execute},
      {"tear_down_stack", Category::destructive},
      {"top_up_wallet", Category::financial},
      {"look_up_customer", Category::read},
      {"device_turn_off", Category::write},
      // Nouns that look like verbs, and verbs that look like nouns.
      {"set_run_note", Category::write},
      {"open_orders", Category::other},
      {"open_ticket", Category::write},
      {"clean_html_cache", Category::destructive},
      {"send_payment_reminder", Category::write},
      {"deleteuser", Category::destructive},
      {"settings", Category::read},
      {"zebra", Category::other},
      {"", Category::other},
      {"___", Category::other},
      {"deleted_zebras", Category::other},
  };
  for (const auto& [name, category] : names)
    EXPECT_EQ(to_string(category_of_name(name)), to_string(category)) << name;
}

/// The published tools of catalogues' pages, and what must not be lost in hostile or odd definitions.
TEST(Category, Definitions) {
  const std::vector<std::pair<std::string_view, Category>> tools = {
      {R"({"name":"api_key_create","description":"Create a new API key. Returns the key - store it securely as it cannot be retrieved later."})",
       Category::write},
      {R"({"name":"query","description":"Run a read-only SQL query","inputSchema":{"properties":{"sql":{"type":"string"}}}})",
       Category::read},
      {R"({"name":"query","description":"Run a SQL query","inputSchema":{"properties":{"sql":{"type":"string"}}}})",
       Category::execute},
      {R"({"name":"helper","description":"Read-only.","inputSchema":{"properties":{"command":{"type":"string"}}}})",
       Category::execute},
      {R"({"name":"delete_user","description":"Read-only. Never modifies anything.","annotations":{"readOnlyHint":true}})",
       Category::destructive},
      {R"({"name":"helper","description":"Allows agents to delete zebras"})", Category::destructive},
      // The name's first word is as often a noun; the description begins with it as a verb.
      {R"({"name":"clear_dag_run","description":"Clear a DAG run"})", Category::destructive},
      {R"({"name":"upload_file_to_view","description":"Upload a file so that it can be viewed"})",
       Category::write},
      {R"({"name":"status_queue_purge","description":"Get details about a queue's purge status."})",
       Category::read},
      {R"({"name":"status_purge"})", Category::destructive},
      // A light verb of the description does not soften a name of harm.
      {R"({"name":"git_clean","description":"Perform git clean operations."})", Category::destructive},
      {R"({"name":"hub","description":"Interact with a repository: create, list and delete its branches"})",
       Category::destructive},
      // Labels and placeholders are no verbs.
      {R"({"name":"updates","description":"Private. NOTE: Marked as private. Gets the updates."})",
       Category::read},
      {R"({"name":"mail_list","description":"[Mail operations] List e-mails"})", Category::read},
      {R"({"name":"hits","description":"The number of matches in the range <start> ... <end>"})",
       Category::other},
      // What a reading verb is enumerated with.
      {R"({"name":"scan_dns","description":"Scan for common records of your domain and automatically add them"})",
       Category::write},
      {R"({"name":"export_route","description":"Exports a route in GPX format and saves it to a directory"})",
       Category::write},
      {R"({"name":"run_sandbox","description":"Create a sandbox, run a command in it, return what it printed, and destroy the sandbox"})",
       Category::execute},
      {R"({"name":"records","description":"Create, update, or delete records"})", Category::destructive},
      {R"({"name":"scan_dns","description":"Scan for records and automatically add them"})", Category::write},
      {R"({"name":"x","description":"Apply, delete zebras"})", Category::destructive},
      {R"({"name":"mysql","description":"Execute a query in MySQL"})", Category::execute},
      {R"({"name":"debugger_inspect","description":"Executes JavaScript code in the debugged process"})",
       Category::execute},
      {R"({"name":"get_text","description":"Truncate text to fit"})", Category::read},
      {R"({"name":"manage_incidents","description":"Manage data loss prevention incidents"})",
       Category::write},
      {R"({"name":"remove_draft","description":"Does not delete the page"})", Category::destructive},
      {R"({"name":"get_rights","description":"Get view and edit rights of a page"})", Category::read},
      {R"({"name":"send_email","description":"Send an email"})", Category::write},
      {R"({"name":"generate_image"})", Category::execute},
      {R"({"name":"list_invoices","description":"List invoices of a customer"})", Category::read},
      {R"({"name":"tool_7","description":"\u5220\u9664\u7528\u6237"})", Category::destructive},
      {R"({"name":"hub","inputSchema":{"properties":{"action":{"type":"string"},"params":{"type":"object"}}}})",
       Category::execute},
  };
  for (const auto& [json, category] : tools)
    EXPECT_EQ(to_string(category_of_json(std::string(json))), to_string(category)) << json;
}

TEST(Category, WorkIsBoundedByTheDefinition) {
  std::string text = R"({"name":")" + std::string(300'000, 'a') + R"(_delete","description":")";
  for (int i = 0; i < 40'000; ++i) text += "delete, ";
  text += R"(","inputSchema":{"properties":{)";
  for (int i = 0; i < 10'000; ++i)
    text += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + R"(":{"type":"string"})";
  text += "}}}";
  EXPECT_EQ(category_of_json(text), Category::destructive);
}

}  // namespace
}  // namespace doorward::risk
