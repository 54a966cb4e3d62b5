#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "audit/reader.h"
#include "server/evidence.h"

namespace doorward::server {

/// When the gateway was up, which policies were in force and whether they were enforced, told from the log alone.
class Timeline {
 public:
  Timeline(std::int64_t from_us, std::int64_t to_us) : from_us_(from_us), to_us_(to_us) {}

  /// Every record up to the period's end, oldest first for each writer.
  void add(const audit::RecordView& record);
  /// control-state.json: up and down, losses, policies enforced or observed.
  std::string json() const;
  /// policies.json: who was in force when; `used` counts the period's records under each hash.
  std::string policies_json(const std::map<std::string, std::uint64_t>& used) const;
  /// Hashes of the policies in force at some time of the period.
  std::vector<std::string> policies() const;

 private:
  struct Run {
    std::string writer;
    std::uint64_t epoch = 0;
    std::string version;
    std::int64_t from_us = 0;
    std::int64_t to_us = 0;
    bool ended = false;  ///< by writer.stop
  };
  struct InForce {
    std::string server, policy, sha256, mode;
    std::int64_t version = 0;
    std::int64_t from_us = 0;
    std::int64_t to_us = 0;  ///< 0: to the end
  };
  bool of_period(std::int64_t from_us, std::int64_t to_us) const {
    return from_us < to_us_ && (to_us == 0 || to_us >= from_us_);
  }
  void load(const audit::RecordView& record);

  std::int64_t from_us_;
  std::int64_t to_us_;
  std::vector<Run> runs_;
  std::vector<InForce> in_force_;
  std::map<std::pair<std::string, std::string>, std::size_t> current_;  ///< server and policy -> in_force_
  std::vector<std::string> disturbances_;  ///< lines of records about losses and steps of the clock
};

std::string evidence_readme(const EvidenceOptions& options, const EvidenceReport& report);

}  // namespace doorward::server
