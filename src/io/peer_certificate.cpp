#include "io/peer_certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

namespace doorward::io {
namespace {

std::optional<std::string> subject_of(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0) {
    ERR_clear_error();
    return std::nullopt;
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const int size = ASN1_STRING_length(address);
  const int family = size == 4 ? AF_INET : size == 16 ? AF_INET6 : AF_UNSPEC;
  char text[INET6_ADDRSTRLEN];
  if (family == AF_UNSPEC || inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof text) == nullptr)
    return {};
  return std::string("IP:") + text;
}

/// Empty for a kind that names no party here, and for a name that another reader would read differently.
std::string name_text(const GENERAL_NAME& name) {
  if (name.type == GEN_IPADD) return address_text(name.d.iPAddress);
  const char* kind = name.type == GEN_DNS     ? "DNS:"
                     : name.type == GEN_URI   ? "URI:"
                     : name.type == GEN_EMAIL ? "EMAIL:"
                                              : nullptr;
  if (kind == nullptr) return {};
  const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name.d.ia5)),
                              static_cast<std::size_t>(ASN1_STRING_length(name.d.ia5)));
  if (text.empty() || text.find('\0') != std::string_view::npos) return {};
  return kind + std::string(text);
}

}  // namespace

std::optional<PeerCertificate> read_peer_certificate(void* certificate) {
  X509* x509 = static_cast<X509*>(certificate);
  PeerCertificate peer;
  unsigned int size = 0;
  if (X509_digest(x509, EVP_sha256(), peer.sha256.data(), &size) != 1 || size != peer.sha256.size()) {
    ERR_clear_error();
    return std::nullopt;
  }
  auto subject = subject_of(x509);
  if (!subject) return std::nullopt;
  peer.subject = std::move(*subject);
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    std::string text = name_text(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) peer.names.push_back(std::move(text));
  }
  ERR_clear_error();
  return peer;
}

}  // namespace doorward::io
