#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/record.h"
#include "risk/poisoning.h"

namespace doorward::catalogue {

/// One server of a stack. What it refers to outlives the use of the report.
struct StackServer {
  std::string_view name;
  std::span<const ToolRecord> tools;
};

/// A tool of a stack: `servers[server].tools[tool]`.
struct ToolAt {
  std::uint32_t server = 0;
  std::uint32_t tool = 0;
  bool operator==(const ToolAt&) const = default;
};

/// The three legs that together let data leave (catalogue.md section 3, attack pattern `lethal-trifecta`).
enum class Leg : std::uint8_t { private_data, untrusted_content, way_out };
inline constexpr std::array<Leg, 3> kLegs = {Leg::private_data, Leg::untrusted_content, Leg::way_out};
/// `private-data`, `untrusted-content`, `way-out`.
std::string_view to_string(Leg leg);
/// For people: `private data`, `untrusted content`, `a way out`.
std::string_view label(Leg leg);

/// A set of legs: one bit for each.
using Legs = std::uint8_t;
inline constexpr Legs kAllLegs = 7;
constexpr Legs bit(Leg leg) { return static_cast<Legs>(1u << static_cast<unsigned>(leg)); }
/// The legs that a tool's signals give it.
Legs legs_of(const risk::Classification& classification);

/// How the tools of a set make the trifecta complete.
struct Trifecta {
  bool complete = false;  ///< some tool, pair or triple holds all three legs
  Legs held = 0;          ///< by all tools together
  struct Tool {
    ToolAt at;
    Legs legs = 0;
  };
  std::vector<Tool> tools;               ///< those with a leg: most legs first, then riskiest
  std::array<std::size_t, 3> by_leg{};   ///< how many tools hold each leg
  std::vector<std::uint32_t> servers;    ///< that hold all three by themselves
  /// The smallest sets that hold all three, none of them a part of another: single tools, then pairs, then triples;
  /// those across servers first, then the riskiest. At most kMostShown of each size.
  std::vector<std::vector<ToolAt>> ways;
  std::array<std::size_t, 3> found{};  ///< how many singles, pairs and triples there are in all

  static constexpr std::size_t kMostShown = 10;
};

/// Tools of different servers whose names are the same, or so alike that a person or a model may take one for another.
struct NameClash {
  bool same = false;
  std::vector<ToolAt> tools;  ///< two or more, of at least two servers
  std::string why;            ///< one sentence
};

/// A definition that names tools of other servers, and may bend how they are used (attack pattern `tool-shadowing`).
struct Shadow {
  ToolAt by;
  std::vector<ToolAt> named;      ///< at most kMostNamed
  std::vector<risk::Sign> signs;  ///< where it names them, and whatever else in it is meant for the model

  static constexpr std::size_t kMostNamed = 8;
};

/// What the agents can do that are given a set of servers.
struct StackReport {
  std::size_t tools = 0;
  std::array<std::size_t, kCategories.size()> by_category{};
  std::array<std::size_t, kSeverities.size()> by_severity{};
  struct ServerTotals {
    std::size_t tools = 0;
    std::array<std::size_t, kCategories.size()> by_category{};
    std::array<std::size_t, kSeverities.size()> by_severity{};
    Legs legs = 0;
  };
  std::vector<ServerTotals> servers;  ///< in the order given
  std::vector<ToolAt> worst;          ///< riskiest first, at most kMostWorst, none of them low
  Trifecta trifecta;
  std::vector<NameClash> clashes;  ///< the same names first
  std::vector<Shadow> shadows;

  static constexpr std::size_t kMostWorst = 20;
};

/// Looks at all the tools of a set of servers together; tools that are gone do not count. Pure and deterministic; the
/// time grows with the text of the definitions.
StackReport analyse_stack(std::span<const StackServer> servers);

/// How the trifecta stands for some of the tools of a stack: those that `counts` names, by server and tool.
Trifecta trifecta_of(std::span<const StackServer> servers, std::span<const ToolAt> counts);

/// Whether one tool is riskier than another: severity, then category, then name.
bool riskier(const ToolRecord& a, const ToolRecord& b);

}  // namespace doorward::catalogue
