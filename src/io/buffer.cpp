#include "io/buffer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace doorward::io {
namespace {

/// Spare blocks of one thread; the bound keeps what a burst left behind small (2 MiB).
struct Spare {
  static constexpr std::size_t kMost = 128;
  std::vector<std::unique_ptr<char[]>> blocks;
  Spare() { blocks.reserve(kMost); }
};
thread_local Spare spare;

char* take_block() {
  if (spare.blocks.empty()) return std::make_unique_for_overwrite<char[]>(Buffer::kBlock).release();
  char* block = spare.blocks.back().release();
  spare.blocks.pop_back();
  return block;
}

void give_block(char* block, std::size_t capacity) {
  std::unique_ptr<char[]> owned(block);
  if (capacity == Buffer::kBlock && spare.blocks.size() < Spare::kMost)
    spare.blocks.push_back(std::move(owned));
}

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    release();
    block_ = std::exchange(other.block_, nullptr);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

std::span<char> Buffer::room(std::size_t least) {
  if (block_ == nullptr && least <= kBlock) {
    block_ = take_block();
    capacity_ = kBlock;
  }
  if (capacity_ - end_ < least) {
    const std::size_t content = size();
    if (capacity_ - content >= least && begin_ >= content) {
      std::memcpy(block_, block_ + begin_, content);
    } else {
      const std::size_t wanted = std::max(capacity_ * 2, std::max(kBlock, content + least));
      char* bigger = std::make_unique_for_overwrite<char[]>(wanted).release();
      if (content != 0) std::memcpy(bigger, block_ + begin_, content);
      if (block_ != nullptr) give_block(block_, capacity_);
      block_ = bigger;
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = content;
  }
  return {block_ + end_, capacity_ - end_};
}

void Buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::span<char> into = room(bytes.size());
  std::memcpy(into.data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Buffer::release() {
  if (block_ != nullptr) give_block(block_, capacity_);
  block_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

}  // namespace doorward::io
