#include "gateway/shared.h"

#include <algorithm>
#include <thread>

#include "audit/keys.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/quota_log.h"
#include "gateway/worker.h"

namespace doorward::gateway {

Shared::Shared(const Options& settings, std::string arguments_key, std::string_view sealing_key)
    : options(settings), digest_key(std::move(arguments_key)), sealer(sealing_key) {}

Shared::~Shared() {
  keeper.reset();
  // Ends the audit thread, which speaks to the workers.
  log.reset();
}

Result<std::unique_ptr<Shared>> Shared::open(Options options, const std::shared_ptr<const World>& world) {
  if (options.workers == 0) options.workers = std::max(1u, std::thread::hardware_concurrency());
  if (options.workers > 255) return fail(ErrorKind::invalid, "workers: at most 255");
  const std::string keys = options.state + "/keys";
  Result<std::string> digest_key = audit::load_or_create_secret(keys, "arguments");
  if (!digest_key) return std::unexpected(digest_key.error());
  Result<std::string> sealing_key = audit::load_or_create_secret(keys, "sealing");
  if (!sealing_key) return std::unexpected(sealing_key.error());
  auto made = std::make_unique<Shared>(options, *digest_key, *sealing_key);
  Shared& shared = *made;

  audit::LogOptions log;
  log.directory = options.state + "/log";
  log.key_directory = keys;
  log.role = options.role;
  log.version = options.version;
  log.rings = options.workers;
  log.ring_bytes = options.ring_bytes;
  log.durability = options.power_durability ? audit::Durability::power : audit::Durability::process;
  log.sync_interval = options.sync_interval;
  log.segment_bytes = options.segment_bytes;
  log.retention = options.retention;
  log.on_durable = [&shared](unsigned ring, std::uint64_t) {
    if (shared.workers_stand.load(std::memory_order_acquire)) shared.workers[ring]->durable_advanced();
  };
  log.on_checkpoint = options.on_checkpoint;
  log.arguments = options.arguments;
  log.on_state = [&shared](bool accepting, std::string_view why) {
    if (accepting) return log_line(LogLevel::info, "the log stores records again");
    log_line(LogLevel::error, "the log cannot store records: calls are refused", {{"why", why}});
    if (!shared.workers_stand.load(std::memory_order_acquire)) return;
    for (const auto& worker : shared.workers) worker->log_failed();
  };
  Result<std::unique_ptr<audit::LogWriter>> writer = audit::LogWriter::open(std::move(log));
  if (!writer) return std::unexpected(writer.error());
  shared.log = std::move(*writer);

  const Clock& clock = system_clock();
  shared.quotas = std::make_unique<quota::Table>(clock.wall_us(), clock.monotonic_us());
  const quota::Now now = shared.quotas->at(clock.wall_us(), clock.monotonic_us());
  if (Status restored = restore_counts(*shared.quotas, options.state, shared.log->writer(), now); !restored) {
    return std::unexpected(restored.error());
  }
  shared.keeper = std::make_unique<CountKeeper>(options.state, *shared.log);
  shared.resolver = std::make_unique<io::Resolver>();
  for (unsigned index = 0; index < options.workers; ++index) {
    shared.workers.push_back(std::make_unique<Worker>(shared, index, world));
  }
  shared.workers_stand.store(true, std::memory_order_release);
  return made;
}

Status Shared::close() {
  for (const auto& worker : workers) worker->stop_and_join();
  keeper.reset();
  resolver.reset();
  // The audit thread speaks to the workers until it ends.
  const Status stopped = log->stop();
  workers.clear();
  if (!stopped) return stopped;
  const Clock& clock = system_clock();
  return save_counts(*quotas, options.state, log->position(),
                     quotas->at(clock.wall_us(), clock.monotonic_us()));
}

}  // namespace doorward::gateway
