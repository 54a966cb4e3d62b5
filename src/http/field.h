#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace doorward::http {

/// The header fields that we know by name; every other one is `other`.
enum class Field : std::uint8_t {
  other,
  accept,
  accept_encoding,
  authorization,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  expect,
  host,
  if_none_match,
  keep_alive,
  last_event_id,
  location,
  mcp_method,
  mcp_name,
  mcp_protocol_version,
  mcp_session_id,
  origin,
  retry_after,
  sec_fetch_site,
  server,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  www_authenticate,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::www_authenticate) + 1;

/// Case-insensitive; `name` must consist of token characters.
Field field_of(std::string_view name);
/// The lower-case name; empty for `other`.
std::string_view field_name(Field field);

/// RFC 9110 5.6.2 token characters.
bool is_token(std::string_view text);
}  // namespace doorward::http
