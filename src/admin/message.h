#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/failure.h"
#include "http/request_head.h"
#include "identity/role.h"
#include "io/fd.h"
#include "io/socket.h"

namespace doorward::admin {

/// Who sent a request.
struct Caller {
  identity::Actor actor;
  /// Whether the session or token behind it still stands, asked on the loop's thread while a stream is open.
  /// Empty: always.
  std::function<bool()> stands = {};
};

/// One request, whole, in copies of its own.
struct Request {
  http::Method method = http::Method::get;
  std::string path;   ///< in normal form, without escapes
  std::string query;  ///< without `?`, percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, in order
  std::string body;
  std::string peer;       ///< the address without port; empty: the Unix socket
  bool secure = false;    ///< TLS, or the Unix socket
  Caller caller;          ///< of a route that is not anonymous

  /// The first value of a header, by its lower-case name; empty if absent.
  std::string_view header(std::string_view name) const;
};

/// The open end of an event stream. Used on the loop's thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// False where the connection is gone, or has more than its share of bytes unread: then it is closed.
  virtual bool write(std::string_view bytes) = 0;
  virtual void close() = 0;
  virtual bool open() const = 0;
};

/// A file as a body: read piece by piece as the client takes it, after which the connection ends.
struct FileBody {
  io::Fd file;  ///< at its beginning
  std::uint64_t bytes = 0;
};

struct Response {
  int status = 200;
  std::string type = "application/json";  ///< Content-Type; empty: no body
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// Holds nothing of the gateway: a cache may keep it, and asks by its ETag before each use.
  bool revalidate = false;
  /// In place of `body`.
  std::shared_ptr<FileBody> file = {};
  /// Takes over the connection after the head; `body` is then the first piece. For event streams.
  std::function<void(std::shared_ptr<EventSink> sink)> stream = {};

  static Response problem(const Failure& failure, int status);
  static Response problem(ErrorKind kind, std::string detail);  ///< with the status of the kind
};

/// Answers once, on the loop's thread.
using Respond = std::move_only_function<void(Response)>;

}  // namespace doorward::admin
