#include "server/control_client.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "admin/page.h"
#include "admin/query.h"
#include "admin/translate.h"
#include "audit/log_writer.h"
#include "base/clock.h"
#include "http/form.h"
#include "http/body.h"
#include "http/head_writer.h"
#include "http/response_head.h"
#include "io/socket.h"
#include "io/stream.h"
#include "json/reader.h"
#include "server/audit_operations.h"
#include "server/agent_operations.h"
#include "server/catalogue_operations.h"
#include "server/drift_operations.h"
#include "server/exposure_operations.h"
#include "server/config.h"
#include "server/event_log.h"
#include "server/operations.h"
#include "server/people.h"
#include "server/policy_operations.h"
#include "server/record_operations.h"
#include "server/secret_operations.h"
#include "server/simulate_operations.h"
#include "server/user_operations.h"
#include "store/state_lock.h"

namespace doorward::server {
namespace {

constexpr int kAnswerTimeoutMs = 60'000;
constexpr int kLockTries = 60;
constexpr useconds_t kLockPauseUs = 50'000;
constexpr std::size_t kPiece = 16384;
constexpr std::size_t kMostAnswer = std::size_t{1} << 30;
constexpr std::size_t kSmallRing = 256u << 10;

Status wait_for(int fd, short events) {
  pollfd waiting{fd, events, 0};
  for (;;) {
    const int ready = poll(&waiting, 1, kAnswerTimeoutMs);
    if (ready > 0) return {};
    if (ready == 0)
      return fail(ErrorKind::unavailable, "the gateway did not answer within a minute; see its log");
    if (errno != EINTR) return fail(ErrorKind::unavailable, std::string("poll: ") + std::strerror(errno));
  }
}

Status send_all(io::Stream& stream, std::string_view rest) {
  while (!rest.empty()) {
    const io::IoResult put = stream.write(rest);
    if (put.state == io::IoState::ok) {
      rest.remove_prefix(put.bytes);
    } else if (put.state != io::IoState::would_block) {
      return fail(ErrorKind::unavailable,
                  "the gateway closed the control connection: " + stream.error_text(put));
    } else if (const Status ready = wait_for(stream.fd(), POLLOUT); !ready) {
      return ready;
    }
  }
  return {};
}

struct HttpAnswer {
  int status = 0;
  std::string body;
};

std::unexpected<Error> unreadable(const char* why) {
  return fail(ErrorKind::corrupt, std::string("the gateway's answer cannot be read: ") + why);
}

Result<HttpAnswer> receive_answer(io::Stream& stream) {
  std::string bytes;
  http::ResponseHead head;
  http::BodyDecoder body;
  HttpAnswer answer;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kPiece);
    const io::IoResult got = stream.read({bytes.data() + before, kPiece});
    bytes.resize(before + got.bytes);
    if (got.state == io::IoState::would_block) {
      if (const Status ready = wait_for(stream.fd(), POLLIN); !ready) return std::unexpected(ready.error());
      continue;
    }
    if (got.state != io::IoState::ok) {
      return fail(ErrorKind::unavailable,
                  "the gateway closed the control connection before it answered; see its log");
    }
    if (answer.status == 0) {
      const http::ParseState state = head.parse(bytes);
      if (state == http::ParseState::refused) return unreadable(head.refusal().reason);
      if (state == http::ParseState::need_more) continue;
      answer.status = head.status();
      bytes.erase(0, head.size());
      body.begin(head.framing(), head.content_length(), kMostAnswer);
    }
    const auto step = body.decode(bytes.data(), bytes.size(), bytes.data());
    if (step.state == http::ParseState::refused) return unreadable(body.refusal().reason);
    answer.body.append(bytes, 0, step.produced);
    bytes.erase(0, step.consumed);
    if (step.state == http::ParseState::done) return answer;
  }
}

/// One request to the gateway on an open connection.
Result<HttpAnswer> exchange(io::Stream& stream, const admin::HttpRequest& request) {
  static constexpr http::Method kMethods[] = {http::Method::get, http::Method::post, http::Method::put,
                                              http::Method::patch, http::Method::del};
  std::array<char, 2 * http::kMaxLine> room;
  http::HeadWriter head(room);
  head.request(kMethods[static_cast<std::size_t>(request.verb)], request.target, "localhost");
  if (!request.body.empty()) {
    head.field("Content-Type", "application/json").content_length(request.body.size());
  }
  const std::string_view written = head.finish();
  if (written.empty()) return fail(ErrorKind::invalid, "the names in this request are too long");
  if (const Status sent = send_all(stream, std::string(written) + request.body); !sent) {
    return std::unexpected(sent.error());
  }
  return receive_answer(stream);
}

std::optional<io::Stream> connect(const StateDir& state) {
  auto fd = io::connect_unix(state.control_socket());
  if (!fd) return std::nullopt;
  return io::Stream(std::move(*fd));
}

ControlAnswer failure(const Error& error) {
  return std::unexpected(ControlFailure{error, {}});
}

/// The configuration that the gateway of this directory last ran with, so that commands respect what it owns.
/// One that cannot be read now owns nothing here; the gateway's next start says what is in conflict.
Config last_config(store::Store& store) {
  const auto file = store.setting(kConfigFileSetting);
  if (!file || !file->has_value()) return {};
  auto config = load_config(**file);
  return config ? std::move(*config) : Config{};
}

ControlAnswer failure(const admin::Failure& failure) {
  ControlFailure failed{failure.error, {}};
  json::Reader reader;
  const auto findings = reader.read(failure.findings);
  const auto text = [](json::Value object, std::string_view key) {
    const json::Value value = object.find(key);
    return value.is(json::Type::string) ? std::string(value.string()) : std::string();
  };
  const auto number = [](json::Value object, std::string_view key) -> std::size_t {
    const json::Value value = object.find(key);
    return value.is(json::Type::number) ? std::strtoul(std::string(value.number()).c_str(), nullptr, 10) : 0;
  };
  if (findings) {
    for (const json::Value finding : findings->elements()) {
      failed.findings.push_back({{text(finding, "file"), number(finding, "line"), number(finding, "column")},
                                 text(finding, "message")});
    }
  }
  return std::unexpected(std::move(failed));
}

/// The result of one request.
ControlAnswer ask_once(io::Stream& stream, const admin::HttpRequest& request) {
  auto answer = exchange(stream, request);
  if (!answer) return failure(answer.error());
  if (answer->status != 200) return failure(admin::read_problem(answer->body));
  return std::move(answer->body);
}

/// The result of an operation by the gateway at the other end; of a list all pages as one.
ControlAnswer ask(io::Stream& stream, const std::string& operation) {
  const admin::RouteTable& table = admin::RouteTable::instance();
  auto request = admin::to_http(table, operation);
  if (!request) return failure(request.error());
  const admin::Paged paged = table.find(request->op)->route->paged;
  if (paged.items.empty()) return ask_once(stream, *request);
  const std::string target =
      request->target + (request->target.find('?') == std::string::npos ? '?' : '&') + "limit=1000";
  admin::PageJoiner joiner(paged.items);
  for (std::string cursor;;) {
    request->target = cursor.empty() ? target : target + "&cursor=" + http::percent_encode(cursor);
    const auto page = ask_once(stream, *request);
    if (!page) return page;
    cursor = joiner.add(*page);
    if (cursor.empty()) return joiner.finish();
  }
}

}  // namespace

ControlAnswer ask_gateway(const StateDir& state, const std::string& request) {
  auto stream = connect(state);
  if (!stream) {
    return failure(Error{ErrorKind::unavailable, "no gateway runs on " + state.path +
                                                "; start one with `doorward serve`, or "
                                                "name another --state"});
  }
  return ask(*stream, request);
}

ControlAnswer ask_page(const StateDir& state, const std::string& request) {
  auto stream = connect(state);
  if (!stream) return failure(Error{ErrorKind::unavailable, "no gateway runs on " + state.path});
  const auto http = admin::to_http(admin::RouteTable::instance(), request);
  if (!http) return failure(http.error());
  return ask_once(*stream, *http);
}

namespace {

/// The operation on the store itself; the caller holds the state directory's lock.
ControlAnswer run_on_store(const StateDir& state, const std::string& request) {
  auto store = store::Store::open(state.path);
  if (!store) return failure(store.error());

  audit::LogOptions options;
  options.directory = state.log();
  options.key_directory = state.keys();
  options.role = "command";
  options.version = DOORWARD_VERSION;
  options.ring_bytes = kSmallRing;
  auto log = LazyLog(std::move(options));

  identity::Revocations revocations;
  const Config config = last_config(**store);
  SealedSecrets secrets((*store)->database(), state.keys(), config.secrets);
  auto inventory =
      load_inventory(config, **store, revocations, system_clock().wall_us(), Loading::names);
  if (!inventory)
    return failure(Error{ErrorKind::corrupt, "the store cannot be read; see `doorward config check`"});
  io::Loop loop;
  Surroundings surroundings;
  surroundings.loop = &loop;
  const RecordEvent record = [&](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
    return log.record(event, fields);
  };
  surroundings.record = record;
  People people((*store)->database(), loop, record);
  Operations operations(**store, revocations, std::move(*inventory), {}, std::move(surroundings));
  CatalogueFile catalogue(state.path);
  add_catalogue_operations(operations, **store, catalogue);
  add_drift_operations(operations, **store, state.path);
  add_exposure_operations(operations, **store, state.path, loop);
  add_secret_operations(operations, secrets);
  WorkPool readers(1, 1);
  add_audit_operations(operations, {state, &loop, &readers, record, nullptr});
  add_policy_operations(operations);
  audit::RecordIndex index(state.log(), state.index());
  add_record_operations(operations, {state, &index, &readers, &loop, record});
  add_simulate_operations(operations, state, readers, loop, record);
  add_agent_operations(operations, **store, revocations, nullptr);
  add_user_operations(operations, people);
  add_account_operations(operations, people);
  admin::Answer answer;
  operations.handle(request, identity::Actor::local(geteuid()), [&](admin::Answer given) {
    answer = std::move(given);
    loop.stop();
  });
  loop.run();
  if (const Status stopped = log.stop(); !stopped) return failure(stopped.error());
  if (!answer) return failure(answer.error());
  return std::move(*answer);
}

}  // namespace

ControlAnswer run_operation(const StateDir& state, const std::string& request) {
  for (int tries = 0;; ++tries) {
    if (auto stream = connect(state)) return ask(*stream, request);
    if (const Status ready = prepare_state_dir(state); !ready) return failure(ready.error());
    const auto lock = store::StateLock::take(state.path);
    if (lock) return run_on_store(state, request);
    // Another command is at work, or a gateway that does not answer yet.
    if (lock.error().kind != ErrorKind::conflict || tries == kLockTries) return failure(lock.error());
    usleep(kLockPauseUs);
  }
}

}  // namespace doorward::server
