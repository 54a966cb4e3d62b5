#include "catalogue/import.h"

#include <array>

#include "catalogue/adapters.h"

namespace doorward::catalogue {
std::span<const Adapter> adapters() {
  // The narrower shapes first: what one server answers, then lists; a list of ToolHive or Smithery could pass
  // for one of the official registry.
  static const std::array<Adapter, 7> kAdapters = {kMcpAdapter,  kSmitheryAdapter, kToolhiveAdapter,
                                                   kMcpmAdapter, kRegistryAdapter, kDockerAdapter,
                                                   kObotAdapter};
  return kAdapters;
}

const Adapter* find_adapter(std::string_view id) {
  for (const Adapter& adapter : adapters()) {
    if (adapter.id == id) return &adapter;
  }
  return nullptr;
}

const Adapter* recognise(std::string_view document) {
  for (const Adapter& adapter : adapters()) {
    if (adapter.recognises(document)) return &adapter;
  }
  return nullptr;
}

}  // namespace doorward::catalogue
