// The 50 requests on which real servers disagree (attack cases, "Where parsers really disagree"), and the
// property that the way in which bytes arrive never changes what is read.
#include <gtest/gtest.h>

#include <string>

#include "http/whole_message.h"

namespace doorward::http {
namespace {

const std::string kBody = R"({"jsonrpc":"2.0","id":1})";
const std::string kChunked = "18\r\n" + kBody + "\r\n0\r\n\r\n";

struct Case {
  const char* name;
  std::string bytes;
  int refusal;  // 0: accepted with kBody
};

std::string post(const std::string& headers, const std::string& body = kBody) {
  return "POST /mcp HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}
const std::string kLength = "Content-Length: 24\r\n";

const std::vector<Case>& cases() {
  using namespace std::string_literals;
  static const std::vector<Case> all = {
      {"valid POST CL", post(kLength), 0},
      {"valid POST chunked", chunked(kChunked), 0},
      {"CL + TE chunked", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", kChunked), 400},
      {"two CL equal", post(kLength + kLength), 400},
      {"two CL differ", post(kLength + "Content-Length: 2\r\n"), 400},
      {"CL list 24, 24", post("Content-Length: 24, 24\r\n"), 400},
      {"CL +24", post("Content-Length: +24\r\n"), 400},
      {"CL 0x18", post("Content-Length: 0x18\r\n"), 400},
      {"CL empty", post("Content-Length: \r\n"), 400},
      {"CL -1", post("Content-Length: -1\r\n"), 400},
      {"CL 2^64", post("Content-Length: 18446744073709551640\r\n"), 400},
      {"TE x2 chunked", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", kChunked), 400},
      {"TE \",chunked\"", post("Transfer-Encoding: ,chunked\r\n", kChunked), 400},
      {"TE xchunked", post("Transfer-Encoding: xchunked\r\n", kChunked), 400},
      {"TE gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", kChunked), 400},
      {"TE identity", post("Transfer-Encoding: identity\r\n" + kLength), 400},
      {"TE vertical tab",
       post("Transfer-Encoding:\x0b"
            "chunked\r\n",
            kChunked),
       400},
      {"TE in HTTP/1.0", "POST /mcp HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + kChunked,
       505},
      {"space before colon", post("Content-Length : 24\r\n"), 400},
      {"leading space 1st header", "POST /mcp HTTP/1.1\r\n Host: a\r\n" + kLength + "\r\n" + kBody, 400},
      {"obs-fold", post("X-A: b\r\n c\r\n" + kLength), 400},
      {"bare LF lines", "POST /mcp HTTP/1.1\nHost: a\nContent-Length: 24\n\n" + kBody, 400},
      {"bare CR in value", post("X-A: b\rc\r\n" + kLength), 400},
      {"NUL in value", post("X-A: b\0c\r\n"s + kLength), 400},
      {"no colon header", post("Foo\r\n" + kLength), 400},
      {"empty header name", post(": x\r\n" + kLength), 400},
      {"underscore dup Mcp_Name", post("Mcp_Name: x\r\n" + kLength), 400},
      {"no Host", "POST /mcp HTTP/1.1\r\n" + kLength + "\r\n" + kBody, 400},
      {"two Host", post("Host: b\r\n" + kLength), 400},
      {"Host with path", "POST /mcp HTTP/1.1\r\nHost: a/b\r\n" + kLength + "\r\n" + kBody, 400},
      {"absolute-form", "POST http://evil/mcp HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 400},
      {"chunk size 0x18", chunked("0x18\r\n" + kBody + "\r\n0\r\n\r\n"), 400},
      {"chunk size +18", chunked("+18\r\n" + kBody + "\r\n0\r\n\r\n"), 400},
      {"chunk size overflow", chunked("10000000000000018\r\n" + kBody + "\r\n0\r\n\r\n"), 400},
      {"chunk ext with LF", chunked("18;a\nb\r\n" + kBody + "\r\n0\r\n\r\n"), 400},
      {"chunk LF only", chunked("18\n" + kBody + "\r\n0\r\n\r\n"), 400},
      {"chunk data wrong term", chunked("18\r\n" + kBody + "XX0\r\n\r\n"), 400},
      {"trailer Authorization", chunked("18\r\n" + kBody + "\r\n0\r\nAuthorization: Bearer x\r\n\r\n"), 0},
      {"method lowercase", "post /mcp HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 501},
      {"HTTP/1.2", "POST /mcp HTTP/1.2\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 505},
      {"HTTP/0.9", "GET /mcp\r\n\r\n", 400},
      {"GET with body", "GET /mcp HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 400},
      {"path /mcp/../admin", "POST /mcp/../admin HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 404},
      {"path /mcp%2f..%2fadmin", "POST /mcp%2f..%2fadmin HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody,
       404},
      {"path //mcp", "POST //mcp HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 404},
      {"path with NUL %00", "POST /mcp%00 HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 404},
      {"raw 0x80 in path", "POST /mcp\x80 HTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 400},
      {"tab in request line", "POST\t/mcp\tHTTP/1.1\r\nHost: a\r\n" + kLength + "\r\n" + kBody, 400},
      {"Expect 100", post("Expect: 100-continue\r\n" + kLength), 0},
      {"Expect junk", post("Expect: 200-ok\r\n" + kLength), 417},
  };
  return all;
}

TEST(RawCases, EachIsReadOrRefusedAsTheTableSays) {
  EXPECT_EQ(cases().size(), 50u);
  for (const Case& c : cases()) {
    const WholeMessage message = read_whole<RequestHead>(c.bytes);
    EXPECT_EQ(message.refusal, c.refusal) << c.name;
    EXPECT_EQ(message.state, c.refusal == 0 ? ParseState::done : ParseState::refused) << c.name;
    if (c.refusal == 0) {
      EXPECT_EQ(message.body, kBody) << c.name;
      EXPECT_EQ(message.consumed, c.bytes.size()) << c.name;
    }
  }
}

TEST(RawCases, ASplitAtAnyByteChangesNothing) {
  for (const Case& c : cases()) {
    const WholeMessage whole = read_whole<RequestHead>(c.bytes);
    std::vector<std::size_t> every;
    for (std::size_t cut = 1; cut < c.bytes.size(); ++cut) {
      every.push_back(cut);
      WholeMessage split = read_whole<RequestHead>(c.bytes, {cut});
      EXPECT_EQ(split.state, whole.state) << c.name << " cut at " << cut;
      EXPECT_EQ(split.refusal, whole.refusal) << c.name << " cut at " << cut;
      if (whole.state == ParseState::done) {
        EXPECT_EQ(split, whole) << c.name << " cut at " << cut;
      }
    }
    EXPECT_EQ(read_whole<RequestHead>(c.bytes, every).refusal, whole.refusal) << c.name << " byte by byte";
  }
}

TEST(RawCases, APrefixOfAnAcceptedRequestIsNeverRefused) {
  for (const Case& c : cases()) {
    if (c.refusal != 0) continue;
    for (std::size_t size = 0; size < c.bytes.size(); ++size) {
      EXPECT_EQ(read_whole<RequestHead>(std::string_view(c.bytes).substr(0, size)).state,
                ParseState::need_more)
          << c.name << " first " << size;
    }
  }
}

}  // namespace
}  // namespace doorward::http
