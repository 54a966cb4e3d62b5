#pragma once

#include <string_view>

#include "identity/role.h"

namespace doorward::identity {

/// Whether the actor is the person who owns a grant, so that the actor may not approve what its agent asks (attack case
/// T303). `owner` is the text of the grant: a user's name (`alice`, `user:alice`), `oidc:<issuer>#<subject>`, or an
/// e-mail address. It is compared with the actor's name and its other names, ASCII letters in any case and spaces
/// around left out: where two people could be meant, they count as the same. An empty owner is nobody.
bool same_person(const Actor& actor, std::string_view owner);

/// Whether an entry of a policy's `approvers` means this actor: the name of one of its groups, or its own name with or
/// without `user:`. Exact, and never by one of its other names.
bool is_named(const Actor& actor, std::string_view approver);

}  // namespace doorward::identity
