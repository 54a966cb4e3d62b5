#pragma once

#include <array>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/value.h"
#include "mcp/envelope.h"
#include "mcp/revision.h"

namespace doorward::mcp {

/// One header as a request carried it: `value` without the white space around it.
struct Header {
  std::string_view value;
  unsigned count = 0;  ///< how many lines had the name; the value is that of the first
};

/// The headers of a 2026-07-28 request that repeat what stands in its body.
struct MirrorHeaders {
  Header version;  ///< MCP-Protocol-Version
  Header method;   ///< Mcp-Method
  Header name;     ///< Mcp-Name
};

/// Keys of `_meta`.
inline constexpr std::string_view kMetaProtocolVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaClientCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kMetaClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kMetaLogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view kMetaServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kMetaSubscriptionId = "io.modelcontextprotocol/subscriptionId";

/// Which era a message belongs to: modern if its body says so (`_meta` names a protocol version), whatever
/// the headers say (T055), or if its version header names a modern revision or one that is not known at all
/// while no session stands behind the message; else legacy.
Era era_of(const Message& message, std::string_view version_header, bool in_session);

/// The revisions that we serve to clients over HTTP, best first.
inline constexpr std::array kServedRevisions = {Revision::v2026_07_28, Revision::v2025_11_25,
                                                Revision::v2025_06_18, Revision::v2025_03_26};

/// The self-description of a modern request, and whether its headers repeat it. In this order:
/// - invalid_params unless `_meta` has a protocol version (string) and client capabilities (object);
/// - header_mismatch unless MCP-Protocol-Version stands there once and equals the body's;
/// - unsupported_version, with `data.supported` and `data.requested`, unless that version is modern and
/// served;
/// - header_mismatch unless Mcp-Method and, for methods that have one, Mcp-Name stand there once and equal
/// the
///   body's after decoding (T051 to T058).
/// Decisions are taken from the body alone. `headers` null: over stdio, where there are none.
std::expected<Revision, Refusal> check_modern(const Message& message, const MirrorHeaders* headers,
                                              std::span<const Revision> served = kServedRevisions);

/// What a header's value stands for: itself if it is plain (visible ASCII, spaces and tabs inside), the text
/// inside `=?base64?...?=` decoded into `scratch`. Nothing if it is neither, or not strict Base64 of valid
/// UTF-8. The markers are case-sensitive.
std::optional<std::string_view> decode_header_value(std::string_view value, std::string& scratch);

/// Appends the value as a header may carry it: plain where that is safe, else `=?base64?...?=`; never a
/// control character (T061).
void append_header_value(std::string& out, std::string_view value);

/// Appends the header lines (each with CRLF) that a modern request to a server needs, made anew from its
/// body: MCP-Protocol-Version, Mcp-Method and, where the method has one, Mcp-Name. `name` not empty: what the
/// server calls it, where that is not what the message says.
void append_mirror_lines(std::string& out, const Message& message, Revision revision,
                         std::string_view name = {});

/// `{"supported":[...],"requested":"..."}`, the data of an unsupported_version error: of the served revisions those
/// that a request which describes itself may name, the modern ones.
std::string unsupported_version_data(std::string_view requested,
                                     std::span<const Revision> served = kServedRevisions);

}  // namespace doorward::mcp
