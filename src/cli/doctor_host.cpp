#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "audit/reader.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "cli/doctor_checks.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "http/url.h"
#include "json/reader.h"
#include "server/control_client.h"

namespace doorward::cli {
namespace {

constexpr std::uint64_t kLittleBytes = 1u << 30;
constexpr std::uint64_t kNoBytes = 64u << 20;
constexpr std::int64_t kSkewUs = 5'000'000;
constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kStaleDays = 180;
constexpr std::int64_t kObservedDays = 14;
constexpr const char* kUnusedSpan = "30d";

std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

/// Takes away what group and others may do with a file; whether it did.
bool close_to_others(const std::string& path, mode_t mode) {
  return ::chmod(path.c_str(), mode & 0700) == 0;
}

void check_private(const std::string& path, const char* what, bool fix, Checks& checks) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (info.st_mode & 0077) == 0) return;
  Check check{what, "fail", path + " can be read by other users of this machine", "chmod go-rwx " + path, {}};
  if (fix && close_to_others(path, info.st_mode)) {
    check.state = "ok";
    check.fixed = "took the access of others away";
  }
  checks.push_back(std::move(check));
}

void check_disk(const server::StateDir& state, Checks& checks) {
  struct statvfs disk {};
  if (::statvfs(state.path.c_str(), &disk) != 0) return;
  const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const char* grade = free < kNoBytes ? "fail" : free < kLittleBytes ? "warn" : "ok";
  checks.push_back({"disk", grade, megabytes(free) + " are free for " + state.path,
                    free < kLittleBytes ? "make room, or shorten log.retention: a gateway that cannot store records refuses every call" : "", {}});
}

void check_key(const server::StateDir& state, bool fix, Checks& checks) {
  const std::string key = state.keys() + "/audit.key";
  std::error_code ignored;
  if (!std::filesystem::exists(state.log(), ignored)) return;
  if (!std::filesystem::exists(key, ignored)) {
    checks.push_back({"key", "fail", "the key that signs the log is not in " + state.keys(), "restore " + key + " from a backup", {}});
    return;
  }
  const std::size_t before = checks.size();
  check_private(state.keys(), "key", fix, checks);
  check_private(key, "key", fix, checks);
  if (checks.size() == before) checks.push_back({"key", "ok", "the key that signs the log is there, and nobody else may read it", {}, {}});
}

/// A clock that stands before what the log already holds, or was set while the gateway ran.
void check_clock(const server::StateDir& state, Checks& checks) {
  audit::LogReader reader(state.log());
  const auto newest = reader.last({}, 1);
  json::Reader json;
  const auto root = newest && !newest->empty() ? json.read(newest->front()) : std::expected<json::Value, json::ReadError>(json::Value());
  const auto time = root && *root ? parse_time(text_of(*root, "time")) : std::nullopt;
  if (time && *time > system_clock().wall_us() + kSkewUs) {
    checks.push_back({"clock", "fail", "it is before " + format_time(*time).substr(0, 19) + "Z, when the newest record was written",
                      "set it: times of records, expiries and windows of limits go by it", {}});
    return;
  }
  checks.push_back({"clock", "ok", "it is not before the newest record", {}, {}});
}

void check_socket(const server::StateDir& state, bool running, bool fix, Checks& checks) {
  std::error_code ignored;
  if (running || !std::filesystem::exists(state.control_socket(), ignored)) return;
  Check check{"control socket", "warn", "nobody answers on " + state.control_socket() + "; a gateway ended without tidying",
              "doorward doctor --fix removes it; the next start does, too", {}};
  if (fix && std::filesystem::remove(state.control_socket(), ignored)) {
    check.state = "ok";
    check.fixed = "removed it";
  }
  checks.push_back(std::move(check));
}

/// How long ago a time was, in days; nothing where it is none.
std::optional<std::int64_t> days_since(json::Value object, std::string_view key) {
  const auto time = parse_time(text_of(object, key));
  if (!time) return std::nullopt;
  return (system_clock().wall_us() - *time) / kDayUs;
}

/// The result of an operation, or nothing: what cannot be asked is told of elsewhere.
std::optional<std::string> ask_quietly(const server::StateDir& state, const std::function<void(json::Writer&)>& write) {
  std::string request;
  json::Writer writer(request);
  writer.begin_object();
  write(writer);
  writer.end_object();
  auto answer = server::run_operation(state, request);
  return answer ? std::optional(std::move(*answer)) : std::nullopt;
}

void check_policy(const server::StateDir& state, json::Value policy, Checks& checks) {
  const auto answer = ask_quietly(state, [&](json::Writer& writer) {
    writer.key("op").string("policy.show").key("name").string(text_of(policy, "name")).key("server").string(text_of(policy, "server"));
  });
  json::Reader reader;
  const auto root = answer ? reader.read(*answer, {.bytes = 64u << 20}) : std::expected<json::Value, json::ReadError>(json::Value());
  if (!root || !*root) return;
  std::optional<std::int64_t> age;
  for (const json::Value version : root->find("versions").elements()) {
    const auto days = days_since(version, "created");
    if (days && (!age || *days < *age)) age = days;
  }
  const std::string name = "policy " + member(policy, "server") + "/" + member(policy, "name");
  const std::string days = age ? std::to_string(*age) + " days" : std::string();
  if (member(policy, "mode") == "observe") {
    const bool longer = age && *age >= kObservedDays;
    checks.push_back({name, longer ? "warn" : "ok", "it only observes, so it refuses nothing" + (age ? ", since " + days : ""),
                      longer ? "doorward policy simulate FILE --policy " + member(policy, "name") + ", then enforce it" : "", {}});
  } else if (age && *age >= kStaleDays) {
    checks.push_back({name, "warn", "nobody has changed it for " + days, "compare it with what agents do: doorward policy suggest --server " + member(policy, "server"), {}});
  }
}

void check_grant(const server::StateDir& state, json::Value grant, Checks& checks) {
  if (member(grant, "state") != "active") return;
  const auto age = days_since(grant, "created");
  if (!age || *age < 30) return;
  const auto answer = ask_quietly(state, [&](json::Writer& writer) {
    writer.key("op").string("record.list").key("agent").string(text_of(grant, "label")).key("since").string(kUnusedSpan);
    writer.key("event").string("call.*").key("limit").number(1);
  });
  json::Reader reader;
  const auto root = answer ? reader.read(*answer) : std::expected<json::Value, json::ReadError>(json::Value());
  if (!root || !*root || root->find("records").size() > 0) return;
  checks.push_back({"grant " + member(grant, "label"), "warn", "no call came under it for 30 days",
                    "doorward grant revoke " + member(grant, "label") + ", if nobody needs it", {}});
}

}  // namespace

void check_host(const server::StateDir& state, bool running, bool fix, Checks& checks) {
  check_private(state.path, "state", fix, checks);
  check_private(state.path + "/doorward.db", "state", fix, checks);
  check_disk(state, checks);
  check_key(state, fix, checks);
  check_clock(state, checks);
  check_socket(state, running, fix, checks);
}

void check_exposure(json::Value status, Checks& checks) {
  const std::string admin = member(status, "admin");
  if (admin.empty()) {
    checks.push_back({"console", "warn", "the admin API listens on the control socket only, so there is no console", "set admin.listen to a free address", {}});
    return;
  }
  const auto url = http::parse_url(admin);
  const bool local = url && (url->host == "localhost" || url->host.starts_with("127.") || url->host == "::1" || url->host == "[::1]");
  if (!local && admin.starts_with("http://")) {
    checks.push_back({"console", "fail", admin + " can be reached from other machines without TLS", "set admin.tls, or let it listen on 127.0.0.1", {}});
  } else {
    checks.push_back({"console", "ok", admin + (local ? ", from this machine only" : ", with TLS") + "; nobody gets in without signing in", {}, {}});
  }
}

void check_use(const server::StateDir& state, json::Value policies, json::Value grants, Checks& checks) {
  for (const json::Value policy : policies.elements()) check_policy(state, policy, checks);
  for (const json::Value grant : grants.elements()) check_grant(state, grant, checks);
}

}  // namespace doorward::cli
