#pragma once

#include "policy/policy.h"

namespace doorward::policy {

class Checker;

/// Warns about what is valid but probably not meant: a policy that allows no tool, rules that can never
/// decide, unanchored patterns in `require`, a `rate_limit` without a limit that new sessions cannot escape,
/// wide keys under `default: deny`, rules that try to recognise SQL or shell text.
void lint(const Policy& policy, Checker& checker);

}  // namespace doorward::policy
