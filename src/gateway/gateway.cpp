#include "gateway/gateway.h"

#include <charconv>
#include <latch>
#include <thread>

#include "audit/keys.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/quota_log.h"
#include "gateway/shared.h"
#include "gateway/worker.h"
#include "io/acceptor.h"

namespace doorward::gateway {
namespace {

/// `host:port` or `[v6]:port` of the configuration.
Result<io::Address> parse_listen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) {
    return fail(ErrorKind::invalid, "listen: \"" + listen + "\" has no port; write address:port, such as 127.0.0.1:8420");
  }
  std::string host = listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  unsigned port = 65536;
  const char* end = listen.data() + listen.size();
  const auto [at, error] = std::from_chars(listen.data() + colon + 1, end, port);
  if (error != std::errc() || at != end || port > 65535) {
    return fail(ErrorKind::invalid, "listen: \"" + listen + "\" has no valid port (0 to 65535)");
  }
  return io::Address::parse(host, static_cast<std::uint16_t>(port));
}

}  // namespace

struct Gateway::Accepting {
  Accepting(io::Loop& loop, io::Fd listener, io::Acceptor::OnAccept on_accept)
      : acceptor(loop, std::move(listener), std::move(on_accept)) {}
  io::Acceptor acceptor;
};

Result<std::unique_ptr<Gateway>> Gateway::create(Options options, std::shared_ptr<const World> world,
                                                 std::string version) {
  std::unique_ptr<Gateway> gateway(new Gateway);
  if (options.workers == 0) options.workers = std::max(1u, std::thread::hardware_concurrency());
  if (options.workers > 255) return fail(ErrorKind::invalid, "workers: at most 255");

  Result<io::Address> listen = parse_listen(options.listen);
  if (!listen) return std::unexpected(listen.error());
  Result<io::Fd> listener = io::listen_tcp(*listen);
  if (!listener) return std::unexpected(listener.error());
  gateway->listener_ = std::move(*listener);
  Result<io::Address> bound = io::local_address(gateway->listener_.get());
  if (!bound) return std::unexpected(bound.error());
  gateway->address_ = *bound;

  const std::string keys = options.state + "/keys";
  Result<std::string> digest_key = audit::load_or_create_secret(keys, "arguments");
  if (!digest_key) return std::unexpected(digest_key.error());
  Result<std::string> sealing_key = audit::load_or_create_secret(keys, "sealing");
  if (!sealing_key) return std::unexpected(sealing_key.error());
  gateway->shared_ = std::make_unique<Shared>(options, *digest_key, *sealing_key);
  Shared& shared = *gateway->shared_;

  shared.guard = std::make_unique<http::HostGuard>(bound->port());
  if (!bound->is_loopback()) {
    // Whoever listens on an address of the network is addressed by it.
    if (Status allowed = shared.guard->allow_host(bound->to_string()); !allowed) return std::unexpected(allowed.error());
  }
  for (const std::string& host : options.allowed_hosts) {
    if (Status allowed = shared.guard->allow_host(host); !allowed) return std::unexpected(allowed.error());
  }
  for (const std::string& origin : options.allowed_origins) {
    if (Status allowed = shared.guard->allow_origin(origin); !allowed) return std::unexpected(allowed.error());
  }

  audit::LogOptions log;
  log.directory = options.state + "/log";
  log.key_directory = keys;
  log.version = std::move(version);
  log.rings = options.workers;
  log.ring_bytes = options.ring_bytes;
  log.durability = options.power_durability ? audit::Durability::power : audit::Durability::process;
  log.sync_interval = options.sync_interval;
  log.segment_bytes = options.segment_bytes;
  log.retention = options.retention;
  log.on_durable = [&shared](unsigned ring, std::uint64_t) {
    if (ring < shared.workers.size()) shared.workers[ring]->durable_advanced();
  };
  log.on_state = [](bool accepting, std::string_view why) {
    if (accepting) {
      log_line(LogLevel::info, "the log stores records again");
    } else {
      log_line(LogLevel::error, "the log cannot store records: calls are refused", {{"why", why}});
    }
  };
  // The callbacks look at this list from the audit thread's first moment on.
  shared.workers.reserve(options.workers);
  Result<std::unique_ptr<audit::LogWriter>> writer = audit::LogWriter::open(std::move(log));
  if (!writer) return std::unexpected(writer.error());
  shared.log = std::move(*writer);

  const Clock& clock = system_clock();
  shared.quotas = std::make_unique<quota::Table>(clock.wall_us(), clock.monotonic_us());
  const quota::Now now = shared.quotas->at(clock.wall_us(), clock.monotonic_us());
  if (Status restored = restore_counts(*shared.quotas, options.state, shared.log->writer(), now); !restored) {
    return std::unexpected(restored.error());
  }
  shared.resolver = std::make_unique<io::Resolver>();
  gateway->world_ = std::move(world);
  for (unsigned index = 0; index < options.workers; ++index) {
    shared.workers.push_back(std::make_unique<Worker>(shared, index, gateway->world_));
  }
  return gateway;
}

Gateway::~Gateway() {
  if (running_) static_cast<void>(stop());
}

Status Gateway::start(io::Loop& control) {
  for (const auto& worker : shared_->workers) worker->start();
  running_ = true;
  accepting_ = std::make_unique<Accepting>(control, std::move(listener_), [this](io::Fd fd, const io::Address& peer) {
    accept(std::move(fd), peer);
  });
  return accepting_->acceptor.start();
}

void Gateway::accept(io::Fd fd, const io::Address& peer) {
  // Over the cap the connection is closed without a word: an answer would cost what the cap saves.
  if (shared_->connections.load(std::memory_order_relaxed) >= shared_->options.connections) return;
  Worker* least = nullptr;
  for (const auto& worker : shared_->workers) {
    if (least == nullptr || worker->load() < least->load()) least = worker.get();
  }
  shared_->connections.fetch_add(1, std::memory_order_relaxed);
  least->adopt(std::move(fd), peer);
}

void Gateway::set_world(std::shared_ptr<const World> world) {
  world_ = std::move(world);
  if (!running_) {
    // Workers that have not started take it with their first event.
    for (const auto& worker : shared_->workers) worker->set_world(world_, [] {});
    return;
  }
  std::latch judged(static_cast<std::ptrdiff_t>(shared_->workers.size()));
  for (const auto& worker : shared_->workers) worker->set_world(world_, [&judged] { judged.count_down(); });
  judged.wait();
}

void Gateway::sweep_grants() {
  for (const auto& worker : shared_->workers) worker->sweep_soon();
}

void Gateway::drain() {
  if (accepting_) accepting_->acceptor.stop();
  for (const auto& worker : shared_->workers) worker->drain();
}

std::size_t Gateway::connections() const { return shared_->connections.load(std::memory_order_relaxed); }

Status Gateway::stop() {
  running_ = false;
  accepting_.reset();
  for (const auto& worker : shared_->workers) worker->stop_and_join();
  shared_->resolver.reset();
  shared_->workers.clear();
  if (Status stopped = shared_->log->stop(); !stopped) return stopped;
  const Clock& clock = system_clock();
  return save_counts(*shared_->quotas, shared_->options.state, shared_->log->position(),
                     shared_->quotas->at(clock.wall_us(), clock.monotonic_us()));
}

audit::LogWriter& Gateway::log() { return *shared_->log; }
quota::Table& Gateway::quotas() { return *shared_->quotas; }

}  // namespace doorward::gateway
