#pragma once

#include "admin/route.h"

/// The rows of the admin API, a file a subject: `routes_<subject>.cpp`. A new operation gets a row in the
/// file of its subject; the gateway does not start with an operation that no route leads to.
namespace doorward::admin {

extern const RouteGroup kGatewayRoutes;
extern const RouteGroup kServerRoutes;
extern const RouteGroup kCatalogueRoutes;
extern const RouteGroup kRegistryRoutes;
extern const RouteGroup kPolicyRoutes;
extern const RouteGroup kGrantRoutes;
extern const RouteGroup kSecretRoutes;
extern const RouteGroup kUpstreamAccountRoutes;
extern const RouteGroup kAuditRoutes;
extern const RouteGroup kAgentRoutes;
extern const RouteGroup kPeopleRoutes;
extern const RouteGroup kRecordRoutes;
extern const RouteGroup kApprovalRoutes;
extern const RouteGroup kOverviewRoutes;

}  // namespace doorward::admin
