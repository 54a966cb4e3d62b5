#pragma once

#include <optional>
#include <string>
#include <vector>

#include "identity/access_token.h"
#include "identity/claim_rule.h"
#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads `identity:`, the authorization servers whose tokens agents may show.
std::vector<IssuerConfig> read_identity(const yaml::Node& node, FileContext& context);

/// Reads `external_url:`; nothing where it is no base of URLs.
std::optional<std::string> read_external_url(const yaml::Node& node, FileContext& context);

/// Reads `identity:` of a grant, and `certificate:`.
std::optional<identity::SubjectRule> read_subject_rule(const yaml::Node& node, FileContext& context);
std::optional<identity::SubjectRule> read_certificate_rule(const yaml::Node& node, FileContext& context);

}  // namespace doorward::server
