#include <array>
#include <utility>

#include "server/config_server.h"

namespace doorward::server {
namespace {

template <typename Value, std::size_t Count>
using Words = std::array<std::pair<std::string_view, Value>, Count>;

using enum upstream::ServerEra;
constexpr Words<upstream::ServerEra, 3> kEras = {{{"auto", automatic}, {"legacy", legacy}, {"modern", modern}}};
constexpr Words<upstream::HttpTransport, 3> kTransports = {
    {{"auto", upstream::HttpTransport::automatic},
     {"streamable", upstream::HttpTransport::streamable},
     {"sse", upstream::HttpTransport::sse}}};
constexpr Words<upstream::SessionSharing, 3> kSharings = {{{"per_grant", upstream::SessionSharing::per_grant},
                                                           {"per_call", upstream::SessionSharing::per_call},
                                                           {"shared", upstream::SessionSharing::shared}}};
constexpr Words<bool, 2> kSandboxes = {{{"none", false}, {"bubblewrap", true}}};
constexpr Words<bool upstream::ProtocolSettings::*, 3> kRequests = {
    {{"sampling", &upstream::ProtocolSettings::sampling},
     {"elicitation", &upstream::ProtocolSettings::elicitation},
     {"roots", &upstream::ProtocolSettings::roots}}};

template <typename Value, std::size_t Count>
std::string choices(const Words<Value, Count>& words) {
  std::string all;
  for (std::size_t i = 0; i < Count; ++i) {
    if (i > 0) all += i + 1 == Count ? " or " : ", ";
    all += words[i].first;
  }
  return all;
}

template <typename Value, std::size_t Count>
const Value* find(const Words<Value, Count>& words, std::string_view word) {
  for (const auto& [spelling, value] : words) {
    if (spelling == word) return &value;
  }
  return nullptr;
}

/// Takes one word of a list of words; the first is the default.
template <typename Value, std::size_t Count>
void take_word(Fields& fields, std::string_view key, const Words<Value, Count>& words, Value& into,
               FileContext& context) {
  const std::optional<std::string> text = fields.take_text(key);
  if (!text) return;
  if (const Value* value = find(words, *text)) {
    into = *value;
    return;
  }
  context.report(*fields.node().find(key), "\"" + std::string(key) + "\" must be " + choices(words));
}

template <typename Value, std::size_t Count>
void write_word(json::Writer& writer, std::string_view key, const Words<Value, Count>& words, Value value) {
  if (value == words.front().second) return;
  for (const auto& [spelling, each] : words) {
    if (each == value) writer.key(key).string(spelling);
  }
}

}  // namespace

void read_protocol(Fields& fields, ServerConfig& server, FileContext& context) {
  upstream::ProtocolSettings& protocol = server.protocol;
  take_word(fields, "era", kEras, protocol.era, context);
  take_word(fields, "transport", kTransports, server.transport, context);
  take_word(fields, "sessions", kSharings, protocol.sessions, context);
  take_word(fields, "sandbox", kSandboxes, server.bubblewrap, context);
  protocol.include_new = fields.take_bool("include_new").value_or(false);
  for (const std::string& kind : fields.take_texts("client_requests")) {
    if (bool upstream::ProtocolSettings::*const* member = find(kRequests, kind)) {
      protocol.*(*member) = true;
    } else {
      context.report(*fields.node().find("client_requests"),
                     "\"client_requests\" knows no \"" + kind + "\"; it lists " + choices(kRequests));
    }
  }
  protocol.admit_names = fields.take_texts("admit_names");
  const bool has_url = fields.node().find("url") != nullptr;
  if (has_url && fields.node().find("sandbox") != nullptr) {
    context.report(fields.node(), "\"sandbox\" is for a server with \"command\"; remove it");
  }
  if (!has_url && fields.node().find("transport") != nullptr) {
    context.report(fields.node(), "\"transport\" is for a server with \"url\"; remove it");
  }
}

void write_protocol(json::Writer& writer, const ServerConfig& server) {
  const upstream::ProtocolSettings& protocol = server.protocol;
  write_word(writer, "era", kEras, protocol.era);
  write_word(writer, "transport", kTransports, server.transport);
  write_word(writer, "sessions", kSharings, protocol.sessions);
  write_word(writer, "sandbox", kSandboxes, server.bubblewrap);
  if (protocol.include_new) writer.key("include_new").boolean(true);
  if (protocol.sampling || protocol.elicitation || protocol.roots) {
    writer.key("client_requests").begin_array();
    for (const auto& [kind, member] : kRequests) {
      if (protocol.*member) writer.string(kind);
    }
    writer.end_array();
  }
  if (!protocol.admit_names.empty()) {
    writer.key("admit_names").begin_array();
    for (const std::string& name : protocol.admit_names) writer.string(name);
    writer.end_array();
  }
}

}  // namespace doorward::server
