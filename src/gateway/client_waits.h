#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::gateway {

/// How long a call of a client may be held while people are asked.
struct ClientWait {
  std::string name;                          ///< of clientInfo, ASCII case aside; a `*` at its end: any rest
  std::chrono::milliseconds hold;            ///< without a sign of life
  std::chrono::milliseconds hold_with_progress;
};

/// The table that ships with Doorward (client_waits.data). Its last row matches every client.
const std::vector<ClientWait>& shipped_client_waits();

/// The first row of `own`, then of the shipped table, whose name is the client's.
const ClientWait& wait_of(const std::vector<ClientWait>& own, std::string_view client);

}  // namespace doorward::gateway
