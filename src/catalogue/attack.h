#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "risk/classification.h"

namespace doorward::catalogue {

struct Incident {
  std::string_view date;  ///< as published: `2025-06`, `2026-04-24`
  std::string_view name;
  std::string_view what;
  std::string_view lesson;
  std::string_view url;  ///< empty: none known
  bool secondary = false;  ///< known from a report of others, not from those who were hit or who found it
};

/// One way in which agents' access is abused (catalogue.md section 6). Static data.
struct AttackPattern {
  std::string_view id;  ///< `destructive-action-autonomy`
  std::string_view name;
  std::string_view definition;
  std::string_view how;         ///< how it works, for a person
  std::string_view applies_to;  ///< which tools, in words
  std::span<const risk::Signal> legs;  ///< what of private data, untrusted content and a way out it needs
  std::string_view mitigation;  ///< what in a policy stops it
  std::string_view rule;        ///< a policy fragment (JSON) that shows the rule; empty: no rule of a policy does
  std::span<const std::string_view> frameworks;  ///< `OWASP MCP03`, `ASI01`, `AML.T0110`, `SAFE-T1001`, `CVE-...`
  std::span<const Incident> incidents;
};

/// All of them, in the order of the design.
std::span<const AttackPattern> attack_patterns();
/// By id; null where there is none.
const AttackPattern* find_attack(std::string_view id);

/// A pattern that a tool is open to by what it is, and why.
struct Exposure {
  const AttackPattern* pattern;
  std::string why;  ///< one sentence that quotes the category, signal or words
};
/// The patterns that abuse tools of this kind, the most specific first.
std::vector<Exposure> exposures(std::string_view tool, const risk::Classification& classification);

}  // namespace doorward::catalogue
