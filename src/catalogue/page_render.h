#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "catalogue/page.h"

namespace doorward::catalogue {

/// Where a page is found, as the renderer is to write it; empty: nowhere, so that its name stands there
/// without a link.
using Address = std::function<std::string(const PageRef& page)>;

struct TerminalOptions {
  std::size_t width = 80;  ///< columns; at least 40 are used
  bool color = false;
};
/// Plain text in lines no wider than the terminal, but for what is to be copied.
std::string to_terminal(const Document& page, const TerminalOptions& options);

/// GitHub-flavoured Markdown in which no text of a source is markup.
std::string to_markdown(const Document& page, const Address& address = {});

struct HtmlOptions {
  Address address;
  /// The folder of `page.css` and the other files, with the slash behind it, as the page links it; empty: the style stands
  /// in the page, allowed by its hash, and there is no script.
  std::string assets;
  std::string canonical;  ///< the page's own address in the world, or empty
};
/// A whole document: semantic, no inline script, nothing from elsewhere, text of sources escaped,
/// addresses outside only by http and https.
std::string to_html(const Document& page, const HtmlOptions& options);
/// What stands between `<main>` and `</main>` of it alone, for those who bring a frame of their own.
std::string to_html_body(const Document& page, const Address& address);

/// The document itself, for those who draw it: JSON of schema `doorward.page.document/1`, texts raw, addresses outside
/// only by http and https, links inside as `page` with `kind` and `id`.
std::string to_document_json(const Document& page);

/// The files that the documents of to_html link: `page.css`, `page.js`, `icon.svg`.
std::string_view page_css();
std::string_view page_js();
std::string_view page_icon();

}  // namespace doorward::catalogue
