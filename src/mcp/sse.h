#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorward::mcp {

/// One event of a stream. Valid until the reader is used again.
struct SseEvent {
  std::string_view type;                  ///< `message` where the stream names none
  std::string_view data;                  ///< lines joined by LF
  std::string_view id;                    ///< the last id that the stream has named so far; empty: none
  bool named = false;                     ///< the event has named this id itself
  std::optional<std::uint32_t> retry_ms;  ///< a new delay before reconnecting that came with this event
};

/// An incremental reader of `text/event-stream` (WHATWG HTML, section 9.2): CR, LF and CRLF, a byte-order
/// mark, comments, data over several lines, all of it split anywhere. Bounded, and warm it allocates no more.
///
///   for (std::string_view rest = bytes; reader.next(rest) == SseReader::Step::event;) use(reader.event());
class SseReader {
 public:
  enum class Step : std::uint8_t {
    event,      ///< an event is complete; `bytes` begins after it
    more,       ///< all bytes are used up
    too_large,  ///< a line or an event exceeds the bound; the stream cannot be read on
  };

  /// `max_bytes` bounds one line as well as the data of one event. Comments may be of any length.
  explicit SseReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Takes bytes from the front of `bytes` up to the end of the next event.
  Step next(std::string_view& bytes);
  SseEvent event() const {
    return {type_.empty() ? "message" : std::string_view(type_), data_, id_, named_, retry_ms_};
  }

  /// Forgets everything, for another stream.
  void reset();

 private:
  bool take_line(std::string_view& bytes, std::string_view& line);
  void begin_event();
  bool field(std::string_view line);

  std::size_t max_bytes_;
  std::string line_;  // the part of a line that an earlier call brought
  std::string type_;
  std::string data_;
  std::string id_;
  std::optional<std::uint32_t> retry_ms_;
  std::uint8_t mark_seen_ = 0;  // bytes of a byte-order mark at the start of the stream
  bool started_ = false;        // past the byte-order mark
  bool after_cr_ = false;       // the last byte was CR: an LF would belong to it
  bool in_comment_ = false;
  bool has_data_ = false;
  bool dispatched_ = false;
  bool named_ = false;
  bool failed_ = false;
};

/// Appends one event that carries a JSON message in one data line. Line breaks in the JSON are white space
/// between tokens and become spaces. `id` empty: none; it must not hold CR, LF or NUL.
void append_sse_message(std::string& out, std::string_view json, std::string_view id = {});
/// Appends an event with an id and empty data: what a client resumes from before any message (2025-11-25).
void append_sse_priming(std::string& out, std::string_view id, std::optional<std::uint32_t> retry_ms = {});
/// Appends a comment line, which keeps a silent stream open.
void append_sse_keep_alive(std::string& out);

}  // namespace doorward::mcp
