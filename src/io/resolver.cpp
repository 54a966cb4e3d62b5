#include "io/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace doorward::io {

namespace {

Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(raw, &::freeaddrinfo);
  std::vector<Address> found;
  for (const addrinfo* at = code == 0 ? raw : nullptr; at != nullptr; at = at->ai_next) {
    Address address = Address::from(at->ai_addr, at->ai_addrlen);
    if (!address.empty()) found.push_back(address);
  }
  if (found.empty()) {
    return fail(ErrorKind::unavailable, "cannot resolve " + host + ": " +
                                            (code != 0 ? ::gai_strerror(code) : "no address") +
                                            "; check the name and the machine's name servers");
  }
  return found;
}

}  // namespace

Resolver::Resolver() : thread_([this] { work(); }) {}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Resolver::resolve(std::string host, std::uint16_t port, Loop& loop, Answer answer) {
  if (auto literal = Address::parse(host, port)) {
    loop.post([answer = std::move(answer), address = *literal]() mutable { answer(std::vector{address}); });
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(host), port, &loop, std::move(answer)});
  }
  wake_.notify_one();
}

void Resolver::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Query query = std::move(queue_.front());
    queue_.pop_front();
    const bool stopping = stopping_;
    lock.unlock();
    auto result = stopping ? fail(ErrorKind::unavailable, "cannot resolve " + query.host + ": shutting down")
                           : look_up(query.host, query.port);
    query.loop->post([answer = std::move(query.answer), result = std::move(result)]() mutable {
      answer(std::move(result));
    });
  }
}

}  // namespace doorward::io
