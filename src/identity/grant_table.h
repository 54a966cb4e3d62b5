#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "identity/claim_rule.h"
#include "identity/subject.h"
#include "identity/token.h"

namespace doorward::identity {

/// True once a grant's token is no longer good. Shared by every copy of the grant in every table, old and
/// new.
using RevokedFlag = std::shared_ptr<std::atomic<bool>>;

/// Rights on one server under one policy (policy.md section 1): those of one bearer token, or of every agent whose
/// identity fits a rule. Of the latter kind each agent has a grant of its own, made from the configured one when it
/// comes (for_subject). Immutable but for the flag.
struct Grant {
  std::string id;  ///< UUID; sessions, tasks and connections to servers belong to it, and no other grant sees them
  std::string label;                                        ///< what people call it; unique
  std::string owner;                                        ///< a person; may be empty
  std::vector<std::pair<std::string, std::string>> labels;  ///< sorted by key, keys unique
  std::string server;                                       ///< name of the server it is bound to
  std::string policy;  ///< name of its policy; empty: none, and every call is denied
  TokenHash token_hash{};  ///< of a grant with a rule: that of the rule
  std::optional<SubjectRule> rule;         ///< whom it is for, where it has no token
  std::shared_ptr<const Subject> subject;  ///< who holds it, where it was made from one with a rule
  std::string configured;                  ///< then: id of that one
  std::uint64_t version = 1;              ///< grows with every change, rotation included
  std::int64_t created_s = 0;             ///< seconds since the epoch
  std::optional<std::int64_t> expires_s;  ///< refused from this second on
  RevokedFlag revoked;                    ///< never null inside a table
  RevokedFlag barred;                     ///< set once its subject is revoked; null where it has none

  bool is_revoked() const {
    return revoked->load(std::memory_order_acquire) || (barred && barred->load(std::memory_order_acquire));
  }
  bool is_expired(std::int64_t now_s) const { return expires_s && now_s >= *expires_s; }
  /// As the configuration and the log name it: holder of the counts of the grant.
  const std::string& configured_id() const { return configured.empty() ? id : configured; }
};

/// The grant of one agent under a grant with a rule: an id of its own, always the same; the subject as owner where
/// none is configured; it ends with the credential, and is revoked with the configured one
/// and by `barred`.
std::shared_ptr<Grant> for_subject(const Grant& configured, std::shared_ptr<const Subject> subject,
                                   RevokedFlag barred = nullptr);

/// Why a request is or is not let in. Only the log may tell the refusals apart, `unknown` from `revoked`
/// above all: all are the same 401 (issue: "never answered differently").
enum class Verdict : std::uint8_t {
  good,
  missing,    ///< no credentials, or of another scheme
  malformed,  ///< not the form of a token
  refused,    ///< a token of an authorization server, which is not taken; the log tells why
  unknown,    ///< no grant has it
  revoked,    ///< its grant was revoked, or its token rotated
  expired,
};
std::string_view to_string(Verdict verdict);

struct Verification {
  Verdict verdict = Verdict::missing;
  const Grant* grant = nullptr;  ///< good, revoked and expired; lives as long as the table
  std::size_t index = 0;         ///< of the grant, in the list that the table was built from
};

/// All grants at one moment, found by the hash of their token. Immutable: workers share one behind a
/// shared_ptr and verify without lock or allocation; a change builds another. Revocation needs no new table:
/// it sets the grant's flag, which every worker reads on every verification.
class GrantTable {
 public:
  GrantTable() = default;
  /// conflict where two grants have the same token; grants with a rule have none. A null `revoked` becomes a flag of the grant's own.
  static Result<GrantTable> build(std::vector<std::shared_ptr<Grant>> grants);

  /// Judges the value of the Authorization header (nothing: the request has none) at a wall time. Takes the
  /// same steps for an unknown, a revoked and an expired token; the token's bytes are only hashed, and the
  /// hashes compared in constant time.
  Verification verify(std::optional<std::string_view> authorization, std::int64_t now_s) const;
  /// The same for a token by itself.
  Verification verify_token(std::string_view token, std::int64_t now_s) const;

  const std::vector<std::shared_ptr<Grant>>& grants() const { return grants_; }

 private:
  Verification lookup(const TokenHash& hash, std::int64_t now_s) const;

  std::vector<std::shared_ptr<Grant>> grants_;
  std::vector<std::uint32_t> slots_;  ///< open addressing; 0 is free, else index + 1; size a power of two
};

/// Hands out the flags, so that the same token of the same grant has the same flag in every table ever built,
/// and a revocation reaches the workers that still judge by an old one. A flag that is set stays set.
/// Thread-safe.
class Revocations {
 public:
  /// The flag of a token: of a grant's id and its token's hash.
  RevokedFlag flag(const std::string& grant_id, const TokenHash& hash);

  /// The flag of a subject, by Subject::key, and its revocation.
  RevokedFlag subject_flag(const std::string& key) { return flag(key, {}); }
  void bar(const std::string& key);

  /// From the return of this call on, every verification of the token answers `revoked`. All tokens of the
  /// grant.
  void revoke(const std::string& grant_id);
  /// The same for a grant that is gone; one of its id that comes later begins anew.
  void drop(const std::string& grant_id);
  /// All tokens of the grant but the one that replaces them (rotation). One that comes back later begins anew.
  void revoke_others(const std::string& grant_id, const TokenHash& kept);

 private:
  std::mutex mutex_;
  std::map<std::string, std::map<TokenHash, RevokedFlag>, std::less<>> flags_;
};

}  // namespace doorward::identity
