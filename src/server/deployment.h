#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/coverage.h"
#include "server/inventory.h"
#include "store/store.h"

namespace doorward::server {

/// The tools of one server as the store has them: what a deployment is made of, before anything is classified.
struct StoredServer {
  std::shared_ptr<const upstream::ServerSettings> settings;
  std::shared_ptr<const gateway::PinSet> pins;  ///< never null
  std::vector<store::MetTool> tools;
};

/// What the gateway judges by at this moment, as values that any thread may read.
struct StoredDeployment {
  std::vector<StoredServer> servers;
  std::vector<catalogue::LiveGrant> grants;
};

/// Which part of it.
struct DeploymentPart {
  std::optional<std::string> server;
  std::optional<std::string> grant;  ///< label
};

/// Reads it: servers, grants that are neither revoked nor expired, policies. not_found where the part names none.
/// Control thread.
Result<StoredDeployment> read_deployment(const Inventory& inventory, store::Store& store, const DeploymentPart& part,
                                         std::int64_t now_s);

/// Classifies the tools as the gateway does: each under the category in force, refused where its latest definition is
/// not the reviewed one. What persons said of tools comes from the catalogue of the state directory, where it can be
/// read. Takes long for thousands of tools; any thread.
catalogue::Deployment make_deployment(StoredDeployment stored, const std::string& state_directory);

/// The tools of one server in the same way, as records.
std::vector<catalogue::ToolRecord> records_of(const StoredServer& server, const std::string& state_directory);

}  // namespace doorward::server
