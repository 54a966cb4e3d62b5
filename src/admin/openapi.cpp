#include "admin/openapi.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/text.h"
#include "json/writer.h"

namespace doorward::admin {
namespace {

constexpr identity::Role kRoles[] = {identity::Role::viewer, identity::Role::auditor, identity::Role::approver,
                                     identity::Role::policy_manager, identity::Role::admin};

void write_parameters(json::Writer& writer, const RouteEntry& entry) {
  writer.key("parameters").begin_array();
  for (const Member& member : entry.members) {
    if (member.from == From::body) continue;
    writer.begin_object().key("name").string(member.name);
    writer.key("in").string(member.from == From::path ? "path" : "query");
    writer.key("required").boolean(member.required).key("schema").raw(member.schema).end_object();
  }
  if (entry.route->verb != Verb::get && entry.route->access == Access::operation) {
    writer.begin_object().key("name").string("If-Match").key("in").string("header").key("required").boolean(false);
    writer.key("description").string("the ETag of the resource as it was read; another one now: 412");
    writer.key("schema").begin_object().key("type").string("string").end_object().end_object();
  }
  if (entry.route->verb == Verb::put) {
    writer.begin_object().key("name").string("If-None-Match").key("in").string("header").key("required").boolean(false);
    writer.key("description").string("`*`: only where there is none yet; otherwise 412");
    writer.key("schema").begin_object().key("type").string("string").end_object().end_object();
  }
  writer.end_array();
}

void write_body(json::Writer& writer, const RouteEntry& entry) {
  if (entry.route->verb == Verb::get || entry.route->verb == Verb::del) return;
  writer.key("requestBody").begin_object().key("content").begin_object().key("application/json").begin_object();
  writer.key("schema").begin_object().key("type").string("object").key("properties").begin_object();
  bool required = false;
  for (const Member& member : entry.members) {
    if (member.from != From::body) continue;
    writer.key(member.name).raw(member.schema);
    required = required || member.required;
  }
  writer.end_object();
  if (required) {
    writer.key("required").begin_array();
    for (const Member& member : entry.members) {
      if (member.from == From::body && member.required) writer.string(member.name);
    }
    writer.end_array();
  }
  writer.key("additionalProperties").boolean(false).end_object().end_object().end_object().end_object();
}

void write_responses(json::Writer& writer, const RouteEntry& entry) {
  writer.key("responses").begin_object().key("200").begin_object().key("description").string("Done");
  writer.key("content").begin_object();
  if (!entry.route->result.empty()) {
    writer.key("application/json").begin_object().key("schema").begin_object().key("$ref");
    writer.string("#/components/schemas/" + std::string(entry.route->result)).end_object().end_object();
  }
  writer.end_object().end_object().key("default").begin_object().key("description").string("Refused");
  writer.key("content").begin_object().key("application/problem+json").begin_object().key("schema").begin_object();
  writer.key("$ref").string("#/components/schemas/Problem");
  writer.end_object().end_object().end_object().end_object().end_object();
}

void write_operation(json::Writer& writer, const RouteEntry& entry, const RolesOf& roles_of) {
  const Route& route = *entry.route;
  writer.begin_object().key("operationId").string(route.op).key("summary").string(route.text);
  writer.key("tags").begin_array().string(entry.group->name).end_array();
  writer.key("x-roles").begin_array();
  const identity::Roles roles = route.access == Access::operation ? roles_of(route.op).value_or(identity::Roles{})
                                : route.access == Access::signed_in ? identity::Roles::all()
                                                                    : identity::Roles{};
  for (const identity::Role role : kRoles) {
    if (roles.has(role)) writer.string(identity::to_string(role));
  }
  writer.end_array();
  if (route.access == Access::anonymous) writer.key("security").begin_array().end_array();
  write_parameters(writer, entry);
  write_body(writer, entry);
  write_responses(writer, entry);
  writer.end_object();
}

}  // namespace

std::string openapi_json(const RouteTable& table, const RolesOf& roles_of, std::string_view version) {
  std::vector<std::string_view> paths;
  for (const RouteEntry& entry : table.entries()) {
    if (std::ranges::find(paths, entry.route->path) == paths.end()) paths.push_back(entry.route->path);
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("openapi").string("3.1.0").key("info").begin_object();
  writer.key("title").string("Doorward admin API").key("version").string(version);
  writer.key("license").begin_object().key("name").string("Apache-2.0").key("identifier").string("Apache-2.0");
  writer.end_object().end_object();
  writer.key("servers").begin_array().begin_object().key("url").string("/").end_object().end_array();
  writer.key("security").begin_array().begin_object().key("bearer").begin_array().end_array().end_object().end_array();
  writer.key("paths").begin_object();
  for (const std::string_view path : paths) {
    writer.key(path).begin_object();
    for (const RouteEntry& entry : table.entries()) {
      if (entry.route->path != path) continue;
      writer.key(lower(to_string(entry.route->verb)));
      write_operation(writer, entry, roles_of);
    }
    writer.end_object();
  }
  writer.end_object().key("components").begin_object().key("securitySchemes").begin_object();
  writer.key("bearer").begin_object().key("type").string("http").key("scheme").string("bearer").end_object();
  writer.end_object().key("schemas").begin_object();
  for (const auto& [name, schema] : table.schemas()) writer.key(name).raw(schema);
  writer.end_object().end_object().end_object();
  return out;
}

}  // namespace doorward::admin
