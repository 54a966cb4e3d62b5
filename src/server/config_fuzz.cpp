#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/reader.h"
#include "server/config.h"
#include "yaml/tree.h"

/// Whatever the bytes are, the reader answers; what it accepts as a tree is valid JSON once converted, and
/// reads the same again as YAML.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = yaml::read(text);
  const auto config = server::parse_config(text, "fuzz.yaml");
  if (!tree) {
    if (config || config.error().size() != 1) std::abort();
    return 0;
  }
  if (!config && config.error().empty()) std::abort();
  const std::string json = yaml::to_json(*tree);
  json::Reader reader;
  const auto value = reader.read(json, {.depth = 64});
  // A number may be past the range that the JSON reader takes; nothing else may be wrong.
  if (!value && value.error().code != json::ReadCode::number_range) std::abort();
  return 0;
}
