#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace doorward::json {

/// How strings are written.
enum class Escape : std::uint8_t {
  minimal,  ///< only what RFC 8259 demands: quote, backslash, controls
  ascii,    ///< besides, everything that is not printable ASCII, so that no terminal, log viewer or line
            ///< splitter is misled: DEL, U+2028, bidirectional controls, all other scripts
};

/// A buffer of fixed size that text is appended to. What does not fit sets `overflown` and is dropped, and so
/// is everything after it.
class FixedBuffer {
 public:
  explicit FixedBuffer(std::span<char> memory) : memory_(memory) {}

  void append(const char* data, std::size_t size) {
    overflown_ = overflown_ || size > memory_.size() - size_;
    if (overflown_) return;
    if (size != 0) std::memcpy(memory_.data() + size_, data, size);
    size_ += size;
  }
  void push_back(char c) { append(&c, 1); }

  bool overflown() const { return overflown_; }
  std::string_view text() const { return {memory_.data(), size_}; }

 private:
  std::span<char> memory_;
  std::size_t size_ = 0;
  bool overflown_ = false;
};

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD, so the result is
/// valid JSON whatever the input. `Out` is std::string or FixedBuffer.
template <typename Out>
void append_string(Out& out, std::string_view text, Escape escape = Escape::minimal);

extern template void append_string(std::string&, std::string_view, Escape);
extern template void append_string(FixedBuffer&, std::string_view, Escape);

/// `text` as a JSON string, quotes included.
std::string quoted(std::string_view text, Escape escape = Escape::minimal);

/// `text` for a line of plain text that others may have written: what is not printable ASCII as JSON's escapes, while
/// quotes and backslashes stand for themselves.
std::string printable(std::string_view text);

/// Appends JSON to `out` piece by piece, without white space; it sets the commas. The caller keeps the
/// order: a key before each value of an object, an end for each begin. Allocates only where `out` grows.
///
///   Writer(out).begin_object().key("code").number(-32602).key("message").string("Unknown
///   tool").end_object();
template <typename Out>
class BasicWriter {
 public:
  explicit BasicWriter(Out& out, Escape escape = Escape::minimal) : out_(&out), escape_(escape) {}

  BasicWriter& begin_object() { return open('{'); }
  BasicWriter& end_object() { return close('}'); }
  BasicWriter& begin_array() { return open('['); }
  BasicWriter& end_array() { return close(']'); }

  BasicWriter& key(std::string_view name) {
    separate();
    append_string(*out_, name, escape_);
    out_->push_back(':');
    comma_ = false;
    return *this;
  }

  BasicWriter& string(std::string_view text) {
    separate();
    append_string(*out_, text, escape_);
    return *this;
  }
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>) BasicWriter& number(Integer value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    return raw({digits, static_cast<std::size_t>(end - digits)});
  }
  BasicWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  BasicWriter& null() { return raw("null"); }
  /// A value that is JSON text already, such as a number's spelling or a range of a parsed text.
  BasicWriter& raw(std::string_view json) {
    separate();
    out_->append(json.data(), json.size());
    return *this;
  }

 private:
  void separate() {
    if (comma_) out_->push_back(',');
    comma_ = true;
  }
  BasicWriter& open(char bracket) {
    separate();
    out_->push_back(bracket);
    comma_ = false;
    return *this;
  }
  BasicWriter& close(char bracket) {
    out_->push_back(bracket);
    comma_ = true;
    return *this;
  }

  Out* out_;
  Escape escape_;
  bool comma_ = false;
};

using Writer = BasicWriter<std::string>;
using FixedWriter = BasicWriter<FixedBuffer>;

}  // namespace doorward::json
