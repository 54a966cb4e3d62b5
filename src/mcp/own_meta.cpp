#include "mcp/own_meta.h"

#include "json/writer.h"
#include "mcp/header_mirror.h"

namespace doorward::mcp {

void append_own_meta(std::string& out, Revision revision, std::string_view capabilities) {
  json::Writer(out)
      .begin_object()
      .key(kMetaProtocolVersion)
      .string(to_string(revision))
      .key(kMetaClientInfo)
      .raw(kOwnInfo)
      .key(kMetaClientCapabilities)
      .raw(capabilities)
      .end_object();
}

}  // namespace doorward::mcp
