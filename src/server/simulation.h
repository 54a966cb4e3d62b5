#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/replay.h"

namespace doorward::server {

/// Recorded calls of one server under a draft: what would change, for whom, by which rule.
struct Simulation {
  /// Calls of one agent and tool to which the same happens.
  struct Group {
    Change change = Change::unchanged;
    Obstacle obstacle = Obstacle::none;
    std::string agent;
    std::string tool;
    std::string was;
    std::string now;       ///< empty where it is not known
    std::string was_rule;
    std::string rule;
    std::string pointer;
    std::size_t line = 0;  ///< of the draft, or 0
    std::string note;
    std::uint64_t calls = 0;
    std::uint64_t succeeded = 0;  ///< of these, how many had succeeded
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
    std::vector<std::string> examples;  ///< ids, newest first
  };

  std::shared_ptr<const policy::Policy> draft;
  std::string server;
  std::string policy;  ///< whose calls they are; empty: all of the server's
  std::int64_t since_us = 0;
  std::int64_t until_us = 0;
  std::int64_t oldest_us = 0;   ///< of the calls; 0: there are none
  bool whole = true;            ///< false: more calls stand in the window than were replayed
  std::uint64_t calls = 0;
  std::array<std::uint64_t, kChanges.size()> counts{};     ///< by Change
  std::array<std::uint64_t, kChanges.size()> succeeded{};  ///< of these, how many had succeeded
  std::vector<Group> groups;  ///< what changes first, then by calls
  std::size_t arguments_read = 0;
  std::vector<std::string> notes;  ///< what a reader should know of these numbers
  std::string lockout;             ///< one sentence where the tool most used in the last hour is refused; else empty

  std::uint64_t count(Change change) const { return counts[static_cast<std::size_t>(change)]; }
};

/// Judges the calls again (oldest first) and sums up. Fills all but `since_us`, `until_us`, `policy` and `whole`.
Simulation simulate(const std::vector<RecordedCall>& calls, std::shared_ptr<const policy::Policy> draft,
                    const ReplayContext& context, std::int64_t now_us);

/// `doorward.policy.simulate/1`.
std::string to_json(const Simulation& simulation);

}  // namespace doorward::server
