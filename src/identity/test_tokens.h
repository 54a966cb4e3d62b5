#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "identity/algorithm.h"

/// Keys and tokens for tests: what an authorization server does.
namespace doorward::identity::test {

inline std::string url64(std::string_view text) {
  return to_base64(bytes_of(text), Base64::url);
}

/// A private key that signs under one algorithm.
class Signer {
 public:
  explicit Signer(Algorithm algorithm, std::string id = "k1") : algorithm_(algorithm), id_(std::move(id)) {
    EVP_PKEY* key = algorithm == Algorithm::es256   ? EVP_EC_gen("P-256")
                    : algorithm == Algorithm::es384 ? EVP_EC_gen("P-384")
                    : algorithm == Algorithm::eddsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                                    : EVP_RSA_gen(2048);
    key_.reset(key, EVP_PKEY_free);
  }

  const std::string& id() const { return id_; }

  /// The public half as a JWK; `more` are members such as `,"use":"sig"`.
  std::string jwk(bool with_algorithm = true, const std::string& more = "") const {
    std::string text = R"({"kid":")" + id_ + "\"";
    if (with_algorithm) text += R"(,"alg":")" + std::string(to_string(algorithm_)) + "\"";
    if (algorithm_ <= Algorithm::ps512) {
      text += R"(,"kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" + number(OSSL_PKEY_PARAM_RSA_E) + "\"";
    } else if (algorithm_ == Algorithm::eddsa) {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
      text += R"(,"kty":"OKP","crv":"Ed25519","x":")" + url64(raw) + "\"";
    } else {
      const bool small = algorithm_ == Algorithm::es256;
      text += std::string(R"(,"kty":"EC","crv":")") + (small ? "P-256" : "P-384") + R"(","x":")" +
              number(OSSL_PKEY_PARAM_EC_PUB_X, small ? 32 : 48) + R"(","y":")" +
              number(OSSL_PKEY_PARAM_EC_PUB_Y, small ? 32 : 48) + "\"";
    }
    return text + more + "}";
  }

  std::string sign(std::string_view text) const {
    const EVP_MD* digest = algorithm_ == Algorithm::eddsa ? nullptr : EVP_get_digestbyname(digest_name());
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* padding = nullptr;
    EVP_DigestSignInit(context.get(), &padding, digest, nullptr, key_.get());
    if (algorithm_ >= Algorithm::ps256 && algorithm_ <= Algorithm::ps512) {
      EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::vector<unsigned char> out(size);
    EVP_DigestSign(context.get(), out.data(), &size, bytes, text.size());
    if (algorithm_ == Algorithm::es256 || algorithm_ == Algorithm::es384) {
      const unsigned char* at = out.data();
      std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
          d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
      const int width = algorithm_ == Algorithm::es256 ? 32 : 48;
      std::string raw(static_cast<std::size_t>(2 * width), '\0');
      BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), reinterpret_cast<unsigned char*>(raw.data()), width);
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), reinterpret_cast<unsigned char*>(raw.data()) + width, width);
      return raw;
    }
    return std::string(reinterpret_cast<char*>(out.data()), size);
  }

  /// A token of a header and claims as they are.
  std::string token(std::string_view header, std::string_view claims) const {
    const std::string text = url64(header) + "." + url64(claims);
    return text + "." + url64(sign(text));
  }
  std::string header() const {
    return R"({"typ":"at+jwt","alg":")" + std::string(to_string(algorithm_)) + R"(","kid":")" + id_ + "\"}";
  }

 private:
  const char* digest_name() const {
    const std::string_view name = to_string(algorithm_);
    return name.ends_with("256") ? "SHA256" : name.ends_with("384") ? "SHA384" : "SHA512";
  }
  std::string number(const char* name, int width = 0) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    const int size = width != 0 ? width : BN_num_bytes(value);
    std::string raw(static_cast<std::size_t>(size), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(raw.data()), size);
    BN_free(value);
    return url64(raw);
  }

  Algorithm algorithm_;
  std::string id_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace doorward::identity::test
