#include "scan/known.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "catalogue/look_alike.h"
#include "server/state_dir.h"

namespace doorward::scan {
namespace {

/// The record that a server belongs to: by package, by URL, or by a name that says enough.
std::optional<catalogue::ServerRecord> record_of(catalogue::Catalogue& catalogue, const Server& server) {
  const auto found = [](auto&& result) -> std::optional<catalogue::ServerRecord> {
    return result ? *std::move(result) : std::nullopt;
  };
  if (server.launch.package) {
    const catalogue::Package& package = server.launch.package->package;
    if (auto record = found(catalogue.by_package(package.registry, package.identifier))) return record;
  }
  if (!server.launch.url.empty()) {
    if (auto record = found(catalogue.by_url(server.launch.url))) return record;
  }
  if (auto record = found(catalogue.by_source("scan", source_id_of(server)))) return record;
  return std::nullopt;
}

}  // namespace

KnownServers::KnownServers(const std::string& state, bool make) {
  const auto chosen = server::choose_state_dir(state);
  if (!chosen) {
    troubles_.push_back("the catalogue is not used: " + chosen.error().message);
    return;
  }
  std::error_code error;
  if (!make && !std::filesystem::exists(chosen->path + "/catalogue.db", error)) return;
  if (const Status ready = server::prepare_state_dir(*chosen); !ready) {
    troubles_.push_back("the catalogue is not used: " + ready.error().message);
    return;
  }
  auto opened = catalogue::Catalogue::open(chosen->path);
  if (!opened) {
    troubles_.push_back("the catalogue is not used: " + opened.error().message);
    return;
  }
  catalogue_ = std::move(*opened);
}

void KnownServers::remember(Scan& scan) {
  if (!catalogue_) return;
  std::vector<catalogue::Listing> listings;
  for (const Server& server : scan.servers) {
    if (server.known == Known::listed && !server.definitions.empty()) listings.push_back(listing_of(server));
  }
  if (listings.empty()) return;
  if (const auto taken = catalogue_->take(listings, system_clock().wall_us()); !taken) {
    troubles_.push_back("the catalogue does not keep what was found: " + taken.error().message);
  }
}

void KnownServers::fill(Scan& scan) {
  if (!catalogue_) return;
  for (Server& server : scan.servers) {
    if (server.launch.is_doorward()) continue;
    const auto record = record_of(*catalogue_, server);
    if (!record) continue;
    server.slug = record->slug;
    if (server.known == Known::listed) {
      take_overrides(server);
      continue;
    }
    if (record->listing.tools_known == catalogue::ToolsKnown::none) continue;
    auto tools = catalogue_->tools(record->slug);
    if (!tools) {
      troubles_.push_back("the catalogue cannot be read: " + tools.error().message);
      return;
    }
    server.tools = std::move(*tools);
    server.known = Known::catalogue;
  }
}

void KnownServers::take_overrides(Server& server) {
  const auto known = catalogue_->tools(server.slug);
  if (!known) return;
  for (catalogue::ToolRecord& tool : server.tools) {
    const auto same = std::ranges::find(*known, tool.name, &catalogue::ToolRecord::name);
    if (same == known->end() || !same->override) continue;
    tool.classification = same->classification;
    tool.override = same->override;
  }
}

LooksLike KnownServers::looks_like() {
  if (!catalogue_) return {};
  // Arranging the names of a whole catalogue takes its time, so only where somebody asks.
  return [this, known = std::shared_ptr<catalogue::LookAlikes>()](
             const catalogue::Listing& listing, std::string_view slug) mutable -> std::vector<catalogue::LookAlike> {
    if (!known) {
      auto all = catalogue::LookAlikes::of(*catalogue_);
      if (!all) return {};
      known = std::make_shared<catalogue::LookAlikes>(std::move(*all));
    }
    return known->like(listing, slug);
  };
}

}  // namespace doorward::scan
