#include "gateway/capabilities.h"

namespace doorward::gateway {
namespace {

std::string_view bytes(std::string_view text, json::Value first, json::Value last) {
  return text.substr(first.begin_offset(), last.end_offset() - first.begin_offset());
}

/// Appends the members that `keep` (std::string_view -> bool) wants, and the known extensions where `extensions`.
template <typename Keep>
void append_kept(std::string& out, std::string_view text, json::Value capabilities, bool extensions,
                 Keep&& keep) {
  out += '{';
  const auto separate = [&out] {
    if (out.back() != '{') out += ',';
  };
  for (const json::Member member : capabilities.members()) {
    const std::string_view key = member.key.string();
    if (key == "extensions") {
      const json::Value tasks = extensions ? member.value.find(mcp::kTasksExtension) : json::Value();
      if (!tasks) continue;
      separate();
      out.append("\"extensions\":{\"").append(mcp::kTasksExtension).append("\":").append(bytes(text, tasks, tasks)).append("}");
    } else if (keep(key)) {
      separate();
      out += bytes(text, member.key, member.value);
    }
  }
  out += '}';
}

}  // namespace

Questions Questions::allowed(const upstream::ProtocolSettings& settings) {
  return {settings.sampling, settings.elicitation, settings.roots};
}

Questions Questions::answered_by(json::Value capabilities) const {
  const auto declared = [&](std::string_view key) { return static_cast<bool>(capabilities.find(key)); };
  return {sampling && declared("sampling"), elicitation && declared("elicitation"), roots && declared("roots")};
}

bool Questions::include(mcp::Method method) const {
  switch (method) {
    case mcp::Method::sampling_create_message:
      return sampling;
    case mcp::Method::elicitation_create:
      return elicitation;
    case mcp::Method::roots_list:
      return roots;
    default:
      return false;
  }
}

void append_client_capabilities(std::string& out, std::string_view text, json::Value capabilities,
                                const Questions& allowed) {
  append_kept(out, text, capabilities, true, [&](std::string_view key) {
    return (key == "sampling" && allowed.sampling) || (key == "elicitation" && allowed.elicitation) ||
           (key == "roots" && allowed.roots);
  });
}

void append_server_capabilities(std::string& out, std::string_view text, json::Value capabilities,
                                mcp::Era era, bool own_tasks) {
  const bool modern = era == mcp::Era::modern;
  append_kept(out, text, capabilities, modern,
              [modern](std::string_view key) { return !modern || key != "tasks"; });
  if (!modern || !own_tasks || capabilities.find("extensions").find(mcp::kTasksExtension)) return;
  out.pop_back();
  if (out.back() != '{') out += ',';
  out.append("\"extensions\":{\"").append(mcp::kTasksExtension).append("\":{}}}");
}

}  // namespace doorward::gateway
