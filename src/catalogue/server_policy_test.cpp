#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <rapidcheck/gtest.h>

#include "catalogue/reach.h"
#include "catalogue/recommendation.h"
#include "json/copy.h"
#include "json/writer.h"
#include "policy/test_support.h"

namespace doorward::catalogue {
namespace {

using risk::Signal;

ToolRecord tool(std::string name, Category category, Severity severity, std::string schema = R"({"type":"object"})",
                std::vector<risk::SignalHit> signals = {}) {
  ToolRecord record;
  record.name = name;
  record.server = "up";
  json::Writer writer(record.definition);
  writer.begin_object().key("name").string(name).key("inputSchema").raw(schema).end_object();
  record.classification.category = category;
  record.classification.severity = severity;
  record.classification.signals = std::move(signals);
  return record;
}
ToolRecord tool(std::string name, Category category) { return tool(name, category, category_severity(category)); }

std::shared_ptr<const policy::Policy> load_clean(const std::string& text, bool all_refused) {
  auto loaded = policy::load(text);
  if (!loaded) {
    for (const auto& finding : loaded.error()) ADD_FAILURE() << policy::to_text(finding, "policy") << text;
    return nullptr;
  }
  if (!all_refused) {
    for (const auto& warning : loaded->warnings) ADD_FAILURE() << policy::to_text(warning, "policy") << text;
  }
  return loaded->policy;
}

/// What a policy that was generated must keep, whatever the tools: asked of the engine.
void keeps_its_promises(const std::vector<ToolRecord>& tools, Posture posture) {
  const ServerPolicy made = recommend(tools, posture);
  const bool nothing_runs = std::ranges::all_of(tools, [&](const ToolRecord& record) {
    return record.gone || treatment_of(record.classification, posture) == Treatment::hidden;
  });
  const auto policy = load_clean(made.policy, nothing_runs || posture == Posture::permissive);
  ASSERT_NE(policy, nullptr);
  ReachJudge judge(10'000'000);
  for (const ToolRecord& record : tools) {
    if (record.gone) continue;
    LiveTool live{record, record.classification.category, std::nullopt, {}, {}};
    const ToolReach reach = judge.judge(policy.get(), "up", live, {});
    const risk::Classification& is = record.classification;
    const bool critical = is.severity == Severity::critical || category_severity(is.category) == Severity::critical;
    const std::string where = record.name + " under " + std::string(to_string(posture)) + ": " + reach.why + "\n" + made.policy;
    if (posture == Posture::permissive) {
      // It only limits: what asks nobody and refuses nothing.
      EXPECT_TRUE(reach.reach == Reach::limited && reach.decided) << where;
      continue;
    }
    if (critical) {
      EXPECT_TRUE(!is_usable(reach.reach) && reach.decided) << where;
    }
    if (is.category == Category::read && is.severity == Severity::low) {
      EXPECT_TRUE(is_usable(reach.reach) && reach.decided) << where;
    }
    // The plain calls are not the ones that a rule over arguments refuses.
    EXPECT_TRUE(reach.reach != Reach::depends || reach.trials[static_cast<std::size_t>(Trial::plain)] >= Reach::limited) << where;
  }
}

TEST(ServerPolicy, IsReadableAndTheSameInWhateverOrderTheToolsCome) {
  std::vector<ToolRecord> tools = {
      tool("wipe_disk", Category::destructive), tool("list_users", Category::read), tool("pay", Category::financial),
      tool("create_user", Category::write),     tool("run_job", Category::execute), tool("get_key", Category::read, Severity::high),
      tool("odd", Category::other),             tool("sql", Category::execute, Severity::critical)};
  const ServerPolicy made = recommend(tools, Posture::recommended);
  EXPECT_EQ(made.policy, R"({
  "version": "1",
  "description": "Recommended policy for 8 tools",
  "default": "deny",
  "hide": [
    "wipe_disk"
  ],
  "all_tools": {"limits": [{"counter": "calls-per-minute", "window": "minute", "max": 120, "scope": "grant"}]},
  "tools": {
    "list_users": {},
    "odd": {"limits": [{"counter": "odd_rate", "window": "minute", "max": 60, "scope": "grant"}]},
    "create_user": {"limits": [{"counter": "create_user_rate", "window": "minute", "max": 30, "scope": "grant"}]},
    "get_key": {"limits": [{"counter": "get_key_rate", "window": "minute", "max": 10, "scope": "grant"}]},
    "run_job": {"limits": [{"counter": "run_job_rate", "window": "minute", "max": 10, "scope": "grant"}]},
    "pay": {"action": "approve"},
    "sql": {"action": "approve"}
  }
}
)");
  ASSERT_FALSE(made.why.empty());
  EXPECT_EQ(made.why.front(), "1 tool may be called freely (read-only): list_users.");
  std::mt19937 random(7);
  std::shuffle(tools.begin(), tools.end(), random);
  EXPECT_EQ(recommend(tools, Posture::recommended).policy, made.policy);
  for (const Posture posture : {Posture::permissive, Posture::recommended, Posture::strict}) keeps_its_promises(tools, posture);
}

TEST(ServerPolicy, PathsAndUrlsAreRefusedByWhatASignalNames) {
  const std::vector<ToolRecord> tools = {
      tool("fetch", Category::read, Severity::medium,
           R"({"type":"object","required":["url"],"properties":{"url":{"type":"string"},"out_path":{"type":["string","null"]},
               "other":{"type":"string"},"paths":{"type":"array","items":{"type":"string"}}}})",
           {{Signal::accepts_url, "/inputSchema/properties/url", "url"},
            {Signal::accepts_path, "/inputSchema/properties/out_path", "out_path"},
            {Signal::accepts_path, "/inputSchema/properties/paths", "paths"}})};
  const auto policy = load_clean(recommend(tools, Posture::recommended).policy, false);
  ASSERT_NE(policy, nullptr);
  policy::Scratch scratch;
  const auto passes = [&](std::string args) {
    testing::CallUnderTest under("fetch", std::move(args));
    return policy::decide(*policy, under.call, scratch).passes();
  };
  for (const std::string url : {"https://example.com/a", "http://a.b.example.org:8443/x?y=127.0.0.1#z", "HTTPS://EXAMPLE.COM"}) {
    EXPECT_TRUE(passes("{\"url\":\"" + url + "\",\"other\":\"..\"}")) << url;
  }
  for (const std::string url :
       {"http://127.0.0.1/", "http://127.0.0.1:80", "http://169.254.169.254/latest/meta-data/", "http://localhost:3000/", "http://[::1]/",
        "http://2130706433/", "http://0x7f.0.0.1/", "http://user@10.0.0.1/", "file:///etc/passwd", "gopher://a.example/", "http://db.internal:5432/",
        "http://printer/", "http://127.0.0.1.\\\\@example.com/", "http://%31%32%37.0.0.1/", "http://a.local", "//127.0.0.1/"}) {
    EXPECT_FALSE(passes("{\"url\":\"" + url + "\"}")) << url;
  }
  const auto with = [&](std::string_view key, std::string_view value) {
    return passes("{\"url\":\"https://example.com/\",\"" + std::string(key) + "\":" + std::string(value) + "}");
  };
  for (const std::string_view path : {R"("/srv/a..b/c")", R"("notes.txt")", "null", R"("...")"}) EXPECT_TRUE(with("out_path", path)) << path;
  for (const std::string_view path : {R"("../x")", R"("/srv/../etc")", R"("a\\..\\b")", R"("..")", R"("%2e%2e/x")", R"("a/%2E./b")", "7"}) {
    EXPECT_FALSE(with("out_path", path)) << path;
  }
  EXPECT_TRUE(with("paths", R"(["a","b"])"));
  EXPECT_FALSE(with("paths", R"(["a","../b"])"));
  EXPECT_FALSE(with("paths", R"("../b")"));
}

TEST(ServerPolicy, AToolThatHidesActionsIsNotHiddenItself) {
  ToolRecord outer = tool("truenas", Category::destructive);
  ToolRecord read = tool("pool_query", Category::read), wipe = tool("pool_delete", Category::destructive);
  read.outer = wipe.outer = "truenas";
  const std::vector<ToolRecord> tools = {outer, read, wipe};
  const auto policy = load_clean(recommend(tools, Posture::recommended).policy, false);
  ReachJudge judge(1'000);
  EXPECT_TRUE(is_usable(judge.judge(policy.get(), "up", {read, Category::read, Category::destructive, {}, {}}, {}).reach));
  EXPECT_EQ(judge.judge(policy.get(), "up", {wipe, Category::destructive, Category::destructive, {}, {}}, {}).reach, Reach::blocked);
  EXPECT_EQ(judge.judge(policy.get(), "up", {outer, Category::destructive, std::nullopt, {}, {}}, {}).reach, Reach::blocked);
}

TEST(ServerPolicy, NamesThatArePatternsAdmitNothing) {
  const std::vector<ToolRecord> tools = {tool("read_*", Category::read), tool("read_it", Category::read), tool("read_x", Category::destructive)};
  const std::string text = recommend(tools, Posture::recommended).policy;
  EXPECT_EQ(text.find("read_*"), std::string::npos);
  keeps_its_promises({tools.begin() + 1, tools.end()}, Posture::recommended);
}

TEST(ServerPolicy, HostileNamesStayText) {
  const std::vector<ToolRecord> tools = {tool("a\"}],\"default\":\"allow", Category::read), tool("\x1b[2J\xff", Category::write),
                                         tool("b\\", Category::read)};
  const auto policy = load_clean(recommend(tools, Posture::recommended).policy, false);
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->default_verdict(), policy::Default::deny);
}

TEST(ServerPolicy, OfTwoToolsOfOneNameTheRiskierCounts) {
  const std::vector<ToolRecord> tools = {tool("x", Category::read), tool("x", Category::destructive), tool("y", Category::read)};
  EXPECT_NE(recommend(tools, Posture::recommended).policy.find("\"hide\": [\n    \"x\""), std::string::npos);
}

RC_GTEST_PROP(ServerPolicy, KeepsItsPromisesForAnyClassification, ()) {
  const auto count = *rc::gen::inRange(1, 12);
  std::vector<ToolRecord> tools;
  for (int i = 0; i < count; ++i) {
    const Category category = *rc::gen::elementOf(std::vector<Category>(kCategories.begin(), kCategories.end()));
    const Severity severity = *rc::gen::elementOf(std::vector<Severity>(kSeverities.begin(), kSeverities.end()));
    std::vector<risk::SignalHit> signals;
    for (const auto& [signal, key] : {std::pair(Signal::accepts_url, "url"), std::pair(Signal::accepts_path, "p.q"), std::pair(Signal::accepts_path, "n")}) {
      if (*rc::gen::arbitrary<bool>()) signals.push_back({signal, "/inputSchema/properties/" + std::string(key), key});
    }
    tools.push_back(tool("t" + std::to_string(i), category, severity,
                         R"({"type":"object","required":["url"],"properties":{"url":{"type":"string"},"p.q":{"type":"string"},"n":{"type":"integer"}}})",
                         signals));
  }
  for (const Posture posture : {Posture::permissive, Posture::recommended, Posture::strict}) keeps_its_promises(tools, posture);
}

TEST(ServerPolicy, KeepsItsPromisesForRealServers) {
  const std::filesystem::path folder = "../shared/data/tool-lists";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the tool lists of real servers are not here";
  std::size_t servers = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string list = text.str();
    json::Reader reader;
    const auto root = reader.read(list);
    ASSERT_TRUE(root.has_value()) << entry.path();
    std::vector<ToolRecord> tools;
    for (const json::Value one : root->find("tools").elements()) {
      ToolRecord record;
      record.name = json::text_of(one, "name");
      record.definition = json::text_of(list, one);
      record.classification = risk::classify(risk::facts_of(entry.path().stem().string(), one));
      tools.push_back(std::move(record));
    }
    ++servers;
    for (const Posture posture : {Posture::permissive, Posture::recommended, Posture::strict}) {
      SCOPED_TRACE(entry.path().string());
      keeps_its_promises(tools, posture);
    }
  }
  EXPECT_GE(servers, 20u);
}

}  // namespace
}  // namespace doorward::catalogue
