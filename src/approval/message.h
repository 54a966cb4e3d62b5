#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "approval/desk.h"

namespace doorward::approval {

/// What a message tells: names, never a value of the call's arguments, and a link that carries no authority.
struct Notice {
  std::string id;     ///< of the message, the same at every try: receivers drop what they know
  std::string event;  ///< `approval.requested`, ...
  std::string request;
  std::string state;
  std::string server;
  std::string tool;
  std::string category;
  std::string agent;  ///< label of the grant
  std::string owner;
  std::string client;
  std::string rule;
  std::string note;
  std::string args_digest;
  std::string groups;  ///< JSON
  std::string decided_by;
  std::string reason;
  std::int64_t asked = 1;
  std::int64_t time_us = 0;
  std::int64_t left_s = 0;
  std::string link;  ///< to the request in the console; empty where no address is configured
};
Notice make_notice(const Event& event, std::string_view console, std::int64_t now_us);
/// One that only tests a channel.
Notice test_notice(std::string_view console, std::int64_t now_us);

/// A sentence in printable ASCII: what waits, or what became of it. Hostile names are escaped.
std::string headline(const Notice& notice);

/// A CloudEvents 1.0 event in structured JSON (application/cloudevents+json).
std::string cloud_event(const Notice& notice, std::string_view source);
/// `t=SECONDS,v1=HEX`: HMAC-SHA-256 under the channel's secret over the seconds, a dot and the body. A receiver that
/// compares the time refuses what somebody sends again.
std::string signature(std::string_view secret, std::int64_t time_s, std::string_view body);
/// The body of a Slack incoming webhook, its markup escaped.
std::string slack_body(const Notice& notice);
/// A whole mail (RFC 5322).
std::string mail_text(const Notice& notice, std::string_view from, std::string_view to);

}  // namespace doorward::approval
