#pragma once

#include "base/clock.h"
#include "server/operations.h"
#include "server/sealed_secrets.h"

namespace doorward::server {

/// Adds `secret.set`, `secret.rotate`, `secret.list`, `secret.remove` and `secret.rotate_key`, for admins
/// alone. A value comes in and never goes out. A new value is used from the next call on. Both must outlive
/// the operations' last request.
void add_secret_operations(Operations& operations, SealedSecrets& secrets,
                           const Clock& clock = system_clock());

}  // namespace doorward::server
