#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/category.h"
#include "base/severity.h"

namespace doorward::catalogue {

/// The document that every page is before it is rendered: what is said, in which order, and what each piece
/// means; nothing of how it looks. Texts are raw, as sources spell them, and hostile: each renderer escapes
/// for its format.

enum class PageKind : std::uint8_t { index, server, tool, stack, attack };
std::string_view to_string(PageKind kind);
std::optional<PageKind> parse_page_kind(std::string_view name);

/// Which page. `id`: a server's slug; a tool's slug and name with `/` between; the slugs of a stack with `+`
/// between; an attack's id or nothing for the list of them; nothing for the index.
struct PageRef {
  PageKind kind = PageKind::index;
  std::string id;
  bool operator==(const PageRef&) const = default;
};
inline PageRef tool_ref(std::string_view slug, std::string_view name) {
  return {PageKind::tool, std::string(slug) + "/" + std::string(name)};
}

/// A run of inline text of one style.
struct Run {
  enum class Style : std::uint8_t {
    plain,
    strong,
    code,      ///< a name or a value, verbatim
    quoted,    ///< words of a definition, in quotation marks
    severity,  ///< a badge; its text is shown
    category,  ///< a badge that names a category
  };
  Style style = Style::plain;
  std::string text = {};
  std::optional<PageRef> page = {};   ///< what it leads to
  std::string url = {};               ///< an address outside; renderers link http and https alone
  Severity severity = Severity::low;  ///< of a badge
};
using Text = std::vector<Run>;

Run plain(std::string_view text);
Run strong(std::string_view text);
Run code(std::string_view text);
Run cited(std::string_view text);
Run badge(Severity severity);
Run badge(Category category);
Run link(std::string_view text, PageRef page);
Run code_link(std::string_view text, PageRef page);
/// Text that leads outside where the address is one of the web.
Run outside(std::string_view text, std::string_view url);

struct Paragraph {
  Text text;
};
/// Words of a source, verbatim; line breaks count.
struct Quote {
  std::string text;
  std::string from;  ///< who says so; empty: not shown
};
struct Bullets {
  std::vector<Text> items;
};
struct Table {
  std::string caption;  ///< for readers who do not see it
  std::vector<std::string> head;
  std::vector<std::vector<Text>> rows;  ///< the first cell names the row
};
/// What a reader copies as it stands.
struct Code {
  std::string language;  ///< `json`, `sh`, `text`
  std::string label;
  std::string text;
};
/// Names with their values.
struct Facts {
  std::vector<std::pair<std::string, Text>> rows;
};
/// Things to do one behind the other, each with what to copy.
struct Steps {
  struct Step {
    Text text;
    std::optional<Code> code;
  };
  std::vector<Step> steps;
};
struct Answers {
  struct Answer {
    std::string question;
    Text text;
    std::optional<Code> code;
  };
  std::vector<Answer> answers;
};
/// Parts of a whole, drawn to scale.
struct Bars {
  struct Bar {
    std::string label;
    std::size_t count = 0;
    Severity severity = Severity::low;
  };
  std::string caption;
  std::vector<Bar> bars;
};
/// One thing that a reader must not miss.
struct Notice {
  Severity severity = Severity::medium;
  Text text;
};
/// What changed between two definitions.
struct Changes {
  struct Change {
    enum class Op : std::uint8_t { added, removed, changed } op = Op::changed;
    std::string where;
    std::vector<std::pair<Op, std::string>> words;  ///< `changed` stands for words that stayed
  };
  std::vector<Change> changes;
};
/// A field of search over the catalogue; rendered where there is something that can answer.
struct SearchBox {};

using Block = std::variant<Paragraph, Quote, Bullets, Table, Code, Facts, Steps, Answers, Bars, Notice,
                           Changes, SearchBox>;

struct Section {
  std::string id;  ///< [a-z-]+, unique in the page
  std::string title;
  std::vector<Block> blocks;
};

/// What stands on top, beside the title: how bad.
struct Banner {
  Severity severity = Severity::low;
  std::string headline;
  Text text;
  std::vector<std::pair<std::string, Text>> facts;
};

struct Document {
  PageRef self;
  std::string title;
  bool title_is_name = false;                          ///< the title is a name as a program spells it
  std::string eyebrow;                                 ///< what the page is of: `Tool of TrueNAS`
  std::string summary;                                 ///< one sentence, for search engines and link previews
  std::vector<std::pair<std::string, PageRef>> above;  ///< the way to it, outermost first
  Text lead;
  std::optional<Banner> banner;
  std::vector<Section> sections;
};

}  // namespace doorward::catalogue
