#include "server/control_request.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/hash.h"

namespace doorward::server {

ControlRequest::~ControlRequest() {
  wipe(text_);
}

Result<std::unique_ptr<ControlRequest>> ControlRequest::read(std::string text) {
  std::unique_ptr<ControlRequest> request(new ControlRequest);
  request->text_ = std::move(text);
  const auto root = request->reader_.read(request->text_, {.bytes = kRequestBytes});
  if (!root) return fail(ErrorKind::invalid, "the request is not JSON: " + root.error().message);
  request->root_ = *root;
  const json::Value op = root->find("op");
  if (!op.is(json::Type::string)) return fail(ErrorKind::invalid, "the request needs \"op\", a text");
  request->op_ = op.string();
  request->known_.push_back("op");
  return request;
}

json::Value ControlRequest::take(std::string_view key) {
  known_.push_back(key);
  return root_.find(key);
}

void ControlRequest::wrong(std::string message) {
  if (problem_.empty()) problem_ = std::move(message);
}

std::optional<std::string> ControlRequest::text(std::string_view key) {
  const json::Value value = take(key);
  if (!value) return std::nullopt;
  if (value.is(json::Type::string)) return std::string(value.string());
  wrong("\"" + std::string(key) + "\" must be a text");
  return std::nullopt;
}

std::string ControlRequest::need_text(std::string_view key) {
  if (auto found = text(key)) return std::move(*found);
  wrong(op_ + " needs \"" + std::string(key) + "\"");
  return {};
}

std::optional<std::int64_t> ControlRequest::number(std::string_view key) {
  const json::Value value = take(key);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  if (value.is(json::Type::number)) {
    const std::string_view text = value.number();
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && stop == text.data() + text.size()) return number;
  }
  wrong("\"" + std::string(key) + "\" must be a whole number");
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> ControlRequest::texts(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> found;
  const json::Value value = take(key);
  if (value && !value.is(json::Type::object)) wrong("\"" + std::string(key) + "\" must be an object");
  for (const json::Member member : value.members()) {
    if (!member.value.is(json::Type::string)) {
      wrong("the members of \"" + std::string(key) + "\" must be texts");
      continue;
    }
    found.emplace_back(member.key.string(), member.value.string());
  }
  return found;
}

std::optional<std::vector<std::string>> ControlRequest::list(std::string_view key) {
  const json::Value value = take(key);
  if (!value) return std::nullopt;
  std::vector<std::string> found;
  bool good = value.is(json::Type::array);
  for (const json::Value item : value.elements()) {
    good = good && item.is(json::Type::string);
    if (good) found.emplace_back(item.string());
  }
  if (!good) wrong("\"" + std::string(key) + "\" must be a list of texts");
  return found;
}

std::optional<std::string> ControlRequest::object(std::string_view key) {
  const json::Value value = take(key);
  if (!value) return std::nullopt;
  if (value.is(json::Type::object)) {
    return text_.substr(value.begin_offset(), value.end_offset() - value.begin_offset());
  }
  wrong("\"" + std::string(key) + "\" must be an object");
  return std::nullopt;
}

std::string ControlRequest::need_json(std::string_view key) {
  if (auto found = object(key)) return std::move(*found);
  wrong(op_ + " needs \"" + std::string(key) + "\", an object");
  return {};
}

Status ControlRequest::finish() {
  for (const json::Member member : root_.members()) {
    const std::string_view key = member.key.string();
    if (std::ranges::find(known_, key) == known_.end()) wrong(op_ + " takes no \"" + std::string(key) + "\"");
  }
  if (!problem_.empty()) return fail(ErrorKind::invalid, problem_);
  return {};
}

}  // namespace doorward::server
