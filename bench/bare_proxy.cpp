// bare_proxy --upstream PORT [--port N]: what io/ and http/ cost by themselves, to be measured beside nginx
// and the gateway. Reads a request, forwards it with a head built anew over a pooled keep-alive connection to
// 127.0.0.1:PORT, relays the whole answer. No policy, no log, no time limits. Prints the port it listens on.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/body.h"
#include "http/head_writer.h"
#include "http/request_head.h"
#include "http/response_head.h"
#include "io/acceptor.h"
#include "io/buffer.h"
#include "io/loop.h"
#include "io/signals.h"
#include "io/stream.h"

namespace doorward::bench {
namespace {

constexpr std::uint64_t kBodyLimit = 100 * 1024;

class Client;
class Link;

struct Proxy {
  io::Loop loop;
  io::Address upstream;
  std::string authority;
  std::vector<Link*> idle;

  Link* take();
};

/// A message that arrives in a buffer: its head, and its body decoded in place behind it.
template <typename Head>
class Reader {
 public:
  http::ParseState read(io::Buffer& in) {
    if (!have_head_) {
      const http::ParseState state = head.parse(in.view());
      if (state != http::ParseState::done) return state;
      have_head_ = true;
      raw_ = decoded_ = head.size();
      body_.begin(head.framing(), head.content_length(), kBodyLimit);
    }
    if (body_.state() != http::ParseState::need_more) return body_.state();
    const auto step = body_.decode(in.data() + raw_, in.size() - raw_, in.data() + decoded_);
    raw_ += step.consumed;
    decoded_ += step.produced;
    return step.state;
  }
  std::string_view body(io::Buffer& in) {
    head.rebase(in.data());
    return in.view().substr(head.size(), decoded_ - head.size());
  }
  void next(io::Buffer& in) {
    in.consume(raw_);
    head.reset();
    have_head_ = false;
  }

  Head head;

 private:
  http::BodyDecoder body_;
  std::size_t raw_ = 0;
  std::size_t decoded_ = 0;
  bool have_head_ = false;
};

/// Writes a head and a body with one system call; keeps what does not fit.
class Sender {
 public:
  bool send(io::Stream& stream, std::string_view head, std::string_view body) {
    const std::array<iovec, 2> pieces{iovec{const_cast<char*>(head.data()), head.size()},
                                      iovec{const_cast<char*>(body.data()), body.size()}};
    const io::IoResult put = stream.write(std::span(pieces));
    if (put.state == io::IoState::error) return false;
    if (put.bytes < head.size()) rest_.append(head.substr(put.bytes));
    if (put.bytes < head.size() + body.size()) {
      rest_.append(body.substr(put.bytes > head.size() ? put.bytes - head.size() : 0));
    }
    return true;
  }
  bool flush(io::Stream& stream) {
    while (!rest_.empty()) {
      const io::IoResult put = stream.write(rest_);
      if (put.state == io::IoState::would_block) return true;
      if (put.state != io::IoState::ok) return false;
      rest_.erase(0, put.bytes);
    }
    return true;
  }

 private:
  std::string rest_;
};

/// One connection to the upstream.
class Link final : public io::Handler {
 public:
  Link(Proxy& proxy, io::Fd fd) : proxy_(proxy), stream_(std::move(fd)) {
    if (!proxy_.loop.add(stream_.fd(), *this)) std::abort();
  }
  /// False where the connection broke; it is gone then.
  bool forward(Client& client, std::string_view head, std::string_view body) {
    if (!connected_) {
      waiting_.assign(head).append(body);
    } else if (!sender_.send(stream_, head, body)) {
      close();
      return false;
    }
    client_ = &client;
    return true;
  }
  void abandon() { client_ = nullptr; }
  void on_ready(std::uint32_t events) override;

 private:
  ~Link() = default;
  void close();
  bool connect();
  bool answer();

  Proxy& proxy_;
  io::Stream stream_;
  Client* client_ = nullptr;
  io::Buffer in_;
  Reader<http::ResponseHead> response_;
  Sender sender_;
  std::string waiting_;
  bool connected_ = false;
};

/// One connection from a client; one request at a time.
class Client final : public io::Handler {
 public:
  Client(Proxy& proxy, io::Fd fd) : proxy_(proxy), stream_(std::move(fd)) {
    if (!proxy_.loop.add(stream_.fd(), *this)) std::abort();
  }

  void on_ready(std::uint32_t events) override {
    if (!sender_.flush(stream_)) return close();
    for (bool more = (events & io::kReadable) != 0; more;) {
      const io::IoResult got = stream_.read(in_.room());
      if (got.state == io::IoState::would_block) return;
      if (got.state != io::IoState::ok) return close();
      in_.commit(got.bytes);
      if (link_ == nullptr && !serve()) return close();
      more = !got.drained || (events & io::kReadToEnd) != 0;
    }
  }

  void respond(const http::ResponseHead& head, std::string_view body) {
    link_ = nullptr;
    std::array<char, 1024> text{};
    http::HeadWriter writer(text);
    writer.response(head.status())
        .field("Content-Type", head.get(http::Field::content_type))
        .content_length(body.size());
    request_.next(in_);
    if (!sender_.send(stream_, writer.finish(), body)) return close();
    if (!in_.empty() && !serve()) close();
  }
  void fail() {
    link_ = nullptr;
    close();
  }

 private:
  ~Client() = default;

  void close() {
    if (link_ != nullptr) link_->abandon();
    proxy_.loop.remove(stream_.fd(), *this);
    delete this;
  }

  bool serve() {
    const http::ParseState state = request_.read(in_);
    if (state == http::ParseState::refused) return false;
    if (state == http::ParseState::need_more) return true;
    const std::string_view body = request_.body(in_);
    const http::RequestHead& head = request_.head;
    std::array<char, 2048> text{};
    http::HeadWriter writer(text);
    writer.request(head.method(), head.target(), proxy_.authority)
        .field("Content-Type", head.get(http::Field::content_type))
        .field("Accept", head.get(http::Field::accept))
        .content_length(body.size());
    const std::string_view out = writer.finish();
    Link* link = out.empty() ? nullptr : proxy_.take();
    if (link == nullptr || !link->forward(*this, out, body)) return false;
    link_ = link;
    return true;
  }

  Proxy& proxy_;
  io::Stream stream_;
  Link* link_ = nullptr;
  io::Buffer in_;
  Reader<http::RequestHead> request_;
  Sender sender_;
};

Link* Proxy::take() {
  if (!idle.empty()) {
    Link* link = idle.back();
    idle.pop_back();
    return link;
  }
  auto fd = io::connect_tcp(upstream);
  return fd ? new Link(*this, std::move(*fd)) : nullptr;
}

void Link::close() {
  if (client_ != nullptr) client_->fail();
  std::erase(proxy_.idle, this);
  proxy_.loop.remove(stream_.fd(), *this);
  delete this;
}

bool Link::connect() {
  if (io::connect_result(stream_.fd()) != 0) return false;
  connected_ = true;
  return waiting_.empty() || sender_.send(stream_, waiting_, {});
}

void Link::on_ready(std::uint32_t events) {
  if (!connected_ && (events & io::kWritable) != 0 && !connect()) return close();
  if (!sender_.flush(stream_)) return close();
  for (bool more = (events & io::kReadable) != 0; more;) {
    const io::IoResult got = stream_.read(in_.room());
    if (got.state == io::IoState::would_block) return;
    if (got.state != io::IoState::ok) return close();
    in_.commit(got.bytes);
    if (!answer()) return close();
    more = !got.drained || (events & io::kReadToEnd) != 0;
  }
}

bool Link::answer() {
  if (client_ == nullptr) return false;
  const http::ParseState state = response_.read(in_);
  if (state == http::ParseState::refused) return false;
  if (state == http::ParseState::need_more) return true;
  const std::string_view body = response_.body(in_);
  std::exchange(client_, nullptr)->respond(response_.head, body);
  const bool reuse = response_.head.keep_alive();
  response_.next(in_);
  if (reuse) proxy_.idle.push_back(this);
  return reuse;
}

int serve(int port, int upstream) {
  io::prepare_signals({});
  Proxy proxy;
  proxy.upstream = *io::Address::parse("127.0.0.1", static_cast<std::uint16_t>(upstream));
  proxy.authority = proxy.upstream.to_string();
  auto listener = io::listen_tcp(*io::Address::parse("127.0.0.1", static_cast<std::uint16_t>(port)));
  if (!listener) {
    std::fprintf(stderr, "bare_proxy: %s\n", listener.error().message.c_str());
    return 1;
  }
  std::printf("%d\n", io::local_address(listener->get())->port());
  std::fflush(stdout);
  io::Acceptor acceptor(proxy.loop, std::move(*listener),
                        [&](io::Fd fd, const io::Address&) { new Client(proxy, std::move(fd)); });
  if (!acceptor.start()) return 1;
  proxy.loop.run();
  return 0;
}

}  // namespace
}  // namespace doorward::bench

int main(int argc, char** argv) {
  int port = 0;
  int upstream = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--port") port = std::atoi(argv[i + 1]);
    if (name == "--upstream") upstream = std::atoi(argv[i + 1]);
  }
  if (upstream == 0) {
    std::fprintf(stderr, "usage: bare_proxy --upstream PORT [--port N]\n");
    return 2;
  }
  return doorward::bench::serve(port, upstream);
}
