#include "server/config_secrets.h"

#include "server/config_server.h"

namespace doorward::server {

SecretsConfig read_secrets(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "secrets", context);
  SecretsConfig secrets;
  const auto take = [&](std::string_view key, std::optional<SecretRef>& into) {
    const yaml::Node* value = fields.take(key);
    if (value == nullptr) return;
    into = read_secret_ref(*value, key, context);
    if (into->source == SecretRef::Source::sealed || !into->prefix.empty()) {
      context.report(
          *value, "\"" + std::string(key) +
                      "\" seals the others: refer to it by {file: PATH}, {env: NAME} or {credential: NAME}, "
                      "without a prefix");
    }
  };
  take("master_key", secrets.master_key);
  take("previous_master_key", secrets.previous_master_key);
  fields.finish();
  if (secrets.previous_master_key && !secrets.master_key) fields.missing("master_key");
  return secrets;
}

}  // namespace doorward::server
