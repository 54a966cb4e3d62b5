#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "gateway/pin_set.h"
#include "store/store.h"
#include "upstream/settings.h"

namespace doorward::server {

/// The definition of a tool that may be called, or nothing. With `include_new` that is the first one of a tool that
/// nobody has reviewed, unless it was rejected.
std::optional<Digest> pinned_definition(const store::ToolRow& tool, const upstream::ServerSettings& settings);

/// What the store remembers of a server's tools, as the workers judge by it.
Result<std::shared_ptr<const gateway::PinSet>> load_pins(store::Store& store,
                                                         const upstream::ServerSettings& settings);

/// Stores what a worker met, and which of the report's missing tools count as gone; what each sighting made known.
Result<std::vector<store::SeenAs>> store_report(store::Store& store, const gateway::ToolReport& report,
                                                std::span<const std::string> gone, std::int64_t now_us);

}  // namespace doorward::server
