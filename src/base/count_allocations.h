#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// For one file of a test program: replaces the program's operator new by one that counts. The functions are not inlined,
// or the compiler would pair malloc with delete.

namespace doorward::test {

/// What the calling thread has taken from the heap since it began.
inline thread_local std::size_t allocations = 0;

inline void* counted(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace doorward::test

[[gnu::noinline]] void* operator new(std::size_t size) {
  return doorward::test::counted(size);
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
  return doorward::test::counted(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
