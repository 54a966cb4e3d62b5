#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/acceptor.h"
#include "io/loop.h"

namespace doorward::server {

/// Listens on this machine for the browser that an authorization server sends back, as long as one authorization is under
/// way (RFC 8252 section 7.3). It takes GET of its one path, tells the browser what came of it, and nothing else.
class RedirectListener {
 public:
  /// Gets the query; gives the text for the person, and whether all is well.
  struct Shown {
    bool good = false;
    std::string text;
  };
  using OnBack = std::function<Shown(std::string_view query)>;

  /// `wanted`: the address to come back to; where it is empty, a free port of 127.0.0.1 with the path /callback.
  static Result<std::unique_ptr<RedirectListener>> open(io::Loop& loop, const std::string& wanted, OnBack on_back);
  ~RedirectListener();

  const std::string& url() const { return url_; }

 private:
  class Connection;
  RedirectListener(io::Loop& loop, OnBack on_back);
  void drop(Connection& connection);

  io::Loop& loop_;
  OnBack on_back_;
  std::string url_;
  std::string path_;
  std::unique_ptr<io::Acceptor> acceptor_;
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace doorward::server
