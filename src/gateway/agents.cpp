#include "gateway/agents.h"

#include <utility>

#include "gateway/shared.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {

constexpr std::size_t kMostGrants = 16'384;
constexpr std::size_t kMostMissingKeys = 1'024;
/// An issuer is asked for unknown keys at most this often.
constexpr std::int64_t kFetchPauseUs = 10'000'000;
constexpr std::int64_t kMissingUs = 60'000'000;

}  // namespace

void Agents::set_issuers(std::shared_ptr<const identity::IssuerTable> issuers) {
  issuers_ = std::move(issuers);
  known_.clear();
}

Admission Agents::admit(std::string_view token, std::string_view server, const identity::TokenContext& context) {
  const std::shared_ptr<const Agent>* known = known_.find(token, server);
  if (known == nullptr) return verify(token, server, context);
  const identity::Grant& grant = *(*known)->entry.grant;
  if (grant.is_revoked()) return {.code = "revoked"};
  if (grant.is_expired(context.now_s)) return {.code = "expired"};
  return {.answer = Admission::Answer::admitted, .agent = *known};
}

Admission Agents::admit(const io::PeerCertificate& certificate, std::string_view server) {
  auto subject = identity::subject_of_certificate(certificate.sha256, certificate.subject, certificate.names);
  if (subject == nullptr) return {};
  return enter(std::move(subject), server);
}

Admission Agents::verify(std::string_view token, std::string_view server, const identity::TokenContext& context) {
  auto subject = identity::verify_access_token(*issuers_, token, context);
  if (!subject) {
    const identity::TokenRefusal& refusal = subject.error();
    if (refusal.fault == identity::TokenFault::unknown_key) return want_key(*refusal.issuer, refusal.key_id);
    const bool scopes = refusal.fault == identity::TokenFault::too_few_scopes;
    return {.answer = scopes ? Admission::Answer::scopes : Admission::Answer::refused,
            .code = identity::to_string(refusal.fault),
            .issuer = refusal.issuer};
  }
  Admission admission = enter(std::move(*subject), server);
  if (admission.agent) {
    // Another certificate on another connection must prove itself anew.
    const bool bound = static_cast<bool>(admission.agent->entry.grant->subject->claims->root().find("cnf"));
    if (!bound) known_.put(token, server, admission.agent);
  }
  return admission;
}

Admission Agents::enter(std::shared_ptr<const identity::Subject> subject, std::string_view server) {
  const std::shared_ptr<const World>& world = worker_.world();
  const GrantEntry* configured = world->grant_for(*subject, server);
  if (configured == nullptr) return {.answer = Admission::Answer::nothing, .code = "not_found"};
  if (configured->grant->is_revoked()) return {.code = "revoked"};
  if (configured->grant->is_expired(worker_.loop().wall_us() / 1'000'000)) return {.code = "expired"};
  identity::Revocations* revocations = worker_.shared().options.revocations;
  identity::RevokedFlag barred = revocations != nullptr ? revocations->subject_flag(subject->key()) : nullptr;
  if (barred != nullptr && barred->load(std::memory_order_acquire)) return {.code = "revoked"};
  auto agent = std::make_shared<const Agent>(world, entry_for(*configured, std::move(subject), std::move(barred)));
  if (grants_.size() >= kMostGrants) grants_.clear();
  grants_.insert_or_assign(agent->entry.grant->id, agent->entry.grant);
  return {.answer = Admission::Answer::admitted, .agent = std::move(agent)};
}

Admission Agents::want_key(const identity::Issuer& issuer, std::string_view key_id) {
  const std::int64_t now = worker_.loop().now_us();
  identity::KeyDemand& demand = *issuer.demand;
  const bool none = issuer.keys.empty();
  const Admission refusal{.answer = none ? Admission::Answer::no_keys : Admission::Answer::refused,
                          .code = none ? "no_keys" : "unknown_key",
                          .issuer = &issuer};
  const Admission wait{.answer = Admission::Answer::wait, .code = "unknown_key", .issuer = &issuer};
  std::string name = issuer.settings.issuer + " " + std::string(key_id);
  if (const auto missing = missing_keys_.find(name); missing != missing_keys_.end() && missing->second > now) {
    return refusal;
  }
  if (demand.under_way.load(std::memory_order_acquire)) return wait;
  const std::int64_t last = demand.last_us.load(std::memory_order_acquire);
  if (last != INT64_MIN && now - last < kFetchPauseUs) {
    // It was asked for, and what came does not have it.
    if (!none) {
      if (missing_keys_.size() >= kMostMissingKeys) missing_keys_.clear();
      missing_keys_.insert_or_assign(std::move(name), now + kMissingUs);
    }
    return refusal;
  }
  if (!demand.wanted.exchange(true)) {
    demand.under_way.store(true, std::memory_order_release);
    worker_.shared().options.keys_wanted();
  }
  return wait;
}

std::shared_ptr<const Agent> Agents::renew(const identity::Grant& grant) {
  std::shared_ptr<const Agent> agent = enter(grant.subject, grant.server).agent;
  return agent != nullptr && agent->entry.grant->id == grant.id ? agent : nullptr;
}

bool Agents::holds(std::string_view grant, std::int64_t now_s) const {
  const auto found = grants_.find(std::string(grant));
  return found != grants_.end() && !found->second->is_revoked() && !found->second->is_expired(now_s);
}

void Agents::tick(std::int64_t now_s) {
  const auto over = [&](const identity::Grant& grant) { return grant.is_revoked() || grant.is_expired(now_s); };
  known_.erase_if([&](const std::shared_ptr<const Agent>& agent) { return over(*agent->entry.grant); });
  std::erase_if(grants_, [&](const auto& one) { return over(*one.second); });
  const std::int64_t now_us = worker_.loop().now_us();
  std::erase_if(missing_keys_, [&](const auto& one) { return one.second <= now_us; });
}

}  // namespace doorward::gateway
