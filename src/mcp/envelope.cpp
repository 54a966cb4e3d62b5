#include "mcp/envelope.h"

#include <algorithm>

#include "mcp/params.h"

namespace doorward::mcp {

namespace {

using json::Type;
using json::Value;

constexpr std::size_t kLongestId = 256;

bool is_integer(Value value) {
  return value.is(Type::number) && value.number().size() <= kLongestId &&
         value.number().find_first_of(".eE") == std::string_view::npos;
}

// The rule for ids and progress tokens (T034).
bool is_proper_id(Value value) {
  if (is_integer(value)) return true;
  if (!value.is(Type::string)) return false;
  const std::string_view text = value.string();
  return !text.empty() && text.size() <= kLongestId && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

struct Parts {
  Value version;
  Value id;
  Value method;
  Value params;
  Value result;
  Value error;
  Value unknown;  // the key of the first member that no message has
};

Parts split(Value root) {
  Parts parts;
  for (const json::Member member : root.members()) {
    const std::string_view key = member.key.string();
    if (key == "jsonrpc") {
      parts.version = member.value;
    } else if (key == "id") {
      parts.id = member.value;
    } else if (key == "method") {
      parts.method = member.value;
    } else if (key == "params") {
      parts.params = member.value;
    } else if (key == "result") {
      parts.result = member.value;
    } else if (key == "error") {
      parts.error = member.value;
    } else if (!parts.unknown) {
      parts.unknown = member.key;
    }
  }
  return parts;
}

Refusal refuse(Value id, std::string message, ErrorCode code = ErrorCode::invalid_request) {
  return {.code = code, .message = std::move(message), .id = id};
}

std::optional<Refusal> read_call(const Parts& parts, Value id, Message& out) {
  if (!parts.method.is(Type::string)) return refuse(id, "The method must be a string.");
  if (parts.params && !parts.params.is(Type::object)) return refuse(id, "The params must be an object.");
  out.kind = parts.id ? Kind::request : Kind::notification;
  out.method_name = parts.method.string();
  out.method = parse_method(out.method_name);
  out.params = parts.params;
  if (parts.id && !id) {
    return refuse({}, "The id must be a string of 1 to 256 bytes without control characters, or an integer.");
  }
  out.meta = parts.params.find("_meta");
  if (out.meta && !out.meta.is(Type::object)) {
    return refuse(id, "params._meta must be an object.", ErrorCode::invalid_params);
  }
  if (out.kind == Kind::request) {
    out.progress_token = out.meta.find("progressToken");
    if (out.progress_token && !is_proper_id(out.progress_token)) {
      return refuse(id, "params._meta.progressToken must be a string of 1 to 256 bytes or an integer.",
                    ErrorCode::invalid_params);
    }
  }
  return std::nullopt;
}

std::optional<Refusal> read_answer(const Parts& parts, Value id, Sender sender, Message& out) {
  if (parts.result) {
    if (!parts.result.is(Type::object)) return refuse({}, "The result must be an object.");
    if (!id) return refuse({}, "The answer lacks a proper id.");
    out.kind = Kind::result;
    out.result = parts.result;
    out.meta = parts.result.find("_meta");
    if (out.meta && !out.meta.is(Type::object)) return refuse({}, "result._meta must be an object.");
    return std::nullopt;
  }
  if (!parts.error.is(Type::object) || !is_integer(parts.error.find("code")) ||
      !parts.error.find("message").is(Type::string)) {
    return refuse({}, "The error must be an object with an integer code and a string message.");
  }
  // A server that could not read the id of a request answers with null or without one (JSON-RPC 2.0, 5).
  const bool anonymous = !parts.id || parts.id.is(Type::null);
  if (!id && !(anonymous && sender == Sender::server)) return refuse({}, "The answer lacks a proper id.");
  out.kind = Kind::error;
  out.error = parts.error;
  return std::nullopt;
}

}  // namespace

std::expected<Message, Refusal> read_message(Value root, Sender sender) {
  if (root.is(Type::array)) {
    Refusal refusal = refuse({}, "Batches are not accepted: send one message at a time.");
    refusal.batch = true;
    return std::unexpected(std::move(refusal));
  }
  if (!root.is(Type::object)) return std::unexpected(refuse({}, "A message must be a JSON object."));

  const Parts parts = split(root);
  const Value id = is_proper_id(parts.id) ? parts.id : Value();
  // Only a call can be answered with its id; the id of an answer belongs to somebody else's request.
  const Value echo = parts.method ? id : Value();
  if (parts.unknown) {
    const std::string_view key = parts.unknown.string();
    return std::unexpected(
        refuse(echo, "A message has no member \"" + std::string(key.substr(0, 64)) + "\"."));
  }
  if (!parts.version.is(Type::string) || parts.version.string() != "2.0") {
    return std::unexpected(refuse(echo, "The member jsonrpc must be the string \"2.0\"."));
  }
  const int shapes = (parts.method ? 1 : 0) + (parts.result ? 1 : 0) + (parts.error ? 1 : 0);
  if (shapes != 1 || (parts.params && !parts.method)) {
    return std::unexpected(refuse(echo, "A message holds either method and params, or result, or error."));
  }
  Message message{};
  message.id = id;
  auto refusal = parts.method ? read_call(parts, id, message) : read_answer(parts, id, sender, message);
  if (refusal) return std::unexpected(std::move(*refusal));
  return message;
}

Refusal refuse_text(const json::ReadError& error) {
  const bool is_json = error.code == json::ReadCode::duplicate_member ||
                       error.code == json::ReadCode::forbidden_key ||
                       error.code == json::ReadCode::number_range;
  return refuse({}, (is_json ? "Invalid request: " : "Parse error: ") + error.message + ".",
                is_json ? ErrorCode::invalid_request : ErrorCode::parse_error);
}

std::optional<Refusal> check_method(const Message& message, Revision revision, Sender sender) {
  if (message.kind == Kind::result || message.kind == Kind::error) {
    if (sender == Sender::client && era_of(revision) == Era::modern) {
      return refuse({}, "Clients send no answers in this revision.");
    }
    return std::nullopt;
  }
  const bool notification = message.kind == Kind::notification;
  const auto refused = [&](ErrorCode code, std::string text) {
    Refusal refusal = refuse(message.id, std::move(text), code);
    refusal.notification = notification;
    return refusal;
  };
  if (!exists(message.method, revision, sender))
    return refused(ErrorCode::method_not_found, "Method not found.");
  if (is_notification(message.method) != notification) {
    return refused(ErrorCode::invalid_request,
                   notification ? "This method needs an id." : "A notification has no id.");
  }
  if (auto fault = params_fault(message.method, revision, message.params)) {
    return refused(ErrorCode::invalid_params, "Invalid params: " + *fault + ".");
  }
  return std::nullopt;
}

}  // namespace doorward::mcp
