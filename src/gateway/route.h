#pragma once

#include <cstdint>
#include <string_view>

namespace doorward::gateway {

/// What a path names.
struct Route {
  enum class Place : std::uint8_t { none, endpoint, message_stream, message };
  Place place = Place::none;
  std::string_view server;  ///< as the path has it: a name or a UUID
  std::string_view id;      ///< of a message: the stream's
};

/// `/mcp/<server>` or `/mcp/<server>/`; for HTTP+SSE `/mcp/<server>/sse` and `/mcp/<server>/messages/<id>`.
Route route_of(std::string_view path);

/// Where RFC 9728 puts the description of a resource: in front of the resource's own path.
inline constexpr std::string_view kResourceMetadata = "/.well-known/oauth-protected-resource";
bool is_resource_metadata(std::string_view path);

}  // namespace doorward::gateway
