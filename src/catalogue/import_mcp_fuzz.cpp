#include "catalogue/import_fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return doorward::catalogue::check_adapter(doorward::catalogue::kMcpAdapter, data, size);
}
