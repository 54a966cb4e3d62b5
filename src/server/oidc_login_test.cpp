#include "server/oidc_login.h"

#include <gtest/gtest.h>

namespace doorward::server {
namespace {

std::string metadata(const std::string& issuer, const std::string& endpoints = "https://idp.example") {
  return R"({"issuer":")" + issuer + R"(","authorization_endpoint":")" + endpoints + R"(/auth","token_endpoint":")" + endpoints +
         R"(/token","jwks_uri":")" + endpoints + R"(/keys"})";
}

TEST(IssuerMetadata, IsOfThatVeryIssuer) {
  const auto read = read_issuer_metadata(metadata("https://idp.example"), "https://idp.example");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->token_endpoint, "https://idp.example/token");
  EXPECT_FALSE(read->names_itself);
  for (const char* other : {"https://idp.example/", "https://IDP.example", "http://idp.example", "https://evil.example", ""}) {
    EXPECT_FALSE(read_issuer_metadata(metadata(other), "https://idp.example")) << other;
  }
}

TEST(IssuerMetadata, NamesHttpsEndpointsAlone) {
  for (const char* endpoints : {"http://idp.example", "http://127.0.0.1:1", "ftp://idp.example", "", "https://user@idp.example"}) {
    EXPECT_FALSE(read_issuer_metadata(metadata("https://idp.example", endpoints), "https://idp.example")) << endpoints;
  }
  EXPECT_TRUE(read_issuer_metadata(metadata("http://127.0.0.1:9", "http://127.0.0.1:9"), "http://127.0.0.1:9"));
  EXPECT_FALSE(read_issuer_metadata(metadata("http://127.0.0.1:9", "http://idp.example"), "http://127.0.0.1:9"));
  EXPECT_FALSE(read_issuer_metadata("[]", "https://idp.example"));
  EXPECT_FALSE(read_issuer_metadata(R"({"issuer":"https://idp.example"})", "https://idp.example"));
}

TEST(PeopleConfig, ReadsAnIssuerAndWhatItsGroupsMean) {
  const auto config = parse_config(R"(
people:
  oidc:
    issuer: https://idp.example
    client_id: doorward
    client_secret: {env: OIDC_SECRET}
    redirect_url: https://gateway.example/api/v1/login/oidc/callback
    roles:
      admin: [gw-admins]
      viewer: [staff, contractors]
    approver_groups:
      finance: [cfo]
)",
                                   "/etc/doorward/doorward.yaml");
  ASSERT_TRUE(config);
  const auto& oidc = config->people.oidc;
  ASSERT_TRUE(oidc);
  EXPECT_EQ(oidc->issuer, "https://idp.example");
  EXPECT_EQ(oidc->map.roles.size(), 3u);
  EXPECT_EQ(oidc->map.roles[1], (std::pair<std::string, identity::Role>{"staff", identity::Role::viewer}));
  EXPECT_EQ(oidc->map.approver_groups[0], (std::pair<std::string, std::string>{"cfo", "finance"}));
  EXPECT_EQ(oidc->groups_claim, "groups");
}

TEST(PeopleConfig, SaysWhatIsWrong) {
  const auto findings = [](const std::string& oidc) {
    const auto config = parse_config("people:\n  oidc: " + oidc + "\n", "/etc/doorward/doorward.yaml");
    return config ? std::string() : config.error().front().message;
  };
  EXPECT_NE(findings("{issuer: https://idp.example}"), "");
  const std::string rest = R"(client_id: d, redirect_url: "https://g.example/cb", )";
  EXPECT_NE(findings("{issuer: \"http://idp.example\", " + rest + "roles: {admin: [a]}}"), "");
  EXPECT_NE(findings("{issuer: \"https://idp.example\", " + rest + "roles: {root: [a]}}"), "");
  EXPECT_NE(findings("{issuer: \"https://idp.example\", " + rest + "roles: {admin: a}}"), "");
  EXPECT_NE(findings("{issuer: \"https://idp.example\", " + rest + "client_secret: in the file, roles: {admin: [a]}}"), "");
  EXPECT_EQ(findings("{issuer: \"https://idp.example\", " + rest + "roles: {admin: [a]}}"), "");
}

}  // namespace
}  // namespace doorward::server
