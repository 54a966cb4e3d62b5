#include "policy/schema.h"

namespace doorward::policy {
std::string_view document_schema() { return "{}"; }
}
