#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "json/value.h"

namespace doorward::json {

/// Bounds of a reading. Exceeding one is a ReadError, never a crash or unbounded work.
struct Limits {
  std::size_t bytes = 16u << 20;   ///< of the text; at most 2^32 - 1
  std::uint32_t depth = 64;        ///< of nested arrays and objects; `[]` has depth 1
  std::uint32_t nodes = 1u << 20;  ///< values and keys together
  bool refuse_proto = false;       ///< refuse the key `__proto__` at any depth (attack case T027)
  /// Two equal keys in one object are kept: for files of others, where the caller knows which of them counts.
  bool keep_duplicates = false;
};

enum class ReadCode : std::uint8_t {
  syntax,            ///< not JSON (RFC 8259)
  encoding,          ///< not valid UTF-8, a byte-order mark, a lone surrogate
  duplicate_member,  ///< two equal keys in one object, compared after unescaping
  number_range,      ///< more than 400 digits on a side of the point by value (policy.md section 4)
  too_deep,
  too_large,  ///< bytes or nodes
  forbidden_key,
};

/// Why and where a text was refused.
struct ReadError {
  ReadCode code;
  std::size_t offset;   ///< of the offending byte
  std::string message;  ///< one clause in English, such as `duplicate member "name"`
};

/// Line and column (both from 1; a column counts bytes) of an offset in a text; lines end at LF.
struct Position {
  std::size_t line;
  std::size_t column;
};
Position position_of(std::string_view text, std::size_t offset);

/// The strict reader: one validating pass (RFC 8259, no extensions) over a text into nodes that keep each
/// number's spelling and each value's byte range. Iterative: its stack use does not grow with the text.
/// Reusable: after some readings it allocates no more. Not thread-safe; one per worker.
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  /// Reads the one value that `text` must hold (white space around it allowed). The result lives until the
  /// next call and refers into `text`, which must stay unchanged as long as the result is used.
  std::expected<Value, ReadError> read(std::string_view text, const Limits& limits = {});
  /// A text that is gone before its values are.
  template <typename Text>
    requires std::same_as<std::remove_cv_t<Text>, std::string>
  std::expected<Value, ReadError> read(Text&& text, const Limits& limits = {}) = delete;

 private:
  struct State;
  class Parse;
  std::unique_ptr<State> state_;
};

}  // namespace doorward::json
