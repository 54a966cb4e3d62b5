#include "http/response_head.h"

#include <gtest/gtest.h>

#include <string>

#include "http/whole_message.h"

namespace doorward::http {
namespace {

using namespace std::string_literals;

WholeMessage read_response(const std::string& bytes) {
  return read_whole<ResponseHead>(bytes, {}, true);
}

TEST(ResponseHead, ReadsEveryFraming) {
  const WholeMessage plain = read_response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(plain.state, ParseState::done);
  EXPECT_EQ(plain.body, "{}");
  EXPECT_TRUE(plain.keep_alive);
  EXPECT_EQ(read_response("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n").body,
            "{}");
  const WholeMessage closing = read_response("HTTP/1.1 200 \r\n\r\nabc");
  EXPECT_EQ(closing.body, "abc");
  EXPECT_FALSE(closing.keep_alive);
  EXPECT_EQ(read_response("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").state, ParseState::done);
  EXPECT_EQ(read_response("HTTP/1.1 204 No Content\r\n\r\n").consumed, 27u);
  EXPECT_EQ(read_response("HTTP/1.1 304 x\r\n\r\n").state, ParseState::done);
}

TEST(ResponseHead, ReadsHttp10AsDelimitedByClose) {
  const WholeMessage old = read_response("HTTP/1.0 200 OK\r\n\r\nabc");
  EXPECT_EQ(old.body, "abc");
  EXPECT_FALSE(old.keep_alive);
  EXPECT_FALSE(read_response("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na").keep_alive);
  EXPECT_TRUE(
      read_response("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na").keep_alive);
  EXPECT_EQ(read_response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").refusal, 502);
}

TEST(ResponseHead, SkipsInterimResponsesButNot101) {
  const std::string interim = "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early\r\n\r\n";
  const WholeMessage message = read_response(interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(message.first, "200");
  EXPECT_EQ(message.headers.size(), 1u);
  EXPECT_EQ(message.body, "{}");
  EXPECT_EQ(read_response("HTTP/1.1 101 Switching\r\n\r\n").refusal, 502);
  std::string many;
  for (int i = 0; i < 9; ++i) many += "HTTP/1.1 100 x\r\n\r\n";
  EXPECT_EQ(read_response(many).refusal, 502);
  EXPECT_EQ(read_response("HTTP/1.1 100 x\r\nContent-Length: 1\r\n\r\n").refusal, 502);
  EXPECT_EQ(read_response("HTTP/1.1 100 x\r\nConnection: close\r\n\r\n").refusal, 502);
  EXPECT_EQ(read_response("HTTP/1.0 100 x\r\n\r\n").refusal, 502);
}

TEST(ResponseHead, RefusesWhatIsNotStrict) {
  for (const char* bytes :
       {"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \t\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\nb: c\r\n\r\n",
        "HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 304 x\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nMcp-Session-Id: a\r\nMcp-Session-Id: b\r\n\r\n", "{\"jsonrpc\":\"2.0\"}\r\n"}) {
    EXPECT_EQ(read_response(bytes).refusal, 502) << bytes;
  }
  EXPECT_EQ(read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n").state,
            ParseState::done);
  EXPECT_EQ(read_response("HTTP/1.1 200 OK\r\nX_Y: a\r\nContent-Length: 0\r\n\r\n").state, ParseState::done);
}

TEST(ResponseHead, ALengthThatPromisesTooMuchIsRefusedAtTheEnd) {
  EXPECT_EQ(read_response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}").state, ParseState::refused);
  EXPECT_EQ(read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n").state,
            ParseState::refused);
  EXPECT_EQ(read_response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP").consumed, 40u);
}

TEST(ResponseHead, ASplitAtAnyByteChangesNothing) {
  const std::string bytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
      "chunked\r\n\r\n"
      "5\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n";
  const WholeMessage whole = read_whole<ResponseHead>(bytes);
  ASSERT_EQ(whole.state, ParseState::done);
  EXPECT_EQ(whole.body, "hello!");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_EQ(read_whole<ResponseHead>(bytes, {cut}), whole) << cut;
}

}  // namespace
}  // namespace doorward::http
