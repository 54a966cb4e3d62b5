#include "http/body.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "http/whole_message.h"

namespace doorward::http {
namespace {

WholeMessage read_chunked(const std::string& coded, std::uint64_t limit = 1 << 20) {
  return read_whole<RequestHead>("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + coded,
                                 {}, false, limit);
}

TEST(Body, T074_ExtensionsAndTinyChunksAreCapped) {
  EXPECT_EQ(read_chunked("2;" + std::string(1 << 20, 'a') + "\r\n{}\r\n0\r\n\r\n").refusal, 400);
  EXPECT_EQ(read_chunked("2;name=value\r\n{}\r\n0\r\n\r\n").refusal, 400);
  std::string tiny;
  for (int i = 0; i < 100'000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_EQ(read_chunked(tiny + "0\r\n\r\n").refusal, 400);
  std::string few;
  for (int i = 0; i < 1000; ++i) few += "1\r\nx\r\n";
  EXPECT_EQ(read_chunked(few + "0\r\n\r\n").body, std::string(1000, 'x'));
}

TEST(Body, T075_TrailersAreDiscarded) {
  const WholeMessage message = read_chunked(
      "2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\nMcp-Name: y\r\nContent-Length: 5\r\nHost: b\r\n\r\n");
  EXPECT_EQ(message.state, ParseState::done);
  EXPECT_EQ(message.body, "{}");
  EXPECT_EQ(message.headers.size(), 2u);
  EXPECT_EQ(read_chunked("0\r\n" + std::string(10'000, 'a') + ": b\r\n\r\n").refusal, 400);
  EXPECT_EQ(read_chunked("0\r\n folded\r\n\r\n").refusal, 400);
  EXPECT_EQ(read_chunked("0\r\nno colon\r\n\r\n").refusal, 400);
}

TEST(Body, ChunkedCodingMustBeExact) {
  for (const char* coded :
       {"\r\n", " 2\r\n{}\r\n0\r\n\r\n", "2 \r\n{}\r\n0\r\n\r\n", "2\n{}\r\n0\r\n\r\n", "g\r\n",
        "2\r\n{}0\r\n\r\n", "2\r\n{}\n0\r\n\r\n", "2\r\r\n{}", "2;\r\n{}\r\n0\r\n\r\n",
        "2;a=\"b\"\r\n{}\r\n0\r\n\r\n", "-2\r\n", "0x2\r\n", "0\r\n\n", "0\r\n\rX", "1000000000000000\r\n",
        "0000000000000002\r\n{}\r\n0\r\n\r\n"}) {
    EXPECT_EQ(read_chunked(coded).refusal, 400) << coded;
  }
  EXPECT_EQ(read_chunked("A\r\n0123456789\r\n0\r\n\r\n").body, "0123456789");
  EXPECT_EQ(read_chunked("0\r\n\r\n").state, ParseState::done);
}

TEST(Body, LimitsAreExact) {
  EXPECT_EQ(read_chunked("4\r\nabcd\r\n0\r\n\r\n", 4).state, ParseState::done);
  EXPECT_EQ(read_chunked("5\r\n", 4).refusal, 413) << "refused before its bytes arrive";
  EXPECT_EQ(read_chunked("4\r\nabcd\r\n1\r\n", 4).refusal, 413);
  EXPECT_EQ(read_chunked("fffffffffffffff\r\n").refusal, 413);
  BodyDecoder body;
  EXPECT_EQ(body.begin(Framing::length, 5, 4), ParseState::refused);
  EXPECT_EQ(body.refusal().status, 413);
  EXPECT_EQ(body.begin(Framing::length, 4, 4), ParseState::need_more);
  EXPECT_EQ(body.remaining(), 4u);
  EXPECT_EQ(body.begin(Framing::length, 0, 4), ParseState::done);
  EXPECT_EQ(body.begin(Framing::none, 0, 4), ParseState::done);
  EXPECT_EQ(body.begin(Framing::until_close, 0, 4), ParseState::need_more);
  char bytes[] = "abcde";
  EXPECT_EQ(body.decode(bytes, 5, bytes).state, ParseState::refused);
}

TEST(Body, AnEarlyEndOfStreamIsRefused) {
  BodyDecoder body;
  body.begin(Framing::length, 3, 10);
  char bytes[] = "ab";
  EXPECT_EQ(body.decode(bytes, 2, bytes).state, ParseState::need_more);
  EXPECT_EQ(body.end_of_stream(), ParseState::refused);
  body.begin(Framing::chunked, 0, 10);
  EXPECT_EQ(body.end_of_stream(), ParseState::refused);
  body.begin(Framing::until_close, 0, 10);
  EXPECT_EQ(body.decode(bytes, 2, bytes).produced, 2u);
  EXPECT_EQ(body.end_of_stream(), ParseState::done);
}

TEST(Body, ALengthLeavesWhatFollowsAlone) {
  BodyDecoder body;
  body.begin(Framing::length, 2, 10);
  char bytes[] = "{}GET /";
  const BodyDecoder::Step step = body.decode(bytes, 7, bytes);
  EXPECT_EQ(step.consumed, 2u);
  EXPECT_EQ(step.state, ParseState::done);
}

TEST(Body, AnyPayloadComesThroughAnyChunkingAndAnySplit) {
  rc::check([](const std::vector<std::string>& chunks) {
    std::string coded;
    std::string payload;
    for (const std::string& chunk : chunks) {
      if (chunk.empty()) continue;
      char size[16];
      std::snprintf(size, sizeof size, "%zX\r\n", chunk.size());
      coded += size + chunk + "\r\n";
      payload += chunk;
    }
    coded += "0\r\n\r\n";
    const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + coded;
    auto cuts =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    std::sort(cuts.begin(), cuts.end());
    const WholeMessage message = read_whole<RequestHead>(bytes + "next", cuts);
    RC_ASSERT(message.state == ParseState::done);
    RC_ASSERT(message.body == payload);
    RC_ASSERT(message.consumed == bytes.size());
  });
}

}  // namespace
}  // namespace doorward::http
