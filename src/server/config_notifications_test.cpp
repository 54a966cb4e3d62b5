#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config.h"

namespace doorward::server {
namespace {

using Kind = approval::Channel::Kind;

std::string first_finding(const std::string& channel) {
  const auto config = parse_config("notifications:\n  channels:\n    - " + channel + "\n", "/etc/doorward.yaml");
  return config ? std::string() : config.error().front().text();
}

TEST(ConfigNotifications, EveryType) {
  const auto config = parse_config(R"(
approvals: {pending_per_grant: 3, pending: 30, keep_arguments: 1h}
notifications:
  channels:
    - {name: a, type: webhook, url: "http://127.0.0.1:1/", secret: {env: A}, events: [approval.decided]}
    - {name: b, type: desktop}
    - {name: c, type: mail, relay: "smtp://mail.test:587", user: u, password: {file: p}, from: a@b.c, to: [d@e.f]}
    - {name: d, type: slack, url: {env: D}}
)",
                                   "/etc/doorward.yaml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->approvals.pending_per_grant, 3u);
  EXPECT_EQ(config->approvals.keep_arguments, Milliseconds(3'600'000));
  const auto& channels = config->notifications.channels;
  ASSERT_EQ(channels.size(), 4u);
  EXPECT_EQ(channels[0].channel.kind, Kind::webhook);
  EXPECT_TRUE(channels[0].channel.plain_http);
  EXPECT_TRUE(channels[0].channel.wants("approval.decided"));
  EXPECT_FALSE(channels[0].channel.wants("approval.requested"));
  EXPECT_EQ(channels[0].secret.text, "A");
  EXPECT_TRUE(channels[1].channel.wants("approval.requested"));
  EXPECT_EQ(channels[2].password.text, "/etc/p");
  EXPECT_TRUE(channels[2].channel.mail.starttls);
  EXPECT_EQ(channels[3].url.text, "D");
}

TEST(ConfigNotifications, WhatIsWrongIsSaid) {
  using testing::HasSubstr;
  EXPECT_THAT(first_finding("{name: a}"), HasSubstr("\"type\" must be"));
  EXPECT_THAT(first_finding("{name: a, type: pager}"), HasSubstr("\"type\" must be"));
  EXPECT_THAT(first_finding("{name: a, type: webhook, secret: {env: A}}"), HasSubstr("\"url\""));
  EXPECT_THAT(first_finding("{name: a, type: webhook, url: \"ftp://x\", secret: {env: A}}"), HasSubstr("\"url\""));
  EXPECT_THAT(first_finding("{name: a, type: webhook, url: \"https://x\"}"), HasSubstr("\"secret\""));
  EXPECT_THAT(first_finding("{name: a, type: webhook, url: \"https://x\", secret: hunter2}"), HasSubstr("reference"));
  EXPECT_THAT(first_finding("{name: a, type: webhook, url: \"https://x\", secret: {value: hunter2}}"),
              HasSubstr("is a secret"));
  EXPECT_THAT(first_finding("{name: a, type: slack, url: \"https://hooks.slack.test/x\"}"), HasSubstr("reference"));
  EXPECT_THAT(first_finding("{name: a, type: mail, relay: mail.test, from: a@b.c, to: [d@e.f]}"), HasSubstr("\"relay\""));
  EXPECT_THAT(first_finding("{name: a, type: mail, relay: \"smtp://m\", from: \"a@b>c\", to: [d@e.f]}"),
              HasSubstr("\"from\""));
  EXPECT_THAT(first_finding("{name: a, type: mail, relay: \"smtp://m\", from: a@b.c}"), HasSubstr("\"to\""));
  EXPECT_THAT(first_finding("{name: a, type: mail, relay: \"smtp://m\", from: a@b.c, to: [d@e.f], user: u}"),
              HasSubstr("belong together"));
  EXPECT_THAT(first_finding("{name: a b, type: desktop}"), HasSubstr("\"name\""));
  EXPECT_THAT(first_finding("{name: a, type: desktop, events: [approval.guessed]}"), HasSubstr("is no event"));
  EXPECT_THAT(first_finding("{name: a, type: desktop, url: \"https://x\"}"), HasSubstr("url"));
  EXPECT_THAT(first_finding("{name: a, type: desktop}\n    - {name: a, type: desktop}"), HasSubstr("defined twice"));
}

}  // namespace
}  // namespace doorward::server
