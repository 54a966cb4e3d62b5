#include "catalogue/terms.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "risk/words.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kMostText = 8192;      // bytes of a description that are indexed
constexpr std::size_t kMostTextWords = 400;  // different ones
constexpr int kIdBits = 40;

/// The size and value of the UTF-8 character at the front; size 0 where there is none.
struct Character {
  std::size_t size = 0;
  char32_t value = 0;
};

Character front_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = first < 0x80                    ? 1
                           : first >= 0xf0 && first < 0xf8 ? 4
                           : first >= 0xe0                 ? 3
                           : first >= 0xc2                 ? 2
                                                           : 0;
  if (size == 0 || size > text.size() || first >= 0xf8) return {};
  char32_t value = size == 1 ? first : first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  return {size, value};
}

bool separates(char32_t c) {
  return (c >= 0x80 && c <= 0xbf) || c == 0xd7 || c == 0xf7 || (c >= 0x2000 && c <= 0x2bff) ||
         (c >= 0x3000 && c <= 0x303f) || (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfe00 && c <= 0xfe6f) ||
         (c >= 0xff00 && c <= 0xff0f) || (c >= 0xff1a && c <= 0xff20) || c >= 0x1f000;
}

/// Scripts that put no space between words: each character is one.
bool stands_alone(char32_t c) {
  return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff);
}

/// The text with a space for what is beyond ASCII and separates.
std::string spaced(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = front_of(text);
    if (c.size == 0 || separates(c.value)) {
      out += ' ';
    } else if (stands_alone(c.value)) {
      out.append(1, ' ').append(text.substr(0, c.size)).append(1, ' ');
    } else {
      out += text.substr(0, c.size);
    }
    text.remove_prefix(std::max<std::size_t>(c.size, 1));
  }
  return out;
}

/// At most as many bytes, ending with a whole character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::vector<std::string> copy(const risk::Words& words) {
  std::vector<std::string> out;
  out.reserve(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) out.emplace_back(cut(words[i], kLongestWord));
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

/// A document under way: each term once.
class Document {
 public:
  void add(std::string term) {
    if (const auto [at, fresh] = seen_.insert(std::move(term)); fresh)
      text_ += (text_.empty() ? "" : " ") + *at;
  }
  void add_name(std::string_view name) {
    const std::vector<std::string> words = name_words(name);
    if (words.empty()) return;
    std::string whole;
    for (const std::string& word : words) {
      add(word);
      add('.' + word);
      whole += word;
    }
    // `createrefund` finds create_refund.
    if (words.size() > 1 && whole.size() <= kLongestWord) {
      add(whole);
      add('.' + whole);
    }
    add('=' + std::string(cut(joined(words, "_"), 4 * kLongestWord)));
  }
  void add_text(std::string_view text) {
    for (std::string& word : text_words(text)) {
      if (seen_.size() >= kMostTextWords) return;
      add(std::move(word));
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::set<std::string> seen_;
  std::string text_;
};

std::string all_of(const std::vector<std::string>& words, std::string_view mark) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += " AND ";
    out.append("\"").append(mark).append(cut(word, kLongestBeginning)).append("\" *");
  }
  return out;
}

std::string with_facets(std::string expression, const std::vector<std::string>& facets) {
  for (const std::string& facet : facets) expression += " AND \"" + facet + '"';
  return expression;
}

/// The name without the namespace that most names have, and that says nothing: `io.github.`.
std::string_view distinctive(std::string_view name) {
  for (const std::string_view host : {"io.github.", "io-github-", "io.gitlab.", "io-gitlab-"}) {
    if (name.starts_with(host)) return name.substr(host.size());
  }
  return name;
}

std::vector<std::string> query_words(std::string_view words) {
  std::vector<std::string> out = name_words(distinctive(words));
  if (out.size() > kMostQueryWords) out.resize(kMostQueryWords);
  return out;
}

}  // namespace

std::vector<std::string> name_words(std::string_view name) {
  return copy(risk::Words::of_name(spaced(cut(name, 1024)), 4096));
}

std::vector<std::string> text_words(std::string_view text) {
  return copy(risk::Words::of_prose(spaced(cut(text, kMostText)), 4 * kMostText));
}

std::string category_term(Category category) {
  return "#c" + std::to_string(static_cast<int>(category));
}
std::string severity_term(Severity severity) {
  return "#s" + std::to_string(static_cast<int>(severity));
}
std::string signal_term(risk::Signal signal) {
  return "#g" + std::to_string(static_cast<int>(signal));
}
std::string server_term(std::int64_t server) {
  return "#v" + std::to_string(server);
}

std::string terms_of(const ToolTerms& tool) {
  Document document;
  document.add(std::string(kEvery));
  document.add(category_term(tool.category));
  document.add(server_term(tool.server));
  for (std::size_t i = 0; i < risk::kSignals; ++i) {
    const auto signal = static_cast<risk::Signal>(i);
    if ((tool.signals & bit_of(signal)) != 0) document.add(signal_term(signal));
  }
  document.add_name(tool.name);
  for (std::string& word : name_words(distinctive(tool.slug))) document.add(std::move(word));
  document.add_text(tool.description);
  return document.take();
}

std::string terms_of(const ServerTerms& server) {
  Document document;
  document.add(std::string(kEvery));
  for (const std::string& facet : server.facets) document.add(facet);
  for (const std::string_view name : server.names) document.add_name(distinctive(name));
  for (const std::string_view text : server.texts) document.add_text(text);
  return document.take();
}

std::vector<std::string> stages(std::string_view words, const std::vector<std::string>& facets) {
  const std::vector<std::string> asked = query_words(words);
  if (asked.empty()) return {anywhere(words, facets)};
  const std::string exact = "\"=" + joined(asked, "_") + '"';
  const std::string by_name = all_of(asked, ".");
  return {with_facets(exact, facets), '(' + with_facets(by_name, facets) + ") NOT " + exact,
          '(' + with_facets(all_of(asked, ""), facets) + ") NOT (" + by_name + ')'};
}

std::string anywhere(std::string_view words, const std::vector<std::string>& facets) {
  const std::vector<std::string> asked = query_words(words);
  if (!asked.empty()) return with_facets(all_of(asked, ""), facets);
  std::string expression;
  for (const std::string& facet : facets) expression += (expression.empty() ? "\"" : " AND \"") + facet + '"';
  return expression.empty() ? '"' + std::string(kEvery) + '"' : expression;
}

std::int64_t place_of(Category category, Severity severity, std::int64_t id) {
  constexpr std::array kOrder = {Category::financial, Category::destructive, Category::execute,
                                 Category::write,     Category::read,        Category::other};
  const auto rank = std::ranges::find(kOrder, category) - kOrder.begin();
  const std::int64_t mildness = 3 - static_cast<std::int64_t>(severity);
  return ((mildness * 8 + rank) << kIdBits) | id;
}

std::int64_t end_of(Severity at_least) {
  return (4 - static_cast<std::int64_t>(at_least)) * 8 << kIdBits;
}

std::int64_t place_of(std::size_t tools, std::int64_t id) {
  const std::int64_t fewness =
      15 - static_cast<std::int64_t>(std::min<std::size_t>(std::bit_width(tools), 15));
  return (fewness << kIdBits) | id;
}

std::int64_t id_at(std::int64_t place) {
  return place & ((std::int64_t{1} << kIdBits) - 1);
}

}  // namespace doorward::catalogue
