#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalogue/attack.h"
#include "catalogue/reach.h"
#include "json/writer.h"
#include "policy/policy.h"

namespace doorward::catalogue {

/// A server behind the gateway, with the tools that it was last met with; the actions of a tool that hides them are
/// tools of their own.
struct LiveServer {
  std::string name;
  std::vector<LiveTool> tools;
  bool takes_new = false;  ///< tools that appear later are offered without a review
};

/// A grant that is neither revoked nor expired.
struct LiveGrant {
  std::string label;
  std::string owner;
  Caller caller;
  /// One server, or those of a bundle.
  struct Access {
    std::size_t server = 0;                        ///< in Deployment::servers
    std::shared_ptr<const policy::Policy> policy;  ///< null: none
  };
  std::vector<Access> access;
};

/// What a gateway judges by at one moment.
struct Deployment {
  std::vector<LiveServer> servers;
  std::vector<LiveGrant> grants;
};

/// A policy that would close what is open to a pattern, and what the engine says of it.
struct Fix {
  std::size_t access = 0;          ///< in Coverage::accesses: the policy that it replaces
  std::string policy;              ///< the document with the rules merged in; empty: no rule of a policy helps
  std::vector<std::string> tools;  ///< that got a rule
  std::size_t closes = 0;          ///< how many of the tools are open no more under it
  std::size_t leaves = 0;          ///< how many still are
  std::string note;                ///< what a person should know first, or empty
};

/// How one attack pattern stands.
struct PatternState {
  const AttackPattern* pattern = nullptr;
  std::optional<Reach> state;  ///< the widest of its tools'; nothing: not applicable
  bool decided = true;         ///< false: it counts as open because it cannot be decided here
  std::string rule;            ///< what stops it, or the rule that is missing
  std::string why;             ///< one sentence
  std::size_t exposed = 0;                       ///< tools that are open to it by what they are
  std::array<std::size_t, kReaches.size()> tools{};  ///< those by their widest reach
  struct Tool {
    std::size_t access = 0;
    std::size_t tool = 0;
    Reach reach = Reach::open;  ///< for what the pattern does: of hostile arguments where it needs them
    std::string why;            ///< why the tool is open to the pattern
  };
  std::vector<Tool> worst;           ///< widest reach first, then riskiest; at most kMostTools
  std::vector<std::size_t> grants;   ///< that reach one of the tools without a person, by index
  std::vector<Fix> fixes;            ///< one for each policy that leaves tools open

  static constexpr std::size_t kMostTools = 50;
};

/// Which tools can be used under which grants, and which attacks that leaves open.
struct Coverage {
  /// A server as some grants may use it; they are judged alike.
  struct Access {
    std::size_t server = 0;
    std::shared_ptr<const policy::Policy> policy;
    std::vector<std::size_t> grants;
    std::vector<ToolReach> tools;  ///< one for each of the server's, in their order
  };
  std::vector<Access> accesses;
  struct Count {
    std::size_t tools = 0;                              ///< behind the gateway, whoever may use them
    std::array<std::size_t, kReaches.size()> reach{};   ///< by their widest; what no grant reaches is blocked
    std::size_t undecided = 0;                          ///< of those that are open
    std::size_t agents = 0;                             ///< grants that can use one of them without a person
    std::size_t usable() const;
  };
  std::array<Count, kSeverities.size()> by_severity{};
  std::string sentence;  ///< `7 of 41 critical tools can be used by 3 agents without a person.`
  std::vector<PatternState> patterns;  ///< in the order of attack_patterns()
  std::size_t decisions = 0;           ///< how many the engine was asked for
  bool whole = true;                   ///< false: they did not suffice, and what is left counts as open
};

struct CoverageOptions {
  std::size_t decisions = 3'000'000;  ///< at most; one takes about a microsecond
  bool fixes = true;                  ///< drafts them
};

/// Asks the engine of every tool under every policy that grants carry. Pure; takes as long as the decisions do, so on
/// a large deployment it belongs on a thread of its own.
Coverage cover(const Deployment& deployment, const CoverageOptions& options = {});

/// The servers as grants may use them, judged tool by tool.
std::vector<Coverage::Access> judge_accesses(const Deployment& deployment, ReachJudge& judge);

/// One JSON object, `doorward.coverage/1`. `tools`: with a row for each tool under each access.
void write_coverage(json::Writer& writer, const Deployment& deployment, const Coverage& coverage, bool tools);

}  // namespace doorward::catalogue
