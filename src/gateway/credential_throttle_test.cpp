#include "gateway/credential_throttle.h"

#include <gtest/gtest.h>

namespace doorward::gateway {
namespace {

TEST(CredentialThrottle, T220_OneAddressIsHeldUpAndOthersAreNot) {
  CredentialThrottle throttle;
  std::int64_t now = 1'000'000;
  for (unsigned i = 0; i < CredentialThrottle::kBurst; ++i) EXPECT_TRUE(throttle.failed("192.0.2.1", now));
  EXPECT_FALSE(throttle.failed("192.0.2.1", now));
  EXPECT_TRUE(throttle.failed("192.0.2.2", now));
  now += 1'000'000;
  for (unsigned i = 0; i < CredentialThrottle::kPerSecond; ++i) EXPECT_TRUE(throttle.failed("192.0.2.1", now));
  EXPECT_FALSE(throttle.failed("192.0.2.1", now));
  now += 3'600'000'000;
  for (unsigned i = 0; i < CredentialThrottle::kBurst; ++i) EXPECT_TRUE(throttle.failed("192.0.2.1", now));
  EXPECT_FALSE(throttle.failed("192.0.2.1", now));
}

}  // namespace
}  // namespace doorward::gateway
