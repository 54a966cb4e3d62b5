#include "mcp/modern_request.h"

#include "json/copy.h"
#include "mcp/header_mirror.h"

namespace doorward::mcp {

namespace {

using json::Member;
using json::ObjectCopy;
using json::Type;
using json::Value;

bool describes_itself(std::string_view key) {
  return key == kMetaProtocolVersion || key == kMetaClientCapabilities || key == kMetaClientInfo ||
         key == kMetaLogLevel || key == "progressToken" || key == "io.modelcontextprotocol/related-task";
}

void add_self(ObjectCopy& meta, const ClientSelf& self) {
  json::append_string(meta.key(kMetaProtocolVersion), to_string(Revision::v2026_07_28));
  if (!self.info.empty()) meta.key(kMetaClientInfo) += self.info;
  meta.key(kMetaClientCapabilities) += self.capabilities;
  if (!self.log_level.empty()) meta.key(kMetaLogLevel) += self.log_level;
}

void begin_request(std::string& out, std::string_view method, std::string_view id) {
  out += R"({"jsonrpc":"2.0","id":)";
  out += id;
  out += R"(,"method":)";
  json::append_string(out, method);
  out += R"(,"params":)";
}

}  // namespace

void append_modern_request(std::string& out, std::string_view text, const Message& request,
                           std::string_view id, const ClientSelf& self, const InputRound& round) {
  begin_request(out, request.method_name, id);
  ObjectCopy params(out, text);
  for (const Member member : request.params.members()) {
    const std::string_view key = member.key.string();
    if (key != "_meta" && key != "task" && key != "inputResponses" && key != "requestState") {
      params.keep(member);
    }
  }
  if (!round.responses.empty()) params.key("inputResponses") += round.responses;
  if (!round.state.empty()) params.key("requestState") += round.state;
  ObjectCopy meta(params.key("_meta"), text);
  for (const Member member : request.meta.members()) {
    if (!describes_itself(member.key.string())) meta.keep(member);
  }
  if (request.progress_token) meta.key("progressToken") += id;
  add_self(meta, self);
  meta.end();
  params.end();
  out += '}';
}

void append_modern_request(std::string& out, Method method, std::string_view params, std::string_view id,
                           const ClientSelf& self) {
  begin_request(out, to_string(method), id);
  out += '{';
  out += params;
  if (!params.empty()) out += ',';
  out += R"("_meta":)";
  ObjectCopy meta(out, {});
  add_self(meta, self);
  meta.end();
  out += "}}";
}

void append_modern_capabilities(std::string& out, std::string_view text, Value capabilities,
                                Revision revision) {
  ObjectCopy copy(out, text);
  for (const Member member : capabilities.members()) {
    const std::string_view key = member.key.string();
    if (!member.value.is(Type::object) || key == "tasks" || key == "extensions") continue;
    if (key == "elicitation" && revision < Revision::v2025_06_18) continue;
    const bool has_no_parts = key == "roots" || ((key == "sampling" || key == "elicitation") &&
                                                 revision < Revision::v2025_11_25);
    if (has_no_parts) {
      copy.key(key) += "{}";
    } else {
      copy.keep(member);
    }
  }
  copy.end();
}

}  // namespace doorward::mcp
