#include <algorithm>
#include <string>

#include "catalogue/english.h"
#include "base/text.h"
#include "catalogue/page_render.h"
#include "catalogue/visible.h"

namespace doorward::catalogue {
namespace {

bool is_word(char c) {
  return is_alnum(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Text on one line in which no character is markup: a line break would begin a block, an address would
/// become a link.
std::string escaped(std::string_view raw) {
  const std::string text = visible(raw);
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '\n':
      case '\t':
        out += ' ';
        continue;
      case '<':
        out += "&lt;";
        continue;
      case '>':
        out += "&gt;";
        continue;
      case '&':
        out += "&amp;";
        continue;
      case '_':
        // Inside a word it is no mark, and names stay readable.
        if (i > 0 && i + 1 < text.size() && is_word(text[i - 1]) && is_word(text[i + 1])) break;
        [[fallthrough]];
      case '\\':
      case '`':
      case '*':
      case '[':
      case ']':
      case '|':
      case '~':
      case '#':
        out += '\\';
        break;
      case ':':
        if (text.compare(i, 3, "://") == 0) out += '\\';
        break;
      case '@':
        if (i > 0 && is_word(text[i - 1])) out += '\\';
        break;
      case '.':
        if (i >= 3 && lower(text.substr(i - 3, 3)) == "www") out += '\\';
        if (i > 0 && text[i - 1] >= '0' && text[i - 1] <= '9' && out.size() < 12) out += '\\';
        break;
      case '-':
      case '+':
      case '=':
        if (out.find_first_not_of(' ') == std::string::npos) out += '\\';
        break;
      default:
        break;
    }
    out += c;
  }
  return out;
}

std::size_t longest_run(std::string_view text, char mark) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == mark ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

std::string code_span(std::string_view raw, bool in_table) {
  std::string text = visible(raw);
  std::ranges::replace(text, '\n', ' ');
  if (text.empty()) return {};
  const std::string fence(longest_run(text, '`') + 1, '`');
  const bool pad = text.front() == '`' || text.back() == '`' || (text.front() == ' ' && text.back() == ' ');
  if (in_table) {
    std::string cells;
    for (const char c : text) {
      if (c == '|') cells += '\\';
      cells += c;
    }
    text = std::move(cells);
  }
  return fence + (pad ? " " : "") + text + (pad ? " " : "") + fence;
}

/// A destination between angle brackets holds neither of them nor a line break.
std::string destination(std::string_view address) {
  std::string out;
  for (const char c : address) {
    if (c == '<')
      out += "%3C";
    else if (c == '>')
      out += "%3E";
    else if (c == ' ')
      out += "%20";
    else if (c == '\\')
      out += "%5C";
    else if (static_cast<unsigned char>(c) > 0x20 && c != 0x7f)
      out += c;
  }
  return "<" + out + ">";
}

std::string fenced(std::string_view language, std::string_view raw, std::string_view indent = "") {
  std::string text = visible(raw);
  while (text.ends_with('\n')) text.pop_back();
  const std::string fence(std::max<std::size_t>(3, longest_run(text, '`') + 1), '`');
  std::string out;
  out.append(indent).append(fence).append(language).append("\n");
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out.append(indent).append(text, begin, end - begin).append("\n");
    begin = end + 1;
  }
  return out.append(indent).append(fence).append("\n");
}

class Writer {
 public:
  explicit Writer(const Address& address) : address_(address) {}

  std::string text(const Text& runs, bool in_table = false) const {
    std::string out;
    for (const Run& run : runs) out += one(run, in_table);
    return out;
  }

  std::string page(const Document& page) {
    if (!page.eyebrow.empty()) out_ += escaped(page.eyebrow) + "\n\n";
    out_ += "# " + (page.title_is_name ? code_span(page.title, false) : escaped(page.title)) + "\n\n";
    if (page.banner) banner(*page.banner);
    if (!page.lead.empty()) out_ += text(page.lead) + "\n\n";
    for (const Section& section : page.sections) {
      out_ += "## " + escaped(section.title) + "\n\n";
      for (const Block& block : section.blocks) std::visit([this](const auto& one) { add(one); }, block);
    }
    while (out_.ends_with("\n\n")) out_.pop_back();
    return std::move(out_);
  }

 private:
  std::string one(const Run& run, bool in_table) const {
    std::string said;
    switch (run.style) {
      case Run::Style::plain:
        said = escaped(run.text);
        break;
      case Run::Style::strong:
      case Run::Style::severity:
      case Run::Style::category:
        said = "**" + escaped(run.text) + "**";
        break;
      case Run::Style::code:
        said = code_span(run.text, in_table);
        break;
      case Run::Style::quoted:
        said = "\"" + escaped(run.text) + "\"";
        break;
    }
    const std::string to = run.page && address_ ? address_(*run.page) : run.url;
    return to.empty() ? said : "[" + said + "](" + destination(to) + ")";
  }

  void banner(const Banner& banner) {
    out_ += "> **" + escaped(banner.headline) + "**";
    if (!banner.text.empty()) out_ += "\n>\n> " + text(banner.text);
    out_ += "\n\n";
    if (banner.facts.empty()) return;
    out_ += "| | |\n|---|---|\n";
    for (const auto& [name, value] : banner.facts)
      out_ += "| " + escaped(name) + " | " + text(value, true) + " |\n";
    out_ += "\n";
  }

  void add(const Paragraph& block) { out_ += text(block.text) + "\n\n"; }
  void add(const Quote& block) {
    std::string_view rest = block.text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string line = escaped(rest.substr(0, end));
      out_ += line.empty() ? ">\n" : "> " + line + "\\\n";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (out_.ends_with("\\\n")) out_.erase(out_.size() - 2, 1);
    if (!block.from.empty()) out_ += ">\n> — " + escaped(block.from) + "\n";
    out_ += "\n";
  }
  void add(const Bullets& block) {
    for (const Text& item : block.items) out_ += "- " + text(item) + "\n";
    out_ += "\n";
  }
  void add(const Table& block) {
    std::string rule = "|";
    out_ += "|";
    for (const std::string& head : block.head) {
      out_ += " " + escaped(head) + " |";
      rule += "---|";
    }
    out_ += "\n" + rule + "\n";
    for (const auto& row : block.rows) {
      out_ += "|";
      for (const Text& cell : row) out_ += " " + text(cell, true) + " |";
      out_ += "\n";
    }
    out_ += "\n";
  }
  void add(const Code& block) {
    if (!block.label.empty()) out_ += escaped(block.label) + ":\n\n";
    out_ += fenced(block.language, block.text) + "\n";
  }
  void add(const Facts& block) {
    for (const auto& [name, value] : block.rows) out_ += "- **" + escaped(name) + "**: " + text(value) + "\n";
    out_ += "\n";
  }
  void add(const Steps& block) {
    std::size_t number = 0;
    for (const Steps::Step& step : block.steps) {
      out_ += std::to_string(++number) + ". " + text(step.text) + "\n";
      if (step.code) out_ += "\n" + fenced(step.code->language, step.code->text, "   ") + "\n";
    }
    if (!out_.ends_with("\n\n")) out_ += "\n";
  }
  void add(const Answers& block) {
    for (const Answers::Answer& answer : block.answers) {
      out_ += "### " + escaped(answer.question) + "\n\n" + text(answer.text) + "\n\n";
      if (answer.code) add(*answer.code);
    }
  }
  void add(const Bars& block) {
    std::size_t whole = 0;
    for (const Bars::Bar& bar : block.bars) whole += bar.count;
    out_ += "| " + escaped(block.caption) + " | Count | Share |\n|---|---:|---:|\n";
    for (const Bars::Bar& bar : block.bars) {
      out_ += "| " + escaped(bar.label) + " | " + grouped(bar.count) + " | " + percent_of(bar.count, whole) +
              " |\n";
    }
    out_ += "\n";
  }
  void add(const Notice& block) { out_ += "> **Note:** " + text(block.text) + "\n\n"; }
  void add(const Changes& block) {
    using Op = Changes::Change::Op;
    for (const Changes::Change& change : block.changes) {
      out_ += "- " + code_span(change.where, false) + ": ";
      for (const auto& [op, words] : change.words) {
        out_ += op == Op::added     ? "**" + escaped(words) + "**"
                : op == Op::removed ? "~~" + escaped(words) + "~~"
                                    : escaped(words);
        out_ += " ";
      }
      out_.back() = '\n';
    }
    out_ += "\n";
  }
  void add(const SearchBox&) {}

  const Address& address_;
  std::string out_;
};

}  // namespace

std::string to_markdown(const Document& page, const Address& address) {
  return Writer(address).page(page);
}

}  // namespace doorward::catalogue
