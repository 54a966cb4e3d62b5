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
};
ToolRule recommend(std::string_view tool, const risk::Classification& classification);

/// The policy for a whole server, with comments in `why` for each tool's line; valid, and never one that allows
/// nothing unless every tool is critical.
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
