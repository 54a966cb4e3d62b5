#include "json/reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "base/random.h"
#include "json/decimal.h"
#include "json/key_set.h"
#include "json/scan.h"

namespace doorward::json {

namespace {

// A Reader keeps its memory for the next text, but not what a huge text made it take.
constexpr std::size_t kKeepBytes = 1u << 20;
constexpr std::size_t kSmallText = 64u << 10;

struct Frame {
  std::uint32_t node;  // of the open container
  std::uint32_t keys;  // where its keys begin in the key set
};

std::array<std::uint64_t, 2> random_seed() {
  std::array<std::uint64_t, 2> seed{};
  random_bytes({reinterpret_cast<std::uint8_t*>(seed.data()), sizeof(seed)});
  return seed;
}

}  // namespace

struct Reader::State {
  std::unique_ptr<Node[]> nodes;
  std::size_t node_capacity = 0;
  std::vector<Frame> frames;
  KeySet keys{random_seed()};
  // Unescaping only shrinks a string, so all strings of a text together fit in as many bytes as the text has:
  // made once a text, at its first escape, this buffer never moves while the text's values live.
  std::unique_ptr<char[]> unescaped;
  std::size_t unescaped_capacity = 0;

  void shrink_for(std::size_t text_size) {
    if (text_size > kSmallText) return;
    if (node_capacity * sizeof(Node) > kKeepBytes) {
      nodes.reset();
      node_capacity = 0;
    }
    if (unescaped_capacity > kKeepBytes) {
      unescaped.reset();
      unescaped_capacity = 0;
    }
    if (keys.capacity_bytes() > kKeepBytes) keys.shrink();
  }
};

namespace {

std::string describe(const char* p, const char* end) {
  if (p == end) return "the text ends";
  const auto byte = static_cast<unsigned char>(*p);
  if (byte > 0x20 && byte < 0x7F) return std::string("unexpected '") + *p + "'";
  static constexpr char kHex[] = "0123456789abcdef";
  return std::string("unexpected byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
}

// A key inside an error message: long ones are cut, between two characters.
std::string excerpt(std::string_view key) {
  constexpr std::size_t kMost = 64;
  if (key.size() <= kMost) return std::string(key);
  std::size_t cut = kMost;
  while (cut > 0 && (static_cast<unsigned char>(key[cut]) & 0xC0u) == 0x80u) --cut;
  return std::string(key.substr(0, cut)) + "...";
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

/// One reading: the cursor and the scratch it fills.
class Reader::Parse {
 public:
  Parse(State& state, std::string_view text, const Limits& limits)
      : state_(state),
        limits_(limits),
        text_(text.data()),
        p_(text.data()),
        end_(text.data() + text.size()),
        out_(nullptr) {}

  std::expected<Value, ReadError> run() {
    if (document()) return Value(state_.nodes.get());
    return std::unexpected(std::move(error_));
  }

 private:
  [[gnu::cold, gnu::noinline]] bool fail(ReadCode code, const char* where, std::string message) {
    error_ = {code, static_cast<std::size_t>(where - text_), std::move(message)};
    return false;
  }
  [[gnu::cold, gnu::noinline]] bool unexpected_at(const char* where, const char* wanted) {
    return fail(ReadCode::syntax, where, describe(where, end_) + " where " + wanted + " must stand");
  }

  bool document() {
    const std::string_view text(text_, static_cast<std::size_t>(end_ - text_));
    if (text.starts_with("\xEF\xBB\xBF") || text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE")) {
      return fail(ReadCode::encoding, text_, "a byte-order mark: the text must be UTF-8 without one");
    }
    state_.frames.clear();
    state_.keys.clear();
    skip_space();
    if (!value()) return false;
    skip_space();
    if (p_ != end_) return fail(ReadCode::syntax, p_, describe(p_, end_) + " after the value");
    return true;
  }

  void skip_space() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
  }

  // The next free node, or nullptr after failing.
  Node* add_node() {
    if (count_ == room_ && !make_room()) return nullptr;
    return state_.nodes.get() + count_++;
  }

  [[gnu::noinline]] bool make_room() {
    if (count_ >= limits_.nodes) {
      return fail(ReadCode::too_large, p_, "more than " + std::to_string(limits_.nodes) + " values");
    }
    if (count_ == state_.node_capacity) {
      const std::size_t capacity = std::max<std::size_t>(256, state_.node_capacity * 2);
      auto grown = std::make_unique_for_overwrite<Node[]>(capacity);
      if (count_ != 0) std::memcpy(grown.get(), state_.nodes.get(), count_ * sizeof(Node));
      state_.nodes = std::move(grown);
      state_.node_capacity = capacity;
    }
    room_ = static_cast<std::uint32_t>(std::min<std::size_t>(state_.node_capacity, limits_.nodes));
    return true;
  }

  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - text_); }

  bool value() {
    for (;;) {
      if (p_ == end_) return unexpected_at(p_, "a value");
      switch (*p_) {
        case '"':
          if (!string()) return false;
          break;
        case '{':
          if (!open(Type::object)) return false;
          if (p_ == end_ || *p_ != '}') {
            if (!key()) return false;
            continue;
          }
          break;
        case '[':
          if (!open(Type::array)) return false;
          if (p_ == end_ || *p_ != ']') continue;
          break;
        case 't':
          if (!literal("true", Type::boolean, true)) return false;
          break;
        case 'f':
          if (!literal("false", Type::boolean, false)) return false;
          break;
        case 'n':
          if (!literal("null", Type::null, false)) return false;
          break;
        default:
          if (!number()) return false;
      }
      bool more = false;
      if (!after_value(more)) return false;
      if (!more) return true;
    }
  }

  // Closes what ends here; then `more` says that another value of an open container begins at the cursor.
  bool after_value(bool& more) {
    while (!state_.frames.empty()) {
      skip_space();
      const Frame frame = state_.frames.back();
      Node& container = state_.nodes[frame.node];
      const bool object = container.type == Type::object;
      if (p_ != end_ && *p_ == ',') {
        ++p_;
        ++container.size;
        skip_space();
        more = true;
        return object ? key() : true;
      }
      if (p_ == end_ || *p_ != (object ? '}' : ']'))
        return unexpected_at(p_, object ? "',' or '}'" : "',' or ']'");
      ++p_;
      // The children were counted by their commas; an empty container has no children at all.
      if (count_ != frame.node + 1) ++container.size;
      container.end = offset(p_);
      container.skip = count_ - frame.node;
      if (object && !close_keys(frame.keys)) return false;
      state_.frames.pop_back();
    }
    return true;
  }

  bool close_keys(std::uint32_t base) {
    const std::uint32_t repeated = state_.keys.close(base);
    if (repeated == KeySet::kNone || limits_.keep_duplicates) return true;
    const Node& node = state_.nodes[repeated];
    return fail(ReadCode::duplicate_member, text_ + node.begin,
                "duplicate member \"" + excerpt({node.data, node.size}) + "\"");
  }

  bool open(Type type) {
    if (state_.frames.size() >= limits_.depth) {
      return fail(ReadCode::too_deep, p_, "nested deeper than " + std::to_string(limits_.depth));
    }
    Node* node = add_node();
    if (node == nullptr) return false;
    *node = {
        .data = nullptr, .size = 0, .begin = offset(p_), .end = 0, .skip = 0, .type = type, .truth = false};
    state_.frames.push_back({count_ - 1, static_cast<std::uint32_t>(state_.keys.size())});
    ++p_;
    skip_space();
    return true;
  }

  bool key() {
    if (p_ == end_ || *p_ != '"') return unexpected_at(p_, "a key in double quotes");
    const std::uint32_t index = count_;
    if (!string()) return false;
    const Node& node = state_.nodes[index];
    const std::string_view name(node.data, node.size);
    if (limits_.refuse_proto && name == "__proto__") {
      return fail(ReadCode::forbidden_key, text_ + node.begin, "the key \"__proto__\" is not accepted");
    }
    state_.keys.push(name, index);
    skip_space();
    if (p_ == end_ || *p_ != ':') return unexpected_at(p_, "':'");
    ++p_;
    skip_space();
    return true;
  }

  bool literal(std::string_view word, Type type, bool truth) {
    if (static_cast<std::size_t>(end_ - p_) < word.size() || std::memcmp(p_, word.data(), word.size()) != 0) {
      return unexpected_at(p_, "a value");
    }
    Node* node = add_node();
    if (node == nullptr) return false;
    const char* const begin = p_;
    p_ += word.size();
    *node = {.data = begin,
             .size = 0,
             .begin = offset(begin),
             .end = offset(p_),
             .skip = 1,
             .type = type,
             .truth = truth};
    return true;
  }

  bool number() {
    bool short_form = false;
    const char* const begin = p_;
    const char* const past = scan_number(p_, end_, short_form);
    if (past == nullptr) {
      return unexpected_at(p_,
                           *p_ == '-' || *p_ == '.' || *p_ == '+' ? "a number as JSON spells it" : "a value");
    }
    const std::string_view lexeme(begin, static_cast<std::size_t>(past - begin));
    if (!short_form && !Decimal(lexeme).in_range()) {
      return fail(ReadCode::number_range, begin,
                  "number out of range: more than 400 digits on one side of the point");
    }
    Node* node = add_node();
    if (node == nullptr) return false;
    p_ = past;
    *node = {.data = begin,
             .size = static_cast<std::uint32_t>(lexeme.size()),
             .begin = offset(begin),
             .end = offset(past),
             .skip = 1,
             .type = Type::number,
             .truth = false};
    return true;
  }

  bool string() {
    const char* const begin = p_;
    const char* q = p_ + 1;
    for (;;) {
      q = find_special(q, end_);
      if (q == end_) return unterminated(begin);
      if (*q == '"') return add_string(begin, q, begin + 1, static_cast<std::size_t>(q - begin - 1));
      if (*q == '\\') return escaped_string(begin, q);
      if (!plain_run(q)) return false;
    }
  }

  // Moves past the non-ASCII characters at `q`, or refuses the byte there.
  bool plain_run(const char*& q) {
    if (static_cast<unsigned char>(*q) < 0x20) {
      return fail(ReadCode::syntax, q, "a control character inside a string must be escaped");
    }
    while (q != end_ && static_cast<unsigned char>(*q) >= 0x80) {
      const unsigned length = utf8_length(q, end_);
      if (length == 0) return fail(ReadCode::encoding, q, "not valid UTF-8");
      q += length;
    }
    return true;
  }

  bool unterminated(const char* begin) {
    return fail(ReadCode::syntax, begin, "a string without its closing quote");
  }

  bool add_string(const char* begin, const char* quote, const char* data, std::size_t size) {
    Node* node = add_node();
    if (node == nullptr) return false;
    p_ = quote + 1;
    *node = {.data = data,
             .size = static_cast<std::uint32_t>(size),
             .begin = offset(begin),
             .end = offset(p_),
             .skip = 1,
             .type = Type::string,
             .truth = false};
    return true;
  }

  [[gnu::noinline]] void prepare_unescaped() {
    const auto size = static_cast<std::size_t>(end_ - text_);
    if (state_.unescaped_capacity < size) {
      state_.unescaped_capacity = std::bit_ceil(size);
      state_.unescaped = std::make_unique_for_overwrite<char[]>(state_.unescaped_capacity);
    }
    out_ = state_.unescaped.get();
  }

  bool escaped_string(const char* begin, const char* q) {
    if (out_ == nullptr) prepare_unescaped();
    char* const data = out_;
    char* out = data;
    const char* run = begin + 1;
    for (;;) {
      const auto size = static_cast<std::size_t>(q - run);
      std::memcpy(out, run, size);
      out += size;
      if (*q == '"') {
        out_ = out;
        return add_string(begin, q, data, static_cast<std::size_t>(out - data));
      }
      if (!escape(q, out)) return false;
      run = q;
      for (;;) {
        q = find_special(q, end_);
        if (q == end_) return unterminated(begin);
        if (*q == '"' || *q == '\\') break;
        if (!plain_run(q)) return false;
      }
    }
  }

  // Reads the escape at `q` (a backslash), writes what it stands for, and moves both.
  bool escape(const char*& q, char*& out) {
    if (end_ - q < 2) return fail(ReadCode::syntax, q, "the text ends inside an escape");
    char c = 0;
    switch (q[1]) {
      case '"':
      case '\\':
      case '/':
        c = q[1];
        break;
      case 'b':
        c = '\b';
        break;
      case 'f':
        c = '\f';
        break;
      case 'n':
        c = '\n';
        break;
      case 'r':
        c = '\r';
        break;
      case 't':
        c = '\t';
        break;
      case 'u':
        return unicode_escape(q, out);
      default:
        return fail(ReadCode::syntax, q, "an escape that JSON does not have");
    }
    *out++ = c;
    q += 2;
    return true;
  }

  // The four digits of the \u escape at `q`, or nothing.
  bool hex4(const char* q, char32_t& unit) const {
    if (end_ - q < 6 || q[0] != '\\' || q[1] != 'u') return false;
    unit = 0;
    for (int i = 2; i < 6; ++i) {
      const int digit = hex_value(q[i]);
      if (digit < 0) return false;
      unit = unit << 4 | static_cast<char32_t>(digit);
    }
    return true;
  }

  bool unicode_escape(const char*& q, char*& out) {
    char32_t unit = 0;
    if (!hex4(q, unit)) return fail(ReadCode::syntax, q, "\\u without four hexadecimal digits");
    const char* next = q + 6;
    if (unit >= 0xD800 && unit < 0xE000) {
      char32_t low = 0;
      if (unit >= 0xDC00 || !hex4(next, low) || low < 0xDC00 || low >= 0xE000) {
        return fail(ReadCode::encoding, q, "an escape of half a surrogate pair");
      }
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      next += 6;
    }
    out = utf8_encode(unit, out);
    q = next;
    return true;
  }

  State& state_;
  const Limits& limits_;
  const char* const text_;
  const char* p_;
  const char* const end_;
  std::uint32_t count_ = 0;  // nodes made
  std::uint32_t room_ = 0;   // nodes that may be made before make_room must look
  char* out_;                // next free byte for unescaped strings
  ReadError error_{};
};

Reader::Reader() : state_(std::make_unique<State>()) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

std::expected<Value, ReadError> Reader::read(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes || text.size() > 0xFFFFFFFFu) {
    return std::unexpected(ReadError{ReadCode::too_large, limits.bytes,
                                     "longer than " + std::to_string(limits.bytes) + " bytes"});
  }
  state_->shrink_for(text.size());
  return Parse(*state_, text, limits).run();
}

Position position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t start = before.rfind('\n');
  return {line + 1, before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1};
}

}  // namespace doorward::json
