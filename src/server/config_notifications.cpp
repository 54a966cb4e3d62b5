#include "server/config_notifications.h"

#include <algorithm>
#include <array>
#include <utility>

#include "server/config_server.h"
#include "store/store.h"

namespace doorward::server {
namespace {

using Kind = approval::Channel::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 4> kKinds = {
    {{"webhook", Kind::webhook}, {"desktop", Kind::desktop}, {"mail", Kind::mail}, {"slack", Kind::slack}}};

/// An address that can stand in a header and between angle brackets: local@domain without spaces or brackets.
bool is_mail_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.size() <= 254 &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '<' && c != '>' && c != ','; });
}

bool is_web_address(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

void read_events(Fields& fields, approval::Channel& channel, FileContext& context) {
  channel.events = fields.take_texts("events");
  for (const std::string& event : channel.events) {
    if (std::ranges::find(approval::kNoticeEvents, event) != std::end(approval::kNoticeEvents)) continue;
    context.report(*fields.node().find("events"), "\"" + event +
                                                      "\" is no event; there are approval.requested, approval.expiring, "
                                                      "approval.decided, approval.expired and approval.cancelled");
  }
}

void read_webhook(Fields& fields, ChannelConfig& into, FileContext& context) {
  const yaml::Node& node = fields.node();
  if (auto url = fields.take_text("url")) into.channel.url = std::move(*url);
  if (auto file = fields.take_text("ca_file")) into.channel.ca_file = context.absolute(*file);
  if (const yaml::Node* secret = fields.take("secret")) into.secret = read_secret_ref(*secret, "secret", context);
  into.channel.plain_http = into.channel.url.starts_with("http://");
  if (!is_web_address(into.channel.url)) {
    context.report(node, "a webhook needs \"url\", an address that begins with https:// or http://");
  }
  if (node.find("secret") == nullptr) {
    context.report(node, "a webhook needs \"secret\", by which its receiver knows who sends: {env: NAME} or {file: PATH}");
  }
}

void read_slack(Fields& fields, ChannelConfig& into, FileContext& context) {
  if (const yaml::Node* url = fields.take("url")) into.url = read_secret_ref(*url, "secret", context);
  if (fields.node().find("url") == nullptr) {
    context.report(fields.node(), "slack needs \"url\", the incoming webhook's address, which is a secret: {env: NAME} or "
                                  "{file: PATH}");
  }
}

void read_mail(Fields& fields, ChannelConfig& into, FileContext& context) {
  const yaml::Node& node = fields.node();
  io::Mail& mail = into.channel.mail;
  if (auto relay = fields.take_text("relay")) mail.relay = std::move(*relay);
  if (auto from = fields.take_text("from")) mail.from = std::move(*from);
  if (auto user = fields.take_text("user")) mail.user = std::move(*user);
  if (auto file = fields.take_text("ca_file")) mail.ca_file = context.absolute(*file);
  mail.to = fields.take_texts("to");
  mail.starttls = fields.take_bool("starttls").value_or(true);
  if (const yaml::Node* password = fields.take("password")) {
    into.password = read_secret_ref(*password, "password", context);
  }
  if (!mail.relay.starts_with("smtp://") && !mail.relay.starts_with("smtps://")) {
    context.report(node, "mail needs \"relay\", such as smtps://mail.example.org:465 or smtp://mail.example.org:587");
  }
  if (!is_mail_address(mail.from)) context.report(node, "mail needs \"from\", an address such as doorward@example.org");
  if (mail.to.empty()) context.report(node, "mail needs \"to\", a list of addresses");
  for (const std::string& address : mail.to) {
    if (!is_mail_address(address)) context.report(*node.find("to"), "\"" + address + "\" is no mail address");
  }
  if (mail.user.empty() != (node.find("password") == nullptr)) {
    context.report(node, "\"user\" and \"password\" belong together");
  }
}

ChannelConfig read_channel(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "a channel", context);
  ChannelConfig into;
  into.at = context.at(node);
  if (auto name = fields.take_text("name")) into.channel.name = std::move(*name);
  const std::string type = fields.take_text("type").value_or("");
  read_events(fields, into.channel, context);
  const auto* kind = std::ranges::find(kKinds, type, &decltype(kKinds)::value_type::first);
  if (kind == kKinds.end()) {
    context.report(node, "\"type\" must be webhook, desktop, mail or slack");
    return into;
  }
  into.channel.kind = kind->second;
  if (kind->second == Kind::webhook) read_webhook(fields, into, context);
  if (kind->second == Kind::slack) read_slack(fields, into, context);
  if (kind->second == Kind::mail) read_mail(fields, into, context);
  fields.finish();
  if (!store::is_name(into.channel.name)) {
    context.report(node, "a channel needs \"name\", 1 to 64 letters, digits, '.', '_' and '-'");
  }
  return into;
}

}  // namespace

NotificationsConfig read_notifications(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "notifications", context);
  NotificationsConfig into;
  fields.take_list("channels", [&](const yaml::Node& item) { into.channels.push_back(read_channel(item, context)); });
  fields.finish();
  return into;
}

ApprovalsConfig read_approvals(const yaml::Node& node, FileContext& context) {
  constexpr Milliseconds kDay{24 * 3'600'000};
  Fields fields(node, "approvals", context);
  ApprovalsConfig into;
  into.pending_per_grant = fields.take_count("pending_per_grant", 1, 10'000).value_or(into.pending_per_grant);
  into.pending = fields.take_count("pending", 1, 100'000).value_or(into.pending);
  into.keep_arguments =
      fields.take_duration("keep_arguments", Milliseconds(0), 400 * kDay).value_or(into.keep_arguments);
  fields.finish();
  return into;
}

}  // namespace doorward::server
