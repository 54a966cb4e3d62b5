#include "upstream/masker.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "json/writer.h"

namespace doorward::upstream {
namespace {

/// Stands for a quotation mark that begins or ends a string; no form holds one.
constexpr char kEdge = '\x01';

std::string percent(std::string_view secret, std::string_view plain, const char* digits, bool plus) {
  std::string out;
  for (const char c : secret) {
    const bool letter = is_alnum(c);
    if (letter || plain.find(c) != std::string_view::npos) {
      out += c;
    } else if (plus && c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

/// The characters of the Base64 of any bytes, the secret behind `before` others, that the secret alone
/// decides.
std::string base64_core(std::string_view secret, std::size_t before, Base64 kind) {
  std::string bytes(before, '\0');
  bytes += secret;
  std::string text = to_base64(bytes_of(bytes), kind);
  const std::size_t begin = (before * 8 + 5) / 6;
  const std::size_t end = bytes.size() * 8 / 6;
  text = text.substr(begin, end - begin);
  wipe(bytes);
  return text;
}

std::string escaped(std::string_view text, bool slash) {
  std::string quoted;
  json::append_string(quoted, text);
  std::string out;
  for (const char c : std::string_view(quoted).substr(1, quoted.size() - 2)) {
    if (slash && c == '/') out += '\\';
    out += c;
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// One step over a text with backslash escapes: how many bytes it takes, and the byte that they mean. What
/// means no ASCII character stands for itself, byte by byte.
struct Unit {
  std::size_t size;
  char meaning;
};

Unit unit_at(std::string_view text, std::size_t at) {
  if (text[at] != '\\' || at + 1 == text.size()) return {1, text[at]};
  switch (text[at + 1]) {
    case '"':
    case '\\':
    case '/':
    case '\'':
      return {2, text[at + 1]};
    case 'u':
      break;
    default:
      return {1, text[at]};
  }
  int code = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const int digit = i < text.size() ? hex_digit(text[i]) : -1;
    if (digit < 0) return {1, text[at]};
    code = code * 16 + digit;
  }
  if (code < 0x20 || code > 0x7E) return {1, text[at]};
  return {6, static_cast<char>(code)};
}

/// What the text means: without its escapes, the edges of its strings marked.
void read_meaning(std::string_view text, bool json, std::string& meaning) {
  meaning.clear();
  meaning.reserve(text.size());
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    if (json && text[at] == '"') {
      inside = !inside;
      meaning += kEdge;
      ++at;
      continue;
    }
    const Unit unit = unit_at(text, at);
    meaning += unit.meaning;
    at += unit.size;
  }
}

bool in_number(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

}  // namespace

struct Masker::Hit {
  std::size_t begin;
  std::size_t end;
};

std::shared_ptr<const Masker> Masker::make(const std::vector<std::string>& secrets) {
  std::shared_ptr<Masker> masker(new Masker);
  std::vector<std::string>& forms = masker->forms_;
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortest) continue;
    std::vector<std::string> plain = {secret};
    for (const char* digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
      for (const char* kept : {"-_.~", "-_.~!*'()", "-_.*"}) {
        plain.push_back(percent(secret, kept, digits, false));
        plain.push_back(percent(secret, kept, digits, true));
      }
    }
    for (const Base64 kind : {Base64::standard, Base64::url}) {
      for (std::size_t before = 0; before < 3; ++before) plain.push_back(base64_core(secret, before, kind));
    }
    for (const std::string& form : plain) {
      for (const bool slash : {false, true}) {
        forms.push_back(escaped(form, slash));
        forms.push_back(escaped(forms.back(), slash));
      }
    }
    std::ranges::move(plain, std::back_inserter(forms));
  }
  std::ranges::sort(forms);
  const auto twins = std::ranges::unique(forms);
  forms.erase(twins.begin(), twins.end());
  if (forms.empty()) return nullptr;
  return masker;
}

Masker::~Masker() {
  for (std::string& form : forms_) wipe(form);
}

bool Masker::finds_any(std::string_view in) const {
  return std::ranges::any_of(
      forms_, [in](const std::string& form) { return in.find(form) != std::string_view::npos; });
}

void Masker::find_all(std::string_view in, std::vector<Hit>& hits) const {
  for (const std::string& form : forms_) {
    for (std::size_t at = in.find(form); at != std::string_view::npos; at = in.find(form, at + 1)) {
      hits.push_back({at, at + form.size()});
    }
  }
}

std::string_view Masker::mask_json(std::string_view text, std::string& scratch) const {
  static thread_local std::string meaning;
  static thread_local std::vector<Hit> hits;
  if (text.find('\\') == std::string_view::npos && !finds_any(text)) return text;
  hits.clear();
  read_meaning(text, true, meaning);
  find_all(meaning, hits);
  if (hits.empty()) return text;
  std::ranges::sort(hits, {}, &Hit::begin);
  scratch.clear();
  std::size_t at = 0;    // in the text
  std::size_t read = 0;  // in what it means
  std::size_t kept = 0;  // up to where the text stands in scratch
  bool inside = false;
  const auto go_to = [&](std::size_t place) {
    while (read < place) {
      if (meaning[read] == kEdge && text[at] == '"') inside = !inside;
      at += text[at] == '"' ? 1 : unit_at(text, at).size;
      ++read;
    }
  };
  for (std::size_t i = 0; i < hits.size();) {
    Hit hit = hits[i++];
    while (i < hits.size() && hits[i].begin <= hit.end) hit.end = std::max(hit.end, hits[i++].end);
    if (hit.end <= read) continue;
    go_to(std::max(hit.begin, read));
    std::size_t begin = at;
    if (!inside) {
      while (begin > kept && in_number(text[begin - 1])) --begin;
    }
    const bool bare = !inside;
    go_to(hit.end);
    if (bare) {
      while (read < meaning.size() && in_number(meaning[read])) go_to(read + 1);
    }
    scratch.append(text.substr(kept, begin - kept));
    if (bare) scratch += '"';
    scratch += kMask;
    if (bare) scratch += '"';
    kept = at;
  }
  scratch.append(text.substr(kept));
  return scratch;
}

std::string_view Masker::mask_text(std::string_view text, std::string& scratch) const {
  static thread_local std::string meaning;
  static thread_local std::vector<Hit> hits;
  hits.clear();
  find_all(text, hits);
  read_meaning(text, false, meaning);
  std::vector<Hit> meant;
  if (meaning.size() != text.size()) find_all(meaning, meant);
  std::ranges::sort(meant, {}, &Hit::begin);
  // From places in what the text means to places in the text.
  std::size_t at = 0;
  std::size_t read = 0;
  const auto place_of = [&](std::size_t wanted) {
    if (wanted < read) at = read = 0;
    for (; read < wanted; ++read) at += unit_at(text, at).size;
    return at;
  };
  for (const Hit& hit : meant) {
    const std::size_t begin = place_of(hit.begin);
    hits.push_back({begin, place_of(hit.end)});
  }
  if (hits.empty()) return text;
  std::ranges::sort(hits, {}, &Hit::begin);
  scratch.clear();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < hits.size();) {
    Hit hit = hits[i++];
    while (i < hits.size() && hits[i].begin <= hit.end) hit.end = std::max(hit.end, hits[i++].end);
    scratch.append(text.substr(kept, hit.begin - kept)).append(kMask);
    kept = hit.end;
  }
  scratch.append(text.substr(kept));
  return scratch;
}

}  // namespace doorward::upstream
