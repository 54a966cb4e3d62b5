#include "policy/dialect.h"

namespace doorward::policy {
bool is_older_dialect(json::Value) {
  return false;
}
}  // namespace doorward::policy
