#include "clients/yaml_text.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace doorward::clients {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {}

  /// `bound`: where the next value begins, at the latest. False: it has no place.
  bool place(Node& node, std::size_t bound) {
    if (node.is(Node::Kind::null)) node.value_begin = node.begin;
    const bool inside = node.begin <= node.value_begin && node.value_begin < bound && bound <= text_.size() && placed(node, bound);
    if (!inside) node.begin = node.value_begin = node.end = 0;
    return inside;
  }

 private:
  bool placed(Node& node, std::size_t bound) {
    std::vector<Node>& children = node.is(Node::Kind::object) ? node.members : node.items;
    const char first = text_[node.value_begin];
    if (node.is(Node::Kind::null)) return end_at(node, null_end(node), bound);
    if (!node.is(Node::Kind::object) && !node.is(Node::Kind::array)) return end_at(node, scalar_end(node.value_begin, bound), bound);
    const bool flow = first == '{' || first == '[';
    const bool outer = std::exchange(flow_, flow);
    bool whole = true;
    for (std::size_t i = 0; i < children.size(); ++i) {
      const std::size_t next = i + 1 < children.size() ? children[i + 1].begin : bound;
      // A key of no tree, such as a list, may stand between; then the bound is later, never wrong.
      whole = place(children[i], std::max(std::min(next, bound), children[i].begin)) && whole;
    }
    flow_ = outer;
    if (flow) return end_at(node, flow_end(node.value_begin), bound) && whole;
    if (!whole || children.empty()) return false;
    return end_at(node, remark_end(text_, children.back().end), bound);
  }

  bool end_at(Node& node, std::size_t end, std::size_t bound) const {
    node.end = end;
    return end != kNowhere && node.end >= node.begin && node.end <= bound;
  }

  std::size_t line_end(std::size_t at) const { return std::min(text_.find_first_of("\r\n", at), text_.size()); }

  /// Behind a quoted word.
  std::size_t quote_end(std::size_t at) const {
    const char quote = text_[at++];
    for (; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == quote) {
        if (quote == '"' || at + 1 >= text_.size() || text_[at + 1] != '\'') return at + 1;
        ++at;
      }
    }
    return kNowhere;
  }

  std::size_t flow_end(std::size_t at) const {
    std::size_t depth = 0;
    for (; at < text_.size(); ++at) {
      const char c = text_[at];
      const bool word_begins = at == 0 || std::string_view(" \t\r\n,[]{}:").find(text_[at - 1]) != kNowhere;
      if ((c == '"' || c == '\'') && word_begins) {
        at = quote_end(at);
        if (at == kNowhere) return at;
        --at;
      } else if (c == '#' && word_begins) {
        at = line_end(at);
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if ((c == ']' || c == '}') && --depth == 0) {
        return at + 1;
      }
    }
    return kNowhere;
  }

  std::size_t plain_end(std::size_t at) const {
    std::size_t end = std::min(line_end(at), text_.find(" #", at));
    while (end > at && (text_[end - 1] == ' ' || text_[end - 1] == '\t')) --end;
    return end;
  }

  std::size_t scalar_end(std::size_t at, std::size_t bound) {
    const char c = text_[at];
    if (c == '"' || c == '\'') return quote_end(at);
    if (c == '&' || c == '*' || c == '!') return kNowhere;
    if (c != '|' && c != '>') {
      // In a flow, a plain word ends before the next comma or bracket.
      if (flow_) return std::min(plain_end(at), text_.find_first_of(",]}", at));
      const std::size_t end = plain_end(at);
      return goes_on(end, bound) ? kNowhere : end;
    }
    // All lines that are indented more than the key, up to the next value.
    std::size_t end = line_end(at);
    const std::size_t own = indent_of(at);
    for (std::size_t line = next_line(end); line < bound; line = next_line(line_end(line))) {
      const std::size_t content = text_.find_first_not_of(' ', line);
      if (content == kNowhere || text_[content] == '\n' || text_[content] == '\r') continue;
      if (content - line <= own) break;
      end = line_end(line);
    }
    return end;
  }

  /// Whether a plain word goes on in the next line.
  bool goes_on(std::size_t end, std::size_t bound) const {
    for (std::size_t line = next_line(line_end(end)); line < bound; line = next_line(line_end(line))) {
      const std::size_t content = text_.find_first_not_of(" \t", line);
      if (content == kNowhere || content >= bound) return false;
      if (text_[content] == '#' || text_[content] == '\n' || text_[content] == '\r') continue;
      return text_[content] != '-' && text_[content] != '.' && text_[content] != '}' && text_[content] != ']';
    }
    return false;
  }

  std::size_t next_line(std::size_t at) const {
    const std::size_t newline = text_.find('\n', at);
    return newline == kNowhere ? text_.size() : newline + 1;
  }

  std::size_t indent_of(std::size_t at) const {
    const std::size_t newline = at == 0 ? kNowhere : text_.rfind('\n', at - 1);
    const std::size_t line = newline == kNowhere ? 0 : newline + 1;
    return std::min(text_.find_first_not_of(" -", line), text_.size()) - line;
  }

  /// Nothing stands behind the colon of its key; in a list, behind its dash.
  std::size_t null_end(Node& node) const {
    std::size_t at = node.begin;
    if (text_[at] == '"' || text_[at] == '\'') at = quote_end(at);
    if (at == kNowhere) return at;
    const std::size_t colon = text_.find(':', at);
    if (node.key.empty() || colon == kNowhere || colon > line_end(node.begin)) return kNowhere;
    node.value_begin = colon + 1;
    const std::size_t word = text_.find_first_not_of(" \t", colon + 1);
    const bool spelled = word != kNowhere && (text_[word] == '~' || text_.substr(word, 4) == "null");
    if (spelled) node.value_begin = word;
    return spelled ? plain_end(word) : colon + 1;
  }

  std::string_view text_;
  bool flow_ = false;  ///< inside brackets, where commas end words
};

}  // namespace

void place_yaml(Node& root, std::string_view text) {
  Places(text).place(root, text.size());
}

}  // namespace doorward::clients
