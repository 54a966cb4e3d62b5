#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace doorward::bench {

/// The bytes of a connection that are not used up yet, always contiguous.
class Buffer {
 public:
  explicit Buffer(std::size_t size) : bytes_(size) {}
  std::span<char> room() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == bytes_.size() && begin_ > 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    return std::span(bytes_).subspan(end_);
  }
  void filled(std::size_t bytes) { end_ += bytes; }
  std::string_view text() const { return {bytes_.data() + begin_, end_ - begin_}; }
  char* data() { return bytes_.data() + begin_; }
  void use_up(std::size_t bytes) { begin_ += bytes; }

 private:
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace doorward::bench
