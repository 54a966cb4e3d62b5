#pragma once

#include <functional>
#include <string>

#include "json/writer.h"
#include "server/config.h"
#include "server/secret.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads `oauth:` of a server: how the gateway gets its tokens for it.
OAuthConfig read_oauth(const yaml::Node& node, FileContext& context);
/// What of it does not go together with the server's other settings is reported.
void check_oauth(const ServerConfig& server, const yaml::Node& node, FileContext& context);
/// The same as a member of the server's JSON; secrets stay references.
void write_oauth(json::Writer& writer, const OAuthConfig& oauth);

/// Brings the value of a reference, as resolve_secret does.
using FetchSecret =
    std::function<Result<std::string>(const SecretRef& ref, const std::string& name, SecretForm form)>;
/// The settings with the secrets' values.
Result<upstream::OAuthSettings> resolve_oauth(const OAuthConfig& oauth, const FetchSecret& fetch);

}  // namespace doorward::server
