#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalogue/adapters.h"
#include "catalogue/import_parts.h"
#include "json/reader.h"

namespace doorward::catalogue {

/// What holds of an adapter whatever the bytes are: it answers; each listing has a name, its links are links,
/// its tools are tools; each server is there once; nothing is lost without being counted.
inline int check_adapter(const Adapter& adapter, const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  adapter.recognises(text);
  // What lies beside a document is as hostile as the document.
  const auto got =
      adapter.read(text, [&](std::string_view) { return std::string(text.substr(text.size() / 2)); });
  if (!got) {
    require(!got.error().message.empty());
    return 0;
  }
  require(got->listings.size() + got->older <= got->records);
  std::set<std::string_view> ids;
  json::Reader reader;
  for (const Listing& listing : got->listings) {
    require(listing.source == adapter.id && parts::wrong_name(listing.name, parts::kMostName).empty());
    require(!listing.source_id.empty() && ids.insert(listing.source_id).second);
    require(listing.description.size() <= parts::kMostText * 3 &&
            listing.description.find('\0') == std::string::npos);
    for (const std::string_view link :
         {std::string_view(listing.repository), std::string_view(listing.website)}) {
      require(link.empty() || parts::is_link(link));
    }
    for (const Remote& remote : listing.remotes)
      require(remote.url.starts_with('{') || parts::is_link(remote.url));
    require(listing.tools_known != ToolsKnown::none || listing.tools.empty());
    for (const std::string& tool : listing.tools) {
      const auto value = reader.read(tool);
      require(value && value->is(json::Type::object) && !json::text_of(*value, "name").empty());
    }
  }
  return 0;
}

}  // namespace doorward::catalogue
