#pragma once

#include "json/writer.h"
#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads one item of `servers:`. What is wrong is reported to the context; the result holds what could be
/// read.
ServerConfig read_server(const yaml::Node& node, FileContext& context);

/// Reads the settings of a server that a command made: the same mapping as JSON text, without `name`.
std::expected<ServerConfig, Findings> parse_server_settings(const std::string& name, std::string_view json);

/// The settings as that JSON text; secrets stay references.
std::string server_settings_json(const ServerConfig& server);

/// Reads how the gateway speaks with a server: `era`, `transport`, `sessions`, `client_requests`,
/// `include_new`, `admit_names` and `sandbox`.
void read_protocol(Fields& fields, ServerConfig& server, FileContext& context);
/// The same as members of the server's JSON; what is the default is left out.
void write_protocol(json::Writer& writer, const ServerConfig& server);

/// Reads `{env: NAME}`, `{file: PATH}`, `{credential: NAME}`, `{sealed: NAME}` or `{value: TEXT}`, with an optional
/// `prefix`. `name` is the header,
/// variable or setting that takes the value.
SecretRef read_secret_ref(const yaml::Node& node, std::string_view name, FileContext& context);

/// Writes such a reference.
void write_secret_ref(json::Writer& writer, const SecretRef& ref);

/// Why a header of this name (in lower case) cannot be configured for an upstream, or nothing: the gateway
/// writes the framing and protocol headers itself.
std::string_view refused_header(std::string_view name);

/// Whether this is a name for a header (an HTTP token) or for an environment variable.
bool is_header_name(std::string_view name);
bool is_variable_name(std::string_view name);
/// Whether this is a name for a sealed secret or a credential.
bool is_secret_name(std::string_view name);

}  // namespace doorward::server
