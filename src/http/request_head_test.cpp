#include "http/request_head.h"

#include <gtest/gtest.h>

#include <string>

#include "http/whole_message.h"

namespace doorward::http {
namespace {

using namespace std::string_literals;

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n";
}
std::string post(const std::string& headers) {
  return "POST /mcp HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

int refusal(const std::string& bytes) {
  RequestHead head;
  const ParseState state = head.parse(bytes);
  EXPECT_EQ(state == ParseState::refused, head.refusal().status != 0);
  EXPECT_NE(state, ParseState::need_more) << bytes.substr(0, 200);
  return head.refusal().status;
}

TEST(RequestHead, ServesTheLinesOfAnOrdinaryRequest) {
  const std::string bytes =
      "POST /mcp/files?x=%20 HTTP/1.1\r\nhost: localhost:8080\r\nACCEPT:application/json, "
      "text/event-stream\r\n"
      "Mcp-Session-Id: \t abc \t\r\nX-Custom:\r\nContent-Length: 2\r\n\r\n{}rest";
  RequestHead head;
  ASSERT_EQ(head.parse(bytes), ParseState::done) << head.refusal().reason;
  EXPECT_EQ(head.method(), Method::post);
  EXPECT_EQ(head.target(), "/mcp/files?x=%20");
  EXPECT_EQ(head.path(), "/mcp/files");
  EXPECT_EQ(head.query(), "x=%20");
  EXPECT_EQ(head.get(Field::host), "localhost:8080");
  EXPECT_EQ(head.get(Field::accept), "application/json, text/event-stream");
  EXPECT_EQ(head.get(Field::mcp_session_id), "abc");
  EXPECT_EQ(head.headers().find("x-custom").count, 1u);
  EXPECT_EQ(head.headers().find("x-custom").value, "");
  EXPECT_FALSE(head.has(Field::authorization));
  EXPECT_EQ(head.framing(), Framing::length);
  EXPECT_EQ(head.content_length(), 2u);
  EXPECT_TRUE(head.keep_alive());
  EXPECT_EQ(bytes.substr(head.size()), "{}rest");

  const std::string moved = bytes;
  head.rebase(moved.data());
  EXPECT_EQ(head.target().data(), moved.data() + 5);
  head.reset();
  EXPECT_EQ(head.parse(get("/")), ParseState::done);
  EXPECT_FALSE(head.has(Field::mcp_session_id));
  EXPECT_EQ(head.query(), "");
}

TEST(RequestHead, T069_LengthAndChunkedTogetherInBothOrders) {
  EXPECT_EQ(refusal(post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")), 400);
}

TEST(RequestHead, T070_ContentLengthTwice) {
  for (const char* second : {"24", "2"}) {
    EXPECT_EQ(refusal(post("Content-Length: 24\r\ncontent-length: "s + second + "\r\n")), 400);
  }
  EXPECT_EQ(refusal(post("Content-Length: 24, 24\r\n")), 400);
}

TEST(RequestHead, T071_ContentLengthThatIsNoPlainNumber) {
  for (const char* value : {"+24", "0x18", "2 4", "", "-1", "24.0", "18446744073709551640", "024", "00",
                            "24;", "\"24\"", "9999999999999999999", "24\xa0", "1e1", "24,"}) {
    EXPECT_EQ(refusal(post("Content-Length: "s + value + "\r\n")), 400) << value;
  }
  EXPECT_EQ(refusal(post("Content-Length: 999999999999999999\r\n")), 0);
  EXPECT_EQ(refusal(post("Content-Length: 0\r\n")), 0);
}

TEST(RequestHead, T072_TransferEncodingOtherThanChunked) {
  for (const char* value : {",chunked", "xchunked", "gzip, chunked", "chunked, identity", "chunked,",
                            "identity", "", "chunked;q=1", "\"chunked\"", "chunked chunked", "chunked\xa0"}) {
    EXPECT_EQ(refusal(post("Transfer-Encoding: "s + value + "\r\n")), 400) << value;
  }
  EXPECT_EQ(refusal(post("Transfer-Encoding:\vchunked\r\n")), 400);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(refusal(post("Transfer-Encoding: chunked\r\n")), 0);
  EXPECT_EQ(refusal(post("Transfer-Encoding: Chunked\r\n")), 0);
  // The row says 400; HTTP/1.0 as a whole is refused before its headers are looked at.
  EXPECT_EQ(refusal("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 505);
}

TEST(RequestHead, T077_HostMustBeOneValidAuthority) {
  const auto with_host = [](const std::string& lines) {
    return refusal("GET / HTTP/1.1\r\n" + lines + "\r\n");
  };
  EXPECT_EQ(with_host(""), 400);
  EXPECT_EQ(with_host("Host: a\r\nHost: a\r\n"), 400);
  for (const char* value : {"",    "a/b", "user@a", "a:",   "a:0",  "a:65536",  "a:080",
                            "a:x", "a b", "a,b",    "[::1", "::1",  "[::1]x",   "[fe80::1%25eth0]",
                            "a?x", "a#x", "a%20b",  ".a",   "a..b", "http://a", "a:1:2"}) {
    EXPECT_EQ(with_host("Host: "s + value + "\r\n"), 400) << value;
  }
  for (const char* value : {"a", "localhost:8080", "127.0.0.1", "[::1]:80", "a.b.", "my_service:1", "A-b"}) {
    EXPECT_EQ(with_host("Host: "s + value + "\r\n"), 0) << value;
  }
}

TEST(RequestHead, T079_PathsThatAnotherReaderWouldRewrite) {
  for (const char* path : {"/mcp/../admin", "/mcp/%2e%2e/admin", "/mcp%2fadmin", "//mcp", "/mcp//x", "/mcp;x",
                           "/mcp%00", "/mcp/%252e", "/./mcp", "/mcp/.", "/mcp/..", "/mcp%", "/mcp%zz"}) {
    EXPECT_EQ(refusal(get(path)), 404) << path;
  }
  // Plain but unknown paths are the router's to answer.
  for (const char* path : {"/MCP", "/mcp.", "/mcp/", "/", "/mcp/a.b-c_d~1", "/a/...", "/mcp?x=../..;%2f"}) {
    EXPECT_EQ(refusal(get(path)), 0) << path;
  }
  for (const char* target : {"", "mcp", "*", "http://a/mcp", "a:80", "/mcp\\x", "/mcp|", "/a b", "/a?b#c",
                             "/a#b", "/a?%", "/a?%2", "/a?%xx", "/a?\x80", "/mcp\"", "/{a}"}) {
    EXPECT_EQ(refusal(get(target)), 400) << target;
  }
}

TEST(RequestHead, T083_OtherProtocols) {
  EXPECT_EQ(refusal("GET /mcp\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET /mcp HTTP/1.2\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(refusal("GET /mcp HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(refusal("GET /mcp HTTP/11\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET /mcp http/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(refusal(get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")), 400);
  EXPECT_EQ(refusal(get("/", "Connection: upgrade\r\nUpgrade: websocket\r\n")), 400);
  EXPECT_EQ(refusal("\x16\x03\x01\x02"), 400) << "a TLS hello is refused at once";
  EXPECT_EQ(refusal("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
}

TEST(RequestHead, T085_Expect) {
  RequestHead head;
  ASSERT_EQ(head.parse(post("Expect: 100-Continue\r\nContent-Length: 5\r\n")), ParseState::done);
  EXPECT_TRUE(head.expects_continue());
  EXPECT_EQ(refusal(post("Expect: 100-continue, x\r\n")), 417);
  EXPECT_EQ(refusal(post("Expect: 100-continue\r\nExpect: 100-continue\r\n")), 400);
}

TEST(RequestHead, T086_ConnectionNamesNothingAway) {
  RequestHead head;
  const std::string bytes = post(
      "Connection: authorization, mcp-name\r\nAuthorization: Bearer x\r\nMcp-Name: t\r\nConnection: "
      "Close\r\n");
  ASSERT_EQ(head.parse(bytes), ParseState::done);
  EXPECT_EQ(head.get(Field::authorization), "Bearer x");
  EXPECT_EQ(head.get(Field::mcp_name), "t");
  EXPECT_FALSE(head.keep_alive());
  EXPECT_EQ(refusal(get("/", "Connection: a b\r\n")), 400);
}

TEST(RequestHead, T088_ProxyPreface) {
  EXPECT_EQ(refusal("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("\r\n\r\n\0\r\nQUIT\n"s), 400);
}

TEST(RequestHead, T089_Bounds) {
  const auto headers = [](int n) {
    std::string lines;
    for (int i = 0; i < n; ++i) lines += "X-" + std::to_string(i) + ": y\r\n";
    return lines;
  };
  EXPECT_EQ(refusal(get("/", headers(99))), 0);
  EXPECT_EQ(refusal(get("/", headers(100))), 431);
  const std::string overhead = "GET  HTTP/1.1";
  EXPECT_EQ(refusal(get("/" + std::string(kMaxLine - overhead.size() - 1, 'a'))), 0);
  EXPECT_EQ(refusal(get("/" + std::string(kMaxLine - overhead.size(), 'a'))), 414);
  EXPECT_EQ(refusal(get("/", "X: " + std::string(kMaxLine - 3, 'a') + "\r\n")), 0);
  EXPECT_EQ(refusal(get("/", "X: " + std::string(kMaxLine - 2, 'a') + "\r\n")), 431);
  std::string block;
  for (int i = 0; i < 9; ++i) block += "X" + std::to_string(i) + ": " + std::string(8180, 'a') + "\r\n";
  EXPECT_EQ(refusal(get("/", block)), 431);
  // A line that never ends is refused before it fills more than its bound.
  EXPECT_EQ(refusal("GET /" + std::string(64 * 1024, 'a')), 414);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nX: " + std::string(kMaxLine, 'a')), 431);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n" + std::string(kMaxLine + 2, 'a')), 431);
}

TEST(RequestHead, AHeadOfExactlyTheBoundIsAcceptedHoweverItArrives) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  int n = 0;
  while (bytes.size() + 8200 < kMaxHeadBytes) {
    bytes += "X" + std::to_string(n++) + ": " + std::string(8000, 'a') + "\r\n";
  }
  const std::size_t left = kMaxHeadBytes - bytes.size() - 2;
  const std::string name = "Y: ";
  ASSERT_GT(left, name.size() + 2);
  bytes += name + std::string(left - name.size() - 2, 'b') + "\r\n\r\n";
  ASSERT_EQ(bytes.size(), kMaxHeadBytes);
  EXPECT_EQ(read_whole<RequestHead>(bytes).state, ParseState::done);
  for (std::size_t back = 1; back < 10; ++back) {
    EXPECT_EQ(read_whole<RequestHead>(bytes, {bytes.size() - back}).state, ParseState::done) << back;
  }
  bytes.insert(bytes.size() - 4, "b");
  EXPECT_EQ(read_whole<RequestHead>(bytes).refusal, 431);
  EXPECT_EQ(read_whole<RequestHead>(bytes, {bytes.size() - 1}).refusal, 431);
}

TEST(RequestHead, T058_FieldsThatDecideAreNotSentTwice) {
  for (const char* name : {"Authorization", "Origin", "Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method",
                           "mcp-name", "Last-Event-ID", "Cookie", "If-None-Match"}) {
    EXPECT_EQ(refusal(get("/", name + ": a\r\n"s + name + ": a\r\n")), 400) << name;
    EXPECT_EQ(refusal(get("/", name + ": a\r\n"s)), 0) << name;
  }
  EXPECT_EQ(refusal(get("/", "Accept: a/b\r\nAccept: c/d\r\n")), 0);
  EXPECT_EQ(refusal(get("/", "X: a\r\nX: b\r\n")), 0);
}

TEST(RequestHead, T096_ContentTypeTwice) {
  EXPECT_EQ(refusal(post("Content-Type: application/json\r\nContent-Type: application/json\r\n")), 415);
}

TEST(RequestHead, HeaderLinesThatReadersTakeDifferently) {
  for (const char* line : {"Host : b", " X: y", "\tX: y", "X", ": y", "X y: z", "X\t: y", "X_Y: z", "X(: y",
                           "\"X\": y", "X\x80: y", "X: \x7f", "X: \x01"}) {
    EXPECT_EQ(refusal(get("/", line + "\r\n"s)), 400) << line;
  }
  EXPECT_EQ(refusal(get("/", "X: a\n")), 400);
  EXPECT_EQ(refusal(get("/", "X: a\r\r\n")), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\n\rX"), 400);
  EXPECT_EQ(refusal("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal(get("/", "X: tab\tinside \xc3\xa4\r\n")), 0);
}

TEST(RequestHead, BodiesOnlyWhereTheMethodHasOne) {
  for (const char* method : {"GET", "HEAD", "DELETE", "OPTIONS"}) {
    const std::string line = method + " / HTTP/1.1\r\nHost: a\r\n"s;
    EXPECT_EQ(refusal(line + "Content-Length: 1\r\n\r\nx"), 400) << method;
    EXPECT_EQ(refusal(line + "Transfer-Encoding: chunked\r\n\r\n"), 400) << method;
    EXPECT_EQ(refusal(line + "Content-Length: 0\r\n\r\n"), 0) << method;
  }
}

TEST(RequestHead, KnowsWhetherARequestHasBegun) {
  RequestHead head;
  EXPECT_EQ(head.parse(""), ParseState::need_more);
  EXPECT_FALSE(head.begun());
  EXPECT_EQ(head.parse("G"), ParseState::need_more);
  EXPECT_TRUE(head.begun());
}

TEST(Field, EveryKnownNameIsFoundInAnyCaseAndNoOther) {
  for (std::size_t i = 1; i < kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    std::string name(field_name(field));
    EXPECT_EQ(field_of(name), field);
    for (char& c : name) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(field_of(name), field) << name;
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string other = name;
      other[at] = other[at] == '!' ? '#' : '!';
      EXPECT_EQ(field_of(other), Field::other) << other;
    }
    EXPECT_EQ(field_of(name + "x"), Field::other);
    EXPECT_EQ(field_of(name.substr(1)), Field::other) << name.substr(1);
  }
}

}  // namespace
}  // namespace doorward::http
