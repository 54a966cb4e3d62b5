#include "admin/translate.h"

#include <gtest/gtest.h>

#include <set>

#include "admin/failure.h"
#include "admin/page.h"

namespace doorward::admin {
namespace {

const RouteTable& table() {
  return RouteTable::instance();
}

Result<OperationRequest> translate(Verb verb, std::string_view path, std::string_view query = {},
                                   std::string_view body = {}) {
  const RouteTable::Match match = table().match(verb, path);
  if (match.entry == nullptr) return fail(ErrorKind::not_found, "no route");
  return to_operation(match, query, body);
}

std::string json_of(Verb verb, std::string_view path, std::string_view query = {}, std::string_view body = {}) {
  const auto request = translate(verb, path, query, body);
  return request ? request->json : "! " + request.error().message;
}

TEST(Translate, TakesMembersFromPathQueryAndBody) {
  EXPECT_EQ(json_of(Verb::get, "/api/v1/grants/ci"), R"({"op":"grant.show","label":"ci"})");
  EXPECT_EQ(json_of(Verb::get, "/api/v1/policies/a", "server=s%2d1&version=2"),
            R"({"op":"policy.show","name":"a","server":"s-1","version":2})");
  EXPECT_EQ(json_of(Verb::put, "/api/v1/policies/a", "", R"({"server":"s","text":"{}"})"),
            R"({"op":"policy.add","name":"a","server":"s","text":"{}"})");
}

TEST(Translate, test_T285_RefusesMembersThatTheRouteDoesNotTake) {
  const std::string path = "/api/v1/grants";
  for (const char* body : {R"({"label":"a","server":"s","id":"x"})", R"({"label":"a","server":"s","op":"grant.revoke"})",
                           R"({"label":"a","label":"b","server":"s"})", R"({"server":"s"})", "[]", "{", "1",
                           R"({"label":"a","server":"s","role":"admin"})"}) {
    EXPECT_FALSE(translate(Verb::post, path, "", body)) << body;
  }
  EXPECT_FALSE(translate(Verb::post, path, "label=a", R"({"server":"s"})"));
  EXPECT_FALSE(translate(Verb::put, "/api/v1/policies/a", "", R"({"name":"b","server":"s","text":"{}"})"));
  EXPECT_FALSE(translate(Verb::get, "/api/v1/grants/a", "label=b"));
  EXPECT_FALSE(translate(Verb::get, "/api/v1/grants/a", "op=grant.revoke"));
}

TEST(Translate, test_T289_RefusesQueriesThatAreNoneAndBoundsPages) {
  for (const char* query : {"limit=0", "limit=1000000000", "limit=-1", "limit=1&limit=2", "limit=ten", "limit=1e3",
                            "cursor=", "cursor=%27%20OR%201", "cursor=!!", "sort=label", "&", "limit=5&&"}) {
    EXPECT_FALSE(translate(Verb::get, "/api/v1/grants", query)) << query;
  }
  EXPECT_EQ(translate(Verb::get, "/api/v1/grants")->page.limit, 100u);
  EXPECT_FALSE(translate(Verb::get, "/api/v1/policies/a", "version=x"));
  EXPECT_FALSE(translate(Verb::get, "/api/v1/policies/a", "version=true"));
}

TEST(Translate, TheClientsWayIsTheInverse) {
  for (const std::string operation :
       {R"({"op":"grant.show","label":"ci"})", R"({"op":"policy.show","name":"a","server":"s","version":2})",
        R"({"op":"policy.add","name":"a","server":"s","text":"{\"x\":1}","comment":"ü&="})",
        R"({"op":"policy.remove","name":"a","server":"s t&u=%"})", R"({"op":"reload"})"}) {
    const auto request = to_http(table(), operation);
    ASSERT_TRUE(request) << operation;
    const std::size_t mark = request->target.find('?');
    const std::string query = mark == std::string::npos ? "" : request->target.substr(mark + 1);
    EXPECT_EQ(json_of(request->verb, request->target.substr(0, mark), query, request->body), operation);
  }
  EXPECT_EQ(to_http(table(), R"({"op":"grant.show","label":"a/../b"})").error().kind, ErrorKind::not_found);
  EXPECT_EQ(to_http(table(), R"({"op":"grant.show","label":".."})").error().kind, ErrorKind::not_found);
}

TEST(Routes, AFixedSegmentGoesBeforeAVariable) {
  EXPECT_EQ(table().match(Verb::get, "/api/v1/grants/").entry, nullptr);
  EXPECT_EQ(table().match(Verb::get, "/nowhere").entry, nullptr);
  const auto match = table().match(Verb::post, "/api/v1/grants/a");
  EXPECT_EQ(match.entry, nullptr);
  EXPECT_EQ(match.allowed.size(), 3u);
}

TEST(Routes, AreNamedOnceAndHaveTheirSchemas) {
  std::set<std::string_view> ops;
  for (const RouteEntry& entry : table().entries()) {
    EXPECT_TRUE(ops.insert(entry.route->op).second) << entry.route->op;
    EXPECT_EQ(table().match(entry.route->verb, entry.route->path).entry, &entry) << entry.route->op;
    if (entry.route->result.empty()) continue;
    EXPECT_TRUE(table().schemas().contains(std::string(entry.route->result))) << entry.route->result;
  }
}

TEST(Page, WalksAListThatChangesMeanwhile) {
  const Paged paged{"items", "name"};
  PageRequest page{2, {}};
  const std::string first = cut_page(paged, page, R"({"schema":"x","items":[{"name":"d"},{"name":"b"},{"name":"c"}]})");
  EXPECT_EQ(first.substr(0, 47), R"({"schema":"x","items":[{"name":"b"},{"name":"c")");
  PageJoiner joiner("items");
  const std::string cursor = joiner.add(first);
  ASSERT_FALSE(cursor.empty());
  const auto next = translate(Verb::get, "/api/v1/grants", "limit=2&cursor=" + cursor);
  ASSERT_TRUE(next);
  // `c` is gone and `a` came: the second page is what comes behind `c` all the same.
  const std::string second = cut_page(paged, next->page, R"({"schema":"x","items":[{"name":"a"},{"name":"b"},{"name":"d"}]})");
  EXPECT_EQ(second, R"({"schema":"x","items":[{"name":"d"}]})");
  EXPECT_EQ(joiner.add(second), "");
  EXPECT_EQ(joiner.finish(), R"({"schema":"x","items":[{"name":"b"},{"name":"c"},{"name":"d"}]})");
}

TEST(Problem, KindsSurviveTheWay) {
  for (const ErrorKind kind : {ErrorKind::invalid, ErrorKind::not_found, ErrorKind::conflict, ErrorKind::unavailable,
                               ErrorKind::denied, ErrorKind::corrupt, ErrorKind::exhausted}) {
    const Failure there{{kind, "why \"so\""}, R"([{"file":"a","line":1,"column":2,"message":"m"}])"};
    const Failure back = read_problem(problem_json(there, status_of(kind)));
    EXPECT_EQ(back.error.kind, kind);
    EXPECT_EQ(back.error.message, there.error.message);
    EXPECT_EQ(back.findings, there.findings);
  }
  EXPECT_EQ(read_problem("<html>").error.kind, ErrorKind::corrupt);
}

}  // namespace
}  // namespace doorward::admin
