#include "server/control_server.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "io/socket.h"
#include "io/stream.h"

namespace doorward::server {
namespace {

constexpr std::size_t kConnections = 64;
constexpr std::size_t kPiece = 16384;

}  // namespace

/// One peer: reads lines, answers each before the next is read.
class ControlServer::Connection final : public io::Handler {
 public:
  Connection(ControlServer& server, io::Fd fd, identity::Actor actor)
      : server_(server),
        stream_(std::move(fd)),
        actor_(std::move(actor)),
        end_(io::call<&Connection::drop_self>, this) {}
  ~Connection() {
    if (registered_) server_.loop_.remove(stream_.fd(), *this);
    server_.loop_.withdraw(end_);
  }

  bool start() {
    registered_ = server_.loop_.add(stream_.fd(), *this).has_value();
    return registered_;
  }

  void on_ready(std::uint32_t) override {
    if (ended_) return;
    if (!write_out() || !read_in() || !write_out()) finish();
  }

 private:
  /// Deferred, since the object may not die inside its own call.
  void finish() {
    ended_ = true;
    server_.loop_.defer(end_);
  }
  void drop_self() { server_.drop(*this); }

  bool read_in() {
    char piece[kPiece];
    while (out_.empty() && !waiting_) {
      const io::IoResult got = stream_.read(piece);
      if (got.state == io::IoState::would_block) return true;
      if (got.state != io::IoState::ok) return false;
      in_.append(piece, got.bytes);
      if (!serve_lines()) return false;
    }
    return true;
  }

  bool serve_lines() {
    for (std::size_t end = in_.find('\n'); end != std::string::npos && !waiting_; end = in_.find('\n')) {
      std::string line = in_.substr(0, end);
      in_.erase(0, end + 1);
      waiting_ = true;
      serving_ = true;
      server_.serve_(std::move(line), actor_, [this, alive = std::weak_ptr(alive_)](const std::string& answer) {
        if (!alive.expired()) answered(answer);
      });
      serving_ = false;
    }
    return in_.size() <= kControlLine && write_out();
  }

  void answered(const std::string& answer) {
    out_ += answer;
    out_ += '\n';
    waiting_ = false;
    // An answer that comes later finds nobody reading.
    if (!serving_ && !ended_ && (!write_out() || !serve_lines() || !read_in() || !write_out())) finish();
  }

  bool write_out() {
    std::size_t sent = 0;
    while (sent < out_.size()) {
      const io::IoResult put = stream_.write(std::string_view(out_).substr(sent));
      if (put.state == io::IoState::would_block) break;
      if (put.state != io::IoState::ok) return false;
      sent += put.bytes;
    }
    out_.erase(0, sent);
    return true;
  }

  ControlServer& server_;
  io::Stream stream_;
  identity::Actor actor_;
  io::Task end_;
  std::string in_;
  std::string out_;
  std::shared_ptr<Connection*> alive_ = std::make_shared<Connection*>(this);
  bool waiting_ = false;  ///< an operation is under way
  bool serving_ = false;  ///< it was begun just now
  bool registered_ = false;
  bool ended_ = false;
};

ControlServer::ControlServer(io::Loop& loop, Serve serve) : loop_(loop), serve_(std::move(serve)) {}

ControlServer::~ControlServer() {
  stop();
}

Status ControlServer::start(const std::string& path) {
  auto listener = io::listen_unix(path);
  if (!listener) return std::unexpected(listener.error());
  path_ = path;
  acceptor_ = std::make_unique<io::Acceptor>(
      loop_, std::move(*listener), [this](io::Fd fd, const io::Address&) { accepted(std::move(fd)); });
  return acceptor_->start();
}

void ControlServer::stop() {
  if (!acceptor_) return;
  acceptor_->stop();
  acceptor_.reset();
  connections_.clear();
  unlink(path_.c_str());
}

void ControlServer::accepted(io::Fd fd) {
  const auto peer = io::peer_credentials(fd.get());
  if (!peer || (peer->uid != geteuid() && peer->uid != 0)) {
    log_line(LogLevel::warning, "a connection to the control socket was refused: it is another user's",
             {{"uid", peer ? static_cast<std::int64_t>(peer->uid) : -1}});
    return;
  }
  if (connections_.size() == kConnections) return;
  connections_.push_back(std::make_unique<Connection>(*this, std::move(fd), identity::Actor::local(peer->uid)));
  if (!connections_.back()->start()) connections_.pop_back();
}

void ControlServer::drop(Connection& connection) {
  connections_.remove_if([&](const std::unique_ptr<Connection>& held) { return held.get() == &connection; });
}

}  // namespace doorward::server
