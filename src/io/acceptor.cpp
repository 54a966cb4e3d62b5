#include "io/acceptor.h"

#include <cerrno>

namespace doorward::io {

namespace {
constexpr std::int64_t kRetryUs = 50'000;
}

Acceptor::Acceptor(Loop& loop, Fd listener, OnAccept on_accept)
    : loop_(loop),
      listener_(std::move(listener)),
      on_accept_(std::move(on_accept)),
      retry_(call<&Acceptor::accept_all>, this) {}

Acceptor::~Acceptor() {
  stop();
}

Status Acceptor::start() {
  return loop_.add(listener_.get(), *this);
}

void Acceptor::stop() {
  if (!listener_) return;
  loop_.remove(listener_.get(), *this);
  listener_.reset();
  retry_.disarm();
}

void Acceptor::on_ready(std::uint32_t) {
  accept_all();
}

void Acceptor::accept_all() {
  while (listener_) {
    Accepted accepted = accept_one(listener_.get());
    if (accepted.fd) {
      on_accept_(std::move(accepted.fd), accepted.peer);
      continue;
    }
    switch (accepted.error) {
      case EAGAIN:
        return;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        ++refused_;
        retry_.arm(loop_, kRetryUs);
        return;
      default:
        // The connection died in the queue (accept(2) hands on its network errors); the next one may be well.
        continue;
    }
  }
}

}  // namespace doorward::io
