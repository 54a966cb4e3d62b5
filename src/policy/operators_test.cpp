// The typed operators over hostile input: path_under, url_host, email_domain, cidr.
#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <string>

#include "policy/address.h"
#include "policy/host.h"
#include "policy/path_under.h"

namespace doorward::policy {
namespace {

std::string word(std::optional<bool> answer) {
  return !answer ? "error" : *answer ? "true" : "false";
}

struct Row {
  std::string text;
  const char* want;
};

Directories directories(std::initializer_list<const char*> list) {
  Directories out;
  for (const char* each : list) EXPECT_TRUE(out.add(each).has_value()) << each;
  return out;
}

TEST(PathUnder, ComparesBySegment) {
  const Directories under = directories({"/srv/data", "/tmp/"});
  for (const Row& row :
       {Row{"/srv/data", "true"}, Row{"/srv/data/", "true"}, Row{"/srv/data/x", "true"},
        Row{"/srv//data/./x", "true"}, Row{"//srv/data", "true"}, Row{"/srv/data/.", "true"},
        Row{"/srv/database", "false"}, Row{"/srv", "false"}, Row{"/", "false"}, Row{"/SRV/data", "false"},
        Row{"/tmp/a", "true"}, Row{"/srv/data/...", "true"}, Row{"/srv/data/..x", "true"},
        Row{"/srv/data/%", "true"}, Row{"/srv/data/%zz", "true"}, Row{"/srv/da\xCC\x81ta", "false"}}) {
    EXPECT_EQ(word(under.holds(row.text)), row.want) << row.text;
  }
}

TEST(PathUnder, AmbiguousPathsAreErrors) {
  const Directories under = directories({"/srv"});
  for (const std::string& text :
       {std::string(""), std::string("srv/x"), std::string("./srv"), std::string("/srv/../etc"),
        std::string("/srv/.."), std::string("/srv/%2e%2e/etc"), std::string("/srv/%2F"),
        std::string("/srv\\x"), std::string("/srv/a\nb"), std::string("/srv/a\0b", 8),
        std::string("/srv/\x7F"), std::string("/srv/\xC2\x85"), std::string("~/srv"), std::string(" /srv"),
        std::string("file:///srv")}) {
    EXPECT_EQ(word(under.holds(text)), "error") << text;
  }
}

TEST(PathUnder, TheRootHoldsEverything) {
  EXPECT_EQ(word(directories({"/"}).holds("/etc/passwd")), "true");
}

TEST(PathUnder, RefusesAmbiguousDirectories) {
  Directories out;
  for (const char* text : {"", "srv", "/srv/..", "/a%20b", "/a\\b"})
    EXPECT_FALSE(out.add(text).has_value()) << text;
}

UrlHosts hosts(std::initializer_list<const char*> list) {
  UrlHosts out;
  for (const char* each : list) EXPECT_TRUE(out.add(each).has_value()) << each;
  return out;
}

TEST(UrlHost, MatchesHostsAndPorts) {
  const UrlHosts list = hosts({"example.com", "*.Example.org", "api.test:8443", "10.0.0.1", "[2001:db8::1]"});
  for (const Row& row : {Row{"https://example.com", "true"},
                         Row{"HTTPS://EXAMPLE.com/x?y#z", "true"},
                         Row{"http://example.com:80/", "true"},
                         Row{"https://example.com:443", "true"},
                         Row{"http://example.com:443", "false"},
                         Row{"https://example.com:8443", "false"},
                         Row{"https://www.example.com", "false"},
                         Row{"https://example.com.evil.test", "false"},
                         Row{"https://notexample.com", "false"},
                         Row{"https://a.example.org", "true"},
                         Row{"https://a.b.example.org", "true"},
                         Row{"https://example.org", "false"},
                         Row{"https://api.test:8443/", "true"},
                         Row{"https://api.test/", "false"},
                         Row{"http://10.0.0.1/", "true"},
                         Row{"http://10.0.0.2/", "false"},
                         Row{"http://[2001:DB8::1]/", "true"},
                         Row{"https://evil.test/https://example.com", "false"},
                         Row{"https://evil.test?@example.com", "false"},
                         Row{"https://evil.test#@example.com", "false"},
                         Row{"https://example.com/\xC3\xA9%41\\", "true"}}) {
    EXPECT_EQ(word(list.hold(row.text)), row.want) << row.text;
  }
}

TEST(UrlHost, AmbiguousUrlsAreErrors) {
  const UrlHosts list = hosts({"example.com", "127.0.0.1"});
  for (const char* text : {"",
                           "example.com",
                           "//example.com",
                           "ftp://example.com",
                           "https:example.com",
                           "https:/example.com",
                           "https:///example.com",
                           "https://",
                           "https://user@example.com",
                           "https://user:pw@example.com",
                           "https://example.com\\@evil.test",
                           "https://evil.test\\.example.com",
                           "https://exa%6Dple.com",
                           "https://example.com.",
                           "https://example..com",
                           "https://.example.com",
                           "https://example.com:",
                           "https://example.com:0443",
                           "https://example.com:99999",
                           "https://example.com:x",
                           "https://exam\tple.com",
                           "https://example.com ",
                           " https://example.com",
                           "ht\ntps://example.com",
                           "https://ex\xC3\xA4mple.com",
                           "https://example\xE3\x80\x82"
                           "com",
                           "http://127.1",
                           "http://2130706433",
                           "http://0x7f.0.0.1",
                           "http://0177.0.0.1",
                           "http://127.0.0.1.",
                           "http://127.0.0.01",
                           "http://256.0.0.1",
                           "http://1.2.3.4.5",
                           "http://a.0x7f",
                           "http://[::1",
                           "http://[0:0:0:0:0:0:0:1]",
                           "http://[::ffff:127.0.0.1]",
                           "http://[fe80::1%25eth0]",
                           "http://[127.0.0.1]",
                           "http://::1/",
                           "javascript:alert(1)//example.com",
                           "https://example.com|evil.test"}) {
    EXPECT_EQ(word(list.hold(text)), "error") << text;
  }
}

TEST(UrlHost, RefusesEntriesThatAreNoHosts) {
  UrlHosts out;
  for (const char* text :
       {"", "*", "*.", "https://example.com", "example.com/", "example.com.", "a b", "127.1", "*.10.0.0.1",
        "*.[::1]", "example.com:0x1", "us\xC3\xA9r.com", "user@example.com"}) {
    EXPECT_FALSE(out.add(text).has_value()) << text;
  }
}

TEST(EmailDomain, T171_OnePlainAddressOnly) {
  EmailDomains list;
  ASSERT_TRUE(list.add("Example.com").has_value());
  ASSERT_TRUE(list.add("*.corp.test").has_value());
  for (const Row& row :
       {Row{"a@example.com", "true"}, Row{"A.b+c@EXAMPLE.COM", "true"}, Row{"o'neil@example.com", "true"},
        Row{"a@evil.test", "false"}, Row{"a@example.com.evil.test", "false"},
        Row{"a@sub.example.com", "false"}, Row{"a@x.corp.test", "true"}, Row{"a@corp.test", "false"},
        Row{"a@notcorp.test", "false"}}) {
    EXPECT_EQ(word(list.hold(row.text)), row.want) << row.text;
  }
  for (const char* text : {"",
                           "a",
                           "@example.com",
                           "a@",
                           "a@b@example.com",
                           "a@example.com,b@evil.test",
                           "a@example.com b@evil.test",
                           "a@example.com;b@evil.test",
                           "Alice <a@example.com>",
                           "<a@example.com>",
                           "\"a\"@example.com",
                           "\"a@evil.test\"@example.com",
                           "a(comment)@example.com",
                           " a@example.com",
                           "a@example.com ",
                           "a@example.com\n",
                           "a..b@example.com",
                           ".a@example.com",
                           "a.@example.com",
                           "a@example..com",
                           "a@example.com.",
                           "a@.example.com",
                           "a@example\xE3\x80\x82"
                           "com",
                           "\xC3\xA4@example.com",
                           "a@ex\xC3\xA4mple.com",
                           "a@[127.0.0.1]",
                           "a%evil.test@",
                           "mailto:a@example.com"}) {
    EXPECT_EQ(word(list.hold(text)), "error") << text;
  }
}

TEST(Cidr, MatchesNetworks) {
  Networks list;
  for (const char* each :
       {"10.0.0.0/8", "192.168.1.7/32", "2001:db8::/32", "::1/128", "::ffff:172.16.0.0/108"}) {
    ASSERT_TRUE(list.add(each).has_value()) << each;
  }
  for (const Row& row :
       {Row{"10.255.0.1", "true"}, Row{"11.0.0.1", "false"}, Row{"192.168.1.7", "true"},
        Row{"192.168.1.8", "false"}, Row{"::ffff:10.1.2.3", "true"}, Row{"::FFFF:0a01:0203", "true"},
        Row{"::ffff:11.1.2.3", "false"}, Row{"172.16.0.1", "true"}, Row{"172.32.0.1", "false"},
        Row{"2001:db8:ffff::1", "true"}, Row{"2001:DB8::", "true"}, Row{"2001:db9::1", "false"},
        Row{"::1", "true"}, Row{"0:0:0:0:0:0:0:1", "true"}, Row{"::2", "false"},
        Row{"::10.0.0.1", "false"}}) {
    EXPECT_EQ(word(list.hold(row.text)), row.want) << row.text;
  }
  for (const char* text : {"",
                           "10",
                           "10.0.0",
                           "10.0.0.0.1",
                           "010.0.0.1",
                           "10.0.0.01",
                           "10.0.0.256",
                           "0x0a.0.0.1",
                           "10.0.0.1/32",
                           "10.0.0.1 ",
                           " 10.0.0.1",
                           "10.0.0.1:80",
                           "fe80::1%eth0",
                           "[::1]",
                           ":::",
                           "1::2::3",
                           ":1",
                           "1:",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "12345::",
                           "g::",
                           "::10.0.0",
                           "1.2.3.4::",
                           "localhost",
                           "1:2:3:4:5:6:7:1.2.3.4"}) {
    EXPECT_EQ(word(list.hold(text)), "error") << text;
  }
}

TEST(Cidr, AllOfIpv6HoldsNoIpv4) {
  Networks six;
  ASSERT_TRUE(six.add("::/0").has_value());
  EXPECT_EQ(word(six.hold("10.0.0.1")), "false");
  EXPECT_EQ(word(six.hold("::ffff:10.0.0.1")), "false");
  EXPECT_EQ(word(six.hold("2001:db8::1")), "true");
  Networks four;
  ASSERT_TRUE(four.add("0.0.0.0/0").has_value());
  EXPECT_EQ(word(four.hold("203.0.113.9")), "true");
  EXPECT_EQ(word(four.hold("::1")), "false");
}

TEST(Cidr, RefusesNetworksWithHostBits) {
  Networks out;
  for (const char* text : {"", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "10/8",
                           "2001:db8::1/32", "2001:db8::/129", "10.0.0.0/8/8", "10.0.0.1", "example.com"}) {
    EXPECT_FALSE(out.add(text).has_value()) << text;
  }
}

TEST(Address, KnowsTheCanonicalSpelling) {
  for (const char* text : {"::", "::1", "2001:db8::1", "2001:DB8::1", "1:0:2::", "fe80::1:0:0:1",
                           "1:2:3:4:5:6:7:8", "1:0:2:3:4:5:6:7"}) {
    EXPECT_TRUE(is_canonical_v6(text)) << text;
  }
  for (const char* text : {"0::1", "2001:0db8::1", "1:0:0:2:0:0:0:0", "::ffff:1.2.3.4", "::1.2.3.4",
                           "1::2:3:4:5:6:7", "10.0.0.1"}) {
    EXPECT_FALSE(is_canonical_v6(text)) << text;
  }
}

}  // namespace
}  // namespace doorward::policy
