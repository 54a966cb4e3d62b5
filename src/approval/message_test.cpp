#include "approval/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::approval {
namespace {

using testing::HasSubstr;
using testing::Not;

Notice hostile() {
  Notice notice;
  notice.id = "evt_1";
  notice.event = "approval.requested";
  notice.request = "apr_1";
  notice.state = "pending";
  notice.server = "up";
  notice.tool = "pay\r\nBcc: all@example.org\r\n\r\n<!channel> \xE2\x80\xAE";
  notice.agent = "bot";
  notice.groups = "[]";
  notice.left_s = 540;
  notice.link = "https://console.test/approvals/apr_1";
  return notice;
}

TEST(Message, ASignatureIsThatOfTheDocument) {
  // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
  EXPECT_EQ(signature("key", 1'700'000'000, "{}"),
            "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
  EXPECT_NE(signature("key", 1'700'000'001, "{}").substr(13), signature("key", 1'700'000'000, "{}").substr(13));
}

TEST(Message, NoNameBreaksOutOfAMail) {
  const std::string mail = mail_text(hostile(), "doorward@example.org", "ops@example.org");
  EXPECT_THAT(mail, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(mail, HasSubstr("Subject: [Doorward] bot asks to run up.pay\\r\\nBcc"));
  EXPECT_THAT(mail, HasSubstr("\r\nMessage-ID: <evt_1@example.org>\r\n"));
  EXPECT_THAT(mail, HasSubstr("https://console.test/approvals/apr_1\r\n"));
  for (const char c : mail) EXPECT_TRUE(static_cast<unsigned char>(c) < 0x7f);
  Notice longest = hostile();
  longest.tool.assign(5'000, 'x');
  const std::string folded = mail_text(longest, "doorward@example.org", "ops@example.org");
  for (std::size_t at = 0; at < folded.size();) {
    const std::size_t end = folded.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 998u);
    at = end + 2;
  }
}

TEST(Message, NoNameIsMarkupOfSlacks) {
  const std::string body = slack_body(hostile());
  EXPECT_THAT(body, Not(HasSubstr("<!channel>")));
  EXPECT_THAT(body, HasSubstr("&lt;!channel&gt;"));
}

TEST(Message, ACloudEventIsWhole) {
  const std::string body = cloud_event(hostile(), "https://console.test");
  json::Reader reader;
  const auto root = reader.read(body);
  ASSERT_TRUE(root) << body;
  for (const char* key : {"specversion", "id", "source", "type", "subject", "time", "data"}) {
    EXPECT_TRUE(root->find(key)) << key;
  }
  EXPECT_EQ(root->find("type").string(), "io.doorward.approval.requested");
  EXPECT_EQ(root->find("data").find("tool").string(), hostile().tool) << "the value, escaped";
  EXPECT_EQ(root->find("data").find("text").string(), headline(hostile()));
}

TEST(Message, ATestSaysThatItIsOne) {
  const Notice notice = test_notice("https://console.test", 0);
  EXPECT_THAT(headline(notice), HasSubstr("test"));
  json::Reader reader;
  const std::string event = cloud_event(notice, "");
  EXPECT_TRUE(reader.read(event));
}

}  // namespace
}  // namespace doorward::approval
