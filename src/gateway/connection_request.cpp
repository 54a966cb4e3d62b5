// Who asks, where, and in which session: from a request's head and text to an exchange.

#include <algorithm>

#include "base/hash.h"
#include "gateway/batch.h"
#include "gateway/connection.h"
#include "gateway/record_refs.h"
#include "gateway/route.h"
#include "gateway/sse_client.h"
#include "gateway/worker.h"
#include "http/content_type.h"

namespace doorward::gateway {
namespace {

constexpr std::size_t kMostHops = 8;

/// Whether a request has come through this gateway before, or through too many (attack case T250).
bool goes_in_circles(std::string_view hops, std::string_view own) {
  std::size_t count = 0;
  while (!hops.empty()) {
    std::string_view hop = hops.substr(0, hops.find(','));
    hops.remove_prefix(std::min(hops.size(), hop.size() + 1));
    while (hop.starts_with(' ')) hop.remove_prefix(1);
    // It goes on to the server, so nothing but names of gateways may stand in it.
    const bool name = hop.size() <= 32 && std::ranges::all_of(hop, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
    if (!name || hop == own || ++count > kMostHops) return true;
  }
  return false;
}

/// The methods of a place, as the Allow header lists them; empty where this one is among them.
std::string_view methods_instead_of(http::Method method, Route::Place place) {
  const bool get = method == http::Method::get;
  const bool post = method == http::Method::post;
  if (place == Route::Place::message_stream) return get ? std::string_view{} : "GET";
  if (place == Route::Place::message) return post ? std::string_view{} : "POST";
  return get || post || method == http::Method::del ? std::string_view{} : "POST, GET, DELETE";
}

mcp::Header mirror_header(const http::RequestHead& head, http::Field field) {
  return {head.get(field), head.has(field) ? 1u : 0u};
}

}  // namespace

ClientConnection::Go ClientConnection::check_head() {
  // One wake-up may serve several requests of this connection: each has its own time.
  worker_.loop().refresh_time();
  Shared& shared = worker_.shared();
  if (!shared.guard->host_allowed(head_.get(http::Field::host))) {
    refuse(421, "wrong_host", "This gateway does not answer for that host; add it to allowed_hosts.");
    return Go::stop;
  }
  if (head_.has(http::Field::origin) && !shared.guard->origin_allowed(head_.get(http::Field::origin))) {
    refuse(403, "wrong_origin", "Requests from that origin are not allowed; add it to allowed_origins.");
    return Go::stop;
  }
  if (is_resource_metadata(head_.path()) && !worker_.agents().issuers().issuers.empty()) {
    return begin_body();
  }
  world_ = worker_.world();
  if (identify() == Go::stop) return Go::stop;
  const Route route = route_of(head_.path());
  if (route.place == Route::Place::none || !head_.query().empty() || !grant_->reached_as(route.server)) {
    refuse(404, "not_found", "There is nothing here for this grant.");
    return Go::stop;
  }
  const auto hops = head_.headers().find(upstream::kHopsHeader);
  if (hops.count > 1 || goes_in_circles(hops.value, shared.hop)) {
    refuse(508, "loop", "This request has come through this gateway before: the URL of a server leads back to it.");
    return Go::stop;
  }
  const http::Method method = head_.method();
  if (const std::string_view allowed = methods_instead_of(method, route.place); !allowed.empty()) {
    refuse(405, "method_not_allowed", "Use " + std::string(allowed) + " here.",
           "Allow: " + std::string(allowed) + "\r\n");
    return Go::stop;
  }
  if (method == http::Method::post) {
    if (const auto refusal = http::check_json_request(head_)) {
      refuse(refusal->status, "bad_content_type", refusal->reason);
      return Go::stop;
    }
    const bool answered_here = route.place == Route::Place::endpoint;
    if (answered_here && (!http::accepts(head_.headers(), "application", "json") ||
                          !http::accepts(head_.headers(), "text", "event-stream"))) {
      refuse(406, "not_acceptable", "Accept must name both application/json and text/event-stream.");
      return Go::stop;
    }
  }
  // Before a byte of the body is decoded: the other worker reads the request anew.
  if (move_to_owner()) return Go::stop;
  return begin_body();
}

ClientConnection::Go ClientConnection::begin_body() {
  const Options& options = worker_.shared().options;
  if (decoder_.begin(head_.framing(), head_.content_length(), options.body_bytes) ==
      http::ParseState::refused) {
    refuse(decoder_.refusal().status, "too_large", decoder_.refusal().reason);
    return Go::stop;
  }
  body_raw_ = body_end_ = head_.size();
  phase_ = Phase::body;
  deadline_us_ = worker_.loop().now_us() + options.body_timeout.count() * 1000;
  if (head_.expects_continue()) {
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    flush();
  }
  return Go::on;
}

Caller ClientConnection::caller() const {
  Caller caller;
  caller.world = world_;
  caller.grant = grant_;
  if (grant_->server != nullptr) caller.server = &worker_.link(*grant_->server);
  caller.client_address = address_;
  caller.hops = head_.headers().find(upstream::kHopsHeader).value;
  return caller;
}

void ClientConnection::handle() {
  const std::string_view text(in_.data() + head_.size(), body_end_ - head_.size());
  if (grant_ == nullptr) return describe_resource();
  const Route::Place place = route_of(head_.path()).place;
  if (place == Route::Place::message_stream) return open_message_stream();
  if (place == Route::Place::message) return handle_message_of_stream(text);
  switch (head_.method()) {
    case http::Method::get:
      return handle_get();
    case http::Method::del:
      return handle_delete();
    default:
      return handle_post(text);
  }
}

std::optional<unsigned> ClientConnection::owner() const {
  if (const Route route = route_of(head_.path()); route.place == Route::Place::message) {
    return SessionTable::worker_of(route.id);
  }
  const auto revision = mcp::parse_revision(head_.get(http::Field::mcp_protocol_version));
  const bool modern = revision && mcp::era_of(*revision) == mcp::Era::modern;
  // A modern request belongs to no session, whatever it names (attack case T063).
  if (!modern) return SessionTable::worker_of(head_.get(http::Field::mcp_session_id));
  return worker_.home_of(*grant_);
}

bool ClientConnection::move_to_owner() {
  const std::optional<unsigned> owner = this->owner();
  if (!owner || *owner == worker_.index() || *owner >= worker_.shared().workers.size() || !out_.empty())
    return false;
  std::string bytes(in_.view());
  worker_.loop().remove(stream_.fd(), *this);
  phase_ = Phase::closed;
  worker_.hand_over(*owner, std::move(stream_), peer_, std::move(bytes));
  in_.release();
  worker_.remove(*this, true);
  return true;
}

bool ClientConnection::find_session(Caller& caller, bool required) {
  const std::string_view id = head_.get(http::Field::mcp_session_id);
  if (id.empty()) {
    if (required) {
      refuse(400, "no_session",
             "The header Mcp-Session-Id is missing: initialize first, and send it with each request.");
    }
    return !required;
  }
  caller.session = worker_.sessions().find(id, grant_->grant->id);
  if (caller.session == nullptr || !caller.session->is_of(*grant_, caller.server)) {
    refuse(404, "unknown_session", "The session does not exist or has ended: initialize again.");
    return false;
  }
  caller.revision = caller.session->revision;
  caller.client_name = caller.session->client_name;
  caller.session->last_used_us = worker_.loop().now_us();
  return check_legacy_version(caller.revision);
}

bool ClientConnection::check_legacy_version(mcp::Revision& revision) {
  if (!head_.has(http::Field::mcp_protocol_version)) return true;
  // The header describes the request: a client should name the version agreed on, and may name another that
  // is served here.
  const auto version = mcp::parse_revision(head_.get(http::Field::mcp_protocol_version));
  if (!version || mcp::era_of(*version) != mcp::Era::legacy) {
    refuse(400, "wrong_version", "MCP-Protocol-Version names no version that sessions of this gateway speak.");
    return false;
  }
  revision = *version;
  return true;
}

void ClientConnection::handle_post(std::string_view text) {
  json::Limits limits;
  limits.bytes = worker_.shared().options.body_bytes;
  limits.refuse_proto = true;
  const auto root = worker_.request_reader().read(text, limits);
  const std::string_view version = head_.get(http::Field::mcp_protocol_version);
  const auto era_unread = version == "2026-07-28" ? mcp::Era::modern : mcp::Era::legacy;
  if (!root) return refuse_message(mcp::refuse_text(root.error()), text, era_unread);
  if (root->is(json::Type::array) && head_.has(http::Field::mcp_session_id)) {
    return handle_batch(text, *root);
  }
  const auto message = mcp::read_message(*root, mcp::Sender::client);
  if (!message) return refuse_message(message.error(), text, era_unread);

  Caller who = caller();
  const mcp::Era era = mcp::era_of(*message, version, head_.has(http::Field::mcp_session_id));
  if (era == mcp::Era::modern) {
    const mcp::MirrorHeaders headers{mirror_header(head_, http::Field::mcp_protocol_version),
                                     mirror_header(head_, http::Field::mcp_method),
                                     mirror_header(head_, http::Field::mcp_name)};
    const auto revision = mcp::check_modern(*message, &headers);
    if (!revision) return refuse_message(revision.error(), text, era);
    who.revision = *revision;
    const json::Value info = message->meta.find(mcp::kMetaClientInfo);
    const json::Value name = info ? info.find("name") : json::Value();
    if (name.is(json::Type::string)) who.client_name = name.string();
  } else if (message->is_request(mcp::Method::initialize)) {
    if (head_.has(http::Field::mcp_session_id)) {
      return refuse(400, "second_initialize", "This session is initialized already.");
    }
    who.revision = mcp::Revision::v2025_11_25;
  } else {
    if (!find_session(who, true)) return;
  }
  if (message->kind == mcp::Kind::result || message->kind == mcp::Kind::error) {
    if (who.session == nullptr || !pass_response(worker_, who.session, text, *message)) {
      return refuse(400, "unexpected_response", "The gateway has asked this client nothing under that id.");
    }
    write_response(202, {}, {});
    return request_done();
  }
  if (const auto refusal = mcp::check_method(*message, who.revision, mcp::Sender::client)) {
    return refuse_message(*refusal, text, era);
  }
  if (who.session && !has_room(*who.session, 1)) return;
  begin(who, text, *message);
}

void ClientConnection::open_message_stream() {
  if (!http::accepts(head_.headers(), "text", "event-stream")) {
    return refuse(406, "not_acceptable", "Accept must name text/event-stream.");
  }
  const std::string server(route_of(head_.path()).server);
  write_stream_head({});
  if (phase_ != Phase::streaming) return;
  sse_ = &worker_.sse_clients().open(worker_, *this, grant_->grant->id);
  write_event("event: endpoint\ndata: /mcp/" + server + "/messages/" + sse_->id() + "\n\n");
}

void ClientConnection::handle_message_of_stream(std::string_view text) {
  SseClient* client = worker_.sse_clients().find(route_of(head_.path()).id, grant_->grant->id);
  if (client == nullptr) {
    return refuse(404, "unknown_session", "The stream does not exist or has ended: open it again by GET.");
  }
  Caller who = caller();
  if (!check_legacy_version(who.revision)) return;
  if (client->messages().session() && !has_room(*client->messages().session(), 1)) return;
  const std::string error = client->take(who, text);
  const std::string_view piece = error;
  write_response(error.empty() ? 202 : 400, {&piece, error.empty() ? 0u : 1u}, {});
  request_done();
}

void ClientConnection::handle_batch(std::string_view text, json::Value array) {
  Caller who = caller();
  if (!find_session(who, true)) return;
  const bool may = who.revision == mcp::Revision::v2025_03_26;
  const auto refusal = may ? Batch::check(array) : mcp::read_message(array, mcp::Sender::client).error();
  if (refusal) return refuse_message(*refusal, text, mcp::Era::legacy);
  if (!has_room(*who.session, array.size())) return;
  session_ = who.session;
  revision_ = who.revision;
  Batch& batch = worker_.take_batch(who);
  underway_ = &batch;
  batch.begin(*this, text, array);
}

bool ClientConnection::has_room(const Session& session, std::size_t requests) {
  if (session.running.size() + requests <= worker_.shared().options.requests_in_flight) return true;
  refuse(429, "too_many_in_flight", "This session has too many requests under way; wait for one to end.");
  return false;
}

bool ClientConnection::names_session() const {
  const auto version = mcp::parse_revision(head_.get(http::Field::mcp_protocol_version));
  const bool modern = version && mcp::era_of(*version) == mcp::Era::modern;
  return head_.has(http::Field::mcp_session_id) && !modern;
}

void ClientConnection::handle_get() {
  if (!names_session()) {
    return refuse(405, "method_not_allowed", "GET needs a session; without one only POST is possible.",
                  "Allow: POST\r\n");
  }
  Caller who = caller();
  if (!http::accepts(head_.headers(), "text", "event-stream")) {
    return refuse(406, "not_acceptable", "Accept must name text/event-stream.");
  }
  if (!find_session(who, true)) return;
  const std::string_view last_event_id = head_.get(http::Field::last_event_id);
  if (!last_event_id.empty() && has_event_ids(who.revision)) return resume_stream(who, last_event_id);
  EventStream* own = who.session->streams.own();
  if (own != nullptr && own->live() && !own->attached()) return continue_stream(who, *own, own->last());
  listen(who, own == nullptr ? 0 : own->last());
}

void ClientConnection::listen(const Caller& caller, std::uint64_t after) {
  if (caller.session->listener != nullptr) {
    return refuse(409, "second_stream", "This session has an open stream already.");
  }
  session_ = caller.session;
  revision_ = caller.revision;
  after_ = after;
  Errand& errand = worker_.take_errand(*grant_);
  underway_ = &errand;
  errand.begin_listening(*this, caller);
}

void ClientConnection::resume_stream(const Caller& caller, std::string_view last_event_id) {
  const auto place = caller.session->streams.find(last_event_id);
  if (!place) {
    return refuse(400, "unknown_event",
                  "Last-Event-ID names no event of this session after which everything is kept; repeat the "
                  "request that was under way, if it may run twice.");
  }
  const bool own = place->stream == caller.session->streams.own();
  if (own && !place->stream->live()) return listen(caller, place->after);
  continue_stream(caller, *place->stream, place->after);
}

void ClientConnection::continue_stream(const Caller& caller, EventStream& stream, std::uint64_t after) {
  session_ = caller.session;
  write_stream_head({});
  if (phase_ != Phase::streaming) return;
  events_ = &stream;
  stream.attach(*this, after);
}

void ClientConnection::handle_delete() {
  if (!names_session()) {
    return refuse(405, "method_not_allowed", "DELETE ends a session; this request names none.",
                  "Allow: POST\r\n");
  }
  Caller who = caller();
  if (!find_session(who, true)) return;
  Errand& errand = worker_.take_errand(*grant_);
  underway_ = &errand;
  errand.begin_closing(*this, who);
}

void ClientConnection::begin(const Caller& caller, std::string_view text, const mcp::Message& message) {
  session_ = caller.session;
  revision_ = caller.revision;
  Errand& errand = worker_.take_errand(*grant_);
  underway_ = &errand;
  errand.begin(*this, caller, text, message);
}

void ClientConnection::refuse(int status, std::string_view code, std::string_view reason,
                              std::string_view lines) {
  audit::RejectRecord record;
  record.code = code;
  record.http_status = status;
  record.client.address = address_;
  record.reason = reason;
  if (grant_ != nullptr && status != 401 && status != 421 && status != 403) {
    record.grant = grant_ref(*grant_->grant);
    record.identity = identity_ref(*grant_->grant);
  }
  worker_.record_rejection(record);
  // Only a request that was read to its end leaves the connection at a known place.
  if (phase_ != Phase::busy) close_after_ = true;
  std::string body;
  mcp::append_error(body, {}, mcp::ErrorCode::invalid_request, reason);
  const std::string_view piece = body;
  write_response(status, {&piece, 1}, lines);
  if (close_after_) return linger();
  request_done();
}

void ClientConnection::refuse_message(const mcp::Refusal& refusal, std::string_view text, mcp::Era era) {
  const bool unknown_method = refusal.code == mcp::ErrorCode::method_not_found && !refusal.notification;
  const int status = !unknown_method ? 400 : era == mcp::Era::modern ? 404 : 200;
  worker_.record_refusal(caller(), refusal, text, status);
  std::string body;
  mcp::append_refusal(body, refusal, text);
  const std::string_view piece = body;
  write_response(status, {&piece, 1}, {});
  request_done();
}

}  // namespace doorward::gateway
