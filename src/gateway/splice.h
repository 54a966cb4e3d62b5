#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "json/value.h"

namespace doorward::gateway {

/// A JSON text with some of its values replaced, as pieces that need no copy: what is forwarded is what was
/// judged, byte for byte, but for these. Refers to the text and to the replacements.
class Splice {
 public:
  explicit Splice(std::string_view text = {}) : text_(text) {}

  /// Replaces one value. At most kMost changes, in any order, not inside one another. Nothing happens where `value`
  /// is nothing.
  void replace(json::Value value, std::string_view with);
  /// Puts something in before the byte at `place` of the text.
  void insert(std::size_t place, std::string_view what);

  std::span<const std::string_view> pieces();
  std::size_t size();

  static constexpr std::size_t kMost = 7;

 private:
  struct Cut {
    std::size_t begin;
    std::size_t end;
    std::string_view with;
  };
  std::string_view text_;
  std::array<Cut, kMost> cuts_;
  std::size_t count_ = 0;
  std::array<std::string_view, 2 * kMost + 1> pieces_;
};

/// Appends an object of `text` without the members of these names; every other byte of its members stays.
void append_without(std::string& out, std::string_view text, json::Value object,
                    std::initializer_list<std::string_view> names);

/// The bytes of a value in its text.
inline std::string_view bytes_of_value(std::string_view text, json::Value value) {
  return text.substr(value.begin_offset(), value.end_offset() - value.begin_offset());
}

}  // namespace doorward::gateway
