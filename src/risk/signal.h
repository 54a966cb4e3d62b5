#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorward::risk {

/// What makes a tool more dangerous than its category says (catalogue.md section 3). A signal never lowers a severity.
enum class Signal : std::uint8_t {
  handles_secrets,
  returns_secrets,
  accepts_url,
  accepts_path,
  accepts_code,
  accepts_markup,
  many_parameters,
  bulk,
  admin,
  live_infrastructure,
  costs_money,
  untrusted_content,  ///< reads content that others wrote: the injection leg
  private_data,       ///< reads private data
  sends_out,          ///< sends data out: the exfiltration leg
  raw_api,
  irreversible,
  opaque_argument,
  many_actions,
};

inline constexpr std::size_t kSignals = 18;

/// The id that JSON, policies' tests and pages use: `handles-secrets`, `accepts-url`, ...
std::string_view to_string(Signal signal);
/// The sentence of pages: `Handles credentials or secrets`, ...
std::string_view label(Signal signal);
/// The signal of an id.
std::optional<Signal> parse_signal(std::string_view id);

/// A signal and what raised it.
struct SignalHit {
  Signal signal;
  std::string where;  ///< JSON Pointer into the tool's definition: `/name`, `/inputSchema/properties/url`
  std::string words;  ///< the parameter's name or the words that decided, at most 120 bytes
  std::string_view rule = {};  ///< the id of the rule that saw them, static; empty where it was not kept
};

}  // namespace doorward::risk
