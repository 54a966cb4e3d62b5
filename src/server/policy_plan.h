#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/reach.h"
#include "catalogue/recommendation.h"
#include "json/writer.h"
#include "server/deployment.h"

namespace doorward::server {

/// A recommendation that somebody asks for.
struct PlanRequest {
  std::vector<std::string> servers;
  std::optional<std::string> tool;    ///< only its rule, merged into the policy
  catalogue::Posture posture = catalogue::Posture::recommended;
  std::optional<std::string> policy;  ///< its name; nothing: the server's only one, or a new one named by the posture
};

/// One server of it, before anything is computed.
struct PlanTarget {
  std::string server;
  std::optional<StoredServer> live;  ///< nothing: known to the catalogue alone
  std::string policy;                ///< name; empty: the server has several, and none was named
  std::shared_ptr<const policy::Policy> current;
  std::vector<std::string> carried_by;  ///< labels of the grants that carry it
};

/// The policy that is recommended for it.
struct PlannedPolicy {
  PlanTarget target;
  std::string text;
  std::vector<std::string> why;
  std::vector<std::string> warnings;
  /// Tools that the engine answers otherwise under the new policy than under the one in force.
  struct Change {
    std::string tool;
    catalogue::Reach before;
    catalogue::Reach after;
  };
  std::vector<Change> changes;

  bool changed() const { return !target.current || target.current->text() != text; }
};

/// Control thread.
Result<std::vector<PlanTarget>> read_targets(const Inventory& inventory, store::Store& store, const PlanRequest& request,
                                             std::int64_t now_s);

/// Any thread. not_found where a server is known neither to the gateway nor to the catalogue of the state directory, or
/// has no such tool.
Result<std::vector<PlannedPolicy>> plan_policies(std::vector<PlanTarget> targets, const PlanRequest& request,
                                                 const std::string& state_directory);

/// Another one where any of the texts, or of those that they replace, is another.
std::string digest_of(std::span<const PlannedPolicy> plan);

/// The members `digest` and `policies` of an answer.
void write_plan(json::Writer& writer, std::span<const PlannedPolicy> plan);

}  // namespace doorward::server
