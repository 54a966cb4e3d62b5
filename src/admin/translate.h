#pragma once

#include <string>
#include <string_view>

#include "admin/route_table.h"
#include "base/result.h"

namespace doorward::admin {

/// The pages that a request asks for (Paged in route.h).
struct PageRequest {
  std::size_t limit = 0;  ///< 0: not paged
  std::string after;      ///< the key of the last item that was given out; empty: from the beginning
};

/// What an HTTP request asks an operation for.
struct OperationRequest {
  std::string json;  ///< `{"op": ..., members}`
  PageRequest page;
};

/// Takes the members from where the route says. invalid: one is unknown, missing, twice there, or no JSON.
/// `query`: percent-encoded, without `?`. `body`: JSON, empty is `{}`.
Result<OperationRequest> to_operation(const RouteTable::Match& match, std::string_view query,
                                      std::string_view body);

/// The request for the resource that a change is about, with the members of the change that name it. `change`
/// is its OperationRequest::json.
Result<std::string> to_resource_request(const RouteEntry& resource, std::string_view change);

/// An HTTP request for an operation.
struct HttpRequest {
  std::string op;
  Verb verb;
  std::string target;
  std::string body;  ///< empty for GET and DELETE
};
/// The inverse of to_operation, for clients. not_found: a name in the path that no object can have.
Result<HttpRequest> to_http(const RouteTable& table, std::string_view operation);

}  // namespace doorward::admin
