#include "upstream/oauth_metadata.h"

#include <algorithm>

#include "http/url.h"
#include "json/reader.h"
#include "upstream/challenge.h"

namespace doorward::upstream {
namespace {

constexpr json::Limits kLimits{.bytes = 1u << 20, .depth = 16, .nodes = 10'000};

std::string_view path_of(const http::Url& url) {
  const std::string_view target = url.target;
  const std::string_view path = target.substr(0, target.find('?'));
  return path == "/" ? std::string_view() : path;
}

bool is_loopback(const http::Url& url) {
  if (url.host == "localhost") return true;
  const Result<io::Address> address = io::Address::parse(url.host, url.port);
  return address && io::class_of(*address) == io::AddressClass::loopback;
}

std::vector<std::string> texts_of(json::Value object, std::string_view key) {
  std::vector<std::string> texts;
  for (const json::Value value : object.find(key).elements()) {
    if (value.is(json::Type::string) && texts.size() < 100) texts.emplace_back(value.string());
  }
  return texts;
}

std::string scopes_of(json::Value object) {
  std::string scopes;
  for (const std::string& name : texts_of(object, "scopes_supported")) scopes = join_scopes(scopes, name);
  return scopes;
}

bool truth_of(json::Value object, std::string_view key) {
  const json::Value value = object.find(key);
  return value.is(json::Type::boolean) && value.boolean();
}

}  // namespace

FetchRule FetchRule::of_server(std::string_view url) {
  const Result<http::Url> parsed = http::parse_url(url);
  if (!parsed) return {};
  if (is_loopback(*parsed)) return {io::Reach::internal, !parsed->tls};
  const Result<io::Address> address = io::Address::parse(parsed->host, parsed->port);
  const bool internal = address && io::class_of(*address) == io::AddressClass::private_;
  return {internal ? io::Reach::internal : io::Reach::global, false};
}

Status FetchRule::check(std::string_view url, std::string_view what) const {
  const Result<http::Url> parsed = http::parse_url(url);
  if (!parsed) return fail(ErrorKind::invalid, "the URL of " + std::string(what) + " is not well formed");
  if (parsed->tls || (plain_http && is_loopback(*parsed))) return {};
  return fail(ErrorKind::denied, "the URL of " + std::string(what) + " is not https");
}

std::string origin_of(std::string_view url) {
  const Result<http::Url> parsed = http::parse_url(url);
  if (!parsed) return {};
  return parsed->origin();
}

std::vector<std::string> resource_metadata_urls(std::string_view server_url) {
  constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";
  const Result<http::Url> url = http::parse_url(server_url);
  if (!url) return {};
  const std::string root = origin_of(server_url) + std::string(kWellKnown);
  if (path_of(*url).empty()) return {root};
  return {root + std::string(path_of(*url)), root};
}

std::vector<std::string> server_metadata_urls(std::string_view issuer) {
  const Result<http::Url> url = http::parse_url(issuer);
  if (!url) return {};
  const std::string origin = origin_of(issuer);
  std::string path(path_of(*url));
  while (path.ends_with('/')) path.pop_back();
  const std::string oauth = origin + "/.well-known/oauth-authorization-server" + path;
  const std::string openid = origin + "/.well-known/openid-configuration" + path;
  if (path.empty()) return {oauth, openid};
  return {oauth, openid, origin + path + "/.well-known/openid-configuration"};
}

Result<ResourceMetadata> parse_resource_metadata(std::string_view text, std::string_view server_url) {
  json::Reader reader;
  const auto root = reader.read(text, kLimits);
  if (!root || !root->is(json::Type::object)) {
    return fail(ErrorKind::invalid, "the server's resource metadata is no JSON object");
  }
  ResourceMetadata made;
  made.resource = text_of(*root, "resource");
  made.authorization_servers = texts_of(*root, "authorization_servers");
  made.scopes = scopes_of(*root);
  const Result<http::Url> resource = http::parse_url(made.resource);
  const Result<http::Url> server = http::parse_url(server_url);
  const auto covers = [](std::string_view parent, std::string_view path) {
    while (parent.ends_with('/')) parent.remove_suffix(1);
    return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
  };
  if (!resource || !server || origin_of(made.resource) != origin_of(server_url) ||
      !covers(path_of(*resource), path_of(*server))) {
    return fail(ErrorKind::invalid, "the resource metadata describes another resource than this server");
  }
  return made;
}

Result<ServerMetadata> parse_server_metadata(std::string_view text, std::string_view issuer, const FetchRule& rule,
                                             bool for_code) {
  json::Reader reader;
  const auto root = reader.read(text, kLimits);
  if (!root || !root->is(json::Type::object)) {
    return fail(ErrorKind::invalid, "the authorization server's metadata is no JSON object");
  }
  ServerMetadata made;
  made.issuer = text_of(*root, "issuer");
  if (made.issuer != issuer) {
    return fail(ErrorKind::invalid, "the authorization server's metadata names another issuer than the one asked for");
  }
  made.authorization_endpoint = text_of(*root, "authorization_endpoint");
  made.token_endpoint = text_of(*root, "token_endpoint");
  made.registration_endpoint = text_of(*root, "registration_endpoint");
  made.scopes = scopes_of(*root);
  made.token_auth_methods = texts_of(*root, "token_endpoint_auth_methods_supported");
  made.names_auth_methods = root->find("token_endpoint_auth_methods_supported").is(json::Type::array);
  made.metadata_documents = truth_of(*root, "client_id_metadata_document_supported");
  made.names_issuer = truth_of(*root, "authorization_response_iss_parameter_supported");
  if (const Status good = rule.check(made.token_endpoint, "the token endpoint"); !good) {
    return std::unexpected(good.error());
  }
  if (!made.registration_endpoint.empty()) {
    if (const Status good = rule.check(made.registration_endpoint, "the registration endpoint"); !good) {
      return std::unexpected(good.error());
    }
  }
  if (!for_code) return made;
  if (const Status good = rule.check(made.authorization_endpoint, "the authorization endpoint"); !good) {
    return std::unexpected(good.error());
  }
  const std::vector<std::string> methods = texts_of(*root, "code_challenge_methods_supported");
  if (std::ranges::find(methods, "S256") == methods.end()) {
    return fail(ErrorKind::invalid, "the authorization server does not advertise PKCE with S256");
  }
  return made;
}

ServerMetadata assumed_metadata(std::string_view origin) {
  ServerMetadata made;
  made.issuer = origin;
  made.authorization_endpoint = made.issuer + "/authorize";
  made.token_endpoint = made.issuer + "/token";
  made.registration_endpoint = made.issuer + "/register";
  made.token_auth_methods = {"none", "client_secret_basic", "client_secret_post"};
  made.names_auth_methods = true;
  return made;
}

}  // namespace doorward::upstream
