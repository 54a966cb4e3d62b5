#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bridge.h"
#include "gateway/upstream_session.h"
#include "io/loop.h"
#include "json/canonical.h"
#include "json/reader.h"

namespace doorward::gateway {

class Crossing;
class ServerLink;
class Worker;

/// Modern clients toward a legacy server (docs/protocol.md, Across eras): sessions that the gateway holds for
/// them, results made modern, questions of the server as input-required results, subscriptions.
/// All that one grant does (or all that anybody does, where the server's setting shares sessions) meets in
/// the bridge of one worker, its home; the bridges of the other workers send it there.
class BridgeToLegacy final : public Bridge {
 public:
  BridgeToLegacy(Worker& worker, ServerLink& link);
  ~BridgeToLegacy() override;

  Result<upstream::Ticket*> send(const Outgoing& message, upstream::Call& call) override;
  void retire() override;
  void tick() override;

  Worker& worker() { return worker_; }
  ServerLink& link() { return link_; }
  json::Reader& reader() { return reader_; }

  // For crossings.

  /// The session for a request, with room for it; as the server's setting shares them.
  Result<UpstreamSession*> session_for(const std::string& grant, const std::string& capabilities,
                                       const Askable& askable);
  void leave(Crossing& crossing, UpstreamSession& session);
  /// Calls crossing.on_turn() at the end of this round of the loop.
  void defer(Crossing& crossing);
  /// Whether one more call of the grant may wait for its client.
  bool may_wait(std::string_view grant) const;
  /// Whether the grant stands: neither gone nor revoked nor expired.
  bool grant_holds(std::string_view grant) const;
  /// What distinguishes the sessions of clients: the capabilities that a legacy server knows, canonical.
  std::string canonical_capabilities(json::Value capabilities);

 private:
  void run_deferred();

  Worker& worker_;
  ServerLink& link_;
  std::vector<std::unique_ptr<UpstreamSession>> sessions_;
  std::vector<std::unique_ptr<Crossing>> crossings_;
  std::vector<Crossing*> deferred_;
  io::Task task_;
  bool queued_ = false;
  json::Reader reader_;
  json::Canonical canonical_;
};

}  // namespace doorward::gateway
