#include "http/bearer.h"

#include "http/chars.h"
#include "http/field.h"

namespace doorward::http {

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::size_t kScheme = 6;
  if (authorization.size() <= kScheme + 1 ||
      !equals_ignoring_case(authorization.substr(0, kScheme), "bearer") || authorization[kScheme] != ' ') {
    return std::nullopt;
  }
  const std::string_view token = authorization.substr(kScheme + 1);
  std::size_t at = 0;
  const auto is_b64 = [](char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  };
  while (at < token.size() && is_b64(token[at])) ++at;
  if (at == 0) return std::nullopt;
  while (at < token.size() && token[at] == '=') ++at;
  if (at != token.size()) return std::nullopt;
  return token;
}

}  // namespace doorward::http
