#include "gateway/era_probe.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::gateway {
namespace {

bool shows(std::string_view text) {
  json::Reader reader;
  const auto root = reader.read(text);
  return root && shows_modern_era(*root);
}

TEST(EraProbe, OnlyADiscoverResultThatOffersAModernRevisionIsProof) {
  EXPECT_TRUE(shows(R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":)"
                    R"(["2026-07-28","2025-11-25"],"capabilities":{},"ttlMs":0,"cacheScope":"private"}})"));
  EXPECT_TRUE(
      shows(R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2099-01-01"],"capabilities":{}}})"));
  EXPECT_FALSE(
      shows(R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2025-11-25"],"capabilities":{}}})"));
  EXPECT_FALSE(shows(R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"]}})"));
  EXPECT_FALSE(shows(R"({"jsonrpc":"2.0","id":1,"result":{"capabilities":{}}})"));
  EXPECT_FALSE(shows(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
}

TEST(EraProbe, ModernErrorsAreProof) {
  EXPECT_TRUE(shows(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"x",)"
                    R"("data":{"supported":["2027-01-01"],"requested":"2026-07-28"}}})"));
  EXPECT_TRUE(shows(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"x"}})"));
  EXPECT_TRUE(shows(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32021,"message":"x"}})"));
}

TEST(EraProbe, OtherErrorsAreLegacy) {
  for (const char* code : {"-32601", "-32000", "-32602", "-32600", "-32001", "-32022"}) {
    EXPECT_FALSE(
        shows(std::string(R"({"jsonrpc":"2.0","id":1,"error":{"code":)") + code + R"(,"message":"x"}})"));
  }
  EXPECT_FALSE(shows(
      R"({"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"x","data":{"supported":["2025-06-18"]}}})"));
  EXPECT_FALSE(shows(R"({"error":"not found"})"));
  EXPECT_FALSE(shows(R"([])"));
}

}  // namespace
}  // namespace doorward::gateway
