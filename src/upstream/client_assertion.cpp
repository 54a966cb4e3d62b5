#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>

#include "base/encoding.h"
#include "base/random.h"
#include "json/writer.h"
#include "upstream/oauth_client.h"

namespace doorward::upstream {
namespace {

constexpr std::int64_t kLifetimeS = 60;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Input = std::unique_ptr<BIO, Freer<BIO_free>>;
using Signing = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

Key read_key(std::string_view pem) {
  const Input input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // No password: one in the file would be asked for on the terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  return Key(PEM_read_bio_PrivateKey(input.get(), nullptr, no_password, nullptr));
}

std::string_view algorithm_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519")) return "EdDSA";
  if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048) return "RS256";
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
      std::string_view(group.data()) == "prime256v1") {
    return "ES256";
  }
  return {};
}

/// The two numbers of a DER signature as JWS has them (RFC 7518 section 3.4).
bool to_raw(std::string& signature) {
  const auto* at = reinterpret_cast<const unsigned char*>(signature.data());
  const EcSignature read(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
  if (!read) return false;
  std::array<unsigned char, 64> raw{};
  if (BN_bn2binpad(ECDSA_SIG_get0_r(read.get()), raw.data(), 32) != 32 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(read.get()), raw.data() + 32, 32) != 32) {
    return false;
  }
  signature.assign(reinterpret_cast<const char*>(raw.data()), raw.size());
  return true;
}

}  // namespace

Result<std::string> client_assertion(std::string_view private_key, std::string_view client_id,
                                     std::string_view audience, std::int64_t now_s) {
  const Key key = read_key(private_key);
  const std::string_view algorithm = key ? algorithm_of(key.get()) : std::string_view();
  if (algorithm.empty()) {
    return fail(ErrorKind::invalid, "the private key is no PEM key of P-256, Ed25519 or RSA with 2048 bits or more");
  }
  std::string head;
  json::Writer(head).begin_object().key("alg").string(algorithm).key("typ").string("JWT").end_object();
  std::string claims;
  json::Writer writer(claims);
  writer.begin_object().key("iss").string(client_id).key("sub").string(client_id).key("aud").string(audience);
  writer.key("jti").string(random_id("jti_")).key("iat").number(now_s).key("exp").number(now_s + kLifetimeS);
  writer.end_object();
  std::string jwt = to_base64(bytes_of(head), Base64::url) + "." + to_base64(bytes_of(claims), Base64::url);

  const Signing signing(EVP_MD_CTX_new());
  const EVP_MD* digest = algorithm == "EdDSA" ? nullptr : EVP_sha256();
  std::size_t size = 0;
  std::string signature;
  const auto* message = reinterpret_cast<const unsigned char*>(jwt.data());
  bool good = EVP_DigestSignInit(signing.get(), nullptr, digest, nullptr, key.get()) == 1 &&
              EVP_DigestSign(signing.get(), nullptr, &size, message, jwt.size()) == 1;
  signature.resize(size);
  good = good && EVP_DigestSign(signing.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, message,
                                jwt.size()) == 1;
  signature.resize(size);
  if (!good || (algorithm == "ES256" && !to_raw(signature))) {
    return fail(ErrorKind::invalid, "the private key cannot sign");
  }
  return jwt + "." + to_base64(bytes_of(signature), Base64::url);
}

}  // namespace doorward::upstream
