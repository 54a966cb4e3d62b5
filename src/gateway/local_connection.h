#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/duplex_client.h"
#include "gateway/world.h"
#include "io/buffer.h"
#include "io/loop.h"
#include "io/stream.h"
#include "mcp/line_framer.h"

namespace doorward::gateway {

/// A client behind `doorward connect`, over the Unix socket of the state directory (docs/connect.md). Its first line
/// names a server and holds a grant's token; what follows are messages, one a line, as over standard input and output.
/// Only processes of the gateway's own user get so far. Worker's thread.
class LocalConnection final : public io::Handler, public DuplexClient::Output {
 public:
  LocalConnection(Worker& worker, io::Stream stream);
  ~LocalConnection();

  /// Starts with bytes that were read before, by a worker that handed the connection over.
  void start(std::string_view bytes);

  void on_ready(std::uint32_t events) override;
  /// Ends what may not go on; a few times a second.
  void check(std::int64_t now_us, std::int64_t wall_s);
  /// Tells the client to send no more; calls under way are finished, then the connection closes.
  void drain();
  /// The worker stops: what is under way ends here.
  void abandon() { end("gateway_stopping"); }
  /// It may be destroyed.
  bool closed() const { return phase_ == Phase::closed; }
  bool handed_over() const { return handed_over_; }

  void write(Front::Pieces json) override;
  void refuse(std::string_view error) override;

 private:
  enum class Phase : std::uint8_t { greeting, open, refused, closed };

  void read();
  void take(std::string_view bytes);
  void take_line(std::string_view line);
  void greet(std::string_view line);
  bool move_home();
  void refuse_greeting(std::string_view code, std::string_view why);
  /// Whether the token is still good, under the world of now.
  bool admitted();
  void send_line(std::string_view json);
  void flush();
  void peer_ended();
  void end(std::string_view why);
  void end_when_done();
  void close();

  Worker& worker_;
  io::Stream stream_;
  mcp::LineFramer lines_;
  DuplexClient messages_;
  io::Buffer out_;
  std::string token_;
  std::string server_;  ///< as the greeting names it
  std::shared_ptr<const World> world_;
  std::size_t grant_ = 0;        ///< index in world_
  std::uint64_t judgement_ = 0;  ///< of the worker, when the token was verified
  std::int64_t deadline_us_ = 0;  ///< of the greeting, or of a refusal's last bytes
  Phase phase_ = Phase::greeting;
  bool readable_ = false;
  bool to_end_ = false;
  bool paused_ = false;    ///< the client took less than was sent
  bool draining_ = false;
  bool peer_ended_ = false;
  bool handed_over_ = false;
};

}  // namespace doorward::gateway
