#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_writer.h"
#include "base/result.h"
#include "json/reader.h"

namespace doorward::audit {

/// What a record tells of a call, in the words that people are shown (docs/commands.md). An intent says allowed, also
/// where a person agreed to it; an outcome says error where the call failed behind the gateway.
enum class DecisionWord : std::uint8_t {
  none,  ///< no decision
  allowed,
  denied,
  hidden,
  rate_limited,
  needs_approval,  ///< waits for people, or nobody answered
  would_deny,      ///< in observe mode: any of the refusals, not applied
  error,
};
inline constexpr std::size_t kDecisionWords = 8;
/// `rate_limited`; empty for none.
std::string_view to_string(DecisionWord word);
std::optional<DecisionWord> parse_decision_word(std::string_view text);
/// The four decisions that keep a call from its server; a filter calls them by one word.
bool is_refusal(DecisionWord word);
inline constexpr std::string_view kRefused = "refused";
/// From members of a record. `result`: of an outcome.
DecisionWord decision_word(std::string_view event, std::string_view verdict, bool enforced, std::string_view code,
                           std::string_view result);

/// One record. Valid during the callback only.
struct RecordView {
  std::string_view line;  ///< the canonical bytes, without the newline
  json::Value root;       ///< the same, read
  std::string_view writer;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::int64_t time_us = 0;  ///< UTC

  /// The string at a path of members such as `grant.id`; empty if absent or no string.
  std::string_view text(std::string_view path) const;
  /// In the words that people are shown.
  DecisionWord word() const;
};

/// Whether a text is what is wanted, or begins with what stands before its `*`; an empty wish fits everything.
bool fits_pattern(std::string_view wanted, std::string_view text);
/// Whether a text of a record holds what somebody looks for, in any case of (ASCII) letters; the prefix that a client
/// puts before tools' names does not count.
bool contains_text(std::string_view text, std::string_view wanted);

/// The policy that decided a call, or that a change, an approval or a grant is about; empty where there is none.
struct PolicyName {
  std::string_view name;
  std::string_view sha256;  ///< of the document, hex
};
PolicyName policy_of(json::Value record);
/// Whether it is that name, or that SHA-256, of which eight digits are enough.
bool fits_policy(std::string_view wanted, const PolicyName& policy);

/// Whether a record with a verdict, or an outcome, is of a call: of a tool, a resource or a prompt. Handshakes and lists
/// are none.
bool is_call_method(std::string_view method);

/// Which records to show. Empty members match everything; all that are set must match.
struct Query {
  std::string writer;
  std::string grant;  ///< id or label
  std::string server;
  std::string tool;
  std::string verdict;  ///< `allow`, `deny`, `hide`, `approve`, a DecisionWord, or `refused`
  std::string rule;     ///< the rule string, or its beginning followed by `*`
  std::string event;    ///< the event, or its beginning followed by `*`
  std::string code;
  std::string policy;  ///< its name, or the SHA-256 of its document or at least the first eight digits of that
  std::string id;
  std::string args_digest;  ///< hex
  std::string text;    ///< occurs, in any case of letters, in agent, server, tool or rule, or is the id
  bool calls = false;  ///< only decisions of calls, one record each; not those that let handshakes and lists pass
  std::optional<std::int64_t> since_us;  ///< at or after
  std::optional<std::int64_t> until_us;  ///< before

  bool matches(const RecordView& record) const;
};

/// Reads the logs of all writers of a directory, also while they are written. Records come in the order of
/// each writer's log, and writers are merged by time. Not thread-safe.
class LogReader {
 public:
  explicit LogReader(std::string directory);
  ~LogReader();

  /// Calls `each`, oldest first, until it returns false.
  Status for_each(const Query& query, const std::function<bool(const RecordView&)>& each);
  /// Calls `each`, newest first, until it returns false; reads files backwards.
  Status for_each_newest(const Query& query, const std::function<bool(const RecordView&)>& each);
  /// The newest `count` matching lines, oldest of them first.
  Result<std::vector<std::string>> last(const Query& query, std::size_t count);
  /// All records of a call, oldest first.
  Result<std::vector<std::string>> find(std::string_view id);

  /// Every record behind these positions, writer by writer (a writer that is not named: from its beginning),
  /// in log order: what a snapshot taken at the positions lacks. For rebuilding counters.
  Status for_each_since(std::span<const LogPosition> positions,
                        const std::function<bool(const RecordView&)>& each);

  /// Follow mode. The first poll starts behind what the directory holds at that moment; each one delivers
  /// what has been written since, also by writers that came up in between.
  Status poll(const Query& query, const std::function<bool(const RecordView&)>& each);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace doorward::audit
