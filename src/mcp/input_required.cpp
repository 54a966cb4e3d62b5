#include "mcp/input_required.h"

#include "json/copy.h"
#include "json/writer.h"

namespace doorward::mcp {

namespace {

using enum Revision;
using json::Member;
using json::ObjectCopy;
using json::Type;
using json::Value;

constexpr std::string_view kDeclined = R"({"action":"decline"})";

std::string_view string_member(Value object, std::string_view key) {
  const Value value = object.find(key);
  return value.is(Type::string) ? value.string() : std::string_view();
}

/// The titled choices of 2025-11-25 in the way of 2025-06-18.
void append_choices(ObjectCopy& copy, std::string_view text, Value choices) {
  json::append_each(copy.key("enum"), text, choices, [&](std::string& to, Value choice) {
    to += json::text_of(text, choice.find("const"));
  });
  json::append_each(copy.key("enumNames"), text, choices, [&](std::string& to, Value choice) {
    const Value title = choice.find("title");
    to += json::text_of(text, title ? title : choice.find("const"));
  });
}

void append_old_field(std::string& out, std::string_view text, Value field) {
  const bool boolean = string_member(field, "type") == "boolean";
  ObjectCopy copy(out, text);
  for (const Member member : field.members()) {
    const std::string_view key = member.key.string();
    if (key == "oneOf") {
      append_choices(copy, text, member.value);
    } else if (key != "default" || boolean) {
      copy.keep(member);
    }
  }
  copy.end();
}

bool is_list_field(Value field) {
  return string_member(field, "type") == "array";
}

/// Whether the form can be shown without its list fields.
bool fits_old_form(Value schema) {
  const Value fields = schema.find("properties");
  for (const Value name : schema.find("required").elements()) {
    if (name.is(Type::string) && is_list_field(fields.find(name.string()))) return false;
  }
  return true;
}

void append_old_form(std::string& out, std::string_view text, Value schema) {
  ObjectCopy copy(out, text);
  for (const Member member : schema.members()) {
    const std::string_view key = member.key.string();
    if (key == "$schema") continue;
    if (key != "properties") {
      copy.keep(member);
      continue;
    }
    ObjectCopy fields(copy.key(key), text);
    for (const Member field : member.value.members()) {
      if (!is_list_field(field.value)) append_old_field(fields.key(field.key.string()), text, field.value);
    }
    fields.end();
  }
  copy.end();
}

/// The params of an elicitation, or false where the client has to be spared.
bool append_elicitation(std::string& out, std::string_view text, Value params, Revision revision,
                        std::uint64_t id) {
  const bool by_url = string_member(params, "mode") == "url";
  if (revision < v2025_06_18 || (by_url && revision < v2025_11_25)) return false;
  const Value schema = params.find("requestedSchema");
  if (revision < v2025_11_25 && !fits_old_form(schema)) return false;
  ObjectCopy copy(out, text);
  for (const Member member : params.members()) {
    const std::string_view key = member.key.string();
    if (key == "mode" && revision < v2025_11_25) continue;
    if (key == "requestedSchema" && revision < v2025_11_25) {
      append_old_form(copy.key(key), text, schema);
    } else if (key != "elicitationId") {
      copy.keep(member);
    }
  }
  if (by_url) json::append_string(copy.key("elicitationId"), "elicitation-" + std::to_string(id));
  copy.end();
  return true;
}

bool is_old_sampling_block(Value block, Revision revision) {
  const std::string_view type = string_member(block, "type");
  return type == "text" || type == "image" || (type == "audio" && revision >= v2025_03_26);
}

/// Whether a client whose revision has one block a message, and no tools, can take the request.
bool fits_old_sampling(Value params, Revision revision) {
  if (params.find("tools") || params.find("toolChoice")) return false;
  for (const Value message : params.find("messages").elements()) {
    const Value content = message.find("content");
    if (content.is(Type::array) && content.size() != 1) return false;
    if (!is_old_sampling_block(content.is(Type::array) ? content.at(0) : content, revision)) return false;
  }
  return true;
}

void append_old_sampling(std::string& out, std::string_view text, Value params) {
  ObjectCopy copy(out, text);
  for (const Member member : params.members()) {
    if (member.key.string() != "messages") {
      copy.keep(member);
      continue;
    }
    json::append_each(copy.key("messages"), text, member.value, [&](std::string& to, Value message) {
      ObjectCopy fields(to, text);
      for (const Member field : message.members()) {
        const std::string_view key = field.key.string();
        if (key == "_meta") continue;
        if (key == "content" && field.value.is(Type::array)) {
          fields.key(key) += json::text_of(text, field.value.at(0));
        } else {
          fields.keep(field);
        }
      }
      fields.end();
    });
  }
  copy.end();
}

}  // namespace

std::expected<std::vector<InputAsk>, std::string> read_input_requests(
    std::string_view text, Value result, Revision revision, const std::function<std::uint64_t()>& next_id) {
  const Value requests = result.find("inputRequests");
  std::vector<InputAsk> asks;
  if (requests && !requests.is(Type::object)) return std::unexpected("inputRequests is no object");
  for (const Member member : requests.members()) {
    InputAsk ask;
    ask.method = parse_method(string_member(member.value, "method"));
    ask.key = json::text_of(text, member.key);
    const Value params = member.value.find("params");
    if (params && !params.is(Type::object)) return std::unexpected("an input request has no proper params");
    ask.id = next_id();
    std::string body;
    switch (ask.method) {
      case Method::elicitation_create:
        if (!append_elicitation(body, text, params, revision, ask.id)) ask.response = kDeclined;
        break;
      case Method::sampling_create_message:
        if (revision >= v2025_11_25) {
          body = json::text_of(text, params);
        } else if (fits_old_sampling(params, revision)) {
          append_old_sampling(body, text, params);
        } else {
          return std::unexpected("it asks the client's model for more than the client's revision of the protocol has");
        }
        break;
      case Method::roots_list:
        body = json::text_of(text, params);
        break;
      default:
        return std::unexpected("it asks for an input that the protocol does not have");
    }
    if (ask.response.empty()) {
      ask.request = R"({"jsonrpc":"2.0","id":)" + std::to_string(ask.id) + R"(,"method":")";
      ask.request += to_string(ask.method);
      ask.request += '"';
      if (!body.empty()) ask.request.append(R"(,"params":)").append(body);
      ask.request += '}';
    }
    asks.push_back(std::move(ask));
  }
  return asks;
}

std::expected<std::string, std::string> read_input_response(std::string_view text, const Message& answer,
                                                            Method method) {
  if (answer.kind == Kind::error) {
    if (method == Method::elicitation_create) return std::string(kDeclined);
    return std::unexpected(std::string(answer.error.find("message").string()));
  }
  std::string out;
  ObjectCopy copy(out, text);
  for (const Member member : answer.result.members()) {
    // Only CreateMessageResult still has one in 2026-07-28.
    if (member.key.string() != "_meta" || method == Method::sampling_create_message) copy.keep(member);
  }
  copy.end();
  return out;
}

std::string input_responses(const std::vector<InputAsk>& asks) {
  std::string out = "{";
  for (const InputAsk& ask : asks) {
    if (out.size() > 1) out += ',';
    out += ask.key;
    out += ':';
    out += ask.response;
  }
  return out += '}';
}

}  // namespace doorward::mcp
