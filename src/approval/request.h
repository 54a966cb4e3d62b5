#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace doorward::approval {

/// Whom one matching entry of a policy asks (policy.md section 2, approve_if).
struct Group {
  std::vector<std::string> approvers;  ///< names of groups or of people; empty: anybody with the role approver
  unsigned approvals = 1;              ///< how many different people must agree
  bool self_confirm = false;           ///< the agent's own user may be one of them
  bool operator==(const Group&) const = default;
};

/// Groups as JSON text, for the store; reading fails with `corrupt`.
std::string to_json(std::span<const Group> groups);
Result<std::vector<Group>> parse_groups(std::string_view json);

/// What an approval is bound to (policy.md section 6). Equal bindings are one request.
struct Binding {
  std::string grant;     ///< id
  std::string identity;  ///< key of the caller's verified identity; empty: none
  std::string server;
  std::string tool;
  Digest definition{};    ///< of the reviewed definition of the tool
  std::string arguments;  ///< keyed digest (hex) of the canonical arguments
  std::string policy;     ///< name
  std::uint64_t policy_version = 0;
  std::string policy_sha256;
  std::string rule;
  bool operator==(const Binding&) const = default;

  /// SHA-256 over all members, each with its length: equal for equal bindings alone.
  Digest digest() const;
};

/// A call that wants a person's approval.
struct Ask {
  Binding binding;
  std::string decision;  ///< `dec_...` of the call that asks
  std::string grant_label;
  std::string owner;  ///< of the grant: may not approve
  std::string client;
  std::string category;
  std::string pointer;        ///< into the policy, of the rule
  std::string note;           ///< the policy author's, for the approver
  std::string arguments;      ///< canonical JSON, for the approver; sealed at rest
  std::vector<Group> groups;  ///< every one must agree; none: nobody can, so the call is refused
  std::int64_t lifetime_us = 600'000'000;  ///< the shortest `expires` of the entries
  /// The request that this very call, or the leg of it before this one, was told to wait for: it is not counted again,
  /// and learns that its request expired or that an identical call used it up. Empty: a call that asks anew.
  std::string request;
};

/// How a call that asked stands.
enum class Standing : std::uint8_t {
  granted,  ///< an approval was spent on it: it may run, once
  waiting,  ///< a request waits for people
  denied,   ///< a person said no, for this call and identical ones until `expires_us`
  expired,  ///< nobody answered
  refused,  ///< it may not run and nobody was asked: a cap, the store, the log, an approval that is used up
};

struct Answer {
  Standing standing = Standing::refused;
  std::string request;          ///< `apr_...`; empty where refused
  std::string reason;           ///< the approver's, of a denial; what is wrong, of `refused`
  std::string by;               ///< who decided
  std::int64_t expires_us = 0;  ///< wall time: of the request, or of the denial
};

}  // namespace doorward::approval
