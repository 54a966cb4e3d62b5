#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/reader.h"
#include "mcp/envelope.h"

namespace doorward::server {

/// What `doorward connect` remembers of the messages that it passes, so that a client lives through the gateway's
/// restart: requests without an answer, and how the session began. Pure: lines in, lines out; a line is one message
/// without its end.
class ConnectMemory {
 public:
  /// A line that goes to the gateway. What is no message passes, too: the gateway refuses it.
  void sent(std::string_view line);
  /// The ids of the requests in a line, as JSON: of those that must be answered if it cannot be sent.
  std::vector<std::string> requests_in(std::string_view line);

  /// A line of the gateway. False where it answers what this memory repeated: the client must not see it.
  bool received(std::string_view line);

  /// The connection is gone: appends an error, each a line, for every request that now has no answer, and takes back
  /// what the gateway had asked the client. What can be asked again without harm is kept for resume().
  void lose(std::string& to_client, std::string_view why);
  /// Answers what lose() kept with an error, too.
  void give_up(std::string& to_client, std::string_view why);
  /// Whether the client still waits for the answer to its `initialize`.
  bool waits_for_handshake() const;

  /// What a new connection begins with: the session's handshake again, as a line with its LF; empty where there was
  /// none. Everything else waits until it is answered.
  std::string handshake();
  bool shaking_hands() const { return !handshake_id_.empty(); }
  /// Why the gateway refused handshake(); empty: it did not.
  const std::string& refusal() const { return refusal_; }
  /// What follows, each a line: what the client had set in the session, and the requests that lose() kept.
  std::string resume();
  /// Then for the client, each a line: that the session's lists may have changed meanwhile.
  std::string list_changes() const;

  bool has_pending() const { return !pending_.empty(); }
  /// Appends an error for a request, as a line.
  static void append_error_line(std::string& out, std::string_view id, int code, std::string_view message);

 private:
  struct Request {
    mcp::Method method;
    std::string line;  ///< kept where it may be sent again
  };
  void note(const mcp::Message& message, std::string_view text, std::string_view line);
  void answered(const mcp::Message& message, std::string_view text);
  template <typename Visit>
  void each_message(std::string_view line, mcp::Sender sender, Visit&& visit);
  std::string again(std::string_view line, std::string& id);

  json::Reader reader_;
  std::map<std::string, Request> pending_;  ///< of the client, by id
  std::vector<std::string> asked_;          ///< ids of the gateway's own requests to the client
  std::string initialize_;                  ///< the client's request
  std::string initialize_id_;
  std::string initialized_;                 ///< its notification; empty: not sent yet
  std::string capabilities_;                ///< of the server, JSON
  bool established_ = false;                ///< initialize was answered
  std::map<std::string, std::string> settings_;  ///< requests that changed the session, by what they set
  std::vector<Request> kept_;                    ///< requests that go out again
  std::string handshake_id_;                     ///< of handshake(), as long as it has no answer
  std::set<std::string> repeated_;               ///< ids of the settings in resume() without an answer
  std::string refusal_;
  std::uint64_t numbers_ = 0;
};

}  // namespace doorward::server
