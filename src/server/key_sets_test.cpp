#include "server/key_sets.h"

#include <gtest/gtest.h>

namespace doorward::server {
namespace {

TEST(KeySets, T236_T237_MetadataOfAnotherIssuerOrWithOtherAddressesIsRefused) {
  const auto uri = [](const std::string& text, std::string_view issuer = "https://idp.example") {
    return read_jwks_uri(text, issuer).value_or("refused");
  };
  EXPECT_EQ(uri(R"({"issuer":"https://idp.example","jwks_uri":"https://keys.example/k"})"), "https://keys.example/k");
  EXPECT_EQ(uri(R"({"issuer":"http://127.0.0.1:80","jwks_uri":"http://127.0.0.1/k"})", "http://127.0.0.1:80"),
            "http://127.0.0.1/k");
  for (const char* text : {R"({"issuer":"https://idp.example/","jwks_uri":"https://keys.example/k"})",
                           R"({"issuer":"https://idp.example"})", R"({"jwks_uri":"https://keys.example/k"})",
                           R"({"issuer":"https://idp.example","jwks_uri":"http://keys.example/k"})",
                           R"({"issuer":"https://idp.example","jwks_uri":"http://127.0.0.1/k"})",
                           R"({"issuer":"https://idp.example","jwks_uri":"file:///etc/passwd"})",
                           R"({"issuer":"https://idp.example","jwks_uri":"https://u:p@keys.example/k"})",
                           R"({"issuer":"https://idp.example","jwks_uri":["https://keys.example/k"]})",
                           R"({"issuer":"x","issuer":"https://idp.example","jwks_uri":"https://keys.example/k"})", "[]", "<html>"}) {
    EXPECT_EQ(uri(text), "refused") << text;
  }
}

}  // namespace
}  // namespace doorward::server
