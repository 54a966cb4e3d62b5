#include "server/server_trial.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/writer.h"
#include "mcp/own_meta.h"
#include "mcp/revision.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kTogetherUs = 20'000'000;
constexpr std::int64_t kLookUs = 100'000;
constexpr std::size_t kMostDetail = 300;
constexpr auto kLegacy = mcp::Revision::v2025_11_25;
constexpr auto kModern = mcp::Revision::v2026_07_28;

std::string request(std::uint64_t id, std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + std::string(method) +
         R"(","params":)" + std::string(params) + "}";
}

}  // namespace

ServerTrial::ServerTrial(io::Loop& loop, io::Resolver& resolver,
                         std::shared_ptr<const upstream::ServerSettings> settings, Done done)
    : loop_(loop),
      resolver_(resolver),
      settings_(std::move(settings)),
      done_(std::move(done)),
      timer_(io::call<&ServerTrial::look>, this) {}

ServerTrial::~ServerTrial() = default;

void ServerTrial::start() {
  deadline_us_ = loop_.now_us() + kTogetherUs;
  timer_.arm(loop_, kLookUs);
  if (settings_->is_process()) {
    auto link = upstream::StdioLink::start(loop_, settings_, *this);
    if (!link) return fail_at("start", link.error().message);
    link_ = std::move(*link);
    pass("start");
  } else {
    pool_ = std::make_unique<upstream::HttpPool>(loop_, resolver_, settings_);
  }
  if (settings_->protocol.era == upstream::ServerEra::modern) return list(true);
  std::string params;
  json::Writer(params)
      .begin_object()
      .key("protocolVersion")
      .string(mcp::to_string(kLegacy))
      .key("capabilities")
      .raw("{}")
      .key("clientInfo")
      .raw(mcp::kOwnInfo)
      .end_object();
  ask(At::initialize, request(1, "initialize", params));
}

void ServerTrial::ask(At at, std::string json) {
  at_ = at;
  status_ = 0;
  answer_.clear();
  const std::string_view piece = json;
  if (link_) {
    if (at == At::initialized) {
      link_->notify({&piece, 1});
      return list(false);
    }
    ticket_ = &link_->send(at == At::initialize ? 1 : 2, {&piece, 1}, *this);
    return;
  }
  std::string lines;
  if (modern_) {
    lines = "MCP-Protocol-Version: " + std::string(mcp::to_string(kModern)) + "\r\nMcp-Method: tools/list\r\n";
  } else if (at != At::initialize) {
    lines = "MCP-Protocol-Version: " + revision_ + "\r\n";
    if (!session_.empty()) lines += "Mcp-Session-Id: " + session_ + "\r\n";
  }
  ticket_ = &pool_->start({.lines = lines, .body = {&piece, 1}}, *this);
}

void ServerTrial::list(bool modern) {
  modern_ = modern;
  std::string params = "{";
  if (modern) {
    params += R"("_meta":)";
    mcp::append_own_meta(params, kModern);
  }
  ask(At::list, request(2, "tools/list", params + "}"));
}

void ServerTrial::on_head(int status, std::string_view session, bool) {
  status_ = status;
  if (at_ == At::initialize) session_ = session;
}

void ServerTrial::on_message(std::string_view text) {
  const auto root = reader_.read(text, {.bytes = settings_->result_bytes});
  if (root && (root->find("result") || root->find("error"))) answer_ = text;
}

void ServerTrial::on_end() {
  ticket_ = nullptr;
  // Not from inside the link.
  loop_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && !finished_) answered();
  });
}

void ServerTrial::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  if (finished_) return;
  const std::string detail = std::string(to_string(failure.kind)) + ": " + std::string(failure.detail);
  switch (failure.kind) {
    case upstream::FailureKind::resolve:
      return fail_at("resolve", detail);
    case upstream::FailureKind::connect:
      return fail_at("connect", detail);
    case upstream::FailureKind::tls:
      return fail_at("tls", detail);
    case upstream::FailureKind::start:
      return fail_at("start", detail);
    default:
      return fail_at(at_ == At::list ? "list_tools" : "handshake", detail);
  }
}

void ServerTrial::answered() {
  if (status_ == 401 || status_ == 403) {
    return fail_at("authenticate", "the server answered with HTTP status " + std::to_string(status_));
  }
  const auto root = answer_.empty() ? std::expected<json::Value, json::ReadError>(std::unexpected(json::ReadError{}))
                                    : reader_.read(answer_, {.bytes = settings_->result_bytes});
  const json::Value result = root ? root->find("result") : json::Value();
  std::string refusal(root ? text_of(root->find("error"), "message") : std::string_view());
  if (refusal.empty()) refusal = "no answer of the protocol; HTTP status " + std::to_string(status_);
  switch (at_) {
    case At::initialize:
      if (!result.is(json::Type::object)) {
        refusal_ = std::move(refusal);
        if (settings_->protocol.era == upstream::ServerEra::legacy) return fail_at("handshake", refusal_);
        return list(true);
      }
      revision_ = text_of(result, "protocolVersion");
      if (!mcp::parse_revision(revision_)) return fail_at("handshake", "the server speaks revision " + revision_);
      pass("handshake", std::string(text_of(result.find("serverInfo"), "name")) + ", " + revision_);
      return ask(At::initialized, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    case At::initialized:
      return list(false);
    case At::list:
      if (!result.is(json::Type::object)) {
        return modern_ && !refusal_.empty() ? fail_at("handshake", refusal_) : fail_at("list_tools", refusal);
      }
      if (modern_) pass("handshake", std::string(mcp::to_string(kModern)));
      report_.tools = result.find("tools").is(json::Type::array) ? result.find("tools").size() : 0;
      pass("list_tools", std::to_string(report_.tools) + (result.find("nextCursor") ? " and more" : ""));
      return finish();
  }
}

void ServerTrial::pass(std::string_view step, std::string detail) {
  static constexpr std::string_view kOverHttp[] = {"resolve", "connect", "tls", "authenticate"};
  if (pool_ && report_.steps.empty()) {
    for (const std::string_view before : kOverHttp) {
      if (before == step) break;
      if (before == "tls" && !settings_->http().tls) continue;
      report_.steps.push_back({before, true, {}});
    }
  }
  report_.steps.push_back({step, true, detail.substr(0, kMostDetail)});
}

void ServerTrial::fail_at(std::string_view step, std::string detail) {
  pass(step, std::move(detail));
  report_.steps.back().ok = false;
  finish();
}

void ServerTrial::finish() {
  finished_ = true;
  if (ticket_ != nullptr) std::exchange(ticket_, nullptr)->cancel();
  if (link_) link_->stop();
  done_(std::move(report_));
}

void ServerTrial::look() {
  if (pool_) pool_->tick();
  if (link_) link_->tick();
  if (!finished_ && loop_.now_us() >= deadline_us_) fail_at(at_ == At::list ? "list_tools" : "handshake", "no answer in time");
  if (!over()) return timer_.arm(loop_, kLookUs);
  pool_.reset();
}

}  // namespace doorward::server
