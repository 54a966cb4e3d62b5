// What all members answer together: lists, discovery, the handshake.

#include <algorithm>
#include <charconv>

#include "gateway/bundle_call.h"
#include "gateway/bundle_merge.h"
#include "gateway/bundle_session.h"
#include "gateway/bundles.h"
#include "gateway/member_call.h"
#include "gateway/worker.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

/// So long others wait for a member that does not answer.
constexpr std::int64_t kPatienceUs = 5'000'000;
/// A legacy list says nothing of how long it holds.
constexpr std::int64_t kLegacyTtlUs = 5'000'000;
constexpr std::int64_t kLongestTtlMs = 60'000;
/// A server whose list goes on for longer has none (attack case T145).
constexpr std::size_t kMostPages = 1'000;

bool is_list(mcp::Method method) {
  return !mcp::list_member(method).empty();
}

/// `ttlMs` of a member's modern result, which its Exchange has bounded; 0 for anything but a whole number.
std::int64_t ttl_of(json::Value result) {
  const json::Value ttl = result.find("ttlMs");
  if (!ttl.is(json::Type::number)) return 0;
  const std::string_view text = ttl.number();
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::min<std::int64_t>(value, kLongestTtlMs) : 0;
}

}  // namespace

std::vector<std::size_t> BundleCall::all_members() const {
  std::vector<std::size_t> all(caller_.grant->members.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

void BundleCall::learn(std::vector<std::size_t> members) {
  mode_ = Mode::learning;
  for (auto& spent : members_) spent_.push_back(std::move(spent));
  members_.clear();
  got_.assign(caller_.grant->members.size(), false);
  patience_.arm(worker_.loop(), kPatienceUs);
  pending_ = members.size() + 1;
  for (std::size_t i : members) call_of(i).learn_tools();
  if (--pending_ == 0) gathered();
}

void BundleCall::gather(mcp::Method what, const std::vector<std::size_t>& members) {
  mode_ = Mode::gathering;
  gathering_ = what;
  for (auto& spent : members_) spent_.push_back(std::move(spent));
  members_.clear();
  got_.assign(caller_.grant->members.size(), false);
  patience_.arm(worker_.loop(), kPatienceUs);
  pending_ = 1;
  std::vector<MemberCall*> asked;
  for (std::size_t i : members) {
    if (is_list(what) && (what == method_ ? view_->fresh(what, i) : view_->just_listed(what, i))) {
      got_[i] = true;
      continue;
    }
    if (client_id_.empty()) {
      asked.push_back(&call_of(i));
    } else if (!worker_.bundles().rests(link(i))) {
      asked.push_back(&call_of(i));
    }
  }
  pending_ += asked.size();
  const std::string text = gather_text({});
  for (MemberCall* call : asked) {
    call->epoch = caller_.grant->members[call->member()].server->list_changes.load(std::memory_order_relaxed);
    call->ask(text);
  }
  if (--pending_ == 0) gathered();
}

std::string BundleCall::gather_text(std::string_view cursor) const {
  if (!is_list(gathering_) && gathering_ != mcp::Method::server_discover) return text_;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("jsonrpc").string("2.0").key("id").raw(client_id_);
  writer.key("method").string(mcp::to_string(gathering_)).key("params").begin_object();
  if (!cursor.empty()) writer.key("cursor").raw(cursor);
  if (!meta_.empty()) writer.key("_meta").raw(meta_);
  writer.end_object().end_object();
  return out;
}

void BundleCall::take_part(MemberCall& from, std::string_view json) {
  if (from.done) return;
  asked_ = asked_ || !json.empty() || mode_ != Mode::learning;
  if (json.empty()) return part_done(from, true, {});
  json::Limits limits;
  limits.bytes = json.size();
  const auto root = worker_.bundles().reader().read(json, limits);
  const json::Value result = root ? root->find("result") : json::Value();
  if (!result) {
    const json::Value code = root ? root->find("error").find("code") : json::Value();
    const bool without = code.is(json::Type::number) && code.number() == "-32601";
    // A server without such things has an empty list of them.
    if (without && is_list(gathering_)) view_->put(gathering_, from.member(), {}, kLegacyTtlUs, from.epoch);
    return part_done(from, without, "it answered with an error");
  }
  if (is_list(gathering_)) {
    std::string cursor;
    if (!take_page(from, result, json, cursor)) return;
    if (!cursor.empty()) return from.ask(gather_text(cursor));
    const std::int64_t ttl_us = legacy() ? kLegacyTtlUs : std::max<std::int64_t>(from.ttl_ms, 0) * 1000;
    view_->put(gathering_, from.member(), std::move(from.part), ttl_us, from.epoch);
  } else if (gathering_ == mcp::Method::server_discover) {
    const json::Value capabilities = result.find("capabilities");
    const json::Value instructions = result.find("instructions");
    if (capabilities) from.capabilities = bytes_of_value(json, capabilities);
    if (instructions.is(json::Type::string)) from.instructions = instructions.string();
    from.ttl_ms = ttl_of(result);
  }
  part_done(from, true, {});
}

bool BundleCall::take_page(MemberCall& from, json::Value result, std::string_view text, std::string& cursor) {
  const json::Value next = result.find("nextCursor");
  if (next.is(json::Type::string)) cursor = bytes_of_value(text, next);
  const std::int64_t ttl = ttl_of(result);
  from.ttl_ms = from.ttl_ms < 0 ? ttl : std::min(from.ttl_ms, ttl);
  if (!from.part.take(text, result.find(mcp::list_member(gathering_)), gathering_)) {
    part_done(from, false, "its list is too long");
    return false;
  }
  if (!cursor.empty() && (from.cursors.size() >= kMostPages || !from.cursors.insert(cursor).second)) {
    part_done(from, false, "the pages of its list do not end");
    return false;
  }
  return true;
}

void BundleCall::part_done(MemberCall& from, bool got, std::string_view reason) {
  if (from.done) return;
  from.done = true;
  got_[from.member()] = got;
  if (!got && !client_id_.empty() && mode_ == Mode::gathering) {
    worker_.bundles().left_out(caller_, link(from.member()), mcp::to_string(gathering_), reason, false);
  }
  if (--pending_ == 0) gathered();
}

void BundleCall::out_of_patience() {
  for (const auto& call : members_) {
    if (call->done) continue;
    worker_.bundles().left_out(caller_, link(call->member()), mcp::to_string(gathering_),
                               "it did not answer in time", true);
    call->abandon("left_out");
  }
  pending_ = 0;
  if (mode_ == Mode::listening) return acknowledge();
  gathered();
}

void BundleCall::gathered() {
  patience_.disarm();
  if (mode_ == Mode::learning) return route_tool();
  if (gathering_ != method_) return route();
  switch (method_) {
    case mcp::Method::initialize:
      return reply_initialize();
    case mcp::Method::server_discover:
      return reply_discovery();
    case mcp::Method::logging_set_level:
      if (!asked_ && !record_own("ok")) return;
      return reply_result("{}");
    default:
      return is_list(method_) ? reply_list() : reply(202, {});
  }
}

void BundleCall::reply_list() {
  if (std::find(got_.begin(), got_.end(), true) == got_.end()) {
    return reply_error(200, mcp::ErrorCode::internal_error,
                       "No server of this bundle answered. This is not a policy decision. Try again later.");
  }
  if (!asked_ && !record_own("ok")) return;
  std::string out = R"({"jsonrpc":"2.0","id":)" + client_id_ + R"(,"result":{")";
  if (!legacy()) out += R"(resultType":"complete",")";
  out += mcp::list_member(method_);
  out += "\":[";
  view_->append(out, method_, got_);
  out += ']';
  if (!legacy()) {
    out +=
        R"(,"ttlMs":)" + std::to_string(view_->ttl_ms(method_, got_)) + R"(,"cacheScope":"private","_meta":)";
    append_server_info_meta(out);
  }
  out += "}}";
  reply(200, out);
}

void BundleCall::append_server_info(std::string& out) const {
  json::Writer(out)
      .begin_object()
      .key("name")
      .string(caller_.grant->target())
      .key("version")
      .string(worker_.shared().options.version)
      .end_object();
}

void BundleCall::append_server_info_meta(std::string& out) const {
  out += '{';
  json::append_string(out, mcp::kMetaServerInfo);
  out += ':';
  append_server_info(out);
  out += '}';
}

std::string BundleCall::instructions_of(std::size_t member, std::string_view text) const {
  if (text.empty()) return {};
  return caller_.grant->members[member].server->settings->name + ": " + std::string(text);
}

void BundleCall::reply_discovery() {
  if (std::find(got_.begin(), got_.end(), true) == got_.end()) {
    return reply_error(200, mcp::ErrorCode::internal_error,
                       "No server of this bundle answered. This is not a policy decision. Try again later.");
  }
  std::vector<std::string> capabilities;
  std::string instructions;
  std::int64_t ttl = kLongestTtlMs;
  for (std::size_t i = 0; i < got_.size(); ++i) {
    if (!got_[i]) ttl = 0;
  }
  for (const auto& call : members_) {
    if (!got_[call->member()]) continue;
    ttl = std::min(ttl, std::max<std::int64_t>(call->ttl_ms, 0));
    capabilities.push_back(call->capabilities);
    const std::string of = instructions_of(call->member(), call->instructions);
    if (!of.empty() && !instructions.empty()) instructions += "\n\n";
    instructions += of;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("resultType").string("complete").key("supportedVersions").begin_array();
  for (const mcp::Revision revision : mcp::kServedRevisions) {
    if (mcp::era_of(revision) == mcp::Era::modern) writer.string(mcp::to_string(revision));
  }
  writer.end_array().key("capabilities").raw(merge_capabilities(capabilities, worker_.bundles().reader()));
  if (!instructions.empty()) writer.key("instructions").string(instructions);
  std::string meta;
  append_server_info_meta(meta);
  writer.key("ttlMs").number(ttl).key("cacheScope").string("private").key("_meta").raw(meta).end_object();
  reply_result(out);
}

void BundleCall::open_session(const mcp::Message& message) {
  const std::string& grant = caller_.grant->grant->id;
  if (!worker_.make_session_room(grant, nullptr)) {
    return reply_error(400, mcp::ErrorCode::internal_error,
                       "This grant has too many sessions in use; end one, or wait for one to end.");
  }
  const json::Value wanted = message.params.find("protocolVersion");
  const auto revision = wanted.is(json::Type::string) ? mcp::parse_revision(wanted.string()) : std::nullopt;
  const bool speak = revision && mcp::era_of(*revision) == mcp::Era::legacy;
  const std::shared_ptr<Session> session = worker_.sessions().open(grant, nullptr);
  session->revision = speak ? *revision : mcp::Revision::v2025_11_25;
  session->ready = true;
  session->last_used_us = worker_.loop().now_us();
  const json::Value name = message.params.find("clientInfo").find("name");
  if (name.is(json::Type::string)) session->client_name = name.string();
  session->bundle = std::make_unique<BundleSession>(worker_, caller_.grant->bundle->settings, text_);
  session->bundle->running.push_back(this);
  caller_.session = session;
  mode_ = Mode::gathering;
  gathering_ = method_;
  asked_ = true;
  got_.assign(caller_.grant->members.size(), false);
  patience_.arm(worker_.loop(), kPatienceUs);
  pending_ = got_.size() + 1;
  for (std::size_t i : all_members()) call_of(i).open();
  if (--pending_ == 0) gathered();
}

void BundleCall::reply_initialize() {
  const BundleSession& session = bundle_session();
  if (std::find(got_.begin(), got_.end(), true) == got_.end()) {
    const std::shared_ptr<Session> failed = caller_.session;
    reply_error(200, mcp::ErrorCode::internal_error,
                "No server of this bundle answered. This is not a policy decision. Try again later.");
    return worker_.end_session(*failed);
  }
  std::vector<std::string> capabilities;
  std::string instructions;
  for (std::size_t i = 0; i < got_.size(); ++i) {
    if (!got_[i]) continue;
    capabilities.push_back(session.capabilities(i));
    const std::string of = instructions_of(i, session.instructions(i));
    if (!of.empty() && !instructions.empty()) instructions += "\n\n";
    instructions += of;
  }
  std::string info;
  append_server_info(info);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("protocolVersion").string(mcp::to_string(caller_.session->revision));
  writer.key("capabilities").raw(merge_capabilities(capabilities, worker_.bundles().reader()));
  writer.key("serverInfo").raw(info);
  if (!instructions.empty()) writer.key("instructions").string(instructions);
  writer.end_object();
  reply_result(out, std::string(caller_.session->id));
}

}  // namespace doorward::gateway
