#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "audit/ring.h"

/// The members of a log record, as the producer writes them (docs/audit-format.md). The gateway fills a
/// struct of views, one function serialises it into a buffer of the caller; the result goes to Ring::append.
/// Empty views and zero-like defaults leave their member out unless said otherwise. Every text may be
/// hostile: it is escaped to printable ASCII on one line, and cut at a bound (the members cut are then listed
/// in `cut`). No allocation; thread-safe.
namespace doorward::audit {

/// A buffer that holds any record but an outcome; OutcomeBuffer holds any outcome.
using RecordBuffer = std::array<char, kMaxEntry>;
using OutcomeBuffer = std::array<char, kMaxOutcome>;

struct PolicyRef {
  std::string_view name;
  std::string_view version;
  std::string_view sha256;  ///< of the document, hex
};

struct GrantRef {
  std::string_view id;
  std::string_view label;
  std::string_view owner;
};

/// Who holds a grant that is for identities instead of a token.
struct IdentityRef {
  std::string_view issuer;
  std::string_view subject;
  std::string_view credential;  ///< `jwt` or `certificate`
  std::string_view digest;      ///< SHA-256 of the credential, hex; never the credential
};

struct ClientRef {
  std::string_view address;  ///< of the peer, without a name look-up
  std::string_view name;     ///< as the client calls itself; untrusted
};

/// What a call adds to one counter.
struct QuotaDelta {
  std::uint64_t key_high = 0;  ///< the counter's 128-bit key
  std::uint64_t key_low = 0;
  std::string_view window;  ///< seconds (`60`) or `day`, `week`, `month`, with a zone: `day@Europe/Berlin`
  std::int64_t amount = 0;  ///< millionths
};

/// A value recorded as a commitment: SHA-256(salt || value) stands in the record, salt and value in the side
/// file.
struct ValueRef {
  std::string_view path;    ///< such as `args.amount`
  std::string_view commit;  ///< hex, from make_commitment
};

/// The call's arguments without their values.
struct ArgsRef {
  std::span<const std::string_view> keys;  ///< top-level keys, sorted by bytes
  std::string_view digest;                 ///< keyed digest of the canonical arguments, hex
  std::uint64_t bytes = 0;                 ///< of the arguments as sent
  bool present = false;
};

/// An intent (written before the first byte goes upstream) or a denial (one record, no outcome).
struct CallRecord {
  std::string_view id;       ///< `dec_...`; the outcome carries the same
  std::int64_t time_us = 0;  ///< microseconds since 1970-01-01 UTC
  std::string_view verdict;  ///< `allow`, `deny`, `hide`, `approve`
  bool enforced = true;      ///< false: observe mode, the verdict was not applied (always written)
  std::string_view code;     ///< denial code, such as `default_deny`
  std::string_view rule;     ///< rule string of policy.md section 8 (always written; empty for allowed)
  std::string_view pointer;  ///< JSON Pointer into the document
  PolicyRef policy;
  GrantRef grant;
  IdentityRef identity;
  ClientRef client;
  std::string_view server;
  std::string_view era;       ///< `legacy` or `modern`
  std::string_view revision;  ///< protocol revision, such as `2025-11-25`
  std::string_view session;   ///< digest of the session id, hex
  std::string_view method;
  std::string_view tool;
  std::string_view target;  ///< what other methods name: a URI, a prompt
  std::string_view category;
  std::string_view
      request_id;  ///< the caller's JSON-RPC id as its JSON lexeme, valid JSON; empty: a notification
  ArgsRef args;
  std::span<const ValueRef> values;
  std::span<const QuotaDelta> quota;
  std::string_view approval;                   ///< the request of people that the call asked for or used, `apr_...`
  std::int64_t retry_after_s = -1;             ///< denial: seconds told to the caller
  std::span<const std::string_view> degraded;  ///< degraded stores or modes
  std::string_view reason;                     ///< denial: text for a person
};
using IntentRecord = CallRecord;
using DenialRecord = CallRecord;

/// What became of an intent.
struct OutcomeRecord {
  std::string_view id;  ///< that of the intent
  std::int64_t time_us = 0;
  std::string_view result;  ///< `ok`, `error` (JSON-RPC error), `tool_error` (isError), `upstream_error`,
                            ///< `cancelled`, `timeout`
  std::string_view code;    ///< denial code when our answer refuses after all, such as `upstream_error`
  std::string_view grant;   ///< id
  std::string_view server;
  std::string_view method;
  std::string_view tool;
  std::int64_t upstream_status = 0;   ///< HTTP status, or 0
  std::int64_t rpc_error = 0;         ///< JSON-RPC error code, or 0
  std::int64_t duration_us = 0;       ///< from intent to the answer's end (always written)
  std::uint64_t result_bytes = 0;     ///< always written
  std::string_view result_digest;     ///< hex
  bool is_error = false;              ///< always written
  std::span<const QuotaDelta> quota;  ///< corrections to the intent's deltas (negative: given back)
  std::span<const std::string_view> degraded;
  std::string_view reason;
};

/// A request refused before a decision: no grant, no such path, not MCP.
struct RejectRecord {
  std::string_view id;  ///< `dec_...`
  std::int64_t time_us = 0;
  std::string_view code;  ///< such as `unauthorized`, `bad_request`
  std::int64_t http_status = 0;
  ClientRef client;
  GrantRef grant;
  IdentityRef identity;
  std::string_view server;
  std::string_view method;
  std::string_view request_id;  ///< lexeme, if it was read
  std::string_view reason;
};

/// Rejections that were counted instead of recorded one by one (a flood).
struct RejectSummary {
  std::string_view id;
  std::int64_t time_us = 0;
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string_view code;
  std::int64_t http_status = 0;
  std::uint64_t count = 0;
  std::string_view last_address;
};

/// Any other event: `policy.loaded`, `grant.created`, `config.reloaded`, `child.exit`, `clock_step`, ...
struct EventRecord {
  struct Json {
    std::string_view text;  ///< valid canonical JSON in printable ASCII, copied as it is
  };
  struct Field {
    std::string_view key;  ///< trusted: ASCII without quotes or backslashes
    std::variant<std::string_view, std::int64_t, bool, Json> value;
  };
  std::string_view event;  ///< trusted, as key
  std::int64_t time_us = 0;
  std::span<const Field> fields;
};

/// Each returns the written piece of `out`.
std::string_view write_intent(const CallRecord& record, RecordBuffer& out);
std::string_view write_denial(const CallRecord& record, RecordBuffer& out);
std::string_view write_outcome(const OutcomeRecord& record, OutcomeBuffer& out);
/// Closes an intent whose outcome a crash has hidden: `call.outcome_unknown`, of the outcome's id, time,
/// grant, server, method and tool.
std::string_view write_unknown_outcome(const OutcomeRecord& record, RecordBuffer& out);
std::string_view write_rejection(const RejectRecord& record, RecordBuffer& out);
std::string_view write_summary(const RejectSummary& record, RecordBuffer& out);
std::string_view write_event(const EventRecord& record, RecordBuffer& out);

/// A commitment to one value of a call, and the side entry that lets it be opened.
struct Commitment {
  std::array<char, 64> hex;  ///< for ValueRef::commit
  std::string_view
      entry;  ///< members, a piece of `out`: to be appended with EntryKind::value, before the intent
};
/// `value_json`: the value as canonical JSON. Draws 16 random bytes of salt. A value too large for `out` is
/// committed to all the same, with its text left out of the entry.
Commitment make_commitment(std::string_view call_id, std::string_view path, std::string_view value_json,
                           RecordBuffer& out);

}  // namespace doorward::audit
