#include "approval/message.h"

#include <fmt/core.h>

#include <chrono>
#include <ctime>

#include "base/encoding.h"
#include "base/random.h"
#include "base/rfc3339.h"
#include "json/writer.h"

namespace doorward::approval {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::tm utc(std::int64_t time_us) {
  const auto seconds = static_cast<std::time_t>(time_us / kSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

/// RFC 5322 section 3.3.
std::string mail_time(std::int64_t time_us) {
  const std::tm parts = utc(time_us);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts));
}

std::string link_to(std::string_view console, std::string_view request) {
  if (console.empty()) return {};
  std::string link(console);
  while (link.ends_with('/')) link.pop_back();
  return link + "/approvals/" + std::string(request);
}

std::string left(const Notice& notice) {
  return notice.left_s >= 120 ? fmt::format("{} minutes", notice.left_s / 60) : fmt::format("{} seconds", notice.left_s);
}

std::string escape_markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else out += c;
  }
  return out;
}

}  // namespace

Notice make_notice(const Event& event, std::string_view console, std::int64_t now_us) {
  const store::ApprovalRow& row = event.request;
  Notice notice;
  notice.id = random_id("evt_");
  notice.event = event.name;
  notice.request = row.id;
  notice.state = to_string(row.state);
  notice.server = row.server;
  notice.tool = row.tool;
  notice.category = row.category;
  notice.agent = row.grant_label;
  notice.owner = row.owner;
  notice.client = row.client;
  notice.rule = row.rule;
  notice.note = row.note;
  notice.args_digest = row.digest;
  notice.groups = row.groups;
  notice.decided_by = row.decided_by;
  notice.reason = row.reason;
  notice.asked = row.asked;
  notice.time_us = now_us;
  notice.left_s = std::max<std::int64_t>(event.left_us, 0) / kSecond;
  notice.link = link_to(console, row.id);
  return notice;
}

Notice test_notice(std::string_view console, std::int64_t now_us) {
  Notice notice;
  notice.id = random_id("evt_");
  notice.event = "notify.test";
  notice.groups = "[]";
  notice.time_us = now_us;
  notice.link = console;
  return notice;
}

std::string headline(const Notice& notice) {
  const std::string call = json::printable(notice.server) + "." + json::printable(notice.tool);
  const std::string agent = json::printable(notice.agent);
  if (notice.event == "notify.test") return "A test of this channel. Nothing waits for you.";
  if (notice.event == "approval.requested") return agent + " asks to run " + call + ", " + left(notice) + " left";
  if (notice.event == "approval.expiring") return agent + " still asks to run " + call + ", " + left(notice) + " left";
  if (notice.event == "approval.decided") {
    return call + " of " + agent + " was " + notice.state + " by " + json::printable(notice.decided_by);
  }
  return call + " of " + agent + ": " + notice.event.substr(notice.event.find('.') + 1) + ", not run";
}

std::string cloud_event(const Notice& notice, std::string_view source) {
  std::string out;
  json::Writer writer(out, json::Escape::ascii);
  writer.begin_object().key("specversion").string("1.0").key("id").string(notice.id);
  writer.key("source").string(source.empty() ? "urn:doorward" : source);
  writer.key("type").string("io.doorward." + notice.event);
  if (!notice.request.empty()) writer.key("subject").string(notice.request);
  writer.key("time").string(format_seconds(notice.time_us));
  writer.key("datacontenttype").string("application/json").key("data").begin_object();
  writer.key("text").string(headline(notice)).key("link").string(notice.link);
  if (!notice.request.empty()) {
    writer.key("request").string(notice.request).key("state").string(notice.state);
    writer.key("server").string(notice.server).key("tool").string(notice.tool);
    writer.key("category").string(notice.category).key("agent").string(notice.agent);
    writer.key("owner").string(notice.owner).key("client").string(notice.client);
    writer.key("rule").string(notice.rule).key("note").string(notice.note);
    writer.key("args_digest").string(notice.args_digest).key("groups").raw(notice.groups);
    writer.key("asked").number(notice.asked).key("left_s").number(notice.left_s);
    writer.key("decided_by").string(notice.decided_by).key("reason").string(notice.reason);
  }
  writer.end_object().end_object();
  return out;
}

std::string signature(std::string_view secret, std::int64_t time_s, std::string_view body) {
  const std::string time = std::to_string(time_s);
  HmacSha256 hmac(secret);
  return "t=" + time + ",v1=" + to_hex(hmac.update(time).update(".").update(body).finish());
}

std::string slack_body(const Notice& notice) {
  std::string text = escape_markup(headline(notice));
  if (!notice.link.empty()) text += "\n" + escape_markup(notice.link);
  std::string out;
  json::Writer(out, json::Escape::ascii).begin_object().key("text").string(text).end_object();
  return out;
}

std::string mail_text(const Notice& notice, std::string_view from, std::string_view to) {
  std::string subject = headline(notice);
  if (subject.size() > 200) subject = subject.substr(0, 197) + "...";
  const std::string domain(from.substr(from.rfind('@') + 1));
  std::string out;
  out += fmt::format("From: Doorward <{}>\r\nTo: {}\r\nSubject: [Doorward] {}\r\n", from, to, subject);
  out += fmt::format("Date: {}\r\nMessage-ID: <{}@{}>\r\n", mail_time(notice.time_us),
                     notice.id, domain);
  out += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nAuto-Submitted: auto-generated\r\n\r\n";
  // A line of a mail has at most 998 bytes.
  const std::string text = headline(notice);
  for (std::size_t at = 0; at < text.size(); at += 900) out += text.substr(at, 900) + "\r\n";
  out += "\r\n";
  if (!notice.link.empty()) out += "Look at it and decide: " + notice.link + "\r\n";
  if (!notice.request.empty()) out += "Or: doorward approvals show " + notice.request + "\r\n";
  out += "\r\nThis message cannot approve anything, and neither can its link: both want you to log in.\r\n";
  return out;
}

}  // namespace doorward::approval
