#include "policy/uri.h"

#include <gtest/gtest.h>

namespace doorward::policy {
namespace {

TEST(PlainUri, TakesTheNormalSpelling) {
  for (const char* uri : {"file:///public/notes.txt", "memo://One/two", "https://example.com:8443/a?b=C#D", "urn:isbn:0451",
                          "test://template/{id}/data", "file:///a%20b/%C3%A9", "file:///a/...", "ui://x/y.html", "a+b-c.1:x",
                          "memo://caf\u00e9", "file:///a..b/.c"}) {
    EXPECT_TRUE(is_plain_uri(uri)) << uri;
  }
}

TEST(PlainUri, RefusesWhatHasAnotherSpelling) {
  for (const char* uri :
       {"FILE:///secret", "File:///secret", "file:///public/../secret", "file:///public/./x", "file:///..", "memo://..",
        "file:///public/%2e%2e/secret", "file:///public/%2E./secret", "file:///%73ecret", "file:///public%2F..%2Fsecret",
        "file:///public%5C..", "file:///public\\..\\secret", "file:///a%c3%a9", "file:///a%", "file:///a%2", "file:///a%zz",
        "file:///a%00", "file:///a b", "file:///a\nb", "http://EXAMPLE.com/", "https://example.COM", "notes.txt", ":x", "1a:x", "",
        "a_b:x", "file:..", "file:///a?x=/../b", "file:///a#/.."}) {
    EXPECT_FALSE(is_plain_uri(uri)) << uri;
  }
}

}  // namespace
}  // namespace doorward::policy
