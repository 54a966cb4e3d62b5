#pragma once

#include <functional>

#include "audit/record.h"
#include "server/operations.h"
#include "store/store.h"

namespace doorward::server {

/// Writes a denial to the log; false where it cannot be stored.
using RecordDenial = std::function<bool(const audit::CallRecord& denial)>;

/// Adds `demo.refused`: one call that a policy in force refuses, judged by the engine and recorded as any denial, so that
/// people see what an agent would be told. It cannot reach a server: nothing here sends anything, and a call that the
/// policy does not refuse is no call at all. It is made by a test grant that nobody holds.
void add_refused_call_operation(Operations& operations, store::Store& store, RecordDenial record,
                                const Clock& clock = system_clock());

}  // namespace doorward::server
