#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/page_render.h"

namespace doorward::catalogue {

enum class Format : std::uint8_t { terminal, json, markdown, html, document };
/// `terminal`, `json`, `markdown`, `html`, `document`.
std::string_view to_string(Format format);
std::optional<Format> parse_format(std::string_view name);

struct Rendering {
  Format format = Format::terminal;
  TerminalOptions terminal;
  Address address;        ///< of Markdown and HTML
  bool whole = true;      ///< HTML: a whole document, else what stands inside `<main>`
  std::string assets;     ///< of a whole document
  std::string canonical;  ///< of a whole document
};

/// The page of a catalogue. not_found where there is no such server, tool or pattern; `invalid` where the id
/// is none of its kind.
Result<std::string> render_page(Catalogue& catalogue, const PageRef& page, const Rendering& how);

/// The one tool that a name alone means: of the only server that has one of it. not_found names a tool that
/// is near, conflict the servers that have it.
Result<PageRef> find_tool(Catalogue& catalogue, std::string_view name);

}  // namespace doorward::catalogue
