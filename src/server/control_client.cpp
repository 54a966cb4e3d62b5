#include "server/control_client.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "audit/log_writer.h"
#include "base/clock.h"
#include "io/socket.h"
#include "io/stream.h"
#include "json/reader.h"
#include "server/catalogue_operations.h"
#include "server/config.h"
#include "server/event_log.h"
#include "server/operations.h"
#include "store/state_lock.h"

namespace doorward::server {
namespace {

constexpr int kAnswerTimeoutMs = 60'000;
constexpr int kLockTries = 60;
constexpr useconds_t kLockPauseUs = 50'000;
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

Status send_line(io::Stream& stream, const std::string& line) {
  std::string_view rest = line;
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

Result<std::string> receive_line(io::Stream& stream) {
  std::string line;
  char piece[16384];
  for (;;) {
    const io::IoResult got = stream.read(piece);
    if (got.state == io::IoState::ok) {
      line.append(piece, got.bytes);
      if (line.ends_with('\n')) {
        line.pop_back();
        return line;
      }
    } else if (got.state != io::IoState::would_block) {
      return fail(ErrorKind::unavailable,
                  "the gateway closed the control connection before it answered; see its log");
    } else if (const Status ready = wait_for(stream.fd(), POLLIN); !ready) {
      return std::unexpected(ready.error());
    }
  }
}

/// One exchange with the gateway; nothing where no gateway listens.
std::optional<Result<std::string>> exchange(const StateDir& state, const std::string& request) {
  auto fd = io::connect_unix(state.control_socket());
  if (!fd) return std::nullopt;
  io::Stream stream(std::move(*fd));
  if (const Status sent = send_line(stream, request + "\n"); !sent)
    return Result<std::string>(std::unexpected(sent.error()));
  return receive_line(stream);
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

}  // namespace

ControlAnswer read_control_answer(const std::string& line) {
  json::Reader reader;
  const auto answer = reader.read(line, {.bytes = kControlLine});
  const json::Value ok = answer ? answer->find("ok") : json::Value();
  if (!ok.is(json::Type::boolean))
    return failure({ErrorKind::corrupt, "the gateway's answer cannot be read"});
  if (ok.boolean()) {
    const json::Value result = answer->find("result");
    if (!result) return failure({ErrorKind::corrupt, "the gateway's answer has no result"});
    return line.substr(result.begin_offset(), result.end_offset() - result.begin_offset());
  }
  const auto text = [](json::Value object, std::string_view key) {
    const json::Value value = object.find(key);
    return value.is(json::Type::string) ? std::string(value.string()) : std::string();
  };
  const auto number = [](json::Value object, std::string_view key) -> std::size_t {
    const json::Value value = object.find(key);
    return value.is(json::Type::number) ? std::strtoul(std::string(value.number()).c_str(), nullptr, 10) : 0;
  };
  ControlFailure failed;
  failed.error.kind = parse_error_kind(text(*answer, "kind")).value_or(ErrorKind::corrupt);
  failed.error.message = text(*answer, "message");
  for (const json::Value finding : answer->find("findings").elements()) {
    failed.findings.push_back({{text(finding, "file"), number(finding, "line"), number(finding, "column")},
                               text(finding, "message")});
  }
  return std::unexpected(std::move(failed));
}

ControlAnswer ask_gateway(const StateDir& state, const std::string& request) {
  const auto answer = exchange(state, request);
  if (!answer) {
    return failure({ErrorKind::unavailable, "no gateway runs on " + state.path +
                                                "; start one with `doorward serve`, or "
                                                "name another --state"});
  }
  if (!*answer) return failure(answer->error());
  return read_control_answer(**answer);
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
  auto inventory =
      load_inventory(last_config(**store), **store, revocations, system_clock().wall_us(), Loading::names);
  if (!inventory)
    return failure({ErrorKind::corrupt, "the store cannot be read; see `doorward config check`"});
  io::Loop loop;
  Surroundings surroundings;
  surroundings.loop = &loop;
  surroundings.record = [&](std::string_view event, std::span<const audit::EventRecord::Field> fields) {
    return log.record(event, fields);
  };
  Operations operations(**store, revocations, std::move(*inventory), {}, std::move(surroundings));
  add_catalogue_operations(operations, **store);
  std::string answer;
  operations.handle(request, identity::Actor::local(geteuid()), [&](std::string text) {
    answer = std::move(text);
    loop.stop();
  });
  loop.run();
  if (const Status stopped = log.stop(); !stopped) return failure(stopped.error());
  return read_control_answer(answer);
}

}  // namespace

ControlAnswer run_operation(const StateDir& state, const std::string& request) {
  for (int tries = 0;; ++tries) {
    if (const auto answer = exchange(state, request)) {
      if (!*answer) return failure(answer->error());
      return read_control_answer(**answer);
    }
    if (const Status ready = prepare_state_dir(state); !ready) return failure(ready.error());
    const auto lock = store::StateLock::take(state.path);
    if (lock) return run_on_store(state, request);
    // Another command is at work, or a gateway that does not answer yet.
    if (lock.error().kind != ErrorKind::conflict || tries == kLockTries) return failure(lock.error());
    usleep(kLockPauseUs);
  }
}

}  // namespace doorward::server
