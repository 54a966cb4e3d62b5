#include "server/connect_memory.h"

#include <algorithm>
#include <utility>

#include "json/writer.h"
#include "mcp/denial.h"
#include "mcp/line_framer.h"

namespace doorward::server {
namespace {

constexpr std::string_view kRepeatedId = "doorward-again-";

std::string_view bytes_of(std::string_view text, json::Value value) {
  return text.substr(value.begin_offset(), value.end_offset() - value.begin_offset());
}

/// What a request sets in its session, as a key; empty where it sets nothing that outlives it.
std::string setting_of(const mcp::Message& message) {
  if (message.method == mcp::Method::logging_set_level) return "level";
  const bool subscribes =
      message.method == mcp::Method::resources_subscribe || message.method == mcp::Method::resources_unsubscribe;
  if (subscribes) return "uri " + std::string(json::text_of(message.params, "uri"));
  return {};
}

}  // namespace

template <typename Visit>
void ConnectMemory::each_message(std::string_view line, mcp::Sender sender, Visit&& visit) {
  const auto root = reader_.read(line, {.bytes = std::size_t{1} << 30, .keep_duplicates = true});
  if (!root) return;
  const auto one = [&](json::Value value) {
    if (const auto message = mcp::read_message(value, sender)) visit(*message);
  };
  if (!root->is(json::Type::array)) return one(*root);
  for (const json::Value element : root->elements()) one(element);
}

void ConnectMemory::append_error_line(std::string& out, std::string_view id, int code, std::string_view message) {
  std::string json;
  mcp::append_error(json, id, static_cast<mcp::ErrorCode>(code), message);
  mcp::append_line(out, json);
}

void ConnectMemory::note(const mcp::Message& message, std::string_view text, std::string_view line) {
  if (message.kind == mcp::Kind::result || message.kind == mcp::Kind::error) {
    std::erase(asked_, bytes_of(text, message.id));
    return;
  }
  if (message.kind == mcp::Kind::notification) {
    if (message.method == mcp::Method::initialized) initialized_ = line;
    if (message.method == mcp::Method::cancelled) {
      if (const json::Value id = message.params.find("requestId")) pending_.erase(std::string(bytes_of(text, id)));
    }
    return;
  }
  const std::string id(bytes_of(text, message.id));
  const bool harmless =
      message.method == mcp::Method::initialize || message.method == mcp::Method::subscriptions_listen;
  pending_[id] = {message.method, harmless ? std::string(line) : std::string()};
  if (message.method == mcp::Method::initialize) {
    initialize_ = line;
    initialize_id_ = id;
  }
  if (const std::string key = setting_of(message); !key.empty()) {
    if (message.method == mcp::Method::resources_unsubscribe) {
      settings_.erase(key);
    } else {
      settings_[key] = line;
    }
  }
}

void ConnectMemory::sent(std::string_view line) {
  each_message(line, mcp::Sender::client, [&](const mcp::Message& message) { note(message, line, line); });
}

std::vector<std::string> ConnectMemory::requests_in(std::string_view line) {
  std::vector<std::string> ids;
  each_message(line, mcp::Sender::client, [&](const mcp::Message& message) {
    if (message.kind == mcp::Kind::request) ids.emplace_back(bytes_of(line, message.id));
  });
  return ids;
}

void ConnectMemory::answered(const mcp::Message& message, std::string_view text) {
  const std::string id(message.id ? bytes_of(text, message.id) : std::string_view());
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  if (found->second.method == mcp::Method::initialize && message.kind == mcp::Kind::result) {
    established_ = true;
    const json::Value capabilities = message.result.find("capabilities");
    capabilities_ = capabilities ? std::string(bytes_of(text, capabilities)) : std::string();
  }
  pending_.erase(found);
}

bool ConnectMemory::received(std::string_view line) {
  bool ours = false;
  each_message(line, mcp::Sender::server, [&](const mcp::Message& message) {
    if (message.kind == mcp::Kind::request) {
      asked_.emplace_back(bytes_of(line, message.id));
      return;
    }
    if (message.kind == mcp::Kind::notification) return;
    const std::string id(message.id ? bytes_of(line, message.id) : std::string_view());
    if (!id.empty() && id == handshake_id_) {
      ours = true;
      handshake_id_.clear();
      if (message.kind == mcp::Kind::error) refusal_ = json::text_of(message.error, "message");
      return;
    }
    if (repeated_.erase(id) != 0) {
      ours = true;
      return;
    }
    answered(message, line);
  });
  return !ours;
}

void ConnectMemory::lose(std::string& to_client, std::string_view why) {
  for (auto& [id, request] : pending_) {
    if (!request.line.empty()) {
      kept_.push_back(std::move(request));
      continue;
    }
    append_error_line(to_client, id, static_cast<int>(mcp::ErrorCode::internal_error), why);
  }
  pending_.clear();
  for (const std::string& id : asked_) {
    std::string json;
    json::Writer writer(json);
    writer.begin_object().key("jsonrpc").string("2.0").key("method").string("notifications/cancelled");
    writer.key("params").begin_object().key("requestId").raw(id).key("reason").string(why).end_object().end_object();
    mcp::append_line(to_client, json);
  }
  asked_.clear();
  handshake_id_.clear();
  repeated_.clear();
}

void ConnectMemory::give_up(std::string& to_client, std::string_view why) {
  for (const Request& request : std::exchange(kept_, {})) {
    for (const std::string& id : requests_in(request.line)) {
      append_error_line(to_client, id, static_cast<int>(mcp::ErrorCode::internal_error), why);
    }
  }
}

bool ConnectMemory::waits_for_handshake() const {
  return std::ranges::any_of(kept_, [](const Request& request) { return request.method == mcp::Method::initialize; });
}

std::string ConnectMemory::again(std::string_view line, std::string& id) {
  const auto root = reader_.read(line, {.bytes = std::size_t{1} << 30, .keep_duplicates = true});
  const json::Value old = root ? root->find("id") : json::Value();
  if (!old) return {};
  id = "\"" + std::string(kRepeatedId) + std::to_string(++numbers_) + "\"";
  std::string text(line.substr(0, old.begin_offset()));
  return text.append(id).append(line.substr(old.end_offset())).append("\n");
}

std::string ConnectMemory::handshake() {
  refusal_.clear();
  return established_ ? again(initialize_, handshake_id_) : std::string();
}

std::string ConnectMemory::resume() {
  std::string lines;
  if (established_ && !initialized_.empty()) {
    lines += initialized_ + "\n";
    for (const auto& [key, line] : settings_) {
      std::string id;
      lines += again(line, id);
      repeated_.insert(id);
    }
  }
  for (const Request& request : std::exchange(kept_, {})) {
    sent(request.line);
    lines += request.line + "\n";
  }
  return lines;
}

std::string ConnectMemory::list_changes() const {
  if (!established_ || initialized_.empty() || capabilities_.empty()) return {};
  json::Reader reader;
  const auto capabilities = reader.read(capabilities_);
  std::string lines;
  for (const std::string_view kind : {"tools", "resources", "prompts"}) {
    const json::Value changes = capabilities ? capabilities->find(kind).find("listChanged") : json::Value();
    if (!changes.is(json::Type::boolean) || !changes.boolean()) continue;
    mcp::append_line(lines, R"({"jsonrpc":"2.0","method":"notifications/)" + std::string(kind) + R"(/list_changed"})");
  }
  return lines;
}

}  // namespace doorward::server
