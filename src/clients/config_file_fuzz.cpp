#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "clients/config_file.h"

/// Whatever the bytes are, in each format, the reader answers: an error that stands alone, or entries whose places lie
/// in the text. The first byte chooses the client.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward::clients;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Client& client = all_clients()[data[0] % all_clients().size()];
  for (const Location& location : client.locations) {
    const ConfigFile file = read_config_text(text, &client, &location, "fuzz");
    for (const Entry& entry : file.entries) {
      if (entry.begin > entry.end || entry.end > text.size() || entry.line == 0) std::abort();
      // What can be started says how; what cannot says why.
      if (entry.flaw.empty() && entry.command.empty() && entry.url.empty()) std::abort();
    }
  }
  return 0;
}
