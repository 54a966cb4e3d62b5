#include "audit/redact.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::audit {
namespace {

std::string kept(Redactor& redactor, const std::string& text, std::size_t* places = nullptr) {
  json::Reader reader;
  const auto value = reader.read(text);
  EXPECT_TRUE(value) << text;
  std::string out;
  const std::size_t found = redactor.append(out, *value);
  if (places != nullptr) *places = found;
  return out;
}

TEST(RedactTest, OrdinaryArgumentsStayAsTheyAre) {
  Redactor redactor;
  const std::string text =
      R"({"amount":12.50,"deep":[{"note":"keys of the piano"},null,true],"path":"/var/tokens/a","url":"https://example.com/a@b"})";
  std::size_t places = 0;
  EXPECT_EQ(kept(redactor, text, &places),
            R"({"amount":12.50,"deep":[{"note":"keys of the piano"},null,true],"path":"/var/tokens/a","url":"https://example.com/a@b"})");
  EXPECT_EQ(places, 0u);
}

TEST(RedactTest, T309_NamesThatHoldSecrets) {
  Redactor redactor({"SSN", "tax-id"});
  for (const char* name : {"password", "PassWord", "user_password", "api_key", "apiKey", "X-Api-Key", "client-secret",
                           "access_token", "Authorization", "cookie", "private_key", "ssn", "Tax_Id", "key", "pin"}) {
    EXPECT_EQ(kept(redactor, std::string("{\"a\":{\"") + name + "\":\"hush\"}}"),
              std::string("{\"a\":{\"") + name + "\":\"[redacted]\"}}");
    EXPECT_EQ(kept(redactor, std::string("[{\"") + name + "\":{\"x\":[1]}}]"),
              std::string("[{\"") + name + "\":\"[redacted]\"}]");
  }
}

TEST(RedactTest, T309_TextsInTheFormOfCredentials) {
  Redactor redactor;
  const std::pair<const char*, const char*> cases[] = {
      {"Bearer abcdefghijklmnop", "[redacted]"},
      {"curl -H 'Authorization: Bearer abcdefghijklmnop' x", "curl -H 'Authorization: [redacted]' x"},
      {"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "[redacted]"},
      {"ghp_0123456789abcdefghij0123456789", "[redacted]"},
      {"id AKIAIOSFODNN7EXAMPLE end", "id [redacted] end"},
      {"postgres://me:hush@db/x", "postgres://[redacted]@db/x"},
      {"-----BEGIN RSA PRIVATE KEY-----\\nabc\\n-----END RSA PRIVATE KEY-----", "[redacted]"},
      {"sk-short", "sk-short"},
      {"task-0123456789abcdefghij", "task-0123456789abcdefghij"},
  };
  for (const auto& [text, wanted] : cases) {
    EXPECT_EQ(kept(redactor, std::string("{\"t\":\"") + text + "\"}"), std::string("{\"t\":\"") + wanted + "\"}");
  }
}

TEST(RedactTest, T309_ExactSecretsWhereverTheyStand) {
  Redactor redactor;
  redactor.set_secrets({"s3cr3t-value", "tiny"});
  EXPECT_EQ(kept(redactor, R"({"a":"xs3cr3t-valuey","s3cr3t-value":"tiny"})"),
            R"({"a":"x[redacted]y","[redacted]":"tiny"})");
}

}  // namespace
}  // namespace doorward::audit
