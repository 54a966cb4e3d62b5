#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace doorward::mcp {

/// Cuts the bytes of a stdio peer into lines, one JSON message each; split anywhere, bounded (T258). Whole
/// lines are given in place, only a line that spans calls is copied; warm, it allocates no more.
class LineFramer {
 public:
  enum class Step : std::uint8_t {
    line,       ///< `line` holds the next line that is not blank, without its end
    more,       ///< all bytes are used up
    too_large,  ///< a line exceeds the bound; nothing more is read until skip_line() or reset()
  };

  explicit LineFramer(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Takes bytes from the front of `bytes` up to the end of the next line. `line` is valid until the next
  /// call and as long as the memory of `bytes` is.
  Step next(std::string_view& bytes, std::string_view& line);

  /// After too_large: goes on behind that line, whose rest next() passes over.
  void skip_line();

  /// Bytes of a line whose end has not come. At the end of the stream they are a broken message.
  std::size_t pending() const { return given_ ? 0 : partial_.size(); }
  void reset();

 private:
  std::size_t max_bytes_;
  std::string partial_;
  bool given_ = false;  // `partial_` was handed out by the last call
  bool failed_ = false;
  bool ended_ = false;     // the line that failed: its end was seen
  bool skipping_ = false;  // up to the end of that line
};

/// Appends a JSON text as one line with its LF: line breaks between tokens become spaces (T261).
void append_line(std::string& out, std::string_view json);

}  // namespace doorward::mcp
