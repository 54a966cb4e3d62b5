#include <algorithm>
#include <string>

#include "catalogue/english.h"
#include "catalogue/page_render.h"
#include "catalogue/visible.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kLeastWidth = 40;
constexpr std::size_t kMostWidth = 110;
/// What is copied and longer than this is cut: a terminal is not where anybody copies it from.
constexpr std::size_t kMostCodeLines = 60;

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "\x1b[1;31m";
    case Severity::high:
      return "\x1b[31m";
    case Severity::medium:
      return "\x1b[33m";
    case Severity::low:
      break;
  }
  return "";
}

/// Text for a terminal: what it would act on is shown instead.
std::string shown(std::string_view text) {
  std::string out = visible(text);
  std::ranges::replace_if(
      out, [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return out;
}

/// Columns of UTF-8 text; wide characters are counted as one, which costs a ragged edge at most.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

struct Piece {
  std::string text;
  std::string_view color;
};

class Writer {
 public:
  explicit Writer(const TerminalOptions& options)
      : width_(std::clamp(options.width, kLeastWidth, kMostWidth)), color_(options.color) {}

  std::string page(const Document& page) {
    if (!page.eyebrow.empty()) line(shown(page.eyebrow), kDim);
    line(shown(page.title), kBold);
    if (page.banner) banner(*page.banner);
    if (!page.lead.empty()) {
      out_ += '\n';
      flow(page.lead, 0, 0);
    }
    for (const Section& section : page.sections) {
      out_ += '\n';
      line(shown(section.title), kBold);
      for (const Block& block : section.blocks) std::visit([this](const auto& one) { add(one); }, block);
    }
    return std::move(out_);
  }

 private:
  void line(const std::string& text, std::string_view color) { out_ += colored(text, color) + "\n"; }
  std::string colored(const std::string& text, std::string_view color) const {
    if (!color_ || color.empty()) return text;
    return std::string(color) + text + std::string(kReset);
  }

  static std::vector<Piece> words_of(const Text& runs) {
    // A word is what stands between spaces, whichever runs it is made of: punctuation stays with its name.
    std::vector<Piece> words;
    bool open = false;
    for (const Run& run : runs) {
      std::string text = shown(run.text);
      std::string_view color;
      if (run.style == Run::Style::quoted) text = "\"" + text + "\"";
      if (run.style == Run::Style::strong) color = kBold;
      if (run.style == Run::Style::severity || run.style == Run::Style::category)
        color = color_of(run.severity);
      if (!run.url.empty() && run.url != run.text) text += " <" + shown(run.url) + ">";
      for (const char c : text) {
        if (c == ' ' || c == '\n') {
          open = false;
          continue;
        }
        if (!open) words.push_back({});
        open = true;
        words.back().text += c;
        words.back().color = color;
      }
    }
    return words;
  }

  /// The runs in lines, the first behind `first` spaces that stand already, the others behind `indent`.
  void flow(const Text& runs, std::size_t indent, std::size_t at) {
    bool begins = true;
    for (const Piece& word : words_of(runs)) {
      const std::size_t size = columns(word.text);
      if (!begins && at + 1 + size > width_) {
        out_ += '\n';
        out_.append(indent, ' ');
        at = indent;
        begins = true;
      }
      if (!begins) out_ += ' ';
      out_ += colored(word.text, word.color);
      at += size + (begins ? 0 : 1);
      begins = false;
    }
    out_ += '\n';
  }
  void paragraph(const Text& runs, std::size_t indent) {
    out_.append(indent, ' ');
    flow(runs, indent, indent);
  }

  void banner(const Banner& banner) {
    line(std::string("[") + shown(banner.headline) + "]", color_of(banner.severity));
    for (const auto& [name, value] : banner.facts) {
      const std::string head = "  " + shown(name) + ": ";
      out_ += head;
      flow(value, 4, columns(head));
    }
    if (!banner.text.empty()) {
      out_ += '\n';
      paragraph(banner.text, 0);
    }
  }

  void add(const Paragraph& block) { paragraph(block.text, 2); }

  void add(const Quote& block) {
    std::string_view rest = block.text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      out_ += "  | ";
      flow_quoted(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!block.from.empty()) line("    " + shown(block.from), kDim);
  }
  void flow_quoted(std::string_view text) {
    std::size_t at = 4;
    bool begins = true;
    for (const Piece& word : words_of({plain(text)})) {
      const std::size_t size = columns(word.text);
      if (!begins && at + 1 + size > width_) {
        out_ += "\n  | ";
        at = 4;
        begins = true;
      }
      out_ += (begins ? "" : " ") + word.text;
      at += size + (begins ? 0 : 1);
      begins = false;
    }
    out_ += '\n';
  }

  void add(const Bullets& block) {
    for (const Text& item : block.items) {
      out_ += "  - ";
      flow(item, 4, 4);
    }
  }

  std::string cell(const Text& runs) const {
    std::string out;
    for (const Piece& word : words_of(runs)) out += (out.empty() ? "" : " ") + word.text;
    return out;
  }

  /// In columns where they fit, else each row under its name.
  void add(const Table& block) {
    std::vector<std::vector<std::string>> cells;
    std::vector<std::size_t> widths;
    std::vector<std::string> heads;
    for (const std::string& head : block.head) {
      heads.push_back(shown(head));
      widths.push_back(columns(heads.back()));
    }
    for (const auto& row : block.rows) {
      cells.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) {
        cells.back().push_back(row[i].empty() ? "-" : cell(row[i]));
        if (i < widths.size()) widths[i] = std::max(widths[i], columns(cells.back().back()));
      }
    }
    std::size_t needed = 2;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) needed += widths[i] + 2;
    const bool fits = needed + std::min<std::size_t>(widths.empty() ? 0 : widths.back(), 24) <= width_;
    if (!fits) return add_cards(block, heads, cells);
    out_ += "  ";
    for (std::size_t i = 0; i < heads.size(); ++i) {
      out_ += colored(heads[i], kDim);
      if (i + 1 < heads.size()) out_.append(widths[i] - columns(heads[i]) + 2, ' ');
    }
    out_ += '\n';
    for (std::size_t r = 0; r < cells.size(); ++r) {
      out_ += "  ";
      for (std::size_t i = 0; i < cells[r].size(); ++i) {
        if (i + 1 == cells[r].size()) {
          flow(block.rows[r][i].empty() ? Text{plain("-")} : block.rows[r][i], needed, needed);
          break;
        }
        out_ += colored(cells[r][i], color_in(block.rows[r][i]));
        out_.append(widths[i] - columns(cells[r][i]) + 2, ' ');
      }
    }
  }
  static std::string_view color_in(const Text& runs) {
    const bool badge =
        runs.size() == 1 && (runs[0].style == Run::Style::severity || runs[0].style == Run::Style::category);
    return badge ? color_of(runs[0].severity) : std::string_view();
  }
  void add_cards(const Table& block, const std::vector<std::string>& heads,
                 const std::vector<std::vector<std::string>>& cells) {
    for (std::size_t r = 0; r < cells.size(); ++r) {
      for (std::size_t i = 0; i < cells[r].size(); ++i) {
        if (i == 0) {
          out_ += "  " + colored(cells[r][0], kBold) + "\n";
        } else if (!block.rows[r][i].empty()) {
          const std::string head = "    " + heads[i] + ": ";
          out_ += head;
          flow(block.rows[r][i], 6, columns(head));
        }
      }
    }
  }

  void add(const Code& block) {
    if (!block.label.empty()) line("  " + shown(block.label) + ":", kDim);
    copyable(block, 4);
  }
  void copyable(const Code& block, std::size_t indent) {
    std::string_view rest = block.text;
    const auto lines = static_cast<std::size_t>(std::ranges::count(rest, '\n'));
    const std::size_t most = lines > kMostCodeLines ? kMostCodeLines / 2 : lines + 1;
    for (std::size_t line = 0; !rest.empty() && line < most; ++line) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      out_.append(indent, ' ').append(shown(rest.substr(0, end))).append("\n");
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (rest.empty()) return;
    out_.append(indent, ' ');
    line("... and " + counted(lines + 1 - most, "more line") + "; --json and --md have the whole", kDim);
  }

  void add(const Facts& block) {
    std::size_t widest = 0;
    for (const auto& [name, value] : block.rows) widest = std::max(widest, columns(name));
    widest = std::min<std::size_t>(widest, 24);
    for (const auto& [name, value] : block.rows) {
      const std::string head = shown(name);
      out_ += "  " + colored(head, kDim);
      out_.append(widest > columns(head) ? widest - columns(head) + 2 : 2, ' ');
      flow(value, widest + 4, std::max(widest, columns(head)) + 4);
    }
  }

  void add(const Steps& block) {
    std::size_t number = 0;
    for (const Steps::Step& step : block.steps) {
      const std::string head = "  " + std::to_string(++number) + ". ";
      out_ += head;
      flow(step.text, head.size(), head.size());
      if (step.code) copyable(*step.code, head.size() + 2);
    }
  }

  void add(const Answers& block) {
    for (const Answers::Answer& answer : block.answers) {
      line("  " + shown(answer.question), kBold);
      paragraph(answer.text, 4);
      if (answer.code) copyable(*answer.code, 6);
    }
  }

  void add(const Bars& block) {
    std::size_t most = 1;
    std::size_t whole = 0;
    std::size_t widest = 0;
    for (const Bars::Bar& bar : block.bars) {
      most = std::max(most, bar.count);
      whole += bar.count;
      widest = std::max(widest, columns(bar.label));
    }
    for (const Bars::Bar& bar : block.bars) {
      const std::size_t length = bar.count == 0 ? 0 : std::max<std::size_t>(1, bar.count * 24 / most);
      const std::string count = grouped(bar.count);
      out_ += "  " + shown(bar.label);
      out_.append(widest - columns(bar.label) + 2, ' ');
      out_ += colored(std::string(length, '#'), color_of(bar.severity));
      out_.append(24 - length + (count.size() < 7 ? 7 - count.size() : 0), ' ');
      out_ += count + "  " + percent_of(bar.count, whole) + "\n";
    }
  }

  void add(const Notice& block) {
    out_ += "  " + colored("!", color_of(block.severity)) + " ";
    flow(block.text, 4, 4);
  }

  void add(const Changes& block) {
    using Op = Changes::Change::Op;
    for (const Changes::Change& change : block.changes) {
      Text words;
      for (const auto& [op, said] : change.words) {
        words.push_back(plain(op == Op::added     ? "{+" + said + "+} "
                              : op == Op::removed ? "[-" + said + "-] "
                                                  : said + " "));
      }
      out_ += "  ~ " + shown(change.where) + "\n    ";
      flow(words, 4, 4);
    }
  }

  void add(const SearchBox&) {}

  std::size_t width_;
  bool color_;
  std::string out_;
};

}  // namespace

std::string to_terminal(const Document& page, const TerminalOptions& options) {
  return Writer(options).page(page);
}

}  // namespace doorward::catalogue
