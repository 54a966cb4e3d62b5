#pragma once

#include <memory>
#include <optional>
#include <string>

#include "admin/message.h"
#include "admin/server.h"
#include "http/body.h"
#include "http/head_writer.h"
#include "http/request_head.h"
#include "io/buffer.h"
#include "io/loop.h"
#include "io/stream.h"

namespace doorward::admin {

/// One client of the admin API: reads a request, answers it, reads the next. Belongs to its server and the
/// loop's thread.
class Connection final : public io::Handler {
 public:
  /// `caller`: who it is where the transport says so (the Unix socket), else nothing.
  Connection(Server& server, io::Stream stream, std::string peer, std::optional<Caller> caller);
  ~Connection();

  bool start();
  void on_ready(std::uint32_t events) override;

 private:
  class Sink;
  enum class At { head, body, answering, streaming };

  /// Each false: the connection ends.
  bool shake_hands();
  bool read_in();
  bool advance();
  bool take_head();
  bool take_body();
  void dispatch();
  void answered(Response response);
  bool write_out();
  bool read_file();

  void send(Response response, bool keep_alive);
  bool refuse(const http::Refusal& refusal);
  bool close_after(Response response);
  void finish();
  void time_is_up();
  void drop_self() { server_.drop(*this); }

  Server& server_;
  io::Stream stream_;
  std::string peer_;
  std::optional<Caller> local_;
  io::Task end_;
  io::Timer timer_;
  io::Buffer in_;
  std::string out_;
  std::size_t sent_ = 0;
  std::shared_ptr<FileBody> file_;  ///< what is left of it comes behind `out_`
  http::RequestHead head_;
  http::BodyDecoder decoder_;
  Request request_;
  std::shared_ptr<Connection*> alive_ = std::make_shared<Connection*>(this);
  std::shared_ptr<Sink> sink_;
  At at_ = At::head;
  bool keep_alive_ = true;
  bool secured_ = false;   ///< the handshake of TLS is done, or there is none
  bool closing_ = false;  ///< ends once everything is written
  bool farewell_ = false;  ///< everything is written; what still comes is thrown away
  bool serving_ = false;  ///< the answer may come before dispatch() returns
  bool registered_ = false;
  bool ended_ = false;
};

}  // namespace doorward::admin
