#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clients/config_file.h"
#include "clients/manifest.h"

namespace doorward::clients {

/// How an entry of a client stands towards the gateway.
enum class Standing : std::uint8_t {
  behind,    ///< its calls go through Doorward
  edited,    ///< init put it behind the gateway, and somebody has changed it since
  bypasses,  ///< it starts or asks its server itself
  disabled,  ///< it is switched off
  broken,    ///< nothing can be started by it
};
std::string_view to_string(Standing standing);
/// For people.
std::string_view words_of(Standing standing);

struct StandingEntry {
  std::string name;
  std::string project;
  std::string server;  ///< of the gateway; empty: not known
  std::string grant;
  Standing standing = Standing::bypasses;
};

/// One file with its entries, and those of init's that are not in it any more.
struct StandingFile {
  std::string client;
  std::string label;
  std::string path;
  Scope scope = Scope::user;
  std::string error;  ///< why it cannot be read
  std::vector<StandingEntry> entries;
};

/// Every file of these clients (of all, where the list is empty) that there is. Reads; starts nothing.
std::vector<StandingFile> find_standing(const Roots& roots, const std::vector<const Client*>& wanted, const Manifest& manifest);

/// As `doorward client list --json` and `GET /api/v1/clients` give it.
std::string standing_json(const std::vector<StandingFile>& files);

}  // namespace doorward::clients
