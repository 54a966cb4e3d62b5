#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "approval/boot.h"
#include "approval/desk.h"
#include "audit/reader.h"
#include "base/log.h"

namespace doorward::approval {

Status Desk::recover(const std::string& directory) {
  const auto doubtful = store_.uses_in_doubt();
  if (!doubtful) return std::unexpected(doubtful.error());
  if (doubtful->empty()) return {};
  const std::string boot = boot_id();
  std::set<std::string, std::less<>> missing;
  std::map<std::string, audit::LogPosition> from;
  for (const store::ApprovalUse& use : *doubtful) {
    // After a loss of power the log may lack an intent whose call went out: what is spent stays spent.
    if (use.boot != boot && !options_.log_survives_power_loss) continue;
    missing.insert(use.decision);
    const audit::LogPosition position{use.writer, static_cast<std::uint64_t>(use.epoch),
                                      static_cast<std::uint64_t>(use.seq)};
    const auto [at, first] = from.try_emplace(use.writer, position);
    if (!first && std::pair(position.epoch, position.seq) < std::pair(at->second.epoch, at->second.seq)) {
      at->second = position;
    }
  }
  std::vector<audit::LogPosition> positions;
  for (const auto& [writer, position] : from) positions.push_back(position);
  if (!missing.empty()) {
    const Status read = audit::LogReader(directory).for_each_since(positions, [&](const audit::RecordView& record) {
      if (record.text("event") == "call.intent") {
        if (const auto known = missing.find(record.text("id")); known != missing.end()) missing.erase(known);
      }
      return !missing.empty();
    });
    if (!read) return read;
  }
  return change([&]() -> Status {
    for (const std::string& decision : missing) {
      if (Status taken = take_back(decision, "the gateway ended before the call"); !taken) return taken;
    }
    return store_.settle_uses(INT64_MAX);
  });
}

}  // namespace doorward::approval
