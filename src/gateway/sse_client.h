#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/duplex_client.h"
#include "gateway/event_stream.h"

namespace doorward::gateway {

class Worker;

/// A client over HTTP+SSE, the transport of 2024-11-05: the response to one GET carries all that it is told,
/// and each of its messages comes by a POST of its own to the URI that the stream's first event names.
/// Worker's thread.
class SseClient final : public DuplexClient::Output {
 public:
  SseClient(Worker& worker, EventOutlet& outlet, std::string id, std::string grant_id);

  const std::string& id() const { return id_; }  ///< last segment of the URI; ours
  /// Takes the message of a POST; the JSON-RPC error where it goes no further, else nothing.
  std::string take(const Caller& caller, std::string_view text);
  const DuplexClient& messages() const { return messages_; }
  void pause() { messages_.pause(); }
  void resume() { messages_.resume(); }
  /// Whether the gateway has ended the session under it.
  bool is_over() const;

  void write(Front::Pieces json) override;
  void refuse(std::string_view error) override { refused_ = error; }

 private:
  friend class SseClientTable;
  EventOutlet* outlet_;
  const std::string id_;
  const std::string grant_id_;
  std::string refused_;
  DuplexClient messages_;
};

/// The clients of one worker whose streams stand. Worker's thread.
class SseClientTable {
 public:
  SseClient& open(Worker& worker, EventOutlet& outlet, const std::string& grant_id);
  /// Null where there is none, or another grant opened it.
  SseClient* find(std::string_view id, std::string_view grant_id) const;
  /// Its stream has ended: gives up what is under way. The object goes with a later tick.
  void close(SseClient& client, std::string_view why);
  void tick() { closed_.clear(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::unique_ptr<SseClient>, Hash, std::equal_to<>> clients_;
  std::vector<std::unique_ptr<SseClient>> closed_;
};

}  // namespace doorward::gateway
