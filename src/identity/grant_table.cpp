#include "identity/grant_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "base/encoding.h"

namespace doorward::identity {
namespace {

std::size_t slot_of(const TokenHash& hash) {
  std::size_t value = 0;
  std::memcpy(&value, hash.data(), sizeof(value));
  return value;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::missing:
      return "missing";
    case Verdict::malformed:
      return "malformed";
    case Verdict::refused:
      return "refused";
    case Verdict::unknown:
      return "unknown";
    case Verdict::revoked:
      return "revoked";
    case Verdict::expired:
      break;
  }
  return "expired";
}

Result<GrantTable> GrantTable::build(std::vector<std::shared_ptr<Grant>> grants) {
  GrantTable table;
  table.slots_.assign(std::bit_ceil(grants.size() * 2 + 2), 0);
  const std::size_t mask = table.slots_.size() - 1;
  for (std::size_t i = 0; i < grants.size(); ++i) {
    Grant& grant = *grants[i];
    if (grant.revoked == nullptr) grant.revoked = std::make_shared<std::atomic<bool>>(false);
    if (grant.rule) continue;
    std::size_t at = slot_of(grant.token_hash) & mask;
    for (; table.slots_[at] != 0; at = (at + 1) & mask) {
      const Grant& other = *grants[table.slots_[at] - 1];
      if (other.token_hash == grant.token_hash) {
        return fail(ErrorKind::conflict, "the grants " + other.label + " and " + grant.label +
                                             " have the same token; give one of them another");
      }
    }
    table.slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
  table.grants_ = std::move(grants);
  return table;
}

Verification GrantTable::verify(std::optional<std::string_view> authorization, std::int64_t now_s) const {
  if (!authorization) return {};
  const auto credentials = bearer_credentials(*authorization);
  if (!credentials || credentials->empty()) return {};
  return verify_token(*credentials, now_s);
}

Verification GrantTable::verify_token(std::string_view token, std::int64_t now_s) const {
  if (!is_token(token)) return {Verdict::malformed, nullptr, 0};
  return lookup(hash_token(token), now_s);
}

Verification GrantTable::lookup(const TokenHash& hash, std::int64_t now_s) const {
  if (slots_.empty()) return {Verdict::unknown, nullptr, 0};
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = slot_of(hash) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const std::size_t index = slots_[at] - 1;
    const Grant& grant = *grants_[index];
    if (!constant_time_equal(grant.token_hash, hash)) continue;
    const Verdict verdict = grant.is_revoked()        ? Verdict::revoked
                            : grant.is_expired(now_s) ? Verdict::expired
                                                      : Verdict::good;
    return {verdict, &grant, index};
  }
  return {Verdict::unknown, nullptr, 0};
}

std::shared_ptr<Grant> for_subject(const Grant& configured, std::shared_ptr<const Subject> subject, RevokedFlag barred) {
  auto grant = std::make_shared<Grant>(configured);
  grant->rule.reset();
  grant->configured = configured.id;
  grant->barred = std::move(barred);
  // A UUID of version 8 (RFC 9562): ours is a digest of all that names the holder.
  const std::string key = subject->key();
  const Digest digest = sha256("agent:" + configured.id + ":" + key);
  std::string hex = to_hex(std::span(digest).first(16));
  hex[12] = '8';
  hex[16] = "89ab"[digest[8] >> 6];
  grant->id = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
              hex.substr(20);
  if (grant->owner.empty()) grant->owner = subject->actor();
  grant->expires_s = std::min(configured.expires_s.value_or(subject->expires_s), subject->expires_s);
  grant->subject = std::move(subject);
  return grant;
}

RevokedFlag Revocations::flag(const std::string& grant_id, const TokenHash& hash) {
  const std::lock_guard guard(mutex_);
  RevokedFlag& flag = flags_[grant_id][hash];
  if (flag == nullptr) flag = std::make_shared<std::atomic<bool>>(false);
  return flag;
}

void Revocations::bar(const std::string& key) {
  subject_flag(key)->store(true, std::memory_order_release);
}

void Revocations::revoke(const std::string& grant_id) {
  const std::lock_guard guard(mutex_);
  for (auto& [hash, flag] : flags_[grant_id]) flag->store(true, std::memory_order_release);
}

void Revocations::drop(const std::string& grant_id) {
  revoke(grant_id);
  const std::lock_guard guard(mutex_);
  flags_.erase(grant_id);
}

void Revocations::revoke_others(const std::string& grant_id, const TokenHash& kept) {
  const std::lock_guard guard(mutex_);
  std::erase_if(flags_[grant_id], [&](const auto& one) {
    if (one.first == kept) return false;
    one.second->store(true, std::memory_order_release);
    return true;
  });
}

}  // namespace doorward::identity
