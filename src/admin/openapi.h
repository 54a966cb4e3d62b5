#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "admin/route_table.h"
#include "identity/role.h"

namespace doorward::admin {

/// The roles that may ask for an operation; nothing where there is no such operation.
using RolesOf = std::function<std::optional<identity::Roles>(std::string_view op)>;

/// The OpenAPI 3.1 document of the table. Each operation carries `x-roles`: who may ask for it.
std::string openapi_json(const RouteTable& table, const RolesOf& roles_of, std::string_view version);

}  // namespace doorward::admin
