#include "identity/key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "json/reader.h"

namespace doorward::identity {

struct VerificationKey::Material {
  EVP_PKEY* key = nullptr;
  explicit Material(EVP_PKEY* owned) : key(owned) {}
  ~Material() { EVP_PKEY_free(key); }
  Material(const Material&) = delete;
  Material& operator=(const Material&) = delete;
};

namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* owned) const {
    Free(owned);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

bool is_rsa(Algorithm algorithm) {
  return algorithm <= Algorithm::ps512;
}

const EVP_MD* digest_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256:
    case Algorithm::es256:
      return EVP_sha256();
    case Algorithm::rs384:
    case Algorithm::ps384:
    case Algorithm::es384:
      return EVP_sha384();
    case Algorithm::rs512:
    case Algorithm::ps512:
      return EVP_sha512();
    case Algorithm::eddsa:
      break;
  }
  return nullptr;
}

/// ECDSA as OpenSSL wants it; empty where the two numbers are not of the curve's size.
std::vector<unsigned char> to_der(std::string_view signature, std::size_t number_size) {
  if (signature.size() != 2 * number_size) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
  const int size = static_cast<int>(number_size);
  Owned<ECDSA_SIG, ECDSA_SIG_free> pair(ECDSA_SIG_new());
  Owned<BIGNUM, BN_free> r(BN_bin2bn(bytes, size, nullptr));
  Owned<BIGNUM, BN_free> s(BN_bin2bn(bytes + number_size, size, nullptr));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  const int length = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (length <= 0) return {};
  std::vector<unsigned char> der(static_cast<std::size_t>(length));
  unsigned char* out = der.data();
  i2d_ECDSA_SIG(pair.get(), &out);
  return der;
}

using json::Type;
using json::Value;

std::optional<std::string> bytes_of_member(Value key, std::string_view name) {
  auto bytes = from_base64(text_of(key, name), Base64::url);
  if (!bytes || bytes->empty()) return std::nullopt;
  return bytes;
}

EVP_PKEY* make_key(const char* kind, OSSL_PARAM* params) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || params == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    return nullptr;
  }
  return key;
}

EVP_PKEY* rsa_key(Value jwk) {
  const auto modulus = bytes_of_member(jwk, "n");
  const auto exponent = bytes_of_member(jwk, "e");
  if (!modulus || !exponent || modulus->size() > 1024 || exponent->size() > 8) return nullptr;
  const auto number = [](const std::string& bytes) {
    return Owned<BIGNUM, BN_free>(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  };
  const auto n = number(*modulus);
  const auto e = number(*exponent);
  if (!n || !e || BN_num_bits(n.get()) < 2048 || BN_is_odd(n.get()) != 1 || BN_is_odd(e.get()) != 1 ||
      BN_is_one(e.get()) == 1) {
    return nullptr;
  }
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  const Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  return make_key("RSA", params.get());
}

EVP_PKEY* ec_key(Value jwk, const char* group, std::size_t size) {
  const auto x = bytes_of_member(jwk, "x");
  const auto y = bytes_of_member(jwk, "y");
  if (!x || !y || x->size() != size || y->size() != size) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  const Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  EVP_PKEY* key = make_key("EC", params.get());
  if (key == nullptr) return nullptr;
  // A point off the curve would give small-subgroup keys.
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (check && EVP_PKEY_public_check(check.get()) == 1) return key;
  EVP_PKEY_free(key);
  return nullptr;
}

EVP_PKEY* ed25519_key(Value jwk) {
  const auto x = bytes_of_member(jwk, "x");
  if (!x || x->size() != 32) return nullptr;
  return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x->data()),
                                     x->size());
}

bool meant_to_verify(Value jwk) {
  if (const Value use = jwk.find("use"); use && text_of(jwk, "use") != "sig") return false;
  const Value operations = jwk.find("key_ops");
  if (!operations) return true;
  return std::ranges::any_of(operations.elements(), [](Value operation) {
    return operation.is(Type::string) && operation.string() == "verify";
  });
}

/// What the key's kind admits.
std::optional<Algorithm> algorithm_of(Value jwk, std::span<const Algorithm> allowed) {
  const std::string_view kind = text_of(jwk, "kty");
  const std::string_view curve = text_of(jwk, "crv");
  std::optional<Algorithm> by_kind;
  if (kind == "RSA") {
    const auto first = std::ranges::find_if(allowed, is_rsa);
    if (first != allowed.end()) by_kind = *first;
  } else if (kind == "EC" && curve == "P-256") {
    by_kind = Algorithm::es256;
  } else if (kind == "EC" && curve == "P-384") {
    by_kind = Algorithm::es384;
  } else if (kind == "OKP" && curve == "Ed25519") {
    by_kind = Algorithm::eddsa;
  }
  if (!by_kind || !jwk.find("alg")) return by_kind;
  // RFC 9864 also calls EdDSA on this curve by the curve's name.
  const std::string_view name = text_of(jwk, "alg");
  const auto named = name == "Ed25519" ? Algorithm::eddsa : parse_algorithm(name);
  if (!named || (kind == "RSA" ? !is_rsa(*named) : *named != *by_kind)) return std::nullopt;
  return named;
}

}  // namespace

bool VerificationKey::verifies(std::string_view text, std::string_view signature) const {
  std::vector<unsigned char> der;
  const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
  std::size_t size = signature.size();
  if (algorithm_ == Algorithm::es256 || algorithm_ == Algorithm::es384) {
    der = to_der(signature, algorithm_ == Algorithm::es256 ? 32 : 48);
    if (der.empty()) return false;
    bytes = der.data();
    size = der.size();
  }
  // What OpenSSL notes of a failure must not be taken for one of a connection of this thread.
  const struct Forget {
    ~Forget() { ERR_clear_error(); }
  } forget;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  if (!context || EVP_DigestVerifyInit(context.get(), &padding, digest_of(algorithm_), nullptr, material_->key) != 1) {
    return false;
  }
  const bool pss = algorithm_ >= Algorithm::ps256 && algorithm_ <= Algorithm::ps512;
  if (pss && (EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), bytes, size, reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

Result<std::vector<VerificationKey>> parse_key_set(std::string_view text, std::span<const Algorithm> allowed) {
  json::Reader reader;
  json::Limits limits;
  limits.bytes = kKeySetBytes;
  limits.depth = 16;
  limits.nodes = 1u << 14;
  const auto root = reader.read(text, limits);
  if (!root) return fail(ErrorKind::invalid, "the key set is not valid JSON: " + root.error().message);
  const Value keys = root->find("keys");
  if (!keys.is(Type::array)) return fail(ErrorKind::invalid, "the key set has no array \"keys\"");
  if (keys.size() > kKeySetKeys) {
    return fail(ErrorKind::invalid, "the key set has more than " + std::to_string(kKeySetKeys) + " keys");
  }
  std::vector<VerificationKey> set;
  for (const Value jwk : keys.elements()) {
    if (!jwk.is(Type::object)) return fail(ErrorKind::invalid, "a key of the key set is no object");
    const auto algorithm = algorithm_of(jwk, allowed);
    if (!meant_to_verify(jwk) || !algorithm || std::ranges::find(allowed, *algorithm) == allowed.end()) continue;
    EVP_PKEY* key = is_rsa(*algorithm)                ? rsa_key(jwk)
                    : *algorithm == Algorithm::es256 ? ec_key(jwk, "P-256", 32)
                    : *algorithm == Algorithm::es384 ? ec_key(jwk, "P-384", 48)
                                                     : ed25519_key(jwk);
    if (key == nullptr) continue;
    set.emplace_back(std::string(text_of(jwk, "kid")), *algorithm,
                     std::make_shared<const VerificationKey::Material>(key));
  }
  ERR_clear_error();
  if (set.empty()) {
    return fail(ErrorKind::invalid, "the key set has no well-formed key of an algorithm that is allowed");
  }
  return set;
}

}  // namespace doorward::identity
