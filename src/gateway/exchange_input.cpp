// What a server asks the client in its result (2026-07-28, input-required rounds and tasks), and what the
// client brings back.

#include <charconv>

#include "gateway/capabilities.h"
#include "gateway/exchange.h"
#include "gateway/worker.h"
#include "json/writer.h"
#include "policy/explain.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kStateLifetimeS = 3600;
/// After so many rounds of one call a server that always asks again is stopped (attack case T193).
constexpr unsigned kMostRounds = 32;

}  // namespace

std::string_view Exchange::forbidden_input(json::Value input_requests) const {
  const Questions allowed = Questions::allowed(caller_.server->settings().protocol);
  for (const json::Member asked : input_requests.members()) {
    const json::Value name = asked.value.find("method");
    const mcp::Method method =
        name.is(json::Type::string) ? mcp::parse_method(name.string()) : mcp::Method::unknown;
    if (!allowed.include(method)) return method == mcp::Method::unknown ? "something unknown" : mcp::to_string(method);
  }
  return {};
}

bool Exchange::take_input(const mcp::Message& message) {
  if (!message.params.find("inputResponses") ||
      Questions::allowed(caller_.server->settings().protocol).any()) {
    return true;
  }
  refuse_rpc(mcp::ErrorCode::invalid_params,
             "inputResponses answer nothing: this server may not ask its clients (client_requests).",
             "bad_input");
  return false;
}

void Exchange::refuse_question(std::string_view what) {
  std::string words = "[POLICY DENIED] The server ";
  words += caller_.server->settings().name;
  words += " asked its client for ";
  words += what;
  words +=
      ", which its setting client_requests does not allow. The call did not complete; parts of it may have "
      "run. Repeating it will not help. Ref ";
  words += id_.view();
  answer_.clear();
  if (method_ == mcp::Method::tools_call) {
    mcp::append_denial(
        answer_, client_id_, mcp::era_of(caller_.revision), words,
        {.id = id_.view(), .code = "client_request_denied", .rule = {}, .retry = "no", .retry_after_s = 0});
  } else {
    mcp::append_error(answer_, client_id_, mcp::ErrorCode::refused_by_policy, words);
  }
  outcome_code_ = "client_request_denied";
}

bool Exchange::open_state(const mcp::Message& message) {
  const json::Value name = message.params.find(mcp::name_member(message.method));
  asked_ = name.is(json::Type::string) ? name.string() : std::string_view{};
  rounds_ = 0;
  const json::Value state = message.params.find("requestState");
  if (!state) return take_input(message);
  const std::optional<std::string> opened =
      state.is(json::Type::string)
          ? worker_.shared().sealer.open(state.string(), state_context(message.params.find("arguments")),
                                         worker_.loop().wall_us() / 1'000'000)
          : std::nullopt;
  if (opened && take_leg(message, *opened)) return false;
  if (!take_input(message)) return false;
  if (!opened) {
    refuse_rpc(mcp::ErrorCode::invalid_params,
               "requestState was not given to this caller for this request, or it has expired: call again "
               "without it.",
               "bad_state");
    return false;
  }
  // The number of rounds so far, a space, the server's own state.
  const char* const begin = opened->data();
  const char* const space = std::from_chars(begin, begin + opened->size(), rounds_).ptr;
  if (rounds_ >= kMostRounds) {
    refuse_rpc(mcp::ErrorCode::invalid_params,
               "The server has asked for input too many times in one call: call again without requestState.",
               "too_many_rounds");
    return false;
  }
  opened_state_.assign(space + 1, begin + opened->size());
  return true;
}

void Exchange::seal_state(std::string_view text, json::Value state, Splice& splice) {
  json::Limits limits;
  limits.bytes = text_.size();
  const auto request = worker_.request_reader().read(text_, limits);
  std::string plain = std::to_string(rounds_ + 1) + " ";
  plain += bytes_of_value(text, state);
  scratch_.clear();
  json::append_string(
      scratch_, worker_.shared().sealer.seal(plain, state_context(request->find("params").find("arguments")),
                                             worker_.loop().wall_us() / 1'000'000 + kStateLifetimeS));
  splice.replace(state, scratch_);
}

std::string Exchange::state_context(json::Value arguments) const {
  const std::string& grant = caller_.grant->grant->id;
  const std::string& server = caller_.server->settings().name;
  const std::string_view digest = arguments ? worker_.keyed_digest(arguments) : std::string_view{};
  std::string context;
  for (std::string_view part : {std::string_view(grant), std::string_view(server),
                                std::string_view(method_name_), std::string_view(asked_), digest}) {
    context += std::to_string(part.size());
    context += ':';
    context += part;
  }
  return context;
}

}  // namespace doorward::gateway
