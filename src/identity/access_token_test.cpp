#include "identity/access_token.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <array>

#include "identity/test_tokens.h"

namespace doorward::identity {
namespace {

using test::Signer;
using test::url64;

constexpr std::string_view kIssuer = "https://idp.example";
constexpr std::string_view kResource = "https://gw.example/mcp/shop";
constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::array kAll = {Algorithm::rs256, Algorithm::rs384, Algorithm::rs512, Algorithm::ps256, Algorithm::ps384,
                             Algorithm::ps512, Algorithm::es256, Algorithm::es384, Algorithm::eddsa};

std::vector<VerificationKey> keys_of(const std::string& jwks) {
  auto keys = parse_key_set(R"({"keys":[)" + jwks + "]}", kAll);
  return keys ? std::move(*keys) : std::vector<VerificationKey>();
}

IssuerTable table_of(std::vector<VerificationKey> keys) {
  IssuerTable table;
  Issuer& issuer = table.issuers.emplace_back();
  issuer.settings.issuer = kIssuer;
  issuer.settings.algorithms.assign(kAll.begin(), kAll.end());
  issuer.keys = std::move(keys);
  issuer.demand = std::make_shared<KeyDemand>();
  return table;
}

std::string claims(const std::string& more = "", const std::string& exp = std::to_string(kNow + 600)) {
  return R"({"iss":"https://idp.example","sub":"alice","aud":"https://gw.example/mcp/shop","exp":)" + exp + more + "}";
}

std::string verdict(const IssuerTable& table, std::string_view token, std::int64_t now = kNow,
                    std::string_view resource = kResource) {
  const auto subject = verify_access_token(table, token, {.resource = resource, .now_s = now});
  return subject ? "good " + (*subject)->subject : std::string(to_string(subject.error().fault));
}

class AccessToken : public ::testing::Test {
 protected:
  Signer signer{Algorithm::es256};
  IssuerTable table = table_of(keys_of(signer.jwk()));

  std::string check(const std::string& text) { return verdict(table, signer.token(signer.header(), text)); }
  std::string check_header(const std::string& header) { return verdict(table, signer.token(header, claims())); }
};

TEST_F(AccessToken, EveryAlgorithmVerifiesAndTellsWhoItIs) {
  for (const Algorithm algorithm : kAll) {
    const Signer one(algorithm);
    EXPECT_EQ(verdict(table_of(keys_of(one.jwk())), one.token(one.header(), claims())), "good alice")
        << to_string(algorithm);
  }
  const auto subject = verify_access_token(
      table, signer.token(signer.header(), claims(R"(,"groups":["payments"])")), {.resource = kResource, .now_s = kNow});
  ASSERT_TRUE(subject);
  EXPECT_EQ((*subject)->issuer, kIssuer);
  EXPECT_EQ((*subject)->claims->root().find("groups").at(0).string(), "payments");
  EXPECT_EQ((*subject)->actor(), "oidc:https://idp.example#alice");
  EXPECT_EQ((*subject)->digest.size(), 64u);
}

TEST_F(AccessToken, T201_AnotherKeyOrAChangedByteIsNoSignature) {
  const Signer other(Algorithm::es256);
  EXPECT_EQ(verdict(table, other.token(other.header(), claims())), "bad_signature");
  std::string token = signer.token(signer.header(), claims());
  for (const std::size_t at : {token.find('.') + 3, token.rfind('.') + 5}) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(verdict(table, changed), "good alice");
  }
  EXPECT_EQ(verdict(table, ""), "malformed");
  EXPECT_EQ(verdict(table, ".."), "malformed");
  EXPECT_EQ(verdict(table, token + ".x"), "malformed");
  EXPECT_EQ(verdict(table, token.substr(0, token.rfind('.') + 1)), "malformed");
}

TEST_F(AccessToken, T203_TheIssuerIsComparedByteForByte) {
  for (const char* issuer : {"https://idp.example/", "https://IDP.example", "http://idp.example", "https://idp.example ",
                             "https://idp.example#", ""}) {
    EXPECT_EQ(check(R"({"iss":")" + std::string(issuer) +
                    R"(","sub":"alice","aud":"https://gw.example/mcp/shop","exp":1800000600})"),
              "unknown_issuer")
        << issuer;
  }
}

TEST_F(AccessToken, T203_T231_SubjectsOfDifferentIssuersOrSpellingsAreDifferent) {
  const auto key = [](std::string issuer, std::string subject) {
    return Subject{.issuer = std::move(issuer), .subject = std::move(subject), .credential = {}, .digest = {}, .claims = {}}.key();
  };
  EXPECT_NE(key("https://a", "alice"), key("https://b", "alice"));
  EXPECT_NE(key("https://a", "alice"), key("https://a", "Alice"));
  EXPECT_NE(key("https://a", "b:c"), key("https://ab", ":c"));
  EXPECT_NE(key("1:x", "y"), key("1", ":xy"));
  EXPECT_NE(key("https://a", "caf\xc3\xa9"), key("https://a", "cafe\xcc\x81"));
}

TEST_F(AccessToken, T204_TheAlgorithmIsTheKeysOwn) {
  for (const char* alg : {"none", "None", "NONE", "es256", "ES384", "RS256", "HS256", "PS256", "EdDSA", ""}) {
    EXPECT_EQ(check_header(R"({"alg":")" + std::string(alg) + R"(","kid":"k1"})"), "wrong_algorithm") << alg;
  }
  EXPECT_EQ(check_header(R"({"kid":"k1"})"), "malformed");
  EXPECT_EQ(check_header(R"({"alg":null,"kid":"k1"})"), "malformed");
  EXPECT_EQ(check_header(R"({"alg":["ES256"],"kid":"k1"})"), "malformed");
  const std::string text = url64(R"({"alg":"none","kid":"k1"})") + "." + url64(claims());
  EXPECT_NE(verdict(table, text + "."), "good alice");
}

TEST_F(AccessToken, T204_APublicRsaKeyIsNoSecret) {
  const Signer rsa(Algorithm::rs256);
  const IssuerTable rsa_table = table_of(keys_of(rsa.jwk()));
  const std::string jwk = rsa.jwk();
  const std::string text = url64(R"({"alg":"HS256","kid":"k1"})") + "." + url64(claims());
  unsigned char mac[32];
  unsigned size = sizeof(mac);
  HMAC(EVP_sha256(), jwk.data(), static_cast<int>(jwk.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), mac, &size);
  EXPECT_EQ(verdict(rsa_table, text + "." + url64({reinterpret_cast<char*>(mac), size})), "wrong_algorithm");
  EXPECT_EQ(verdict(rsa_table, rsa.token(R"({"alg":"PS256","kid":"k1"})", claims())), "wrong_algorithm");
}

TEST_F(AccessToken, T204_NothingThatMustBeUnderstoodIsUnderstood) {
  for (const char* member : {R"("crit":["exp"],"exp":1)", R"("crit":["b64"],"b64":false)", R"("crit":[])", R"("b64":true)",
                             R"("zip":"DEF")", R"("enc":"A256GCM")"}) {
    EXPECT_EQ(check_header(R"({"alg":"ES256","kid":"k1",)" + std::string(member) + "}"), "malformed") << member;
  }
}

TEST_F(AccessToken, T205_OnlyConfiguredKeysVerify) {
  const Signer attacker(Algorithm::es256, "mine");
  const std::string jwk = attacker.jwk();
  EXPECT_EQ(verdict(table, attacker.token(R"({"alg":"ES256","kid":"mine"})", claims())), "unknown_key");
  EXPECT_EQ(verdict(table, attacker.token(R"({"alg":"ES256","jwk":)" + jwk + "}", claims())), "malformed");
  for (const char* member : {"jku", "x5u"}) {
    EXPECT_EQ(verdict(table, attacker.token(R"({"alg":"ES256","kid":"k1",")" + std::string(member) +
                                                R"(":"https://evil.example/keys"})",
                                            claims())),
              "malformed");
  }
  for (const char* id : {"../../etc/passwd", "k1' OR '1'='1", "k1\\u0000", "K1", " k1", "/dev/null"}) {
    EXPECT_EQ(check_header(R"({"alg":"ES256","kid":")" + std::string(id) + "\"}"), "unknown_key") << id;
  }
  EXPECT_EQ(check_header(R"({"alg":"ES256","kid":1})"), "malformed");
  EXPECT_EQ(check_header(R"({"alg":"ES256","kid":""})"), "malformed");
}

TEST_F(AccessToken, ATokenWithoutKidNeedsOneKeyOfItsAlgorithm) {
  EXPECT_EQ(check_header(R"({"alg":"ES256"})"), "good alice");
  const Signer other(Algorithm::es256, "k2");
  table = table_of(keys_of(signer.jwk() + "," + other.jwk()));
  EXPECT_EQ(check_header(R"({"alg":"ES256"})"), "malformed");
}

TEST_F(AccessToken, T207_DuplicateMembersAreRefused) {
  EXPECT_EQ(check(claims(R"(,"sub":"bob")")), "malformed");
  EXPECT_EQ(check(claims(R"(,"s\u0075b":"bob")")), "malformed");
  EXPECT_EQ(check_header(R"({"alg":"ES256","alg":"none","kid":"k1"})"), "malformed");
}

TEST_F(AccessToken, T207_TimesAreNumbersInTheirPlainSpelling) {
  for (const char* exp : {"\"1800000600\"", "1e400", "1e10", "18e8", "-1", "-0", "null", "true", "[1800000600]",
                          "1800000600000000", "18000006001234567890"}) {
    EXPECT_EQ(check(claims("", exp)), "malformed") << exp;
  }
  EXPECT_EQ(check(claims("", "1800000600.75")), "good alice");
  EXPECT_EQ(check(R"({"iss":"https://idp.example","sub":"alice","aud":"https://gw.example/mcp/shop"})"), "malformed");
  EXPECT_EQ(check(claims(R"(,"nbf":"1")")), "malformed");
  EXPECT_EQ(check(claims(R"(,"iat":1e400)")), "malformed");
}

TEST_F(AccessToken, T207_ALongTokenIsNotLookedAt) {
  EXPECT_EQ(check(claims(R"(,"x":")" + std::string(49152, 'x') + "\"")), "malformed");
  EXPECT_EQ(check(claims(R"(,"x":")" + std::string(4096, 'x') + "\"")), "good alice");
}

TEST_F(AccessToken, T207_Base64IsTheOneSpelling) {
  const std::string token = signer.token(signer.header(), claims());
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  for (const char* wrong : {"=", "+", "/", " ", "\n"}) {
    for (const std::size_t at : {first, second, token.size()}) {
      std::string changed = token;
      changed.insert(at, wrong);
      EXPECT_EQ(verdict(table, changed), "malformed") << wrong;
    }
  }
}

TEST_F(AccessToken, T219_ClocksMayDifferByASkew) {
  const auto at = [&](const std::string& more, std::int64_t exp) {
    return check(claims(more, std::to_string(exp)));
  };
  EXPECT_EQ(at("", kNow - 60), "good alice");
  EXPECT_EQ(at("", kNow - 61), "token_expired");
  EXPECT_EQ(at(R"(,"nbf":)" + std::to_string(kNow + 60), kNow + 600), "good alice");
  EXPECT_EQ(at(R"(,"nbf":)" + std::to_string(kNow + 61), kNow + 600), "not_yet_valid");
  EXPECT_EQ(at(R"(,"iat":)" + std::to_string(kNow + 61), kNow + 600), "not_yet_valid");
  const auto subject = verify_access_token(table, signer.token(signer.header(), claims()),
                                           {.resource = kResource, .now_s = kNow});
  EXPECT_EQ((*subject)->expires_s, kNow + 600 + 61);
}

TEST_F(AccessToken, TheAudienceMustBeThisResource) {
  const std::string token = signer.token(signer.header(), claims());
  EXPECT_EQ(verdict(table, token, kNow, "https://gw.example/mcp/other"), "wrong_audience");
  EXPECT_EQ(verdict(table, token, kNow, "https://gw.example/mcp/shop/"), "wrong_audience");
  EXPECT_EQ(verdict(table, token, kNow, ""), "wrong_audience");
  const auto with = [](const std::string& aud) {
    return R"({"iss":"https://idp.example","sub":"alice","exp":1800000600,"aud":)" + aud + "}";
  };
  EXPECT_EQ(check(with(R"(["x","https://gw.example/mcp/shop"])")), "good alice");
  EXPECT_EQ(check(with(R"("x https://gw.example/mcp/shop")")), "wrong_audience");
  EXPECT_EQ(check(with("[]")), "wrong_audience");
  EXPECT_EQ(check(with("null")), "wrong_audience");
  EXPECT_EQ(check(R"({"iss":"https://idp.example","sub":"alice","exp":1800000600})"), "wrong_audience");
  table.issuers[0].settings.audiences = {"https://gw.example"};
  EXPECT_EQ(check(claims()), "wrong_audience");
  EXPECT_EQ(check(with(R"("https://gw.example")")), "good alice");
}

TEST_F(AccessToken, TheSubjectMustBeThere) {
  for (const char* sub : {"\"\"", "null", "7", "[\"alice\"]"}) {
    EXPECT_EQ(check(R"({"iss":"https://idp.example","aud":"https://gw.example/mcp/shop","exp":1800000600,"sub":)" +
                    std::string(sub) + "}"),
              "malformed");
  }
}

TEST_F(AccessToken, OtherKindsOfTokensAreRefused) {
  for (const char* type : {"dpop+jwt", "logout+jwt", "oauth-id-jag+jwt", "JWE", ""}) {
    EXPECT_EQ(check_header(R"({"alg":"ES256","kid":"k1","typ":")" + std::string(type) + "\"}"), "malformed") << type;
  }
  EXPECT_EQ(check_header(R"({"alg":"ES256","kid":"k1","typ":"JWT"})"), "good alice");
  EXPECT_EQ(check_header(R"({"alg":"ES256","kid":"k1","typ":"application/at+JWT"})"), "good alice");
}

TEST_F(AccessToken, ATokenThatIsBoundToAKeyNeedsItsProof) {
  EXPECT_EQ(check(claims(R"(,"cnf":{"jkt":"x"})")), "bound_to_key");
  EXPECT_EQ(check(claims(R"(,"cnf":{"x5t#S256":"abc"})")), "bound_to_key");
  EXPECT_EQ(check(claims(R"(,"cnf":"x")")), "bound_to_key");
  const std::string token = signer.token(signer.header(), claims(R"(,"cnf":{"x5t#S256":"abc"})"));
  EXPECT_TRUE(verify_access_token(table, token, {.resource = kResource, .now_s = kNow, .certificate = "abc"}));
  EXPECT_FALSE(verify_access_token(table, token, {.resource = kResource, .now_s = kNow, .certificate = "abd"}));
}

TEST_F(AccessToken, T216_ScopesThatTheIssuerMustGive) {
  table.issuers[0].settings.scopes = {"mcp:call", "mcp:read"};
  EXPECT_EQ(check(claims(R"(,"scope":"mcp:read x mcp:call")")), "good alice");
  EXPECT_EQ(check(claims(R"(,"scp":["mcp:call","mcp:read"])")), "good alice");
  for (const char* scope : {R"("mcp:read")", R"("mcp:read mcp:calls")", R"("*")", R"("mcp:*")", R"("MCP:CALL mcp:read")",
                            "null", "7"}) {
    EXPECT_EQ(check(claims(R"(,"scope":)" + std::string(scope))), "insufficient_scope") << scope;
  }
}

TEST(KeySet, LeavesOutWhatCannotOrMayNotVerify) {
  const Signer rsa(Algorithm::rs256, "rsa");
  const Signer ec(Algorithm::es256, "ec");
  const auto ids = [](const std::string& jwks, std::vector<Algorithm> allowed = {kAll.begin(), kAll.end()}) {
    std::string out;
    const auto keys = parse_key_set(R"({"keys":[)" + jwks + "]}", allowed);
    if (!keys) return std::string("none");
    for (const VerificationKey& key : *keys) out += key.id() + ":" + std::string(to_string(key.algorithm())) + " ";
    return out;
  };
  EXPECT_EQ(ids(rsa.jwk() + "," + ec.jwk()), "rsa:RS256 ec:ES256 ");
  EXPECT_EQ(ids(rsa.jwk() + "," + ec.jwk(), {Algorithm::es256}), "ec:ES256 ");
  EXPECT_EQ(ids(rsa.jwk(false), {Algorithm::ps384, Algorithm::rs256}), "rsa:PS384 ");
  EXPECT_EQ(ids(rsa.jwk(false), {Algorithm::es256}), "none");
  EXPECT_EQ(ids(ec.jwk(true, R"(,"use":"enc")")), "none");
  EXPECT_EQ(ids(ec.jwk(true, R"(,"key_ops":["sign"])")), "none");
  EXPECT_EQ(ids(ec.jwk(true, R"(,"use":"sig","key_ops":["verify"])")), "ec:ES256 ");
  EXPECT_EQ(ids(R"({"kty":"oct","kid":"s","alg":"HS256","k":"c2VjcmV0"})"), "none");
  EXPECT_EQ(ids(R"({"kty":"RSA","kid":"small","alg":"RS256","e":"AQAB","n":"wrong+"})"), "none");
  EXPECT_EQ(ids(R"({"kty":"EC","crv":"P-256","kid":"off","alg":"ES256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",)"
                R"("y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"})"),
            "none");
  EXPECT_EQ(ids("7"), "none");
  EXPECT_FALSE(parse_key_set("{}", kAll));
  EXPECT_FALSE(parse_key_set("[]", kAll));
  EXPECT_FALSE(parse_key_set("<html>", kAll));
}

}  // namespace
}  // namespace doorward::identity
