#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace doorward::io {

/// Bytes that arrive at the end and leave at the front. Holds no memory while empty and released, so that an
/// idle connection costs none; the first block comes from a per-thread store and returns there. A block that
/// grew beyond it goes back to the allocator. Stay on one thread between two releases.
class Buffer {
 public:
  static constexpr std::size_t kBlock = 16384;

  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { release(); }

  /// Free room of at least `least` bytes behind the content; views into the content move when it grows.
  std::span<char> room(std::size_t least = 1);
  /// Counts bytes written into room() as content.
  void commit(std::size_t bytes) { end_ += bytes; }
  void append(std::string_view bytes);

  char* data() { return block_ + begin_; }
  std::string_view view() const { return {block_ + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  /// Drops bytes from the front. The rest stays where it is.
  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Drops bytes from the end until `size` are left.
  void truncate(std::size_t size) { end_ = begin_ + size; }
  void clear() { begin_ = end_ = 0; }
  /// Drops the content and gives the memory back.
  void release();

 private:
  char* block_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace doorward::io
