#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace doorward::audit {

/// Writes the members of a record into a fixed buffer, comma by comma, as printable ASCII on one line
/// (docs/audit-format.md, Text). Texts end at a bound of escaped bytes; the keys of those that were cut are
/// listed by finish(). Never writes past the buffer. Keys are trusted literals.
class JsonOut {
 public:
  explicit JsonOut(std::span<char> out)
      : begin_(out.data()), at_(out.data()), end_(out.data() + out.size()) {}

  /// `"key":"text"`, left out when empty.
  void text(std::string_view key, std::string_view value, std::size_t bound) {
    if (!value.empty()) text_always(key, value, bound);
  }
  void text_always(std::string_view key, std::string_view value, std::size_t bound);
  void number(std::string_view key, std::int64_t value);
  void count(std::string_view key, std::uint64_t value);
  void boolean(std::string_view key, bool value);
  /// `"key":"2026-01-31T23:59:59.000001Z"`; years outside 0 to 9999 become their nearest bound.
  void time(std::string_view key, std::int64_t unix_us);
  /// A JSON value as spelled, with what is not printable ASCII in its strings escaped; null and cut if longer
  /// than `bound`.
  void lexeme(std::string_view key, std::string_view json, std::size_t bound);
  /// Trusted JSON in printable ASCII.
  void raw(std::string_view key, std::string_view json);

  /// An object member; `name` is what `cut` calls members within, such as `grant.`.
  void open_object(std::string_view key, std::string_view name);
  void close_object();
  /// An array member: separate elements with element(), which is false when fewer than `room` bytes are left
  /// of the array's `bound` (the key then counts as cut, and nothing may be added).
  void open_array(std::string_view key, std::size_t bound);
  bool element(std::size_t room);
  void element_text(std::string_view value, std::size_t bound);
  void element_raw(std::string_view bytes) { put(bytes); }
  void element_number(std::int64_t value) { digits(value); }
  void element_hex(std::uint64_t high, std::uint64_t low);
  void close_array();

  /// Adds the list of cut members, if any; the whole text.
  std::string_view finish();
  bool was_cut() const { return cuts_ != 0; }

 private:
  /// Kept free for what closes the text: `cut` with its names.
  static constexpr std::size_t kTail = 160;

  struct Cut {
    std::string_view name;
    std::string_view key;
  };

  std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }
  std::size_t spare() const { return room() > kTail ? room() - kTail : 0; }
  bool begin_member(std::string_view key, std::size_t value_bytes);
  void cut(std::string_view key);
  void put(std::string_view bytes) {
    if (bytes.empty()) return;  // its data may be null, which memcpy does not take
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void put(char byte) { *at_++ = byte; }
  void digits(std::int64_t value);
  void digits_unsigned(std::uint64_t value);
  bool escaped(std::string_view value, std::size_t bound);

  char* begin_;
  char* at_;
  char* end_;
  bool first_ = true;
  bool first_element_ = true;
  std::string_view name_;
  std::string_view array_key_;
  char* array_end_ = nullptr;
  std::array<Cut, 6> cut_{};
  std::size_t cuts_ = 0;
};

}  // namespace doorward::audit
