#include "server/redirect_listener.h"

#include <utility>

#include "http/request_head.h"
#include "http/url.h"
#include "io/socket.h"
#include "io/stream.h"

namespace doorward::server {
namespace {

constexpr std::size_t kConnections = 16;
constexpr std::size_t kLongestHead = 16u << 10;
constexpr std::int64_t kPatienceUs = 10'000'000;

std::string page(int status, std::string_view text) {
  std::string body = "Doorward: " + std::string(text) + "\n";
  const char* reason = status == 200 ? "OK" : status == 404 ? "Not Found" : "Bad Request";
  return "HTTP/1.1 " + std::to_string(status) + " " + reason +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
         "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n" +
         body;
}

}  // namespace

/// One request of a browser.
class RedirectListener::Connection final : public io::Handler {
 public:
  Connection(RedirectListener& listener, io::Fd fd)
      : listener_(listener),
        stream_(std::move(fd)),
        end_(io::call<&Connection::drop_self>, this),
        patience_(io::call<&Connection::drop_self>, this) {}
  ~Connection() {
    if (registered_) listener_.loop_.remove(stream_.fd(), *this);
    listener_.loop_.withdraw(end_);
  }

  bool start() {
    patience_.arm(listener_.loop_, kPatienceUs);
    return registered_ = listener_.loop_.add(stream_.fd(), *this).has_value();
  }

  void on_ready(std::uint32_t) override {
    if (ended_) return;
    if (out_.empty() && !read_in()) return finish();
    while (!out_.empty()) {
      const io::IoResult put = stream_.write(out_);
      if (put.state == io::IoState::would_block) return;
      if (put.state != io::IoState::ok) return finish();
      out_.erase(0, put.bytes);
      if (out_.empty()) return finish();
    }
  }

 private:
  void finish() {
    ended_ = true;
    listener_.loop_.defer(end_);
  }
  void drop_self() { listener_.drop(*this); }

  /// False where nothing more can come of it.
  bool read_in() {
    char piece[4096];
    for (;;) {
      const io::IoResult got = stream_.read(piece);
      if (got.state == io::IoState::would_block) return true;
      if (got.state != io::IoState::ok || in_.size() + got.bytes > kLongestHead) return false;
      in_.append(piece, got.bytes);
      switch (head_.parse(in_)) {
        case http::ParseState::need_more:
          continue;
        case http::ParseState::refused:
          out_ = page(400, "this is no request of a browser");
          return true;
        case http::ParseState::done:
          answer();
          return true;
      }
    }
  }

  void answer() {
    if (head_.method() != http::Method::get || head_.path() != listener_.path_) {
      out_ = page(404, "there is nothing here");
      return;
    }
    const Shown shown = listener_.on_back_(head_.query());
    out_ = page(shown.good ? 200 : 400, shown.text);
  }

  RedirectListener& listener_;
  io::Stream stream_;
  io::Task end_;
  io::Timer patience_;
  http::RequestHead head_;
  std::string in_;
  std::string out_;
  bool registered_ = false;
  bool ended_ = false;
};

RedirectListener::RedirectListener(io::Loop& loop, OnBack on_back) : loop_(loop), on_back_(std::move(on_back)) {}

Result<std::unique_ptr<RedirectListener>> RedirectListener::open(io::Loop& loop, const std::string& wanted,
                                                                 OnBack on_back) {
  const auto url = http::parse_url(wanted.empty() ? "http://127.0.0.1/callback" : wanted);
  if (!url) return std::unexpected(url.error());
  const auto address = io::Address::parse(url->host, wanted.empty() ? std::uint16_t{0} : url->port);
  if (!address || !address->is_loopback()) {
    return fail(ErrorKind::invalid, "browsers can come back to an address of this machine only");
  }
  auto fd = io::listen_tcp(*address, 16);
  if (!fd) return std::unexpected(fd.error());
  const auto bound = io::local_address(fd->get());
  if (!bound) return std::unexpected(bound.error());
  std::unique_ptr<RedirectListener> made(new RedirectListener(loop, std::move(on_back)));
  made->path_ = url->target;
  made->url_ = "http://" + bound->to_string() + url->target;
  made->acceptor_ = std::make_unique<io::Acceptor>(
      loop, std::move(*fd), [listener = made.get()](io::Fd peer, const io::Address&) {
        if (listener->connections_.size() == kConnections) return;
        listener->connections_.push_back(std::make_unique<Connection>(*listener, std::move(peer)));
        if (!listener->connections_.back()->start()) listener->connections_.pop_back();
      });
  if (const Status started = made->acceptor_->start(); !started) return std::unexpected(started.error());
  return made;
}

RedirectListener::~RedirectListener() = default;

void RedirectListener::drop(Connection& connection) {
  connections_.remove_if([&](const auto& held) { return held.get() == &connection; });
}

}  // namespace doorward::server
