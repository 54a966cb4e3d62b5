#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <array>
#include <optional>

#include "audit/anchor.h"
#include "audit/json_out.h"
#include "base/clock.h"
#include "io/address_class.h"
#include "io/fd.h"
#include "io/socket.h"
#include "io/stream.h"
#include "io/tls.h"
#include "json/writer.h"

namespace doorward::audit {
namespace {

constexpr int kWaitMs = 5'000;
constexpr int kPriority = 13 * 8 + 5;  // facility `log audit`, severity `notice`

std::unexpected<Error> unreachable(std::string message) {
  return fail(ErrorKind::unavailable, std::move(message));
}

class FileAnchor final : public AnchorTarget {
 public:
  explicit FileAnchor(std::string path) : path_(std::move(path)) {}

  Status deliver(const std::string& note, const std::string&) override {
    const io::Fd fd(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) return error("cannot be opened", errno);
    if (!S_ISREG(info.st_mode)) return unreachable("the anchor file " + path_ + " is no regular file");
    if (Status whole = check_end(fd.get(), info.st_size); !whole) return whole;
    const std::string bytes = (info.st_size == 0 ? "" : "\n") + note;
    const ssize_t done = ::write(fd.get(), bytes.data(), bytes.size());
    if (done != static_cast<ssize_t>(bytes.size())) {
      const int code = done < 0 ? errno : ENOSPC;
      // An append-only file keeps the piece; check_end then says so.
      if (::ftruncate(fd.get(), info.st_size) != 0) return error("holds a piece of a note", code);
      return error("cannot be written", code);
    }
    if (::fsync(fd.get()) != 0) return error("cannot be synced", errno);
    return {};
  }

 private:
  std::unexpected<Error> error(const char* what, int code) {
    return unreachable("the anchor file " + path_ + " " + what + ": " + std::strerror(code));
  }
  Status check_end(int fd, off_t size) {
    char last = '\n';
    if (size > 0 && ::pread(fd, &last, 1, size - 1) != 1) return error("cannot be read", errno);
    if (last == '\n') return {};
    return unreachable("the anchor file " + path_ + " ends amid a note; move it aside, a new one is begun");
  }

  std::string path_;
};

class HttpAnchor final : public AnchorTarget {
 public:
  HttpAnchor(io::Fetcher& fetcher, io::FetchRequest request) : fetcher_(fetcher), request_(std::move(request)) {
    request_.method = "POST";
    request_.headers.emplace_back("content-type", "text/plain; charset=utf-8");
    request_.most_bytes = 64u << 10;
  }

  Status deliver(const std::string& note, const std::string& id) override {
    io::FetchRequest request = request_;
    request.headers.emplace_back("idempotency-key", "\"" + id + "\"");
    request.body = note;
    const Result<io::FetchAnswer> answer = fetcher_.fetch_now(std::move(request));
    if (!answer) return std::unexpected(answer.error());
    if (answer->status >= 200 && answer->status < 300) return {};
    return unreachable("the anchor answers with status " + std::to_string(answer->status));
  }

 private:
  io::Fetcher& fetcher_;
  io::FetchRequest request_;
};

bool ready(int fd, short events) {
  pollfd item{fd, events, 0};
  int got = 0;
  do {
    got = ::poll(&item, 1, kWaitMs);
  } while (got < 0 && errno == EINTR);
  return got > 0;
}

class SyslogAnchor final : public AnchorTarget {
 public:
  explicit SyslogAnchor(SyslogTarget target) : target_(std::move(target)) {
    char name[256] = "-";
    if (::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0') host_ = name;
  }

  Status deliver(const std::string& note, const std::string&) override {
    if (target_.transport == SyslogTarget::Transport::local) return send_datagram(note);
    if (stream_ && !still_open()) stream_ = {};
    if (!stream_) {
      if (Status connected = connect(); !connected) return connected;
      if (!last_.empty() && last_ != note) {
        if (Status again = send(last_); !again) return again;
      }
    }
    Status sent = send(note);
    if (sent) last_ = note;
    return sent;
  }

 private:
  std::string where() const {
    return target_.path.empty() ? target_.host + ":" + std::to_string(target_.port) : target_.path;
  }
  std::string message(const std::string& note) const {
    return syslog_message(note, host_, system_clock().wall_us());
  }

  Status send_datagram(const std::string& note) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (target_.path.size() >= sizeof address.sun_path)
      return fail(ErrorKind::invalid, "the path of the syslog socket is too long: " + target_.path);
    std::memcpy(address.sun_path, target_.path.data(), target_.path.size());
    const io::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const std::string text = message(note);
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
      return unreachable("syslog at " + where() + " cannot be reached: " + std::strerror(errno));
    }
    return {};
  }

  /// A receiver says nothing, so whatever can be read is the end of the connection.
  bool still_open() {
    char byte = 0;
    return stream_->read({&byte, 1}).state == io::IoState::would_block;
  }

  Status connect() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(target_.host.c_str(), std::to_string(target_.port).c_str(), &hints, &found);
    if (code != 0) return unreachable("syslog at " + where() + " cannot be found: " + ::gai_strerror(code));
    std::string why = "no address may be dialled";
    std::optional<io::Fd> connected;
    for (const addrinfo* at = found; at != nullptr && !connected; at = at->ai_next) {
      const io::Address address = io::Address::from(at->ai_addr, at->ai_addrlen);
      if (!io::may_dial(address, io::Reach::internal)) continue;
      Result<io::Fd> fd = io::connect_tcp(address);
      if (!fd) {
        why = fd.error().message;
      } else if (!ready(fd->get(), POLLOUT)) {
        why = "it does not answer";
      } else if (const int refused = io::connect_result(fd->get()); refused != 0) {
        why = std::strerror(refused);
      } else {
        connected = std::move(*fd);
      }
    }
    ::freeaddrinfo(found);
    if (!connected) return unreachable("syslog at " + where() + " cannot be reached: " + why);
    if (target_.transport == SyslogTarget::Transport::tcp) {
      stream_.emplace(std::move(*connected));
      return {};
    }
    return secure(std::move(*connected));
  }

  Status secure(io::Fd fd) {
    Result<io::TlsContext> context = io::TlsContext::create({target_.ca_file});
    if (!context) return std::unexpected(context.error());
    Result<io::Stream> stream = context->wrap(std::move(fd), target_.host);
    if (!stream) return std::unexpected(stream.error());
    context_ = std::move(*context);
    for (;;) {
      const io::IoResult shaken = stream->handshake();
      if (shaken.state == io::IoState::ok) break;
      if (shaken.state != io::IoState::would_block)
        return unreachable("TLS to syslog at " + where() + " fails: " + stream->error_text(shaken));
      if (!ready(stream->fd(), POLLIN)) return unreachable("TLS to syslog at " + where() + " is not answered");
    }
    stream_ = std::move(*stream);
    return {};
  }

  Status send(const std::string& note) {
    const std::string text = message(note);
    const std::string frame = std::to_string(text.size()) + " " + text;
    std::string_view rest = frame;
    while (!rest.empty()) {
      const io::IoResult sent = stream_->write(rest);
      if (sent.state == io::IoState::ok) {
        rest.remove_prefix(sent.bytes);
      } else if (sent.state != io::IoState::would_block || !ready(stream_->fd(), POLLOUT)) {
        const std::string why = stream_->error_text(sent);
        stream_ = {};
        return unreachable("syslog at " + where() + " takes nothing: " + why);
      }
    }
    return {};
  }

  SyslogTarget target_;
  std::string host_ = "-";
  std::optional<io::TlsContext> context_;
  std::optional<io::Stream> stream_;
  std::string last_;  ///< sent again after the connection was lost
};

}  // namespace

std::unique_ptr<AnchorTarget> make_file_anchor(std::string path) {
  return std::make_unique<FileAnchor>(std::move(path));
}

std::unique_ptr<AnchorTarget> make_http_anchor(io::Fetcher& fetcher, io::FetchRequest request) {
  return std::make_unique<HttpAnchor>(fetcher, std::move(request));
}

std::unique_ptr<AnchorTarget> make_syslog_anchor(SyslogTarget target) {
  return std::make_unique<SyslogAnchor>(std::move(target));
}

std::string syslog_message(std::string_view note, std::string_view host, std::int64_t now_us) {
  std::array<char, 512> buffer{};
  JsonOut time(buffer);
  time.time("t", now_us);
  std::string_view stamp = time.finish();
  stamp = stamp.substr(stamp.find(':') + 2);
  stamp.remove_suffix(1);
  std::string text = "<" + std::to_string(kPriority) + ">1 " + std::string(stamp) + " " + std::string(host) +
                     " doorward " + std::to_string(::getpid()) + " checkpoint - ";
  json::append_string(text, note, json::Escape::ascii);
  return text;
}

}  // namespace doorward::audit
