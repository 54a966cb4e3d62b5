#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "upstream/settings.h"

namespace doorward::gateway {

/// What is known of one side of a server.
enum class Speaks : std::uint8_t { unknown, yes, no };

/// Which eras a server serves; a dual-era server serves both. Known to all workers as soon as one has found
/// it out.
struct ServerEras {
  std::atomic<Speaks> legacy = Speaks::unknown;
  std::atomic<Speaks> modern = Speaks::unknown;

  /// Back to what the settings say.
  void reset(const upstream::ServerSettings& settings);
};

/// The eras of all servers of this process. Thread-safe.
class EraBoard {
 public:
  /// Of the server with these settings; other settings under the same name begin anew.
  std::shared_ptr<ServerEras> of(const std::shared_ptr<const upstream::ServerSettings>& settings);

 private:
  struct Entry {
    std::shared_ptr<const upstream::ServerSettings> settings;
    std::shared_ptr<ServerEras> eras;
  };
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

/// The worker that modern requests belong to where what one leaves behind is the next one's: all of them
/// toward a process, which keeps its state to itself, and those of one grant toward a server that is served
/// through legacy sessions, whose calls wait for the client's next round; all again where such sessions are
/// shared. `workers` is how many there are.
unsigned home_worker(const upstream::ServerSettings& settings, std::string_view grant_id, unsigned workers);

}  // namespace doorward::gateway
