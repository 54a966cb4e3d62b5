#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/agents.h"
#include "gateway/event_stream.h"
#include "gateway/exchange.h"
#include "gateway/front.h"
#include "http/body.h"
#include "http/request_head.h"
#include "io/buffer.h"
#include "io/loop.h"
#include "io/socket.h"
#include "io/stream.h"

namespace doorward::gateway {

class SseClient;
class Worker;

/// One connection of a client over HTTP/1.1: reads one request at a time, strictly, finds out who asks and in
/// which session, and gives the message to an Exchange. Worker's thread.
class ClientConnection final : public io::Handler, public Front, public EventOutlet {
 public:
  ClientConnection(Worker& worker, io::Stream stream, const io::Address& peer);
  ~ClientConnection();

  /// Starts with bytes that were read before, by a worker that handed the connection over.
  void start(std::string_view bytes);

  void on_ready(std::uint32_t events) override;
  /// Closes what waits too long or may not go on; a few times a second.
  void check(std::int64_t now_us, std::int64_t wall_s);
  /// A request that waits for a key of its token's issuer looks again.
  void issuers_changed();
  /// Closes now if idle, else after the answer under way; ends streams.
  void drain();
  /// The worker stops: what is under way ends here.
  void abandon() { end_now("gateway_stopping"); }

  void answer(int status, Pieces json, std::string_view session) override;
  void send(Pieces json, std::string_view session) override;
  void open_stream(std::string_view session) override;
  void end_stream() override;
  bool prime(std::optional<std::uint32_t> retry_ms) override;
  const http::Headers* headers() const override { return &head_.headers(); }

  void write_event(std::string_view text) override;
  void end_events() override;

  const std::string& address() const { return address_; }
  std::size_t slot = 0;  ///< in the worker's list

 private:
  /// `waiting`: for a key that the request's token names.
  enum class Phase : std::uint8_t { handshake, head, waiting, body, busy, streaming, lingering, closed };
  /// Whether to go on with this request.
  enum class Go : std::uint8_t { on, stop };

  void shake_hands();
  void read();
  void process();
  bool take_body();
  Go check_head();
  Go begin_body();
  Go identify();
  Go identify_by_token(std::string_view authorization);
  Go identify_agent(std::string_view token);
  Go identify_certificate(const io::PeerCertificate& certificate);
  void take(std::shared_ptr<const Agent> agent);
  Go refuse_agent(const Admission& admission);
  Go refuse_credentials(std::string_view code);
  void describe_resource();
  /// `https://host` of the gateway as this request's client knows it.
  std::string base_url() const;
  std::string challenge(std::string_view parameters) const;
  void handle();
  void handle_post(std::string_view text);
  void handle_message_of_stream(std::string_view text);
  void open_message_stream();
  void handle_batch(std::string_view text, json::Value array);
  bool has_room(const Session& session, std::size_t requests);
  void handle_get();
  void handle_delete();
  /// The worker that this request belongs to; nothing where any will do.
  std::optional<unsigned> owner() const;
  bool move_to_owner();
  bool find_session(Caller& caller, bool required);
  /// Whether the request is about a session; modern ones are not, whatever they name (attack case T063).
  bool names_session() const;
  bool check_legacy_version(mcp::Revision& revision);
  Caller caller() const;
  void begin(const Caller& caller, std::string_view text, const mcp::Message& message);
  void listen(const Caller& caller, std::uint64_t after);
  void resume_stream(const Caller& caller, std::string_view last_event_id);
  void continue_stream(const Caller& caller, EventStream& stream, std::uint64_t after);
  bool start_stream(std::string_view session);
  void pause_source();
  void resume_source();
  void write_stream_head(std::string_view session);
  void refuse(int status, std::string_view code, std::string_view reason, std::string_view lines = {});
  void refuse_message(const mcp::Refusal& refusal, std::string_view text, mcp::Era era);
  void write_response(int status, Pieces json, std::string_view lines);
  void request_done();
  void flush();
  void client_gone(std::string_view why);
  /// As when the client has gone, but nothing lives on.
  void end_now(std::string_view why);
  void write_chunk(std::string_view text);
  void linger();
  void close();
  void next_request();
  void keep_alive();

  Worker& worker_;
  io::Stream stream_;
  io::Address peer_;
  std::string address_;
  io::Buffer in_;
  io::Buffer out_;
  http::RequestHead head_;
  http::BodyDecoder decoder_;
  std::size_t body_raw_ = 0;  ///< offset in in_ of the first byte not decoded
  std::size_t body_end_ = 0;  ///< offset in in_ past the decoded body
  std::int64_t deadline_us_ = INT64_MAX;
  std::int64_t last_sent_us_ = 0;
  std::int64_t waits_until_us_ = 0;  ///< of a request that waits for a key; 0: none has
  Phase phase_ = Phase::head;
  bool readable_ = false;
  bool to_end_ = false;
  bool close_after_ = false;
  bool in_process_ = false;
  bool next_queued_ = false;
  bool paused_ = false;
  bool timing_head_ = false;  ///< the deadline is that of a head that has begun
  Underway* underway_ = nullptr;  ///< of the request, until its answer has been given or taken over by events_
  std::shared_ptr<Session> session_;  ///< of the request
  mcp::Revision revision_ = mcp::Revision::v2025_03_26;  ///< of the request
  SseClient* sse_ = nullptr;                             ///< whom the response tells everything (HTTP+SSE)
  EventStream* events_ = nullptr;                        ///< the stream that the response carries
  std::uint64_t after_ = 0;     ///< of a stream that a GET opens: the last event that its client has
  std::shared_ptr<const World> world_;  ///< of the request
  const GrantEntry* grant_ = nullptr;
  std::uint64_t known_judgement_ = 0;  ///< of the worker, when known_token_ was verified
  std::string known_token_;            ///< Authorization value that was good last time
  std::size_t known_index_ = 0;        ///< of its grant
  std::shared_ptr<const Agent> known_agent_;  ///< instead, of an authorization server's token or a certificate
  io::Task next_task_;
};

}  // namespace doorward::gateway
