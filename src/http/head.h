#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/field.h"

namespace doorward::http {

/// Bounds of a head (attack case T089).
inline constexpr std::size_t kMaxLine = 8192;        ///< bytes of one line without CRLF
inline constexpr std::size_t kMaxHeadBytes = 65535;  ///< of the whole head
inline constexpr std::size_t kMaxHeaders = 100;

enum class ParseState : std::uint8_t {
  need_more,  ///< all bytes so far are right, the head is not complete
  done,
  refused,  ///< see refusal(); close the connection after answering
};

/// Why a message is not accepted: the HTTP status to answer and a fixed sentence: the cause, then the next
/// step.
struct Refusal {
  std::uint16_t status = 0;
  const char* reason = "";
};

/// How the end of a body is known.
enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct Header {
  std::string_view name;   ///< as sent
  std::string_view value;  ///< without white space around it
  Field field;
};

/// The header lines of one head as offsets into the connection's buffer: nothing is copied or allocated.
class Headers {
 public:
  std::size_t size() const { return count_; }
  Header operator[](std::size_t i) const {
    const Line& line = lines_[i];
    return {{base_ + line.name, line.name_size}, {base_ + line.value, line.value_size}, line.field};
  }
  bool has(Field field) const { return first_[static_cast<std::size_t>(field)] != 0; }
  /// The first value of a known field, O(1); an empty view where absent (use has() to tell that from empty).
  std::string_view get(Field field) const {
    const std::uint8_t at = first_[static_cast<std::size_t>(field)];
    return at == 0 ? std::string_view{} : (*this)[at - 1u].value;
  }
  /// The only value of a field that we do not know by name (case-insensitive, O(n)). `count` of 2 or more: it
  /// was sent repeatedly.
  struct Found {
    std::string_view value;
    std::size_t count = 0;
  };
  Found find(std::string_view name) const;

 private:
  friend class HeadReader;
  struct Line {
    std::uint16_t name;
    std::uint16_t name_size;
    std::uint16_t value;
    std::uint16_t value_size;
    Field field;
  };
  const char* base_ = nullptr;
  std::uint8_t count_ = 0;
  std::array<std::uint8_t, kFieldCount> first_{};  // 1 + index of the first line, 0: none
  std::array<Line, kMaxHeaders> lines_;
};

}  // namespace doorward::http
