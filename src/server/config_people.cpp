#include "server/config_people.h"

#include <utility>

#include "http/url.h"
#include "server/config_server.h"

namespace doorward::server {
namespace {

void read_url(Fields& fields, std::string_view key, std::string& into, FileContext& context) {
  auto text = fields.take_text(key);
  if (!text) return;
  const yaml::Node& node = *fields.node().find(key);
  const auto url = http::parse_url(*text);
  const bool here = url && (url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1");
  if (!url) {
    context.report(node, "\"" + std::string(key) + "\": " + url.error().message);
  } else if (!url->tls && !here) {
    context.report(node, "\"" + std::string(key) + "\" must be an https URL; http is for this machine alone");
  }
  into = std::move(*text);
}

/// `NAME: [group of the issuer, ...]`, as pairs of the issuer's group and the name.
template <typename Add>
void read_groups(const yaml::Node* node, std::string_view key, FileContext& context, Add&& add) {
  if (node == nullptr) return;
  if (node->kind != yaml::Node::Kind::mapping) {
    return context.report(*node, "\"" + std::string(key) + "\" must be a mapping of names to lists of groups");
  }
  Fields fields(*node, key, context);
  for (const yaml::Entry& entry : node->entries) {
    for (std::string& group : fields.take_texts(entry.key)) add(entry, std::move(group));
  }
}

OidcConfig read_oidc(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "people.oidc", context);
  OidcConfig oidc;
  read_url(fields, "issuer", oidc.issuer, context);
  read_url(fields, "redirect_url", oidc.redirect_url, context);
  if (auto id = fields.take_text("client_id")) oidc.client_id = std::move(*id);
  if (const yaml::Node* secret = fields.take("client_secret")) {
    oidc.client_secret = read_secret_ref(*secret, "client_secret", context);
  }
  if (node.find("scopes") != nullptr) oidc.scopes = fields.take_texts("scopes");
  if (auto claim = fields.take_text("groups_claim")) oidc.groups_claim = std::move(*claim);
  if (auto file = fields.take_text("ca_file")) oidc.ca_file = context.absolute(*file);
  read_groups(fields.take("roles"), "roles", context, [&](const yaml::Entry& entry, std::string group) {
    const auto role = identity::parse_role(entry.key);
    if (!role) {
      return context.report(entry.value, "\"" + entry.key + "\" is no role; the roles are " +
                                             to_string(identity::Roles::all()));
    }
    oidc.map.roles.emplace_back(std::move(group), *role);
  });
  read_groups(fields.take("approver_groups"), "approver_groups", context,
              [&](const yaml::Entry& entry, std::string group) {
                oidc.map.approver_groups.emplace_back(std::move(group), entry.key);
              });
  fields.finish();
  for (const char* key : {"issuer", "client_id", "redirect_url", "roles"}) {
    if (node.find(key) == nullptr) fields.missing(key);
  }
  return oidc;
}

}  // namespace

PeopleConfig read_people(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "people", context);
  PeopleConfig people;
  if (const yaml::Node* oidc = fields.take("oidc")) people.oidc = read_oidc(*oidc, context);
  fields.finish();
  return people;
}

}  // namespace doorward::server
