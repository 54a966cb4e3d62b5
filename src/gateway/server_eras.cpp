#include "gateway/server_eras.h"

#include <functional>

namespace doorward::gateway {

void ServerEras::reset(const upstream::ServerSettings& settings) {
  if (settings.is_builtin()) {
    legacy = modern = Speaks::yes;
    return;
  }
  const bool sse = settings.is_http() && settings.http().transport == upstream::HttpTransport::sse;
  const bool legacy_only = sse || settings.protocol.era == upstream::ServerEra::legacy;
  const bool modern_only = !legacy_only && settings.protocol.era == upstream::ServerEra::modern;
  legacy = legacy_only ? Speaks::yes : modern_only ? Speaks::no : Speaks::unknown;
  modern = legacy_only ? Speaks::no : modern_only ? Speaks::yes : Speaks::unknown;
}

std::shared_ptr<ServerEras> EraBoard::of(const std::shared_ptr<const upstream::ServerSettings>& settings) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[settings->name];
  if (entry.settings == nullptr || *entry.settings != *settings) {
    entry.settings = settings;
    entry.eras = std::make_shared<ServerEras>();
    entry.eras->reset(*settings);
  }
  return entry.eras;
}

unsigned home_worker(const upstream::ServerSettings& settings, std::string_view grant_id, unsigned workers) {
  const std::size_t of_server = std::hash<std::string_view>{}(settings.name);
  const bool spreads = !settings.is_process() && settings.protocol.sessions != upstream::SessionSharing::shared;
  const std::size_t of_grant = spreads ? std::hash<std::string_view>{}(grant_id) : 0;
  return static_cast<unsigned>((of_server + of_grant) % workers);
}

}  // namespace doorward::gateway
