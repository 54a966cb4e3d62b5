#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "io/loop.h"
#include "io/socket.h"

namespace doorward::io {

/// Turns host names into addresses on a thread of its own (getaddrinfo blocks). Answers are posted to the
/// asking loop. Which addresses may be dialled is the caller's to check; it then dials the checked address
/// itself and never resolves again (attack case T234).
class Resolver {
 public:
  using Answer = std::move_only_function<void(Result<std::vector<Address>>)>;

  Resolver();
  /// Waits for the query under way; queries still queued are answered unavailable.
  ~Resolver();

  /// Thread-safe. `answer` runs on `loop`'s thread, once; the loop must outlive the resolver. A literal
  /// address is answered without a query.
  void resolve(std::string host, std::uint16_t port, Loop& loop, Answer answer);

 private:
  struct Query {
    std::string host;
    std::uint16_t port;
    Loop* loop;
    Answer answer;
  };
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Query> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace doorward::io
