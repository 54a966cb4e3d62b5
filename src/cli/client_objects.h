#pragma once

#include <set>
#include <string>
#include <vector>

#include "cli/client_setup.h"

namespace doorward::cli {

/// What the gateway has already: names of servers and bundles, labels of grants.
struct GatewayNames {
  std::vector<std::string> servers;
  std::vector<std::string> grants;
};
Result<GatewayNames> gateway_names(const server::StateDir& state);

/// Makes what a plan needs in the gateway (or its store, where none runs): secrets, servers, policies, one grant for each
/// client and server, whose token goes to a file of mode 0600. What is made is written into the manifest before it is
/// made. After a failure everything that was made is taken back.
Status make_objects(const server::StateDir& state, const scan::Scan& scan, const Setup& setup, clients::Manifest& manifest);

/// Takes away what only init made and what nothing in the manifest's files uses any more: grants, then policies and
/// servers. What others use, or have changed, stays; a sentence for each of these.
std::vector<std::string> remove_objects(const server::StateDir& state, clients::Manifest& manifest);

}  // namespace doorward::cli
