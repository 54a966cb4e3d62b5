#include "mcp/header_mirror.h"

#include <algorithm>

#include "base/encoding.h"
#include "json/scan.h"
#include "json/writer.h"

namespace doorward::mcp {

namespace {

using json::Type;
using json::Value;

constexpr std::string_view kOpen = "=?base64?";
constexpr std::string_view kClose = "?=";

bool looks_encoded(std::string_view value) {
  return value.size() >= kOpen.size() + kClose.size() && value.starts_with(kOpen) && value.ends_with(kClose);
}

bool is_utf8(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const unsigned length = json::utf8_length(p, end);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

// Printable ASCII with no space at either end, and nothing that a reader would take for an encoding.
bool is_plain(std::string_view value) {
  if (value.starts_with(' ') || value.ends_with(' ') || looks_encoded(value)) return false;
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::optional<std::string> difference(const Header& header, std::string_view name, std::string_view wanted) {
  if (header.count == 0) return "The header " + std::string(name) + " is missing.";
  if (header.count > 1) return "The header " + std::string(name) + " stands there more than once.";
  std::string scratch;
  const auto value = decode_header_value(header.value, scratch);
  if (!value) return "The header " + std::string(name) + " is neither plain text nor proper =?base64?...?=.";
  if (*value != wanted) return "The header " + std::string(name) + " does not match the body.";
  return std::nullopt;
}

std::unexpected<Refusal> refuse(const Message& message, ErrorCode code, std::string text) {
  return std::unexpected(Refusal{.code = code,
                                 .message = std::move(text),
                                 .id = message.id,
                                 .notification = message.kind == Kind::notification});
}

}  // namespace

Era era_of(const Message& message, std::string_view version_header, bool in_session) {
  if (message.meta.find(kMetaProtocolVersion)) return Era::modern;
  if (const auto revision = parse_revision(version_header)) return era_of(*revision);
  const bool unknown_version = !version_header.empty() && !in_session && message.method != Method::initialize;
  return unknown_version ? Era::modern : Era::legacy;
}

std::expected<Revision, Refusal> check_modern(const Message& message, const MirrorHeaders* headers,
                                              std::span<const Revision> served) {
  const Value version = message.meta.find(kMetaProtocolVersion);
  if (!version.is(Type::string)) {
    return refuse(message, ErrorCode::invalid_params,
                  "Invalid params: _meta lacks the string " + std::string(kMetaProtocolVersion) + ".");
  }
  if (!message.meta.find(kMetaClientCapabilities).is(Type::object)) {
    return refuse(message, ErrorCode::invalid_params,
                  "Invalid params: _meta lacks the object " + std::string(kMetaClientCapabilities) + ".");
  }
  if (headers != nullptr) {
    if (auto text = difference(headers->version, "MCP-Protocol-Version", version.string())) {
      return refuse(message, ErrorCode::header_mismatch, std::move(*text));
    }
  }
  const auto revision = parse_revision(version.string());
  if (!revision || era_of(*revision) != Era::modern ||
      std::find(served.begin(), served.end(), *revision) == served.end()) {
    auto refusal = refuse(message, ErrorCode::unsupported_version, "Unsupported protocol version.");
    refusal.error().data = unsupported_version_data(version.string(), served);
    return refusal;
  }
  if (headers == nullptr) return *revision;

  if (auto text = difference(headers->method, "Mcp-Method", message.method_name)) {
    return refuse(message, ErrorCode::header_mismatch, std::move(*text));
  }
  const Value name = message.params.find(name_member(message.method));
  if (!name_member(message.method).empty() && name.is(Type::string)) {
    if (auto text = difference(headers->name, "Mcp-Name", name.string())) {
      return refuse(message, ErrorCode::header_mismatch, std::move(*text));
    }
  }
  return *revision;
}

std::optional<std::string_view> decode_header_value(std::string_view value, std::string& scratch) {
  if (looks_encoded(value)) {
    auto bytes = from_base64(value.substr(kOpen.size(), value.size() - kOpen.size() - kClose.size()));
    if (!bytes || !is_utf8(*bytes)) return std::nullopt;
    scratch = std::move(*bytes);
    return scratch;
  }
  const bool plain =
      std::all_of(value.begin(), value.end(), [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
  return plain ? std::optional(value) : std::nullopt;
}

void append_header_value(std::string& out, std::string_view value) {
  if (is_plain(value)) {
    out += value;
    return;
  }
  out += kOpen;
  append_base64(out, bytes_of(value));
  out += kClose;
}

void append_mirror_lines(std::string& out, const Message& message, Revision revision,
                         std::string_view other_name) {
  out.append("MCP-Protocol-Version: ").append(to_string(revision)).append("\r\nMcp-Method: ");
  append_header_value(out, message.method_name);
  out += "\r\n";
  const std::string_view member = name_member(message.method);
  const Value name = member.empty() ? Value() : message.params.find(member);
  if (name.is(Type::string)) {
    out += "Mcp-Name: ";
    append_header_value(out, other_name.empty() ? name.string() : other_name);
    out += "\r\n";
  }
}

std::string unsupported_version_data(std::string_view requested, std::span<const Revision> served) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("supported").begin_array();
  for (const Revision revision : served) {
    if (era_of(revision) == Era::modern) writer.string(to_string(revision));
  }
  writer.end_array().key("requested").string(requested.substr(0, 64)).end_object();
  return out;
}

}  // namespace doorward::mcp
