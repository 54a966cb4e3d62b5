#include "audit/record.h"

#include <algorithm>

#include "audit/json_out.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"

namespace doorward::audit {
namespace {

// Bounds count escaped bytes. Their sum, with keys and punctuation, stays below the buffer, so that a long
// text costs its own end and never another member.
constexpr std::size_t kName = 192;
constexpr std::size_t kPath = 1024;
constexpr std::size_t kReason = 1024;
constexpr std::size_t kRequestId = 512;
constexpr std::size_t kArgKeys = 4096;
constexpr std::size_t kValues = 8192;
constexpr std::size_t kQuota = 4096;

void put_policy(JsonOut& out, const PolicyRef& policy) {
  if (policy.name.empty() && policy.version.empty() && policy.sha256.empty()) return;
  out.open_object("policy", "policy.");
  out.text("name", policy.name, kName);
  out.text("version", policy.version, kName);
  out.text("sha256", policy.sha256, 64);
  out.close_object();
}

void put_grant(JsonOut& out, const GrantRef& grant) {
  if (grant.id.empty() && grant.label.empty() && grant.owner.empty()) return;
  out.open_object("grant", "grant.");
  out.text("id", grant.id, kName);
  out.text("label", grant.label, kName);
  out.text("owner", grant.owner, kName);
  out.close_object();
}

void put_identity(JsonOut& out, const IdentityRef& identity) {
  if (identity.credential.empty()) return;
  out.open_object("identity", "identity.");
  out.text("issuer", identity.issuer, 2 * kName);
  out.text("subject", identity.subject, 2 * kName);
  out.text("credential", identity.credential, 32);
  out.text("digest", identity.digest, 64);
  out.close_object();
}

void put_client(JsonOut& out, const ClientRef& client) {
  if (client.address.empty() && client.name.empty()) return;
  out.open_object("client", "client.");
  out.text("address", client.address, kName);
  out.text("name", client.name, kName);
  out.close_object();
}

void put_request(JsonOut& out, std::string_view lexeme) {
  if (lexeme.empty()) return;
  out.open_object("request", "request.");
  out.lexeme("id", lexeme, kRequestId);
  out.close_object();
}

void put_args(JsonOut& out, const ArgsRef& args) {
  if (!args.present) return;
  out.open_object("args", "args.");
  out.open_array("keys", kArgKeys);
  for (const std::string_view key : args.keys) {
    if (!out.element(std::min<std::size_t>(6 * key.size(), kName) + 2)) break;
    out.element_text(key, kName);
  }
  out.close_array();
  out.count("count", args.keys.size());
  out.text("digest", args.digest, 64);
  out.count("bytes", args.bytes);
  out.close_object();
}

void put_values(JsonOut& out, std::span<const ValueRef> values) {
  if (values.empty()) return;
  out.open_array("values", kValues);
  for (const ValueRef& value : values) {
    if (!out.element(std::min<std::size_t>(6 * value.path.size(), kName) + 96)) break;
    out.element_raw("{\"path\":");
    out.element_text(value.path, kName);
    out.element_raw(",\"commit\":");
    out.element_text(value.commit, 64);
    out.element_raw("}");
  }
  out.close_array();
}

void put_quota(JsonOut& out, std::span<const QuotaDelta> quota, std::size_t bound) {
  if (quota.empty()) return;
  out.open_array("quota", bound);
  for (const QuotaDelta& delta : quota) {
    if (!out.element(64 + delta.window.size())) break;
    out.element_raw("[\"");
    out.element_hex(delta.key_high, delta.key_low);
    out.element_raw("\",");
    out.element_text(delta.window, 64);
    out.element_raw(",");
    out.element_number(delta.amount);
    out.element_raw("]");
  }
  out.close_array();
}

void put_list(JsonOut& out, std::string_view key, std::span<const std::string_view> items,
              std::size_t bound) {
  if (items.empty()) return;
  out.open_array(key, bound);
  for (const std::string_view item : items) {
    if (!out.element(std::min<std::size_t>(6 * item.size(), 64) + 2)) break;
    out.element_text(item, 64);
  }
  out.close_array();
}

std::string_view write_call(std::string_view event, const CallRecord& record, RecordBuffer& buffer) {
  JsonOut out(buffer);
  out.text("id", record.id, kName);
  out.time("time", record.time_us);
  out.raw("event", event);
  out.text("verdict", record.verdict, 32);
  out.boolean("enforced", record.enforced);
  out.text("code", record.code, kName);
  out.text_always("rule", record.rule, kPath);
  out.text("pointer", record.pointer, kPath);
  put_policy(out, record.policy);
  put_grant(out, record.grant);
  put_identity(out, record.identity);
  put_client(out, record.client);
  out.text("server", record.server, kName);
  out.text("era", record.era, 32);
  out.text("revision", record.revision, 64);
  out.text("session", record.session, 64);
  out.text("method", record.method, kName);
  out.text("tool", record.tool, 2 * kName);
  out.text("target", record.target, kPath);
  out.text("category", record.category, 32);
  put_request(out, record.request_id);
  put_args(out, record.args);
  put_values(out, record.values);
  put_quota(out, record.quota, kQuota);
  out.text("approval", record.approval, 64);
  if (record.retry_after_s >= 0) out.number("retry_after_s", record.retry_after_s);
  put_list(out, "degraded", record.degraded, 512);
  out.text("reason", record.reason, kReason);
  return out.finish();
}

}  // namespace

std::string_view write_intent(const CallRecord& record, RecordBuffer& out) {
  return write_call("\"call.intent\"", record, out);
}

std::string_view write_denial(const CallRecord& record, RecordBuffer& out) {
  return write_call("\"call.denied\"", record, out);
}

std::string_view write_outcome(const OutcomeRecord& record, OutcomeBuffer& buffer) {
  JsonOut out(buffer);
  out.text("id", record.id, 64);
  out.time("time", record.time_us);
  out.raw("event", "\"call.outcome\"");
  out.text("result", record.result, 24);
  out.text("code", record.code, 40);
  if (!record.grant.empty()) {
    out.open_object("grant", "grant.");
    out.text("id", record.grant, 96);
    out.close_object();
  }
  out.text("server", record.server, 136);
  out.text("method", record.method, 72);
  out.text("tool", record.tool, 200);
  if (record.upstream_status != 0) out.number("upstream_status", record.upstream_status);
  if (record.rpc_error != 0) out.number("rpc_error", record.rpc_error);
  out.number("duration_us", record.duration_us);
  out.count("result_bytes", record.result_bytes);
  out.text("result_digest", record.result_digest, 64);
  out.boolean("is_error", record.is_error);
  put_quota(out, record.quota, 400);
  put_list(out, "degraded", record.degraded, 96);
  out.text("reason", record.reason, 200);
  return out.finish();
}

std::string_view write_unknown_outcome(const OutcomeRecord& record, RecordBuffer& buffer) {
  JsonOut out(buffer);
  out.text("id", record.id, kName);
  out.time("time", record.time_us);
  out.raw("event", "\"call.outcome_unknown\"");
  put_grant(out, {record.grant, {}, {}});
  out.text("server", record.server, kName);
  out.text("method", record.method, kName);
  out.text("tool", record.tool, 2 * kName);
  return out.finish();
}

std::string_view write_rejection(const RejectRecord& record, RecordBuffer& buffer) {
  JsonOut out(buffer);
  out.text("id", record.id, kName);
  out.time("time", record.time_us);
  out.raw("event", "\"request.rejected\"");
  out.text("code", record.code, kName);
  if (record.http_status != 0) out.number("http_status", record.http_status);
  put_client(out, record.client);
  put_grant(out, record.grant);
  put_identity(out, record.identity);
  out.text("server", record.server, kName);
  out.text("method", record.method, kName);
  put_request(out, record.request_id);
  out.text("reason", record.reason, kReason);
  return out.finish();
}

std::string_view write_summary(const RejectSummary& record, RecordBuffer& buffer) {
  JsonOut out(buffer);
  out.text("id", record.id, kName);
  out.time("time", record.time_us);
  out.raw("event", "\"request.rejected.summary\"");
  out.time("from", record.from_us);
  out.time("to", record.to_us);
  out.text("code", record.code, kName);
  if (record.http_status != 0) out.number("http_status", record.http_status);
  out.count("count", record.count);
  if (!record.last_address.empty()) {
    out.open_object("client", "client.");
    out.text("address", record.last_address, kName);
    out.close_object();
  }
  return out.finish();
}

std::string_view write_event(const EventRecord& record, RecordBuffer& buffer) {
  JsonOut out(buffer);
  out.time("time", record.time_us);
  out.text_always("event", record.event, kName);
  for (const EventRecord::Field& field : record.fields) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      out.text_always(field.key, *text, 4 * kPath);
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      out.number(field.key, *number);
    } else if (const auto* truth = std::get_if<bool>(&field.value)) {
      out.boolean(field.key, *truth);
    } else {
      out.raw(field.key, std::get<EventRecord::Json>(field.value).text);
    }
  }
  return out.finish();
}

Commitment make_commitment(std::string_view call_id, std::string_view path, std::string_view value_json,
                           RecordBuffer& buffer) {
  thread_local Sha256 hash;
  std::array<std::uint8_t, 16> salt;
  random_bytes(salt);
  const Digest digest = hash.update(salt).update(value_json).finish();

  static constexpr char kDigits[] = "0123456789abcdef";
  const auto to_digits = [](std::span<const std::uint8_t> bytes, char* out) {
    for (const std::uint8_t byte : bytes) {
      *out++ = kDigits[byte >> 4];
      *out++ = kDigits[byte & 15];
    }
  };
  Commitment commitment;
  to_digits(digest, commitment.hex.data());
  std::array<char, 32> salt_hex;
  to_digits(salt, salt_hex.data());

  // Text cut short would not hash to the commitment, so a value that does not fit is left out whole.
  constexpr std::size_t kLongest = kMaxEntry - 2048;
  for (const std::string_view value : {value_json, std::string_view()}) {
    JsonOut out(buffer);
    out.text("id", call_id, kName);
    out.text("path", path, kName);
    out.raw("commit", "");
    out.element_raw("\"");
    out.element_raw({commitment.hex.data(), commitment.hex.size()});
    out.element_raw("\"");
    out.text("salt", {salt_hex.data(), salt_hex.size()}, 32);
    out.text("value", value, kLongest);
    commitment.entry = out.finish();
    if (!out.was_cut()) break;
  }
  return commitment;
}

}  // namespace doorward::audit
