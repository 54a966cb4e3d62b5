#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/record.h"

namespace doorward::catalogue {

/// How much a recommended policy lets through.
enum class Posture : std::uint8_t { permissive, recommended, strict };
std::string_view to_string(Posture posture);
std::optional<Posture> parse_posture(std::string_view name);

/// The rule for one tool. Policies are JSON texts of a whole document (`"version": "1"`).
struct ToolRule {
  std::string policy;     ///< ours: by own severity where it is the stricter one
  std::string published;  ///< the category's published rule; equal to `policy` where they agree
  std::string why;        ///< why ours differs; empty where it does not
  std::string rate_limit; ///< the policy that limits the tool instead
  std::string block;      ///< the policy that blocks it completely
  std::string does;       ///< what `policy` does, for a sentence: `hides it`
};
ToolRule recommend(std::string_view tool, const risk::Classification& classification);

/// What a server's policy does with a tool, from the mildest. The numbers are calls of one grant in a minute, but
/// ten_an_hour.
enum class Treatment : std::uint8_t { runs, sixty, thirty, ten, ten_an_hour, asks, hidden };
/// By the stricter one of its category and its own severity.
Treatment treatment_of(const risk::Classification& classification, Posture posture);

/// The policy for a whole server: valid, in the same order whatever the order of the tools, by exact names, one line
/// a tool. Tools that are gone are left out; so are those whose name would be a pattern, and a tool that hides others
/// as actions (hiding it would hide them all): `default` decides about both.
///
/// recommended: low Reads run, the rest is limited by severity, money and critical tools wait for a person, what
///   destroys is hidden; paths that leave their directory and URLs of private hosts are refused where a signal names
///   the argument.
/// strict: low Reads run, everything else that is not critical waits for a person, what is critical is hidden.
/// permissive: every tool runs, the riskier ones limited; new tools, too (pinning holds them back until a review).
struct ServerPolicy {
  std::string policy;
  std::vector<std::string> why;  ///< a sentence for each group: how many tools, what happens to them
};
ServerPolicy recommend(std::span<const ToolRecord> tools, Posture posture);

/// A policy with the rule for a tool merged in: every rule that is there stays, the tool's entry is added or made
/// stricter. Errors: `invalid` where the policy is none.
Result<std::string> merge_rule(std::string_view policy, std::string_view tool,
                               const risk::Classification& classification);

}  // namespace doorward::catalogue
