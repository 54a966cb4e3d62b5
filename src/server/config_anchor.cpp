#include "server/config_anchor.h"


#include "base/text.h"
#include "http/url.h"
#include "server/config_server.h"
#include "store/store.h"

namespace doorward::server {
namespace {

void read_headers(Fields& fields, AnchorConfig& anchor, FileContext& context) {
  const yaml::Node* headers = fields.take("headers");
  if (headers == nullptr) return;
  if (headers->kind != yaml::Node::Kind::mapping)
    return context.report(*headers, "\"headers\" must be a mapping of names to values");
  for (const yaml::Entry& entry : headers->entries) {
    std::string name = entry.key;
    name = lower(name);
    if (!is_header_name(name)) {
      context.report({context.file(), entry.line, entry.column}, "\"" + entry.key + "\" is no name for a header");
    } else {
      anchor.headers.emplace_back(name, read_secret_ref(entry.value, name, context));
    }
  }
}

/// `tls://host:port`, `tcp://host:port` or `unix:///path`.
bool read_syslog(std::string_view text, audit::SyslogTarget& target) {
  using enum audit::SyslogTarget::Transport;
  if (text.starts_with("unix:///")) {
    target.transport = local;
    target.path = text.substr(std::string_view("unix://").size());
    return true;
  }
  const bool tls_asked = text.starts_with("tls://");
  if (!tls_asked && !text.starts_with("tcp://")) return false;
  http::Authority authority;
  if (!http::parse_authority(text.substr(6), authority)) return false;
  target.transport = tls_asked ? tls : tcp;
  target.host = authority.host;
  target.port = authority.port != 0 ? authority.port : tls_asked ? std::uint16_t{6514} : std::uint16_t{601};
  return true;
}

}  // namespace

AnchorConfig read_anchor(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "an anchor", context);
  AnchorConfig anchor;
  anchor.at = context.at(node);
  if (auto name = fields.take_text("name")) anchor.name = std::move(*name);
  if (auto file = fields.take_text("file")) anchor.file = context.absolute(*file);
  if (auto url = fields.take_text("url")) {
    anchor.url = std::move(*url);
    if (const auto parsed = http::parse_url(anchor.url); !parsed)
      context.report(*node.find("url"), "\"url\": " + parsed.error().message);
  }
  if (auto syslog = fields.take_text("syslog")) {
    anchor.syslog_url = *syslog;
    audit::SyslogTarget target;
    if (read_syslog(*syslog, target)) {
      anchor.syslog = std::move(target);
    } else {
      context.report(*node.find("syslog"), "\"syslog\" must be tls://host:port, tcp://host:port or unix:///dev/log");
    }
  }
  if (auto ca = fields.take_text("ca_file")) anchor.ca_file = context.absolute(*ca);
  read_headers(fields, anchor, context);
  fields.finish();
  if (anchor.name.empty()) {
    fields.missing("name");
  } else if (!store::is_name(anchor.name)) {
    context.report(*node.find("name"), "\"" + anchor.name + "\" is no name; use letters, digits, '.', '_' and '-'");
  }
  const int places = int{!anchor.file.empty()} + int{!anchor.url.empty()} + int{!anchor.syslog_url.empty()};
  if (places != 1) context.report(node, "an anchor needs exactly one of \"file\", \"url\" and \"syslog\"");
  if (!anchor.headers.empty() && anchor.url.empty()) context.report(node, "\"headers\" is for an anchor with \"url\"");
  return anchor;
}

std::string anchor_place(const AnchorConfig& anchor) {
  if (!anchor.file.empty()) return anchor.file;
  return anchor.url.empty() ? anchor.syslog_url : anchor.url;
}

}  // namespace doorward::server
