#include "upstream/post_path.h"

#include <gtest/gtest.h>

namespace doorward::upstream {
namespace {

HttpTarget at(const std::string& path, bool tls = false) {
  HttpTarget target;
  target.tls = tls;
  target.authority = "mcp.example";
  target.path = path;
  return target;
}

TEST(PostPath, IsResolvedAgainstTheStream) {
  const auto resolved = [](const std::string& endpoint, const std::string& stream = "/api/sse?key=1") {
    return post_path(at(stream), endpoint).value_or("refused");
  };
  EXPECT_EQ(resolved("/messages?sessionId=ab-1"), "/messages?sessionId=ab-1");
  EXPECT_EQ(resolved("messages?s=1"), "/api/messages?s=1");
  EXPECT_EQ(resolved("messages", "/sse"), "/messages");
  EXPECT_EQ(resolved("?s=1"), "/api/sse?s=1");
  EXPECT_EQ(resolved("./messages"), "/api/messages");
  EXPECT_EQ(resolved("../messages/?s=/../x"), "/messages/?s=/../x");
  EXPECT_EQ(resolved("../../../m"), "/m");
  EXPECT_EQ(resolved("/a/b/.."), "/a/");
  EXPECT_EQ(resolved("http://mcp.example/m?s=1"), "/m?s=1");
  EXPECT_EQ(resolved("HTTP://MCP.example:80/m"), "/m");
  EXPECT_EQ(resolved("//mcp.example/m"), "/m");
  EXPECT_EQ(resolved("http://mcp.example"), "/");
  EXPECT_EQ(resolved("http://mcp.example?s=1"), "/?s=1");
  EXPECT_EQ(post_path(at("/sse", true), "https://mcp.example:443/m").value_or("refused"), "/m");
}

TEST(PostPath, RefusesAnotherOriginAndWhatIsNoTarget) {
  for (const char* endpoint :
       {"http://evil.example/m", "https://mcp.example/m", "//evil.example/m", "http://mcp.example:8080/m",
        "http://mcp.example@evil.example/m", "http://user@mcp.example/m", "http:/m", "file:///etc/passwd",
        "javascript:1", "", "/m m", "/m\r\nX: y", "/m\x7f", "/m#x", "/\\evil.example/m", "/\xc3\xa9"}) {
    EXPECT_FALSE(post_path(at("/sse"), endpoint)) << endpoint;
  }
  EXPECT_FALSE(post_path(at("/sse", true), "http://mcp.example/m"));
  EXPECT_FALSE(post_path(at("/sse"), "/" + std::string(5000, 'x')));
}

}  // namespace
}  // namespace doorward::upstream
