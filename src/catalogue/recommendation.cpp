#include "catalogue/recommendation.h"

#include <array>

namespace doorward::catalogue {
namespace {

constexpr std::array<std::string_view, 3> kPostures = {"permissive", "recommended", "strict"};

}  // namespace

std::string_view to_string(Posture posture) {
  return kPostures[static_cast<std::size_t>(posture)];
}

std::optional<Posture> parse_posture(std::string_view name) {
  for (std::size_t i = 0; i < kPostures.size(); ++i) {
    if (kPostures[i] == name) return static_cast<Posture>(i);
  }
  return std::nullopt;
}

}  // namespace doorward::catalogue
