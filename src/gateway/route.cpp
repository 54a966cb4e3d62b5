#include "gateway/route.h"

#include <algorithm>

namespace doorward::gateway {

Route route_of(std::string_view path) {
  constexpr std::string_view kPrefix = "/mcp/";
  constexpr std::string_view kMessages = "messages/";
  if (!path.starts_with(kPrefix)) return {};
  path.remove_prefix(kPrefix.size());
  const std::size_t slash = path.find('/');
  const std::string_view server = path.substr(0, slash);
  const std::string_view rest = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  if (server.empty()) return {};
  if (rest.empty()) return {Route::Place::endpoint, server, {}};
  if (rest == "sse") return {Route::Place::message_stream, server, {}};
  const std::string_view id = rest.substr(std::min(rest.size(), kMessages.size()));
  if (!rest.starts_with(kMessages) || id.empty() || id.find('/') != std::string_view::npos) return {};
  return {Route::Place::message, server, id};
}

bool is_resource_metadata(std::string_view path) {
  return path.starts_with(kResourceMetadata) &&
         (path.size() == kResourceMetadata.size() || path[kResourceMetadata.size()] == '/');
}

}  // namespace doorward::gateway
