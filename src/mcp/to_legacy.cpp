#include "mcp/to_legacy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "json/copy.h"
#include "json/writer.h"
#include "mcp/header_mirror.h"

namespace doorward::mcp {

namespace {

using enum Revision;
using json::Member;
using json::ObjectCopy;
using json::Type;
using json::Value;

enum class Part : std::uint8_t { tool, named, block, contents, implementation };

/// Whether the revision knows the member in an object of this kind.
bool has(Part part, std::string_view member, Revision revision) {
  if (member == "icons") return revision >= v2025_11_25;
  if (member == "title" || member == "_meta") return revision >= v2025_06_18;
  if (part == Part::tool) {
    if (member == "annotations") return revision >= v2025_03_26;
    if (member == "outputSchema") return revision >= v2025_06_18;
    return member != "execution";  // tasks are not bridged
  }
  if (part == Part::implementation && (member == "description" || member == "websiteUrl")) {
    return revision >= v2025_11_25;
  }
  return true;
}

void append_known(std::string& out, std::string_view text, Value object, Part part, Revision revision) {
  if (!object.is(Type::object)) {
    out += json::text_of(text, object);
    return;
  }
  ObjectCopy copy(out, text);
  for (const Member member : object.members()) {
    if (has(part, member.key.string(), revision)) copy.keep(member);
  }
  copy.end();
}

bool is_object_schema(Value schema) {
  const Value type = schema.find("type");
  return type.is(Type::string) && type.string() == "object";
}

void append_tool(std::string& out, std::string_view text, Value tool, Revision revision) {
  ObjectCopy copy(out, text);
  for (const Member member : tool.members()) {
    const std::string_view key = member.key.string();
    if (!has(Part::tool, key, revision)) continue;
    if (key == "outputSchema" && !is_object_schema(member.value)) continue;
    copy.keep(member);
  }
  copy.end();
}

void append_prompt(std::string& out, std::string_view text, Value prompt, Revision revision) {
  ObjectCopy copy(out, text);
  for (const Member member : prompt.members()) {
    const std::string_view key = member.key.string();
    if (!has(Part::named, key, revision)) continue;
    if (key != "arguments") {
      copy.keep(member);
      continue;
    }
    json::append_each(copy.key(key), text, member.value, [&](std::string& to, Value argument) {
      append_known(to, text, argument, Part::named, revision);
    });
  }
  copy.end();
}

void append_text_block(std::string& out, std::string_view words) {
  json::Writer(out).begin_object().key("type").string("text").key("text").string(words).end_object();
}

std::string_view string_member(Value object, std::string_view key) {
  const Value value = object.find(key);
  return value.is(Type::string) ? value.string() : std::string_view();
}

std::string words_of_audio(Value block) {
  std::string words = "[An audio recording";
  if (const auto type = string_member(block, "mimeType"); !type.empty()) words.append(" (").append(type) += ')';
  words += " stood here; this client's revision of the protocol has no audio.]";
  return words;
}

std::string words_of_link(Value block) {
  std::string words = "[Link to the resource ";
  words += string_member(block, "uri");
  const std::string_view title = string_member(block, "title");
  const std::string_view name = title.empty() ? string_member(block, "name") : title;
  if (!name.empty()) words.append(": ").append(name);
  if (const auto type = string_member(block, "mimeType"); !type.empty()) words.append(" (").append(type) += ')';
  if (const auto description = string_member(block, "description"); !description.empty()) {
    words.append(". ").append(description);
  }
  words += ']';
  return words;
}

void append_block(std::string& out, std::string_view text, Value block, Revision revision) {
  const std::string_view type = string_member(block, "type");
  if (type == "audio" && revision < v2025_03_26) return append_text_block(out, words_of_audio(block));
  if (type == "resource_link" && revision < v2025_06_18) return append_text_block(out, words_of_link(block));
  if (type != "resource") return append_known(out, text, block, Part::block, revision);
  ObjectCopy copy(out, text);
  for (const Member member : block.members()) {
    const std::string_view key = member.key.string();
    if (!has(Part::block, key, revision)) continue;
    if (key == "resource") {
      append_known(copy.key(key), text, member.value, Part::contents, revision);
    } else {
      copy.keep(member);
    }
  }
  copy.end();
}

void append_prompt_message(std::string& out, std::string_view text, Value message, Revision revision) {
  if (!message.is(Type::object)) {
    out += json::text_of(text, message);
    return;
  }
  ObjectCopy copy(out, text);
  for (const Member member : message.members()) {
    if (member.key.string() == "content") {
      append_block(copy.key("content"), text, member.value, revision);
    } else {
      copy.keep(member);
    }
  }
  copy.end();
}

bool is_modern_key(std::string_view key) {
  constexpr std::array kKeys = {kMetaProtocolVersion, kMetaClientCapabilities, kMetaClientInfo,
                                kMetaLogLevel,        kMetaServerInfo,         kMetaSubscriptionId};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// Keeps `_meta` without the modern protocol's own members; drops it where nothing is left.
void keep_meta(ObjectCopy& to, std::string_view text, Member meta) {
  std::string kept;
  ObjectCopy copy(kept, text);
  for (const Member member : meta.value.members()) {
    if (!is_modern_key(member.key.string())) copy.keep(member);
  }
  copy.end();
  if (!copy.empty() || (meta.value.is(Type::object) && meta.value.size() == 0)) to.key("_meta") += kept;
}

bool is_of_modern_result(std::string_view key) {
  return key == "resultType" || key == "ttlMs" || key == "cacheScope" || key == "requestState" ||
         key == "inputRequests";
}

void append_capabilities(std::string& out, std::string_view text, Value capabilities, Revision revision) {
  ObjectCopy copy(out, text);
  for (const Member member : capabilities.members()) {
    const std::string_view key = member.key.string();
    if (key == "extensions" || key == "tasks") continue;
    if (key == "completions" && revision < v2025_03_26) continue;
    copy.keep(member);
  }
  copy.end();
}

}  // namespace

void append_legacy_result(std::string& out, std::string_view text, Value result, Method method,
                          Revision revision) {
  const Value structured = result.find("structuredContent");
  const bool keeps_structure = structured.is(Type::object) && revision >= v2025_06_18;
  const std::string_view list = list_member(method);
  ObjectCopy copy(out, text);
  for (const Member member : result.members()) {
    const std::string_view key = member.key.string();
    if (is_of_modern_result(key)) continue;
    if (key == "_meta") {
      keep_meta(copy, text, member);
      continue;
    }
    const auto each = [&](auto append) {
      json::append_each(copy.key(key), text, member.value,
                        [&](std::string& to, Value element) { append(to, text, element, revision); });
    };
    const auto each_known = [&](Part part) {
      each([part](std::string& to, std::string_view from, Value element, Revision r) {
        append_known(to, from, element, part, r);
      });
    };
    if (!list.empty() && key == list) {
      if (method == Method::tools_list) {
        each(append_tool);
      } else if (method == Method::prompts_list) {
        each(append_prompt);
      } else {
        each_known(Part::named);
      }
    } else if (method == Method::tools_call && key == "structuredContent") {
      if (keeps_structure) copy.keep(member);
    } else if (method == Method::tools_call && key == "content") {
      const bool alone = member.value.is(Type::array) && member.value.size() == 0;
      if (alone && structured && !keeps_structure) {
        std::string& to = copy.key(key);
        to += '[';
        append_text_block(to, json::text_of(text, structured));
        to += ']';
      } else {
        each(append_block);
      }
    } else if (method == Method::prompts_get && key == "messages") {
      each(append_prompt_message);
    } else if (method == Method::resources_read && key == "contents") {
      each_known(Part::contents);
    } else {
      copy.keep(member);
    }
  }
  copy.end();
}

void append_legacy_error(std::string& out, std::string_view text, Value error, Method method) {
  const std::string_view spelled = error.find("code").number();
  int code = 0;
  std::from_chars(spelled.data(), spelled.data() + spelled.size(), code);
  ErrorCode known = static_cast<ErrorCode>(code);
  bool keep_data = true;
  switch (known) {
    case ErrorCode::header_mismatch:
    case ErrorCode::unsupported_version:
      known = ErrorCode::internal_error;
      keep_data = false;
      break;
    case ErrorCode::missing_client_capability:
      known = ErrorCode::invalid_params;
      keep_data = false;
      break;
    case ErrorCode::invalid_params:
      if (method == Method::resources_read) known = ErrorCode::resource_not_found;
      break;
    default:
      break;
  }
  ObjectCopy copy(out, text);
  for (const Member member : error.members()) {
    const std::string_view key = member.key.string();
    if (key == "code" && static_cast<int>(known) != code) {
      copy.key(key) += std::to_string(static_cast<int>(known));
    } else if (key != "data" || keep_data) {
      copy.keep(member);
    }
  }
  copy.end();
}

void append_legacy_notification(std::string& out, std::string_view text, const Message& message,
                                Revision revision, std::string_view progress_token) {
  out += R"({"jsonrpc":"2.0","method":)";
  json::append_string(out, message.method_name);
  if (message.params) {
    out += R"(,"params":)";
    ObjectCopy copy(out, text);
    for (const Member member : message.params.members()) {
      const std::string_view key = member.key.string();
      if (key == "_meta") {
        keep_meta(copy, text, member);
      } else if (message.method == Method::progress && key == "progressToken") {
        copy.key(key) += progress_token;
      } else if (message.method != Method::progress || key != "message" || revision >= v2025_03_26) {
        copy.keep(member);
      }
    }
    copy.end();
  }
  out += '}';
}

Revision negotiate_legacy(Value initialize_params) {
  const Value wanted = initialize_params.find("protocolVersion");
  const auto revision = wanted.is(Type::string) ? parse_revision(wanted.string()) : std::nullopt;
  return revision && era_of(*revision) == Era::legacy ? *revision : v2025_11_25;
}

void append_initialize_result(std::string& out, std::string_view text, Value discover_result,
                              Revision revision, std::string_view fallback_name) {
  ObjectCopy copy(out, text);
  json::append_string(copy.key("protocolVersion"), to_string(revision));
  append_capabilities(copy.key("capabilities"), text, discover_result.find("capabilities"), revision);
  const Value info = discover_result.find("_meta").find(kMetaServerInfo);
  const bool introduced = info.find("name").is(Type::string) && info.find("version").is(Type::string);
  std::string& server = copy.key("serverInfo");
  if (introduced) {
    append_known(server, text, info, Part::implementation, revision);
  } else {
    json::Writer(server).begin_object().key("name").string(fallback_name).key("version").string("").end_object();
  }
  const Value instructions = discover_result.find("instructions");
  if (instructions.is(Type::string)) copy.key("instructions") += json::text_of(text, instructions);
  copy.end();
}

}  // namespace doorward::mcp
