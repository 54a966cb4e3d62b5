#include <gtest/gtest.h>

#include "server/config.h"

namespace doorward::server {
namespace {

std::string first_finding(const std::string& text) {
  const auto config = parse_config(text, "/d/doorward.yaml");
  return config ? "" : config.error().front().message;
}

const std::string kIssuer = "identity: {issuers: [{issuer: 'https://idp.example'}]}\n";

std::string grant(const std::string& rest) {
  return kIssuer + "servers: [{name: s, url: 'https://s.example'}]\ngrants: [{label: a, server: s, " + rest + "}]\n";
}

TEST(ConfigIdentity, AnIssuerWithItsDefaults) {
  const auto config = parse_config(kIssuer + "external_url: https://mcp.example\n", "/d/doorward.yaml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->external_url, "https://mcp.example");
  ASSERT_EQ(config->issuers.size(), 1u);
  const IssuerConfig& issuer = config->issuers[0];
  EXPECT_EQ(issuer.settings.issuer, "https://idp.example");
  EXPECT_EQ(issuer.settings.algorithms.size(), 9u);
  EXPECT_EQ(issuer.settings.skew_s, 60);
  EXPECT_EQ(issuer.refresh, Milliseconds(300'000));
}

TEST(ConfigIdentity, EverySettingIsRead) {
  const auto config = parse_config(
      "identity: {issuers: [{issuer: 'http://127.0.0.1:9', audience: [a, b], jwks: {file: k.json}, algorithms: [ES256],"
      " scopes: [x], clock_skew: 5s, refresh: 1h, ca_file: ca.pem}]}",
      "/d/doorward.yaml");
  ASSERT_TRUE(config);
  const IssuerConfig& issuer = config->issuers[0];
  EXPECT_EQ(issuer.settings.audiences, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(issuer.jwks_file, "/d/k.json");
  EXPECT_EQ(issuer.settings.algorithms, std::vector{identity::Algorithm::es256});
  EXPECT_EQ(issuer.settings.skew_s, 5);
  EXPECT_EQ(issuer.ca_file, "/d/ca.pem");
}

TEST(ConfigIdentity, WhatWouldLetTheWrongOnesInIsRefused) {
  const auto issuer = [](const std::string& rest) {
    return first_finding("identity: {issuers: [{issuer: 'https://idp.example', " + rest + "}]}");
  };
  EXPECT_NE(first_finding("identity: {issuers: [{issuer: 'http://idp.example'}]}").find("https"), std::string::npos);
  EXPECT_NE(first_finding("identity: {issuers: [{issuer: 'idp'}]}"), "");
  EXPECT_NE(issuer("algorithms: [HS256]").find("is no algorithm"), std::string::npos);
  EXPECT_NE(issuer("algorithms: [none]"), "");
  EXPECT_NE(issuer("algorithms: []"), "");
  EXPECT_NE(issuer("clock_skew: 1h"), "");
  EXPECT_NE(issuer("jwks: {url: 'http://keys.example'}"), "");
  EXPECT_NE(issuer("jwks: {}"), "");
  EXPECT_NE(issuer("jwks: {url: 'https://k.example', file: k}"), "");
  EXPECT_NE(issuer("scopes: ['a b']"), "");
  EXPECT_NE(first_finding("identity: {issuers: [{issuer: 'https://a'}, {issuer: 'https://a'}]}"), "");
  EXPECT_NE(first_finding("external_url: https://mcp.example/path"), "");
  EXPECT_NE(first_finding("external_url: https://MCP.example"), "");
}

TEST(ConfigIdentity, AGrantIsForOneKindOfHolder) {
  EXPECT_EQ(first_finding(grant("identity: {issuer: 'https://idp.example', claims: {groups: a}}")), "");
  EXPECT_EQ(first_finding(grant("certificate: {san: 'DNS:a.example'}")), "");
  EXPECT_EQ(first_finding(grant("certificate: {sha256: '" + std::string(64, 'A') + "'}")), "");
  EXPECT_NE(first_finding(grant("owner: x")), "");
  EXPECT_NE(first_finding(grant("token: {env: T}, identity: {issuer: 'https://idp.example', claims: {a: b}}")), "");
  EXPECT_NE(first_finding(grant("identity: {issuer: 'https://idp.example'}")), "");
  EXPECT_NE(first_finding(grant("identity: {issuer: 'https://idp.example', claims: {}}")), "");
  EXPECT_NE(first_finding(grant("identity: {claims: {a: b}}")), "");
  EXPECT_NE(first_finding(grant("identity: {issuer: 'https://idp.example/', claims: {a: b}}")), "");
  EXPECT_NE(first_finding(grant("certificate: {san: 'a.example'}")), "");
  EXPECT_NE(first_finding(grant("certificate: {sha256: abc}")), "");
  EXPECT_NE(first_finding(grant("certificate: {}")), "");
}

}  // namespace
}  // namespace doorward::server
