#include "server/config_tls.h"

#include <algorithm>
#include <array>
#include <utility>

namespace doorward::server {
namespace {

constexpr std::array<std::pair<std::string_view, io::ClientCertificates>, 3> kClientCertificates = {
    {{"none", io::ClientCertificates::none},
     {"optional", io::ClientCertificates::optional},
     {"required", io::ClientCertificates::required}}};

}  // namespace

io::TlsServerOptions read_tls(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "tls", context);
  io::TlsServerOptions tls;
  const auto take_file = [&](std::string_view key, std::string& into) {
    if (const auto path = fields.take_text(key))
      into = path->empty() ? std::string() : context.absolute(*path);
  };
  take_file("certificate", tls.certificate);
  take_file("key", tls.key);
  take_file("client_ca", tls.client_ca);
  const auto wanted = fields.take_text("client_certificates");
  fields.finish();
  if (tls.certificate.empty()) fields.missing("certificate");
  if (tls.key.empty()) fields.missing("key");
  if (wanted) {
    const auto* known =
        std::ranges::find(kClientCertificates, *wanted, &decltype(kClientCertificates)::value_type::first);
    if (known == kClientCertificates.end()) {
      context.report(*node.find("client_certificates"),
                     "\"client_certificates\" must be none, optional or required");
      return tls;
    }
    tls.client_certificates = known->second;
  }
  const bool asks = tls.client_certificates != io::ClientCertificates::none;
  if (asks && tls.client_ca.empty()) {
    context.report(node,
                   "client certificates need \"client_ca\", a file of the certificates that may sign them");
  } else if (!asks && !tls.client_ca.empty()) {
    context.report(
        node, "\"client_ca\" without \"client_certificates\" asks nobody; set it to optional or required");
  }
  return tls;
}

}  // namespace doorward::server
