#pragma once

#include <memory>
#include <utility>

#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// Runs `work` on a thread of the pool, and `then` with its result back on the loop's, whose Json is the answer. Both
/// outlive the work.
template <typename Work, typename Then>
void later(WorkPool& pool, io::Loop& loop, Operations::Reply reply, Work work, Then then) {
  auto shared = std::make_shared<Operations::Reply>(std::move(reply));
  const bool taken = pool.run([&loop, shared, work = std::move(work), then = std::move(then)]() mutable {
    loop.post([shared, then = std::move(then), result = work()]() mutable { (*shared)(then(std::move(result))); });
  });
  if (!taken) (*shared)(fail(ErrorKind::exhausted, "too much of this is under way; try again"));
}

}  // namespace doorward::server
