#include "upstream/oauth_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/encoding.h"

namespace doorward::upstream {
namespace {

using State = OAuthFlow::State;

constexpr std::int64_t kNow = 1'767'225'600'000'000;

TEST(Challenge, ReadsTheBearerChallengeAmongOthers) {
  const Challenge challenge = parse_challenge(
      R"(Basic realm="a, b", Bearer error="insufficient_scope", scope="a  b a \"x", resource_metadata="https://h/p")");
  EXPECT_TRUE(challenge.insufficient_scope());
  EXPECT_EQ(challenge.scope, "a b");
  EXPECT_EQ(challenge.resource_metadata, "https://h/p");
}

TEST(Challenge, WhatIsBrokenIsNoChallenge) {
  EXPECT_EQ(parse_challenge(""), Challenge{});
  EXPECT_EQ(parse_challenge("Negotiate YII=="), Challenge{});
  EXPECT_EQ(parse_challenge("\"\",,,=="), Challenge{});
  EXPECT_TRUE(parse_challenge("bearer scope=").scope.empty());
  EXPECT_TRUE(parse_challenge("Bearer scope=\"unclosed").scope.empty());
}

TEST(Scopes, AreJoinedAndCompared) {
  EXPECT_EQ(join_scopes("a b", "b  c"), "a b c");
  EXPECT_TRUE(has_scopes("a b", "b"));
  EXPECT_TRUE(has_scopes("a", ""));
  EXPECT_FALSE(has_scopes("ab", "a"));
}

TEST(Discovery, OrdersTheWellKnownPlaces) {
  EXPECT_EQ(resource_metadata_urls("https://h/mcp?x=1"),
            (std::vector<std::string>{"https://h/.well-known/oauth-protected-resource/mcp",
                                      "https://h/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(server_metadata_urls("https://h/t1"),
            (std::vector<std::string>{"https://h/.well-known/oauth-authorization-server/t1",
                                      "https://h/.well-known/openid-configuration/t1",
                                      "https://h/t1/.well-known/openid-configuration"}));
  EXPECT_EQ(server_metadata_urls("https://h"),
            (std::vector<std::string>{"https://h/.well-known/oauth-authorization-server",
                                      "https://h/.well-known/openid-configuration"}));
  EXPECT_EQ(server_metadata_urls("https://h/realms/a/"),
            (std::vector<std::string>{"https://h/.well-known/oauth-authorization-server/realms/a",
                                      "https://h/.well-known/openid-configuration/realms/a",
                                      "https://h/realms/a/.well-known/openid-configuration"}));
  EXPECT_TRUE(server_metadata_urls("no url").empty());
}

TEST(Discovery, TakesOnlyTheMetadataOfThisResource) {
  const auto of = [](const std::string& resource) {
    return parse_resource_metadata(R"({"resource":")" + resource + R"(","authorization_servers":["https://as"]})",
                                   "https://h/a/mcp")
        .has_value();
  };
  EXPECT_TRUE(of("https://h/a/mcp"));
  EXPECT_TRUE(of("https://h/a"));
  EXPECT_TRUE(of("https://h"));
  EXPECT_FALSE(of("https://h/a/mc"));
  EXPECT_FALSE(of("https://h/a/mcp/more"));
  EXPECT_FALSE(of("https://evil/a/mcp"));
  EXPECT_FALSE(of("http://h/a/mcp"));
  EXPECT_FALSE(of(""));
}

TEST(FetchRule, LetsAPrivateServerNamePrivatePlacesAndNoOther) {
  const FetchRule global = FetchRule::of_server("https://mcp.example.com/");
  EXPECT_EQ(global.reach, io::Reach::global);
  EXPECT_FALSE(global.check("http://mcp.example.com/x", "it"));
  EXPECT_FALSE(global.check("http://127.0.0.1/x", "it"));
  EXPECT_FALSE(global.check("javascript:alert(1)", "it"));
  EXPECT_FALSE(global.check("https://user@h/", "it"));
  const FetchRule local = FetchRule::of_server("http://127.0.0.1:9/mcp");
  EXPECT_EQ(local.reach, io::Reach::internal);
  EXPECT_TRUE(local.check("http://localhost:1/x", "it"));
  EXPECT_FALSE(local.check("http://10.0.0.1/x", "it"));
  EXPECT_FALSE(local.check("http://example.com/x", "it"));
  EXPECT_EQ(FetchRule::of_server("https://10.1.2.3/mcp").reach, io::Reach::internal);
  EXPECT_FALSE(FetchRule::of_server("https://127.0.0.1/mcp").check("http://127.0.0.1/x", "it"));
}

/// An authorization server and a protected server in memory: URL -> answer.
class FlowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    target_.url = "https://h/mcp";
    answers_["https://h/mcp"] = {
        401, {{"www-authenticate", "Bearer resource_metadata=\"https://h/prm\", scope=\"read\""}}, ""};
    answers_["https://h/prm"] = {
        200, {}, R"({"resource":"https://h/mcp","authorization_servers":["https://as"],"scopes_supported":["all"]})"};
    answers_["https://as/.well-known/oauth-authorization-server"] = {200, {}, metadata("https://as")};
    answers_["https://as/register"] = {201, {}, R"({"client_id":"c1","client_secret":"s1"})"};
    answers_["https://as/token"] = {
        200, {}, R"({"access_token":"t1","token_type":"Bearer","expires_in":60,"refresh_token":"r1"})"};
  }

  static std::string metadata(const std::string& issuer, const std::string& more = R"(,"code_challenge_methods_supported":["S256"])") {
    return R"({"issuer":")" + issuer + R"(","authorization_endpoint":"https://as/authorize",)" +
           R"("token_endpoint":"https://as/token","registration_endpoint":"https://as/register")" + more + "}";
  }

  /// Fetches until the flow wants something else.
  void run(OAuthFlow& flow) {
    for (int steps = 0; flow.state() == State::fetching && steps < 20; ++steps) {
      const io::FetchRequest request = flow.request();
      asked_.push_back(request.url);
      last_ = request;
      const auto found = answers_.find(request.url);
      flow.take(found == answers_.end() ? io::FetchAnswer{404, {}, ""} : found->second, kNow);
      if (flow.state() == State::registered) flow.redirect_to("http://127.0.0.1:1/callback", std::nullopt, kNow);
    }
  }

  OAuthFlow start() {
    OAuthFlow flow(target_, std::nullopt, "");
    run(flow);
    return flow;
  }

  bool was_asked(const std::string& url) const { return std::ranges::find(asked_, url) != asked_.end(); }
  static std::string param(const std::string& url, std::string_view name) {
    return http::form_value(url.substr(url.find('?') + 1), name).value_or("(none)");
  }

  OAuthTarget target_;
  std::map<std::string, io::FetchAnswer> answers_;
  std::vector<std::string> asked_;
  io::FetchRequest last_;
};

TEST_F(FlowTest, GoesFromNothingToAToken) {
  OAuthFlow flow = start();
  ASSERT_EQ(flow.state(), State::authorizing) << flow.problem().message;
  EXPECT_EQ(param(flow.url(), "scope"), "read");
  EXPECT_EQ(param(flow.url(), "resource"), "https://h/mcp");
  EXPECT_EQ(param(flow.url(), "code_challenge_method"), "S256");
  EXPECT_EQ(param(flow.url(), "redirect_uri"), "http://127.0.0.1:1/callback");
  EXPECT_TRUE(flow.back("code=abc&state=" + flow.oauth_state(), kNow));
  run(flow);
  ASSERT_EQ(flow.state(), State::done);
  EXPECT_EQ(flow.account().access_token, "t1");
  EXPECT_EQ(flow.account().expires_us, kNow + 60'000'000);
  EXPECT_EQ(last_.body.substr(0, 29), "grant_type=authorization_code");
  EXPECT_NE(last_.body.find("resource=https%3A%2F%2Fh%2Fmcp"), std::string::npos);
  EXPECT_TRUE(std::ranges::any_of(last_.headers, [](const auto& header) { return header.first == "Authorization"; }));
}

TEST_F(FlowTest, UsesTheStateOnceAndForTenMinutes) {
  OAuthFlow flow = start();
  const std::string state = flow.oauth_state();
  EXPECT_FALSE(flow.back("code=abc&state=other", kNow));
  EXPECT_FALSE(flow.back("code=abc", kNow));
  EXPECT_FALSE(flow.back("code=abc&state=" + state + "&state=" + state, kNow));
  ASSERT_EQ(flow.state(), State::authorizing);
  EXPECT_TRUE(flow.back("code=abc&state=" + state, kNow));
  EXPECT_FALSE(flow.back("code=abc&state=" + state, kNow));

  OAuthFlow late = start();
  EXPECT_FALSE(late.back("code=abc&state=" + late.oauth_state(), kNow + OAuthFlow::kLifetimeUs + 1));
  EXPECT_EQ(late.state(), State::failed);
}

TEST_F(FlowTest, ChecksTheIssuerOfTheAnswer) {
  const std::string named = R"(,"code_challenge_methods_supported":["S256"],"authorization_response_iss_parameter_supported":true)";
  answers_["https://as/.well-known/oauth-authorization-server"].body = metadata("https://as", named);
  for (const std::string iss : {"", "&iss=https%3A%2F%2Fas%2F", "&iss=https://evil"}) {
    OAuthFlow flow = start();
    EXPECT_FALSE(flow.back("code=abc&state=" + flow.oauth_state() + iss, kNow)) << iss;
    EXPECT_EQ(flow.state(), State::failed);
  }
  OAuthFlow flow = start();
  EXPECT_TRUE(flow.back("code=abc&iss=https%3A%2F%2Fas&state=" + flow.oauth_state(), kNow));
  answers_["https://as/.well-known/oauth-authorization-server"].body = metadata("https://as");
  OAuthFlow unasked = start();
  EXPECT_FALSE(unasked.back("code=abc&iss=https://evil&state=" + unasked.oauth_state(), kNow));
}

TEST_F(FlowTest, test_T237_AnotherIssuerOrNoProofKeyEndsTheFlow) {
  answers_["https://as/.well-known/oauth-authorization-server"].body = metadata("https://as/");
  EXPECT_EQ(start().state(), State::failed);
  answers_["https://as/.well-known/oauth-authorization-server"].body = metadata("https://as", "");
  EXPECT_EQ(start().state(), State::failed);
  answers_["https://as/.well-known/oauth-authorization-server"].body =
      metadata("https://as", R"(,"code_challenge_methods_supported":["plain"])");
  EXPECT_EQ(start().state(), State::failed);
  EXPECT_FALSE(was_asked("https://as/register"));
}

TEST_F(FlowTest, test_T236_NothingIsFetchedWhereAServerMayNotSendUs) {
  for (const std::string bad : {"http://h/prm", "https://user@h/prm", "ftp://h/prm", "https://h/prm#x"}) {
    answers_["https://h/mcp"].headers = {{"www-authenticate", "Bearer resource_metadata=\"" + bad + "\""}};
    EXPECT_EQ(start().state(), State::failed) << bad;
    EXPECT_FALSE(was_asked(bad)) << bad;
  }
  SetUp();
  for (const std::string bad : {"http://as", "http://127.0.0.1", "javascript:x"}) {
    answers_["https://h/prm"].body = R"({"resource":"https://h/mcp","authorization_servers":[")" + bad + R"("]})";
    EXPECT_EQ(start().state(), State::failed) << bad;
  }
  SetUp();
  for (const std::string name : {"authorization_endpoint", "token_endpoint", "registration_endpoint"}) {
    std::string text = metadata("https://as");
    text.replace(text.find("https://as/", text.find(name)), 8, "http://");
    answers_["https://as/.well-known/oauth-authorization-server"].body = text;
    EXPECT_EQ(start().state(), State::failed) << name;
  }
  // Where a peer names the place, it must be one that everybody can reach.
  SetUp();
  start();
  for (const std::string& url : asked_) EXPECT_TRUE(url.starts_with("https://")) << url;
  EXPECT_EQ(last_.reach, io::Reach::global);
}

TEST_F(FlowTest, FallsBackToTheRulesOf2025_03_26) {
  answers_.erase("https://h/prm");
  answers_["https://h/mcp"].headers = {{"www-authenticate", "Bearer"}};
  OAuthFlow flow = start();
  ASSERT_EQ(flow.state(), State::failed);  // no registration there
  EXPECT_TRUE(was_asked("https://h/.well-known/oauth-authorization-server"));
  EXPECT_TRUE(was_asked("https://h/register"));
}

TEST_F(FlowTest, PrefersAMetadataDocumentWhereBothHaveOne) {
  target_.settings.client_metadata = "https://me/client.json";
  EXPECT_EQ(start().client().id, "c1");
  answers_["https://as/.well-known/oauth-authorization-server"].body = metadata(
      "https://as", R"(,"code_challenge_methods_supported":["S256"],"client_id_metadata_document_supported":true)");
  OAuthFlow flow = start();
  EXPECT_EQ(flow.client().id, "https://me/client.json");
  EXPECT_EQ(param(flow.url(), "client_id"), "https://me/client.json");
}

TEST_F(FlowTest, AsksForOfflineAccessWhereItIsOffered) {
  answers_["https://as/.well-known/oauth-authorization-server"].body = metadata(
      "https://as", R"(,"code_challenge_methods_supported":["S256"],"scopes_supported":["read","offline_access"])");
  EXPECT_EQ(param(start().url(), "scope"), "read offline_access");
}

TEST_F(FlowTest, GetsATokenByClientCredentials) {
  target_.settings.grant = OAuthSettings::Grant::client_credentials;
  target_.settings.client_id = "id:1";
  target_.settings.client_secret = "s e";
  target_.settings.scopes = {"x"};
  OAuthFlow flow = start();
  ASSERT_EQ(flow.state(), State::done) << flow.problem().message;
  const auto authorization = std::ranges::find(last_.headers, "Authorization", &std::pair<std::string, std::string>::first);
  ASSERT_NE(authorization, last_.headers.end());
  EXPECT_EQ(authorization->second, "Basic " + to_base64(bytes_of("id%3A1:s%20e")));
  EXPECT_NE(last_.body.find("scope=x%20read"), std::string::npos) << last_.body;
}

TEST_F(FlowTest, RenewsWithTheRotatedToken) {
  OAuthFlow flow = start();
  ASSERT_TRUE(flow.back("code=abc&state=" + flow.oauth_state(), kNow));
  run(flow);
  const auto request = OAuthFlow::refresh_request(target_, flow.account(), kNow);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "https://as/token");
  EXPECT_NE(request->body.find("refresh_token=r1"), std::string::npos);
  const auto fresh = OAuthFlow::refreshed(
      flow.account(), {200, {}, R"({"access_token":"t2","token_type":"bearer","refresh_token":"r2"})"}, kNow);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->access_token, "t2");
  EXPECT_EQ(fresh->refresh_token, "r2");
  EXPECT_EQ(fresh->expires_us, 0);
  EXPECT_FALSE(OAuthFlow::refreshed(flow.account(), {400, {}, R"({"error":"invalid_grant"})"}, kNow));
}

TEST(TokenAnswer, RefusesWhatCannotBeAHeader) {
  const auto read = [](const std::string& token, const std::string& type = "Bearer") {
    return parse_token_answer({200, {}, R"({"access_token":")" + token + R"(","token_type":")" + type + "\"}"})
        .has_value();
  };
  EXPECT_TRUE(read("abc"));
  EXPECT_FALSE(read("a\\r\\nX: y"));
  EXPECT_FALSE(read("a b"));
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("abc", "DPoP"));
  EXPECT_FALSE(read(std::string(20'000, 'a')));
}

TEST(Settings, ThatDoNotGoTogetherAreNamed) {
  OAuthSettings settings;
  EXPECT_EQ(problem_of(settings), "");
  settings.grant = OAuthSettings::Grant::client_credentials;
  EXPECT_NE(problem_of(settings), "");
  settings.client_id = "a";
  EXPECT_NE(problem_of(settings), "");
  settings.client_secret = "b";
  EXPECT_EQ(problem_of(settings), "");
  settings.per_grant = true;
  EXPECT_NE(problem_of(settings), "");
}

}  // namespace
}  // namespace doorward::upstream
