#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/import.h"
#include "io/fetch.h"

namespace doorward::catalogue {

inline constexpr std::string_view kOfficialRegistry = "https://registry.modelcontextprotocol.io";

/// What a run brought, also one that stopped early.
struct Synced {
  std::size_t pages = 0;
  std::size_t records = 0;
  Taken taken;
  std::vector<Skipped> skipped;
  std::string since;             ///< the `updated_since` that was asked for; empty: everything
  bool resumed = false;          ///< went on where an earlier run broke off
  std::optional<Error> stopped;  ///< why it did not come to the end; the next run goes on from here
};

/// What a run needs of the world, so that tests have their own.
struct SyncWorld {
  std::function<Result<io::FetchAnswer>(const std::string& url)> get;
  std::function<void(std::chrono::milliseconds)> wait;
  std::function<std::int64_t()> now_us;  ///< wall clock
  std::function<void(const Synced& so_far, std::string_view doing)>
      tell;  ///< after each page, before each wait
};

/// Brings the catalogue up to date with a registry of the official API (`GET /v0.1/servers`, page by page,
/// the latest version of each server): the first run asks for everything, later ones for what has changed
/// since. Each page is taken and the place behind it kept in the catalogue, so that a run that breaks is gone
/// on with. 429 and 5xx are waited for (`Retry-After`, else 1 s and twice as long each time, six times); a
/// redirect is not followed. `source`: an http or https URL with or without `/v0.1`. `anew`: forget where
/// earlier runs came to.
Synced sync_registry(Catalogue& catalogue, std::string_view source, bool anew, const SyncWorld& world);

}  // namespace doorward::catalogue
