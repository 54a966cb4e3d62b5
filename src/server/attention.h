#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/record_index.h"
#include "json/writer.h"
#include "server/deployment.h"

namespace doorward::server {

/// Something that a person should look at.
struct AttentionItem {
  std::string kind;      ///< `approvals_waiting`, ...: docs/api.md
  std::string sentence;  ///< names from requests and servers stand in it as they are: whoever shows it makes them visible
  std::uint64_t count = 1;
  std::optional<std::int64_t> since_us;
  std::string page;  ///< of the console
  std::vector<std::pair<std::string, std::string>> filters = {};  ///< of that page
};

/// What of it the control thread knows.
struct AttentionFacts {
  struct Tool {
    std::string server;
    std::string tool;
  };
  struct Grant {
    std::string id;
    std::string label;
    std::int64_t created_us = 0;
  };
  std::int64_t now_us = 0;
  std::uint64_t waiting = 0;
  std::optional<std::int64_t> oldest_us;  ///< of what waits
  bool log_accepting = true;
  std::string log_failure;
  std::vector<Tool> changed;  ///< since they were reviewed
  std::vector<Grant> grants;  ///< that can be used
};

/// Destructive tools that agents can use without a person.
struct Unguarded {
  std::size_t tools = 0;
  std::size_t agents = 0;
  std::string server;  ///< of the first one
  std::string tool;
};
/// Asks the policy engine. Takes long on a large deployment.
Unguarded find_unguarded(const catalogue::Deployment& deployment);

/// What needs attention, the most harmful first; at most `most`. Any thread.
std::vector<AttentionItem> attention(const AttentionFacts& facts, const Unguarded& unguarded,
                                     const audit::RecordIndex& index, std::size_t most);

}  // namespace doorward::server
