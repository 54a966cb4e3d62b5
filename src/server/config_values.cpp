#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

#include "server/config.h"

namespace doorward::server {
namespace {

/// Splits `12ms` into its number, below `most`, and its unit.
std::optional<std::pair<std::uint64_t, std::string_view>> number_and_unit(std::string_view text,
                                                                          std::uint64_t most) {
  const std::size_t digits =
      static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (digits == 0 || error != std::errc() || number > most) return std::nullopt;
  return std::pair{number, text.substr(digits)};
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> kUnits = {
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  constexpr std::uint64_t kMost = 10'000ULL * 86'400'000ULL;
  const auto parts = number_and_unit(text, kMost);
  if (!parts) return std::nullopt;
  for (const auto& [unit, milliseconds] : kUnits) {
    if (unit != parts->second) continue;
    if (parts->first > kMost / milliseconds) return std::nullopt;
    return Milliseconds(static_cast<Milliseconds::rep>(parts->first * milliseconds));
  }
  return std::nullopt;
}

std::optional<std::size_t> parse_size(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, unsigned>, 4> kUnits = {
      {{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  constexpr std::uint64_t kMost = 1ULL << 40;
  const auto parts = number_and_unit(text, kMost);
  if (!parts) return std::nullopt;
  for (const auto& [unit, shift] : kUnits) {
    if (unit != parts->second) continue;
    if (parts->first > kMost >> shift) return std::nullopt;
    return static_cast<std::size_t>(parts->first << shift);
  }
  return std::nullopt;
}

bool looks_secret(std::string_view name) {
  const std::string small = lower(name);
  static constexpr std::array<std::string_view, 7> kParts = {"authorization", "cookie", "token",     "secret",
                                                             "password",      "passwd", "credential"};
  if (std::ranges::any_of(kParts, [&](std::string_view part) { return small.find(part) != std::string::npos; })) {
    return true;
  }
  // "key" stands inside harmless words (PORTKEY_BASE_URL): it counts as a word of its own, or joined to `api`.
  for (std::size_t at = small.find("key"); at != std::string::npos; at = small.find("key", at + 1)) {
    const std::string_view before = std::string_view(small).substr(0, at);
    const std::string_view after = std::string_view(small).substr(at + 3);
    const bool begins = before.empty() || before.ends_with('_') || before.ends_with('-') || before.ends_with("api") ||
                        before.ends_with("access") || before.ends_with("private");
    const bool ends = after.empty() || after.starts_with('_') || after.starts_with('-') || after == "s" ||
                      after.starts_with("s_") || after.starts_with("s-") || after.starts_with("id");
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace doorward::server
