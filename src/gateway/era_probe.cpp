#include "gateway/era_probe.h"

#include <algorithm>
#include <charconv>

#include "gateway/server_link.h"
#include "gateway/worker.h"
#include "mcp/envelope.h"
#include "mcp/own_meta.h"

namespace doorward::gateway {
namespace {

/// A process that has not answered by then does not know the method: real servers answered within 2.7 s of
/// their start.
constexpr std::int64_t kSilenceUs = 10'000'000;
constexpr auto kAsked = mcp::Revision::v2026_07_28;

bool offers_modern(json::Value versions) {
  const json::Value::Elements elements = versions.elements();
  return std::any_of(elements.begin(), elements.end(), [](json::Value version) {
    if (!version.is(json::Type::string)) return false;
    const auto revision = mcp::parse_revision(version.string());
    return revision ? mcp::era_of(*revision) == mcp::Era::modern : version.string() > mcp::to_string(kAsked);
  });
}

}  // namespace

bool shows_modern_era(json::Value root) {
  const auto message = mcp::read_message(root, mcp::Sender::server);
  if (!message) return false;
  if (message->kind == mcp::Kind::result) {
    return offers_modern(message->result.find("supportedVersions")) &&
           message->result.find("capabilities").is(json::Type::object);
  }
  if (message->kind != mcp::Kind::error) return false;
  const std::string_view spelled = message->error.find("code").number();
  int code = 0;
  std::from_chars(spelled.data(), spelled.data() + spelled.size(), code);
  switch (static_cast<mcp::ErrorCode>(code)) {
    case mcp::ErrorCode::unsupported_version:
      return offers_modern(message->error.find("data").find("supported"));
    case mcp::ErrorCode::header_mismatch:
    case mcp::ErrorCode::missing_client_capability:
      return true;
    default:
      return false;
  }
}

EraProbe::~EraProbe() {
  if (ticket_ != nullptr) ticket_->cancel();
}

Status EraProbe::start() {
  Outgoing message;
  message.id = worker_.next_number();
  std::string json = R"({"jsonrpc":"2.0","id":)" + std::to_string(message.id) +
                     R"(,"method":"server/discover","params":{"_meta":)";
  mcp::append_own_meta(json, kAsked);
  json += "}}";
  const std::string_view piece = json;
  std::string lines = "MCP-Protocol-Version: ";
  lines.append(mcp::to_string(kAsked)).append("\r\nMcp-Method: server/discover\r\n");
  message.json = {&piece, 1};
  message.revision = kAsked;
  message.mirror_lines = lines;
  message.method = mcp::Method::server_discover;
  message.grant = grant_;
  const Result<upstream::Ticket*> sent = link_.send_native(message, *this);
  if (!sent) return std::unexpected(sent.error());
  ticket_ = *sent;
  if (link_.settings().is_process()) deadline_us_ = worker_.loop().now_us() + kSilenceUs;
  return {};
}

void EraProbe::tick() {
  if (worker_.loop().now_us() < deadline_us_) return;
  ticket_->cancel();
  ticket_ = nullptr;
  done(Speaks::no);
}

void EraProbe::on_message(std::string_view text) {
  json::Limits limits;
  limits.bytes = link_.settings().result_bytes;
  const auto root = reader_.read(text, limits);
  modern_ = modern_ || (root && shows_modern_era(*root));
}

void EraProbe::on_end() {
  ticket_ = nullptr;
  done(modern_ ? Speaks::yes : Speaks::no);
}

void EraProbe::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  deadline_us_ = INT64_MAX;
  const bool process_ran = link_.settings().is_process() && failure.kind != upstream::FailureKind::start;
  if (process_ran) return done(Speaks::no);
  link_.era_found(Speaks::unknown, &failure);
}

void EraProbe::done(Speaks modern) {
  deadline_us_ = INT64_MAX;
  link_.era_found(modern, nullptr);
}

}  // namespace doorward::gateway
