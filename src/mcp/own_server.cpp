#include "mcp/own_server.h"

#include "mcp/method.h"
#include "mcp/revision.h"

namespace doorward::mcp {
namespace {

void write_initialize(json::Writer& out, const OwnServer& server, json::Value params) {
  const json::Value version = params.find("protocolVersion");
  const auto asked = version.is(json::Type::string) ? parse_revision(version.string()) : std::nullopt;
  const bool spoken = asked && era_of(*asked) == Era::legacy;
  out.key("protocolVersion").string(to_string(spoken ? *asked : Revision::v2025_11_25));
  out.key("capabilities").raw(server.capabilities).key("serverInfo").raw(server.info);
  out.key("instructions").string(server.instructions);
}

void write_id(json::Writer& out, json::Value id, std::string_view text) {
  out.begin_object().key("jsonrpc").string("2.0").key("id");
  if (id) {
    out.raw(text.substr(id.begin_offset(), id.end_offset() - id.begin_offset()));
  } else {
    out.null();
  }
}

}  // namespace

bool describes_itself(const Message& request) {
  return static_cast<bool>(request.meta.find("io.modelcontextprotocol/protocolVersion"));
}

bool write_common_result(json::Writer& out, const OwnServer& server, const Message& request) {
  const bool modern = describes_itself(request);
  switch (request.method) {
    case Method::initialize:
      if (!modern) write_initialize(out, server, request.params);
      return !modern;
    case Method::ping:
      return !modern;
    case Method::server_discover:
      if (!modern) return false;
      out.key("supportedVersions").begin_array().string(to_string(Revision::v2026_07_28)).end_array();
      out.key("capabilities").raw(server.capabilities).key("instructions").string(server.instructions);
      return true;
    case Method::tools_list:
      out.key("tools").raw(server.tools);
      return true;
    default:
      return false;
  }
}

void begin_result(json::Writer& out, bool modern) {
  out.begin_object();
  if (modern) out.key("resultType").string("complete");
}

void end_result(json::Writer& out, bool modern, std::string_view info, bool cached) {
  if (modern) {
    if (cached) out.key("ttlMs").number(60'000).key("cacheScope").string("private");
    out.key("_meta").begin_object().key("io.modelcontextprotocol/serverInfo").raw(info).end_object();
  }
  out.end_object();
}

std::string result_answer(json::Value id, std::string_view text, std::string_view result) {
  std::string answer;
  json::Writer out(answer);
  write_id(out, id, text);
  out.key("result").raw(result).end_object();
  return answer;
}

std::string error_answer(json::Value id, std::string_view text, ErrorCode code, std::string_view message) {
  std::string answer;
  json::Writer out(answer);
  write_id(out, id, text);
  out.key("error").begin_object().key("code").number(static_cast<int>(code));
  out.key("message").string(message).end_object().end_object();
  return answer;
}

std::string one_line(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c != '\n') out += c;
  }
  return out;
}

}  // namespace doorward::mcp
