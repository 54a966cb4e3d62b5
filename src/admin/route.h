#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace doorward::admin {

enum class Verb : std::uint8_t { get, post, put, patch, del };
std::string_view to_string(Verb verb);  ///< `GET`

/// Who answers a route, and to whom.
enum class Access : std::uint8_t {
  operation,  ///< the operation of that name; it says itself which roles may ask for it
  signed_in,  ///< a handler of its own; anyone with a role
  anonymous,  ///< a handler of its own; nobody is asked who they are
};

/// Which array of a result is given out page by page, and the members that order its items (joined by `,`).
/// Such a route takes `limit` and `cursor`, and its result carries `next` where there is more.
struct Paged {
  std::string_view items;
  std::string_view key;
};

/// One row of the admin API. Where a member of the request comes from follows from the row: named in the
/// path, it comes from there; else from the query (GET, DELETE) or from the JSON body (POST, PUT, PATCH).
struct Route {
  std::string_view op;    ///< unique; of an operation its name
  Verb verb;
  std::string_view path;  ///< `/api/v1/grants/{label}`
  std::string_view text;  ///< one sentence for the reader of the document
  /// A JSON object of the request's members: name to JSON Schema, or to the name of a shared schema. A name
  /// with `!` at its end is required; those in the path always are. A number or boolean outside the body has
  /// its `type` inline.
  std::string_view members;
  std::string_view result;  ///< the shared schema of the answer; empty: not JSON, or none
  Access access = Access::operation;
  Paged paged = {};
  bool landing = false;  ///< a GET to which pages of other sites lead: following a link from one is let through
};

/// The routes of one subject, and the schemas that they brought along.
struct RouteGroup {
  std::string_view name;
  std::span<const Route> routes;
  std::string_view schemas;  ///< a JSON object: name to JSON Schema (draft 2020-12)
};

}  // namespace doorward::admin
