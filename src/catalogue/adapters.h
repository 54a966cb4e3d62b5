#pragma once

#include "catalogue/import.h"

/// The adapters, a file each: `import_<id>.cpp`.
namespace doorward::catalogue {

extern const Adapter kRegistryAdapter;
extern const Adapter kToolhiveAdapter;
extern const Adapter kDockerAdapter;
extern const Adapter kSmitheryAdapter;
extern const Adapter kMcpAdapter;
extern const Adapter kMcpmAdapter;
extern const Adapter kObotAdapter;

}  // namespace doorward::catalogue
