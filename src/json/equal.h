#pragma once

#include "json/value.h"

namespace doorward::json {

/// The same JSON value (policy.md section 4, `eq`): numbers by exact decimal value, strings by code points,
/// arrays element by element, objects whatever the order of their members. A missing value equals nothing.
/// Recurses as deep as the shallower value is nested, which the Reader bounds (Limits::depth). Linear where
/// members stand in the same order; otherwise quadratic in the members of one object, and only for objects of
/// equal size.
bool equal(Value a, Value b);

}  // namespace doorward::json
