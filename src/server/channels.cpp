#include "server/channels.h"

#include <utility>

#include "server/secret.h"

namespace doorward::server {

Result<std::vector<approval::Channel>> open_channels(const NotificationsConfig& config) {
  using Kind = approval::Channel::Kind;
  std::vector<approval::Channel> channels;
  for (const ChannelConfig& from : config.channels) {
    approval::Channel channel = from.channel;
    const auto fetch = [&](const SecretRef& ref, std::string_view what, std::string& into) -> Status {
      auto value = resolve_secret(ref, what);
      if (!value) {
        return fail(value.error().kind, from.at.text() + ": channel \"" + channel.name + "\": " + value.error().message);
      }
      into = std::move(*value);
      return {};
    };
    Status fetched;
    if (channel.kind == Kind::webhook) fetched = fetch(from.secret, "secret", channel.secret);
    if (channel.kind == Kind::slack) fetched = fetch(from.url, "url", channel.url);
    if (channel.kind == Kind::mail && !channel.mail.user.empty()) {
      fetched = fetch(from.password, "password", channel.mail.password);
    }
    if (!fetched) return std::unexpected(fetched.error());
    // For a receiver on this machine; the address of a real one begins with https.
    if (channel.kind == Kind::slack) channel.plain_http = channel.url.starts_with("http://");
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace doorward::server
