#pragma once

#include "audit/record.h"
#include "identity/grant_table.h"

namespace doorward::gateway {

/// A grant as records name it: an agent's own by the configured one. Refers to the grant.
inline audit::GrantRef grant_ref(const identity::Grant& grant) {
  return {grant.configured_id(), grant.label, grant.owner};
}
inline audit::IdentityRef identity_ref(const identity::Grant& grant) {
  if (grant.subject == nullptr) return {};
  const identity::Subject& subject = *grant.subject;
  return {subject.issuer, subject.subject, subject.credential, subject.digest};
}

}  // namespace doorward::gateway
