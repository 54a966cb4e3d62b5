// Content types, URLs, host and origin lists, and the writing of heads.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "http/content_type.h"
#include "http/head_writer.h"
#include "http/host_guard.h"
#include "http/response_head.h"
#include "http/url.h"

namespace doorward::http {
namespace {

using namespace std::string_literals;

RequestHead request(const std::string& headers, std::string& keep) {
  keep = "POST / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
  RequestHead head;
  EXPECT_EQ(head.parse(keep), ParseState::done) << head.refusal().reason;
  return head;
}

TEST(ContentType, T096_OnlyJsonIsRead) {
  std::string keep;
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/json, text/plain", "application/jsonx", "application/json; charset=utf-16",
        "application/json; charset", "application/json;=x", "application/ json"}) {
    EXPECT_EQ(check_json_request(request("Content-Type: "s + type + "\r\n", keep))->status, 415) << type;
  }
  EXPECT_EQ(check_json_request(request("", keep))->status, 415);
  for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "application/json;charset=\"UTF-8\"", "application/json; profile=x"}) {
    EXPECT_FALSE(check_json_request(request("Content-Type: "s + type + "\r\n", keep)).has_value()) << type;
  }
}

TEST(ContentType, T099_CodedBodiesAreNotRead) {
  std::string keep;
  const std::string json = "Content-Type: application/json\r\nContent-Encoding: ";
  for (const char* coding : {"gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", ""}) {
    EXPECT_EQ(check_json_request(request(json + coding + "\r\n", keep))->status, 415) << coding;
  }
  EXPECT_FALSE(check_json_request(request(json + "identity\r\n", keep)).has_value());
}

TEST(ContentType, AcceptMatchesTypesWildcardsAndWeights) {
  std::string keep;
  const auto takes = [&keep](const std::string& accept, const char* type, const char* subtype) {
    return accepts(request(accept.empty() ? "" : "Accept: " + accept + "\r\n", keep).headers(), type,
                   subtype);
  };
  EXPECT_TRUE(takes("", "application", "json"));
  EXPECT_TRUE(takes("application/json, text/event-stream", "text", "event-stream"));
  EXPECT_TRUE(takes("text/html\r\nAccept: application/json", "application", "json"));
  EXPECT_TRUE(takes("*/*;q=0.1", "application", "json"));
  EXPECT_TRUE(takes("TEXT/*", "text", "event-stream"));
  EXPECT_FALSE(takes("application/json;q=0", "application", "json"));
  EXPECT_FALSE(takes("application/json;q=0.000", "application", "json"));
  EXPECT_FALSE(takes("text/html", "application", "json"));
  EXPECT_FALSE(takes("*/json", "application", "json"));
}

TEST(ContentType, ACodingIsTakenByNameOrWildcardUnlessItsWeightIsZero) {
  EXPECT_TRUE(accepts_coding("gzip", "gzip"));
  EXPECT_TRUE(accepts_coding("br;q=1.0, GZIP;q=0.5", "gzip"));
  EXPECT_TRUE(accepts_coding("*", "gzip"));
  EXPECT_FALSE(accepts_coding("", "gzip"));
  EXPECT_FALSE(accepts_coding("br, identity", "gzip"));
  EXPECT_FALSE(accepts_coding("*, gzip;q=0", "gzip"));
  EXPECT_FALSE(accepts_coding("*;q=0.0", "gzip"));
  EXPECT_FALSE(accepts_coding("xgzip", "gzip"));
}

TEST(Url, ReadsItsParts) {
  const auto url = parse_url("HTTPS://API.Example.com:8443/mcp?x=%20y");
  ASSERT_TRUE(url.has_value());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/mcp?x=%20y");
  EXPECT_EQ(url->authority, "api.example.com:8443");
  EXPECT_EQ(url->origin(), "https://api.example.com:8443");
  EXPECT_EQ(parse_url("http://a")->target, "/");
  EXPECT_EQ(parse_url("http://a?x")->target, "/?x");
  EXPECT_EQ(parse_url("https://a:443/")->authority, "a");
  EXPECT_EQ(parse_url("http://[::1]:8080/x")->authority, "[::1]:8080");
  EXPECT_EQ(parse_url("http://[::1]:8080/x")->host, "::1");
}

TEST(Url, T238_RefusesWhatCanMeanTwoThings) {
  for (const std::string& text : {"http://user@host/"s,
                                  "http://user:pw@host/"s,
                                  "http://host/\r\nX: y"s,
                                  "http://host/#f"s,
                                  "http://ho st/"s,
                                  "http://host/a b"s,
                                  "ftp://host/"s,
                                  "file:///etc/passwd"s,
                                  "//host/"s,
                                  "host"s,
                                  ""s,
                                  "http://"s,
                                  "http:///x"s,
                                  "http://host:0/"s,
                                  "http://host:99999/"s,
                                  "http://host:/"s,
                                  "http://host\\x"s,
                                  "http://host/\\"s,
                                  "http://%41/"s,
                                  "http://host/%"s,
                                  "http://host/%zz"s,
                                  "http://[::1/"s,
                                  "http://[fe80::1%eth0]/"s,
                                  " http://host/"s,
                                  "http://host/\0"s,
                                  "http://h\xc3\xb6st/"s,
                                  "javascript:alert(1)//://x"s,
                                  "http://a.b..c/"s}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_url("http://host/" + std::string(3000, 'a')).has_value());
}

TEST(HostGuard, T226_OriginAndHostAreCheckedSeparately) {
  HostGuard guard(8080);
  ASSERT_TRUE(guard.allow_host("gate.example.com"));
  ASSERT_TRUE(guard.allow_origin("https://console.example.com"));
  for (const char* host : {"localhost:8080", "LocalHost:8080", "127.0.0.1:8080", "[::1]:8080",
                           "gate.example.com", "gate.example.com:443", "gate.example.com:8080"}) {
    EXPECT_TRUE(guard.host_allowed(host)) << host;
  }
  for (const char* host : {"localhost", "localhost:8081", "localhost.:8080", "localhost.evil:8080",
                           "evil:8080", "gate.example.com.", "gate.example.com:8443", "[::]:8080",
                           "0.0.0.0:8080", "127.1:8080", "console.example.com", ""}) {
    EXPECT_FALSE(guard.host_allowed(host)) << host;
  }
  for (const char* origin :
       {"http://localhost:8080", "http://127.0.0.1:8080", "https://console.example.com"}) {
    EXPECT_TRUE(guard.origin_allowed(origin)) << origin;
  }
  for (const char* origin :
       {"null", "", "http://localhost.evil:8080", "http://localhost:8081", "http://localhost",
        "https://localhost:8080", "http://console.example.com", "https://gate.example.com",
        "https://console.example.com:8443", "https://console.example.com."}) {
    EXPECT_FALSE(guard.origin_allowed(origin)) << origin;
  }
}

TEST(HostGuard, T226_RefusesEntriesThatAreNoHostsOrOrigins) {
  HostGuard guard(80);
  EXPECT_TRUE(guard.host_allowed("localhost"));
  EXPECT_TRUE(guard.origin_allowed("http://localhost"));
  EXPECT_FALSE(guard.allow_host("*"));
  EXPECT_FALSE(guard.allow_host("http://a"));
  EXPECT_FALSE(guard.allow_origin("console.example.com"));
  EXPECT_FALSE(guard.allow_origin("https://a/"));
  EXPECT_FALSE(guard.allow_origin("null"));
  EXPECT_FALSE(guard.allow_origin("*"));
}

TEST(HostGuard, T226_OverTlsTheOwnOriginsAreHttps) {
  HostGuard guard(443, "https");
  EXPECT_TRUE(guard.host_allowed("localhost"));
  EXPECT_TRUE(guard.origin_allowed("https://localhost"));
  EXPECT_TRUE(guard.origin_allowed("https://127.0.0.1:443"));
  EXPECT_FALSE(guard.origin_allowed("http://localhost"));
  EXPECT_FALSE(guard.origin_allowed("http://localhost:443"));
}

TEST(HeadWriter, WritesWhatTheParsersRead) {
  std::array<char, 512> buffer{};
  const std::string_view text = HeadWriter(buffer)
                                    .request(Method::post, "/mcp?x", "host:1")
                                    .field("Mcp-Session-Id", "abc")
                                    .lines("Accept: application/json\r\n")
                                    .content_length(17)
                                    .finish();
  RequestHead request;
  ASSERT_EQ(request.parse(text), ParseState::done);
  EXPECT_EQ(request.target(), "/mcp?x");
  EXPECT_EQ(request.get(Field::host), "host:1");
  EXPECT_EQ(request.content_length(), 17u);
  EXPECT_EQ(request.size(), text.size());

  const std::string_view answer =
      HeadWriter(buffer).response(429).field("Retry-After", 30u).content_length(0).finish();
  EXPECT_EQ(answer, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n");
}

TEST(HeadWriter, T093_NeverWritesAHeadThatReadsDifferently) {
  std::array<char, 512> buffer{};
  for (const std::string& value : {"a\r\nX: y"s, "a\n"s, "a\0b"s, "\x7f"s, "a\rb"s, "\x1b[31m"s}) {
    EXPECT_EQ(HeadWriter(buffer).response(200).field("X", value).finish(), "") << value;
    EXPECT_EQ(HeadWriter(buffer).request(Method::get, "/", value).finish(), "") << value;
    EXPECT_EQ(HeadWriter(buffer).request(Method::get, "/" + value, "a").finish(), "") << value;
  }
  EXPECT_EQ(HeadWriter(buffer).response(200).field("X y", "a").finish(), "");
  EXPECT_EQ(HeadWriter(buffer).response(200).field("", "a").finish(), "");
  EXPECT_EQ(HeadWriter(buffer).request(Method::get, "x", "a").finish(), "");
  EXPECT_EQ(HeadWriter(buffer).request(Method::get, "/a b", "a").finish(), "");
  EXPECT_EQ(HeadWriter(buffer).response(99).finish(), "");
}

TEST(HeadWriter, StopsAtTheEndOfItsBuffer) {
  const std::string whole = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
  for (std::size_t room = 0; room <= whole.size(); ++room) {
    std::vector<char> buffer(room);
    const std::string_view text = HeadWriter(buffer).response(200).field("A", "b").finish();
    EXPECT_EQ(text, room == whole.size() ? whole : "") << room;
  }
}

TEST(DateValue, IsAnHttpDate) {
  DateValue date;
  EXPECT_EQ(date.at(784111777'000000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784111777'999999), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784111778'000000), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace doorward::http
