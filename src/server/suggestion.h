#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"
#include "server/recorded_calls.h"

namespace doorward::server {

/// A least-privilege policy drafted from what agents did.
struct Suggestion {
  struct Tool {
    std::string tool;
    std::uint64_t calls = 0;   ///< that went through
    std::uint64_t asked = 0;   ///< of these, with a person's consent
    std::uint64_t agents = 0;  ///< that made them
    std::uint64_t refused = 0; ///< calls that were refused
  };
  std::string text;           ///< a valid document; every tool that was used under its exact name, all else denied
  std::vector<Tool> tools;    ///< that it permits, most used first
  std::vector<Tool> refused;  ///< that agents asked for and never got
  std::uint64_t calls = 0;
  std::uint64_t peak = 0;     ///< most calls of one agent in a minute
  std::vector<std::string> notes;
};

/// `calls`: of one server, oldest first. `current`: the policy that decided them, whose rules for a tool are kept as they
/// stand; may be null. `span`: the window in words, for the description.
Suggestion suggest_policy(const std::vector<RecordedCall>& calls, std::string_view server,
                          const std::shared_ptr<const policy::Policy>& current, std::string_view span);

}  // namespace doorward::server
