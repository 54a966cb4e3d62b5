#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "clients/config_file.h"
#include "clients/shim_entry.h"

/// Whatever the bytes are, in each format: an entry that takes the shim gives its old bytes back, and nothing else has
/// changed. The first byte chooses the client.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward::clients;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Client& client = all_clients()[data[0] % all_clients().size()];
  const Location& location = client.locations.front();
  const ConfigFile file = read_config_text(text, &client, &location, "fuzz");
  const Shim shim{"/usr/bin/doorward", {"connect", "x"}, {}, {{"A", "b"}}, {}};
  std::size_t tried = 0;
  for (const Entry& entry : file.entries) {
    if (++tried > 3) break;
    const auto path = entry_path(text, location.format, client, location, entry);
    if (!path) continue;
    const auto original = bytes_of(text, location.format, *path);
    const auto after = original ? put_shim(text, location.format, client, *path, shim) : original;
    if (!after) continue;
    const auto back = replace_bytes(*after, location.format, *path, *original);
    if (!back) continue;
    // An entry of TOML that came in pieces is put together; every other file is as it was, byte for byte.
    if (location.format == Format::jsonc && *back != text) std::abort();
    const auto then = read_tree(text, location.format);
    const auto now = read_tree(*back, location.format);
    if (!then || !now || !same_value(*then, *now)) std::abort();
  }
  (void)add_shim(text, client, location, "new", shim);
  return 0;
}
