#include "audit/log_writer.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "audit/log_core.h"

namespace doorward::audit {
namespace {

constexpr int kIdleNaps =
    20;  // process mode: empty rounds at drain_interval before the thread sleeps for good
constexpr auto kStopLimit = std::chrono::seconds(2);

}  // namespace

struct LogWriter::Impl {
  explicit Impl(std::unique_ptr<LogCore> started) : core(std::move(started)) {}

  void run();
  void nap(const LogCore::Round& round, int& idle);
  bool rings_empty() const;
  /// What the audit thread does because another thread waits for it.
  enum Demand : std::size_t { kWrite, kFlush, kSign, kClose, kDemands };
  using Counts = std::array<std::uint64_t, kDemands>;

  Status wait_for(Demand demand, std::chrono::milliseconds limit);

  std::unique_ptr<LogCore> core;
  std::mutex control;  ///< of the last ring, which all threads without a ring share

  std::mutex mutex;
  std::condition_variable changed;
  Counts wanted{};  ///< how often each was asked for
  Counts done{};    ///< up to which asking each is done
  bool stopping = false;
  bool stopped = false;
  Status last;
  std::thread thread;
};

void LogWriter::Impl::run() {
  int idle = 0;
  std::chrono::steady_clock::time_point give_up;
  while (true) {
    Counts asked;
    bool stop;
    {
      std::lock_guard guard(mutex);
      asked = wanted;
      stop = stopping;
    }
    if (stop) {
      Status status = core->stop();
      if (give_up == std::chrono::steady_clock::time_point())
        give_up = std::chrono::steady_clock::now() + kStopLimit;
      if (!status && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      std::lock_guard guard(mutex);
      last = status;
      stopped = true;
      changed.notify_all();
      return;
    }
    // A request covers what the rings hold at this point; entries that come later may go with it or not.
    std::vector<std::uint64_t> target;
    for (const auto& ring : core->rings()) target.push_back(ring->published());
    const bool signing = done[kSign] != asked[kSign];
    const bool closing = done[kClose] != asked[kClose];
    const LogCore::Round round = core->pass({done[kFlush] != asked[kFlush] || signing || closing, signing, closing});
    if (done != asked) {
      bool written = round.status.has_value();
      bool synced = written;
      for (std::size_t i = 0; i < target.size(); ++i) {
        written = written && core->rings()[i]->drained() >= target[i];
        synced = synced && core->rings()[i]->durable() >= target[i];
      }
      std::lock_guard guard(mutex);
      last = round.status;
      if (written) done[kWrite] = asked[kWrite];
      if (synced) done = asked;
      if (written) changed.notify_all();
    }
    nap(round, idle);
  }
}

bool LogWriter::Impl::rings_empty() const {
  return std::none_of(core->rings().begin(), core->rings().end(),
                      [](const auto& ring) { return ring->has_entry(ring->drained()); });
}

void LogWriter::Impl::nap(const LogCore::Round& round, int& idle) {
  const LogOptions& options = core->options();
  idle = round.worked ? 0 : idle + 1;
  // Under load a short nap gathers a batch, and spares the producers the system call that would wake a
  // sleeper.
  if (!round.status || (options.durability == Durability::process && idle < kIdleNaps)) {
    std::this_thread::sleep_for(round.status ? options.drain_interval : std::chrono::milliseconds(10));
    return;
  }
  Wake& wake = core->wake();
  wake.prepare();
  bool asked;
  {
    std::lock_guard guard(mutex);
    asked = stopping || done != wanted;
  }
  if (asked || !rings_empty()) {
    wake.cancel();
    return;
  }
  if (round.due_us == LogCore::kNever) {
    wake.sleep(-1);
    return;
  }
  const std::int64_t now =
      options.clock != nullptr ? options.clock->monotonic_us() : system_clock().monotonic_us();
  if (round.due_us > now) {
    wake.sleep((round.due_us - now) * 1000);
  } else {
    wake.cancel();
  }
}

Status LogWriter::Impl::wait_for(Demand demand, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex);
  if (stopped) return last;
  const std::uint64_t mine = ++wanted[demand];
  core->wake().notify();
  const bool ended = changed.wait_for(lock, limit, [&] { return done[demand] >= mine || stopped; });
  if (done[demand] >= mine) return {};
  if (!last) return last;
  return fail(ErrorKind::unavailable,
              ended ? "the log writer was stopped" : "the log was not stored in time; the disk is slow");
}

LogWriter::LogWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<LogWriter>> LogWriter::open(LogOptions options) {
  Result<std::unique_ptr<LogCore>> core = LogCore::open(std::move(options));
  if (!core) return std::unexpected(core.error());
  auto impl = std::make_unique<Impl>(std::move(*core));
  Impl& running = *impl;
  std::unique_ptr<LogWriter> writer(new LogWriter(std::move(impl)));
  running.thread = std::thread([&running] { running.run(); });
  return writer;
}

LogWriter::~LogWriter() {
  (void)stop();
}

Ring& LogWriter::ring(unsigned index) {
  return *impl_->core->rings().at(index);
}

bool LogWriter::record(std::string_view members) {
  std::lock_guard guard(impl_->control);
  return impl_->core->rings().back()->append(members);
}

bool LogWriter::accepting() const noexcept {
  return impl_->core->accepting();
}
LogState LogWriter::state() const {
  return impl_->core->state();
}
LogPosition LogWriter::position() const {
  return impl_->core->state().position;
}
const std::string& LogWriter::writer() const {
  return impl_->core->writer();
}
const RecoveryReport& LogWriter::recovery() const {
  return impl_->core->recovery();
}
std::string LogWriter::public_key() const {
  return impl_->core->public_key();
}

Status LogWriter::write_out(std::chrono::milliseconds limit) {
  return impl_->wait_for(Impl::kWrite, limit);
}
Status LogWriter::flush(std::chrono::milliseconds limit) {
  return impl_->wait_for(Impl::kFlush, limit);
}
Status LogWriter::checkpoint(std::chrono::milliseconds limit) {
  return impl_->wait_for(Impl::kSign, limit);
}

Status LogWriter::close_values(std::chrono::milliseconds limit) {
  return impl_->wait_for(Impl::kClose, limit);
}

Status LogWriter::stop() {
  {
    std::lock_guard guard(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->core->wake().notify();
  if (impl_->thread.joinable()) impl_->thread.join();
  return impl_->last;
}

}  // namespace doorward::audit
