#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "gateway/server_eras.h"
#include "json/reader.h"
#include "upstream/call.h"

namespace doorward::gateway {

class ServerLink;
class Worker;

/// Waits until ServerLink::eras().modern is known.
class EraWaiter {
 public:
  /// `failure` null: it is known now. Else the server could not be reached, and nothing is known. From the
  /// loop, never from inside the function that began the waiting. Valid during the call only.
  virtual void on_era_known(const upstream::Failure* failure) = 0;

 protected:
  ~EraWaiter() = default;
};

/// Whether an answer to `server/discover` shows a modern server: a proper DiscoverResult that offers a modern
/// revision, or an error that only the modern era has. An answer alone is no proof: most legacy servers
/// answer some requests without a handshake.
bool shows_modern_era(json::Value root);

/// Asks a server once whether it serves the modern era: `server/discover` with a `_meta` of our own, which a
/// legacy server refuses and is not disturbed by, also before its handshake. Over HTTP any answer decides,
/// and a failure decides nothing; over stdio silence and the process's end mean legacy too.
class EraProbe final : public upstream::Call {
 public:
  EraProbe(Worker& worker, ServerLink& link, std::string_view grant)
      : worker_(worker), link_(link), grant_(grant) {}
  ~EraProbe();
  EraProbe(const EraProbe&) = delete;
  EraProbe& operator=(const EraProbe&) = delete;

  /// Fails where the server's process cannot be started.
  Status start();
  void tick();

  void on_head(int, std::string_view, bool) override {}
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  void done(Speaks modern);

  Worker& worker_;
  ServerLink& link_;
  const std::string grant_;  ///< in whose name it is asked
  upstream::Ticket* ticket_ = nullptr;
  std::int64_t deadline_us_ = INT64_MAX;
  json::Reader reader_;
  bool modern_ = false;
};

}  // namespace doorward::gateway
