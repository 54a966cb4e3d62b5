#include "identity/grant_table.h"

#include <bit>
#include <cstring>

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

RevokedFlag Revocations::flag(const std::string& grant_id, const TokenHash& hash) {
  const std::lock_guard guard(mutex_);
  RevokedFlag& flag = flags_[grant_id][hash];
  if (flag == nullptr) flag = std::make_shared<std::atomic<bool>>(false);
  return flag;
}

void Revocations::revoke(const std::string& grant_id) {
  const std::lock_guard guard(mutex_);
  for (auto& [hash, flag] : flags_[grant_id]) flag->store(true, std::memory_order_release);
}

void Revocations::revoke_others(const std::string& grant_id, const TokenHash& kept) {
  const std::lock_guard guard(mutex_);
  for (auto& [hash, flag] : flags_[grant_id]) {
    if (hash != kept) flag->store(true, std::memory_order_release);
  }
}

}  // namespace doorward::identity
