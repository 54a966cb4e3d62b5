#include "server/policy_trail.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "base/log.h"
#include "io/file.h"
#include "server/owned.h"

namespace doorward::server {

void PolicyTrail::record(const Inventory& now) {
  std::set<std::string> current;
  for (const PolicyItem& item : now.policies) {
    const auto [key, fresh] = current.insert(item.server + " " + item.name + " " + std::string(item.policy->sha256()));
    if (!fresh || recorded_.contains(*key)) continue;
    const std::string owner = owner_text(item.at);
    keep_text(*item.policy);
    record_("policy.loaded",
            std::vector<audit::EventRecord::Field>{
                {"server", std::string_view(item.server)},
                {"policy", std::string_view(item.name)},
                {"version", static_cast<std::int64_t>(item.policy->version())},
                {"sha256", item.policy->sha256()},
                {"mode", std::string_view(item.policy->mode() == policy::Mode::observe ? "observe" : "enforce")},
                {"owner", std::string_view(owner)}});
  }
  recorded_ = std::move(current);
}

void PolicyTrail::keep_text(const policy::Policy& policy) const {
  const std::string file = folder_ + "/" + std::string(policy.sha256()) + ".json";
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return;
  Status kept = io::make_directory(folder_);
  if (kept) kept = io::write_file_atomic(file, policy.text());
  if (!kept) log_line(LogLevel::warning, "the text of a policy could not be kept for later", {{"why", kept.error().message}});
}

}  // namespace doorward::server
