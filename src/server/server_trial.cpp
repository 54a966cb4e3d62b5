#include "server/server_trial.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/copy.h"
#include "json/writer.h"
#include "mcp/own_meta.h"
#include "mcp/revision.h"
#include "mcp/tool_definition.h"
#include "mcp/tool_name.h"
#include "risk/actions.h"
#include "upstream/sse_link.h"
#include "upstream/stdio_link.h"

namespace doorward::server {
namespace {

/// What is kept of a list.
constexpr std::size_t kMostBytes = 32u << 20;
constexpr std::size_t kMostPages = 1'000;
constexpr std::size_t kMostQuestions = 256;
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
                         std::shared_ptr<const upstream::ServerSettings> settings, Done done, TrialOptions options)
    : loop_(loop),
      resolver_(resolver),
      settings_(std::move(settings)),
      done_(std::move(done)),
      options_(options),
      timer_(io::call<&ServerTrial::look>, this) {}

ServerTrial::~ServerTrial() = default;

void ServerTrial::start() {
  deadline_us_ = loop_.now_us() + std::chrono::microseconds(options_.together).count();
  timer_.arm(loop_, kLookUs);
  upstream::ChannelListener& listener = *this;
  if (settings_->is_process()) {
    auto link = upstream::StdioLink::start(loop_, settings_, listener);
    if (!link) return fail_at("start", link.error().message);
    link_ = std::move(*link);
    pass("start");
  } else {
    pool_ = std::make_unique<upstream::HttpPool>(loop_, resolver_, settings_);
    if (settings_->http().transport == upstream::HttpTransport::sse) {
      link_ = std::make_unique<upstream::SseLink>(loop_, *pool_, listener);
    }
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
  hello_ = request(++last_id_, "initialize", params);
  ask(At::initialize, hello_);
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
    ticket_ = &link_->send(last_id_, {&piece, 1}, *this);
    return;
  }
  std::string lines;
  if (modern_) {
    lines = "MCP-Protocol-Version: " + std::string(mcp::to_string(kModern)) + "\r\nMcp-Method: ";
    lines += at == At::actions ? "tools/call\r\nMcp-Name: " + questions_.front().tool + "\r\n" : "tools/list\r\n";
  } else if (at != At::initialize) {
    lines = "MCP-Protocol-Version: " + revision_ + "\r\n";
    if (!session_.empty()) lines += "Mcp-Session-Id: " + session_ + "\r\n";
  }
  ticket_ = &pool_->start({.lines = lines, .body = {&piece, 1}}, *this);
}

void ServerTrial::list(bool modern) {
  modern_ = modern;
  std::string params;
  json::Writer writer(params);
  writer.begin_object();
  if (!cursor_.empty()) writer.key("cursor").string(cursor_);
  if (modern) {
    std::string meta;
    mcp::append_own_meta(meta, kModern);
    writer.key("_meta").raw(meta);
  }
  writer.end_object();
  ask(At::list, request(++last_id_, "tools/list", params));
}

bool ServerTrial::try_stream() {
  const bool may_be = status_ == 400 || status_ == 404 || status_ == 405;
  if (!pool_ || link_ || at_ != At::initialize || !may_be ||
      settings_->http().transport != upstream::HttpTransport::automatic) {
    return false;
  }
  upstream::ChannelListener& listener = *this;
  link_ = std::make_unique<upstream::SseLink>(loop_, *pool_, listener);
  ask(At::initialize, hello_);
  return true;
}

std::string ServerTrial::take_page(json::Value result) {
  const json::Value tools = result.find("tools");
  for (const json::Value tool : tools.elements()) {
    ++report_.tools;
    if (!options_.whole_list) continue;
    const std::string_view text = json::text_of(answer_, tool);
    if (report_.tools > mcp::kMostTools || bytes_ + text.size() > kMostBytes) {
      report_.cut = true;
      return {};
    }
    bytes_ += text.size();
    report_.definitions.emplace_back(text);
  }
  std::string next(json::text_of(result, "nextCursor"));
  if (!options_.whole_list) {
    report_.cut = !next.empty();
    return {};
  }
  if (next == cursor_ || ++pages_ >= kMostPages) {
    report_.cut = !next.empty();
    return {};
  }
  return next;
}

void ServerTrial::prepare_questions() {
  for (const std::string& text : report_.definitions) {
    const auto tool = reader_.read(text, {.bytes = settings_->result_bytes});
    if (!tool) continue;
    const std::string name(json::text_of(*tool, "name"));
    if (!mcp::is_tool_name(name)) continue;
    const auto hidden = risk::propose_actions(risk::facts_of(settings_->name, *tool));
    if (!hidden) continue;
    for (const std::string& question : hidden->questions) {
      if (questions_.size() < kMostQuestions) questions_.push_back({name, question});
    }
  }
}

void ServerTrial::ask_next_question() {
  if (questions_.empty()) return finish();
  std::string params;
  json::Writer writer(params);
  writer.begin_object().key("name").string(questions_.front().tool).key("arguments").raw(questions_.front().arguments);
  if (modern_) {
    std::string meta;
    mcp::append_own_meta(meta, kModern);
    writer.key("_meta").raw(meta);
  }
  writer.end_object();
  ask(At::actions, request(++last_id_, "tools/call", params));
}

void ServerTrial::take_answer(json::Value result) {
  for (const json::Value part : result.find("content").elements()) {
    const std::string_view text = json::text_of(part, "text");
    if (text.empty() || bytes_ + text.size() > kMostBytes) continue;
    bytes_ += text.size();
    report_.told.push_back({questions_.front().tool, std::string(text)});
  }
  questions_.pop_front();
  ask_next_question();
}

void ServerTrial::on_error_line(std::string_view line) {
  // What follows the first error is mostly its consequences: where a log is kept, a trace.
  if (report_.last_words.find("rror") != std::string::npos || line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  report_.last_words = line.substr(0, kMostDetail);
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
  // What was listed is known, whatever becomes of the questions.
  if (at_ == At::actions) return finish();
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
  if (at_ != At::actions && (status_ == 401 || status_ == 403)) {
    report_.refused = true;
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
        if (!root && try_stream()) return;
        refusal_ = std::move(refusal);
        if (settings_->protocol.era == upstream::ServerEra::legacy) return fail_at("handshake", refusal_);
        return list(true);
      }
      revision_ = text_of(result, "protocolVersion");
      if (!mcp::parse_revision(revision_)) return fail_at("handshake", "the server speaks revision " + revision_);
      report_.server_name = text_of(result.find("serverInfo"), "name");
      report_.server_version = text_of(result.find("serverInfo"), "version");
      pass("handshake", report_.server_name + ", " + revision_);
      return ask(At::initialized, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    case At::initialized:
      return list(false);
    case At::list:
      if (!result.is(json::Type::object)) {
        return modern_ && !refusal_.empty() ? fail_at("handshake", refusal_) : fail_at("list_tools", refusal);
      }
      if (modern_ && cursor_.empty()) pass("handshake", std::string(mcp::to_string(kModern)));
      cursor_ = take_page(result);
      if (!cursor_.empty()) return list(modern_);
      pass("list_tools", std::to_string(report_.tools) + (report_.cut ? " and more" : ""));
      if (options_.ask_actions) prepare_questions();
      return ask_next_question();
    case At::actions:
      return take_answer(result);
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
  if (!finished_ && loop_.now_us() >= deadline_us_) {
    if (at_ == At::actions) {
      finish();
    } else {
      fail_at(at_ == At::list ? "list_tools" : "handshake", "no answer in time");
    }
  }
  if (!over()) return timer_.arm(loop_, kLookUs);
  link_.reset();
  pool_.reset();
}

}  // namespace doorward::server
