// Any text as a bearer token, any two texts as its header and claims, and any text as a key set: nothing unsigned is ever
// taken.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "identity/access_token.h"

using namespace doorward::identity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array kAll = {Algorithm::rs256, Algorithm::ps256, Algorithm::es256, Algorithm::eddsa};
  static const IssuerTable table = [] {
    IssuerTable made;
    Issuer& issuer = made.issuers.emplace_back();
    issuer.settings.issuer = "https://idp.example";
    issuer.settings.audiences = {"a"};
    issuer.demand = std::make_shared<KeyDemand>();
    // RFC 8037, appendix A.2: its private key signs nothing here.
    auto keys = parse_key_set(
        R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})", kAll);
    if (!keys) std::abort();
    issuer.keys = std::move(*keys);
    return made;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (verify_access_token(table, text, {.resource = "a", .now_s = 1})) std::abort();
  const std::size_t line = text.find('\n');
  if (line != std::string_view::npos) {
    const auto encode = [](std::string_view part) { return doorward::to_base64(doorward::bytes_of(part), doorward::Base64::url); };
    const std::string token = encode(text.substr(0, line)) + "." + encode(text.substr(line + 1)) + "." + encode(std::string(64, 'x'));
    if (verify_access_token(table, token, {.resource = "a", .now_s = 1})) std::abort();
  }
  static_cast<void>(parse_key_set(text, kAll));
  return 0;
}
