#include "audit/wake.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace doorward::audit {
namespace {

long futex(std::atomic<std::uint32_t>* word, int operation, std::uint32_t value, const timespec* limit) {
  static_assert(sizeof(*word) == sizeof(std::uint32_t));
  return ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(word), operation, value, limit, nullptr, 0);
}

}  // namespace

void Wake::sleep(std::int64_t nanoseconds) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  timespec limit{};
  limit.tv_sec = static_cast<time_t>(nanoseconds / kSecond);
  limit.tv_nsec = static_cast<long>(nanoseconds % kSecond);
  futex(&sleeping_, FUTEX_WAIT_PRIVATE, 1, nanoseconds < 0 ? nullptr : &limit);
  sleeping_.store(0, std::memory_order_relaxed);
}

void Wake::wake() {
  if (sleeping_.exchange(0, std::memory_order_seq_cst) != 0)
    futex(&sleeping_, FUTEX_WAKE_PRIVATE, 1, nullptr);
}

}  // namespace doorward::audit
