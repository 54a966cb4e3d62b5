#include "gateway/own_task.h"

#include <array>
#include <utility>

#include "base/rfc3339.h"
#include "gateway/splice.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

constexpr std::string_view kPollIntervalMs = "5000";

}  // namespace

OwnTask::OwnTask(std::string message, std::int64_t now_us, std::int64_t lifetime_us,
                 std::move_only_function<void()> cancel)
    : message_(std::move(message)),
      created_us_(now_us),
      updated_us_(now_us),
      lifetime_us_(lifetime_us),
      cancel_(std::move(cancel)) {}

void OwnTask::say(std::string message, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  if (status_ != Status::working) return;
  message_ = std::move(message);
  updated_us_ = now_us;
}

void OwnTask::finish(std::string response, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  if (status_ != Status::working) return;
  json::Limits limits;
  limits.bytes = response.size();
  json::Reader reader;
  const auto root = reader.read(response, limits);
  const json::Value result = root ? root->find("result") : json::Value();
  const json::Value error = root ? root->find("error") : json::Value();
  status_ = result ? Status::completed : Status::failed;
  response_ = result  ? "\"result\":" + std::string(bytes_of_value(response, result))
              : error ? "\"error\":" + std::string(bytes_of_value(response, error))
                      : R"("error":{"code":-32603,"message":"The call ended without an answer."})";
  message_.clear();
  updated_us_ = now_us;
  cancel_ = nullptr;
}

void OwnTask::cancel(std::int64_t now_us) {
  std::move_only_function<void()> tell;
  {
    const std::lock_guard lock(mutex_);
    if (status_ != Status::working) return;
    status_ = Status::cancelled;
    message_.clear();
    updated_us_ = now_us;
    tell = std::exchange(cancel_, nullptr);
  }
  if (tell) tell();
}

void OwnTask::append_members(std::string& out, std::string_view handle) const {
  static constexpr std::array<std::string_view, 4> kStatus = {"working", "completed", "failed", "cancelled"};
  const std::lock_guard lock(mutex_);
  out += "\"taskId\":";
  json::append_string(out, handle);
  out += ",\"status\":\"";
  out += kStatus[static_cast<std::size_t>(status_)];
  out += '"';
  if (!message_.empty()) {
    out += ",\"statusMessage\":";
    json::append_string(out, message_);
  }
  out += ",\"createdAt\":\"" + format_seconds(created_us_) + "\",\"lastUpdatedAt\":\"" + format_seconds(updated_us_) + "\"";
  out += ",\"ttlMs\":" + std::to_string(lifetime_us_ / 1000) + ",\"pollIntervalMs\":";
  out += kPollIntervalMs;
  if (!response_.empty()) out += "," + response_;
}

}  // namespace doorward::gateway
