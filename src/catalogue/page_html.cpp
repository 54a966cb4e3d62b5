#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "base/hash.h"
#include "catalogue/english.h"
#include "catalogue/page_render.h"
#include "catalogue/visible.h"

namespace doorward::catalogue {
namespace {

/// What is copied and longer than this is folded away until a reader asks for it.
constexpr std::size_t kMostLinesOpen = 60;

/// For text and for attributes in double quotes.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

std::string attribute(std::string_view raw) {
  std::string out;
  append_escaped(out, visible(raw));
  return out;
}

/// Element content; what a person would not see is a mark of its own.
std::string escaped(std::string_view raw) {
  std::string out;
  out.reserve(raw.size() + 16);
  for_each_piece(raw, [&](std::string_view piece, bool mark) {
    if (mark) out += "<span class=\"unseen\" title=\"A character that is not seen\">";
    append_escaped(out, piece);
    if (mark) out += "</span>";
  });
  return out;
}

/// A name in which a line may break behind a separator.
std::string breakable(std::string_view raw) {
  std::string out;
  std::string piece;
  for (const char c : raw) {
    piece += c;
    if (c != '_' && c != '.' && c != '/' && c != '-') continue;
    out += escaped(piece) + "<wbr>";
    piece.clear();
  }
  return out + escaped(piece);
}

std::string severity_class(Severity severity) {
  return "severity " + std::string(to_string(severity));
}

class Writer {
 public:
  explicit Writer(const Address& address) : address_(address) {}

  std::string body(const Document& page) {
    crumbs(page);
    out_ += "<header class=\"title\">\n";
    if (!page.eyebrow.empty()) out_ += "<p class=\"eyebrow\">" + escaped(page.eyebrow) + "</p>\n";
    out_ += page.title_is_name ? "<h1 class=\"name\">" + breakable(page.title) : "<h1>" + escaped(page.title);
    out_ += "</h1>\n";
    if (!page.lead.empty()) out_ += "<p class=\"lead\">" + text(page.lead) + "</p>\n";
    out_ += "</header>\n";
    if (page.banner) banner(*page.banner);
    for (const Section& section : page.sections) {
      const std::string id = attribute(section.id);
      out_ += "<section aria-labelledby=\"" + id + "\">\n<h2 id=\"" + id + "\">" + escaped(section.title) +
              "</h2>\n";
      for (const Block& block : section.blocks) std::visit([this](const auto& one) { add(one); }, block);
      out_ += "</section>\n";
    }
    return std::move(out_);
  }

 private:
  std::string text(const Text& runs) const {
    std::string out;
    for (const Run& run : runs) out += one(run);
    return out;
  }

  std::string one(const Run& run) const {
    std::string said;
    switch (run.style) {
      case Run::Style::plain:
        said = escaped(run.text);
        break;
      case Run::Style::strong:
        said = "<strong>" + escaped(run.text) + "</strong>";
        break;
      case Run::Style::code:
        said = "<code>" + breakable(run.text) + "</code>";
        break;
      case Run::Style::quoted:
        said = "<q>" + escaped(run.text) + "</q>";
        break;
      case Run::Style::severity:
      case Run::Style::category:
        said = "<span class=\"badge " + severity_class(run.severity) + "\">" + escaped(run.text) + "</span>";
        break;
    }
    if (run.page && address_) {
      const std::string to = address_(*run.page);
      if (!to.empty()) return "<a href=\"" + attribute(to) + "\">" + said + "</a>";
    } else if (run.url.starts_with("https://") || run.url.starts_with("http://")) {
      return "<a href=\"" + attribute(run.url) + "\" rel=\"nofollow noopener noreferrer\">" + said + "</a>";
    }
    return said;
  }

  void crumbs(const Document& page) {
    if (page.above.empty()) return;
    out_ += "<nav class=\"crumbs\" aria-label=\"Breadcrumb\"><ol>";
    for (const auto& [name, ref] : page.above) out_ += "<li>" + one(link(name, ref)) + "</li>";
    out_ += "<li aria-current=\"page\">" + escaped(page.title) + "</li></ol></nav>\n";
  }

  void banner(const Banner& banner) {
    out_ += "<section class=\"banner " + severity_class(banner.severity) + "\" aria-label=\"Risk\">\n";
    out_ += "<p class=\"headline\">" + escaped(banner.headline) + "</p>\n";
    if (!banner.text.empty()) out_ += "<p>" + text(banner.text) + "</p>\n";
    if (!banner.facts.empty()) {
      out_ += "<dl>";
      for (const auto& [name, value] : banner.facts) {
        out_ += "<div><dt>" + escaped(name) + "</dt><dd>" + text(value) + "</dd></div>";
      }
      out_ += "</dl>\n";
    }
    out_ += "</section>\n";
  }

  void add(const Paragraph& block) { out_ += "<p>" + text(block.text) + "</p>\n"; }

  void add(const Quote& block) {
    out_ += "<blockquote><p>";
    std::string_view words = block.text;
    while (words.ends_with('\n')) words.remove_suffix(1);
    out_ += escaped(words) + "</p>";
    if (!block.from.empty()) out_ += "<footer>" + escaped(block.from) + "</footer>";
    out_ += "</blockquote>\n";
  }

  void add(const Bullets& block) {
    out_ += "<ul>\n";
    for (const Text& item : block.items) out_ += "<li>" + text(item) + "</li>\n";
    out_ += "</ul>\n";
  }

  // On a narrow screen each row becomes a card with the heads before the values (page.css). That takes the
  // table's own roles away from its elements, so they are said.
  void add(const Table& block) {
    out_ += "<table role=\"table\"><caption>" + escaped(block.caption) +
            "</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">";
    for (const std::string& head : block.head) {
      out_ += "<th scope=\"col\" role=\"columnheader\">" + escaped(head) + "</th>";
    }
    out_ += "</tr></thead>\n<tbody role=\"rowgroup\">\n";
    for (const auto& row : block.rows) {
      out_ += "<tr role=\"row\">";
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string head = i < block.head.size() ? attribute(block.head[i]) : std::string();
        const std::string value = row[i].empty() ? "<span class=\"none\">–</span>" : text(row[i]);
        out_ += i == 0 ? "<th scope=\"row\" role=\"rowheader\">" + value + "</th>"
                       : "<td role=\"cell\" data-head=\"" + head + "\"><div>" + value + "</div></td>";
      }
      out_ += "</tr>\n";
    }
    out_ += "</tbody></table>\n";
  }

  void add(const Code& block) {
    out_ += "<figure class=\"code\">";
    out_ += "<figcaption>" + escaped(block.label.empty() ? block.language : block.label) + "</figcaption>";
    std::string_view words = block.text;
    while (words.ends_with('\n')) words.remove_suffix(1);
    const auto lines = static_cast<std::size_t>(std::ranges::count(words, '\n')) + 1;
    const bool folded = lines > kMostLinesOpen;
    if (folded) out_ += "<details><summary>" + grouped(lines) + " lines</summary>";
    out_ +=
        "<pre><code class=\"language-" + attribute(block.language) + "\">" + escaped(words) + "</code></pre>";
    out_ += folded ? "</details></figure>\n" : "</figure>\n";
  }

  void add(const Facts& block) {
    out_ += "<dl class=\"facts\">\n";
    for (const auto& [name, value] : block.rows) {
      out_ += "<div><dt>" + escaped(name) + "</dt><dd>" + text(value) + "</dd></div>\n";
    }
    out_ += "</dl>\n";
  }

  void add(const Steps& block) {
    out_ += "<ol class=\"steps\">\n";
    for (const Steps::Step& step : block.steps) {
      out_ += "<li><p>" + text(step.text) + "</p>\n";
      if (step.code) add(*step.code);
      out_ += "</li>\n";
    }
    out_ += "</ol>\n";
  }

  void add(const Answers& block) {
    out_ += "<div class=\"answers\">\n";
    for (const Answers::Answer& answer : block.answers) {
      out_ += "<h3>" + escaped(answer.question) + "</h3>\n<p>" + text(answer.text) + "</p>\n";
      if (answer.code) add(*answer.code);
    }
    out_ += "</div>\n";
  }

  // Widths are attributes of the drawing: a style would need a looser content security policy.
  void add(const Bars& block) {
    std::size_t whole = 0;
    std::size_t most = 1;
    for (const Bars::Bar& bar : block.bars) {
      whole += bar.count;
      most = std::max(most, bar.count);
    }
    out_ += "<table class=\"bars\"><caption>" + escaped(block.caption) + "</caption><tbody>\n";
    for (const Bars::Bar& bar : block.bars) {
      const std::size_t width = bar.count == 0 ? 0 : std::max<std::size_t>(1, bar.count * 100 / most);
      out_ += "<tr class=\"" + severity_class(bar.severity) + "\"><th scope=\"row\">" + escaped(bar.label) +
              "</th><td>";
      out_ += "<svg aria-hidden=\"true\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\"><rect width=\"" +
              std::to_string(width) + "\" height=\"8\"/></svg></td><td>" + grouped(bar.count) + "</td><td>" +
              percent_of(bar.count, whole) + "</td></tr>\n";
    }
    out_ += "</tbody></table>\n";
  }

  void add(const Notice& block) {
    out_ += "<p class=\"notice " + severity_class(block.severity) + "\">" + text(block.text) + "</p>\n";
  }

  void add(const Changes& block) {
    using Op = Changes::Change::Op;
    out_ += "<ul class=\"changes\">\n";
    for (const Changes::Change& change : block.changes) {
      out_ += "<li><code>" + breakable(change.where) + "</code><p>";
      for (const auto& [op, words] : change.words) {
        const std::string_view tag = op == Op::added ? "ins" : op == Op::removed ? "del" : "span";
        out_.append("<").append(tag).append(">").append(escaped(words)).append("</").append(tag).append("> ");
      }
      out_ += "</p></li>\n";
    }
    out_ += "</ul>\n";
  }

  void add(const SearchBox&) {
    out_ +=
        "<form class=\"search\" role=\"search\" data-index=\"search.json\" hidden>"
        "<label for=\"search\">Search servers and tools</label>"
        "<input id=\"search\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\">"
        "<p class=\"found\" role=\"status\"></p><ul class=\"results\"></ul></form>\n"
        "<noscript><p>Search needs JavaScript; every page can be reached by the links "
        "below.</p></noscript>\n";
  }

  const Address& address_;
  std::string out_;
};

std::string contents(const Document& page) {
  if (page.sections.size() < 4) return {};
  std::string out =
      "<nav class=\"contents\" aria-labelledby=\"contents-title\"><h2 id=\"contents-title\">On this "
      "page</h2><ol>\n";
  for (const Section& section : page.sections) {
    out += "<li><a href=\"#" + attribute(section.id) + "\">" + escaped(section.title) + "</a></li>\n";
  }
  return out + "</ol></nav>\n";
}

}  // namespace

std::string to_html_body(const Document& page, const Address& address) {
  return Writer(address).body(page);
}

std::string to_html(const Document& page, const HtmlOptions& options) {
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  const std::string style =
      options.assets.empty() ? "'sha256-" + to_base64(sha256(page_css())) + "'" : "'self'";
  out += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src " + style;
  if (!options.assets.empty()) out += "; script-src 'self'; connect-src 'self'; img-src 'self'";
  out += "; base-uri 'none'; form-action 'none'\">\n";
  out +=
      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light "
      "dark\">\n";
  out +=
      "<title>" + attribute(page.title + (page.eyebrow.empty() ? "" : " – " + page.eyebrow)) + "</title>\n";
  out += "<meta name=\"description\" content=\"" + attribute(page.summary) + "\">\n";
  if (!options.canonical.empty())
    out += "<link rel=\"canonical\" href=\"" + attribute(options.canonical) + "\">\n";
  if (options.assets.empty()) {
    out.append("<style>").append(page_css()).append("</style>\n");
  } else {
    const std::string assets = attribute(options.assets);
    out += "<link rel=\"icon\" href=\"" + assets +
           "icon.svg\" type=\"image/svg+xml\">\n<link rel=\"stylesheet\" href=\"" + assets +
           "page.css\">\n<script src=\"" + assets + "page.js\" defer></script>\n";
  }
  out += "</head>\n";
  out += "<body class=\"" + std::string(to_string(page.self.kind)) +
         "\">\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n";
  std::string places;
  const auto place = [&](std::string_view name, const PageRef& ref) {
    const std::string to = options.address ? options.address(ref) : std::string();
    if (to.empty()) return;
    places += "<a href=\"" + attribute(to) + "\"" + (page.self == ref ? " aria-current=\"page\"" : "") + ">" +
              escaped(name) + "</a>";
  };
  place("Tool catalogue", {PageKind::index, {}});
  place("Attack patterns", {PageKind::attack, {}});
  if (!places.empty())
    out += "<header class=\"site\"><nav aria-label=\"Catalogue\">" + places + "</nav></header>\n";
  out += "<div class=\"frame\">\n" + contents(page);
  out +=
      "<main id=\"content\" tabindex=\"-1\">\n" + to_html_body(page, options.address) + "</main>\n</div>\n";
  out +=
      "<footer class=\"site\"><p>Made by Doorward from what servers say of themselves and from rules that "
      "quote their "
      "evidence. A rating is a reason to look, not a promise.</p></footer>\n</body>\n</html>\n";
  return out;
}

}  // namespace doorward::catalogue
