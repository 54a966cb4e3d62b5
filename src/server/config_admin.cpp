#include "server/config_admin.h"

#include <utility>

#include "io/socket.h"
#include "server/config_listener.h"
#include "server/config_tls.h"

namespace doorward::server {

void read_admin(const yaml::Node& node, AdminConfig& admin, FileContext& context) {
  Fields fields(node, "admin", context);
  if (auto listen = fields.take_text("listen")) {
    admin.chosen = true;
    admin.listen = *listen == "none" ? std::string() : std::move(*listen);
    if (!admin.listen.empty() && !io::Address::from_text(admin.listen)) {
      context.report(*node.find("listen"),
                     "\"listen\" must be a numeric address and a port, such as 127.0.0.1:8421, or none");
    }
  }
  if (const yaml::Node* tls = fields.take("tls")) admin.tls = read_tls(*tls, context);
  admin.allowed_hosts = read_hosts(fields, context);
  admin.allowed_origins = read_origins(fields, context);
  fields.finish();
}

}  // namespace doorward::server
