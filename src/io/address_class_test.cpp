#include "io/address_class.h"

#include <gtest/gtest.h>

namespace doorward::io {
namespace {

AddressClass kind(const char* literal) { return class_of(*Address::parse(literal, 1)); }

TEST(AddressClass, TellsWhatAnAddressIsFor) {
  using enum AddressClass;
  for (const char* literal : {"8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"}) {
    EXPECT_EQ(kind(literal), global) << literal;
  }
  for (const char* literal : {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(kind(literal), loopback) << literal;
  }
  for (const char* literal : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1",
                              "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:0a00:0001::1"}) {
    EXPECT_EQ(kind(literal), private_) << literal;
  }
  for (const char* literal : {"169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"}) {
    EXPECT_EQ(kind(literal), link_local) << literal;
  }
  for (const char* literal :
       {"0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::", "ff02::1", "2001:db8::1", "2001::1", "::2"}) {
    EXPECT_EQ(kind(literal), special) << literal;
  }
}

TEST(AddressClass, T234_APeerCannotNameWhatOnlyWeCanReach) {
  const Address outside = *Address::parse("8.8.8.8", 443);
  const Address inside = *Address::parse("10.0.0.1", 443);
  const Address self = *Address::parse("127.0.0.1", 443);
  const Address metadata = *Address::parse("169.254.169.254", 80);
  for (const Reach reach : {Reach::global, Reach::internal}) {
    EXPECT_TRUE(may_dial(outside, reach));
    EXPECT_FALSE(may_dial(metadata, reach));
    EXPECT_FALSE(may_dial(Address(), reach));
    EXPECT_EQ(may_dial(inside, reach), reach == Reach::internal);
    EXPECT_EQ(may_dial(self, reach), reach == Reach::internal);
  }
}

}  // namespace
}  // namespace doorward::io
