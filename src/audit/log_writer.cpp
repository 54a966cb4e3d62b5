#include "audit/log_writer.h"

#include <algorithm>
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
  struct Request;
  Status wait_for(Request& request, std::chrono::milliseconds limit);

  /// Something to be done by the audit thread, that another thread waits for.
  struct Request {
    std::uint64_t wanted = 0;
    std::uint64_t done = 0;
  };

  std::unique_ptr<LogCore> core;
  std::mutex control;  ///< of the last ring, which all threads without a ring share

  std::mutex mutex;
  std::condition_variable changed;
  Request write;
  Request flush;
  Request sign;
  Request close;
  bool stopping = false;
  bool stopped = false;
  Status last;
  std::thread thread;
};

void LogWriter::Impl::run() {
  int idle = 0;
  std::chrono::steady_clock::time_point give_up;
  while (true) {
    std::uint64_t write_wanted;
    std::uint64_t flush_wanted;
    std::uint64_t sign_wanted;
    std::uint64_t close_wanted;
    bool stop;
    {
      std::lock_guard guard(mutex);
      write_wanted = write.wanted;
      flush_wanted = flush.wanted;
      sign_wanted = sign.wanted;
      close_wanted = close.wanted;
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
    const bool writing = write.done != write_wanted;
    const bool flushing = flush.done != flush_wanted;
    const bool signing = sign.done != sign_wanted;
    const bool closing = close.done != close_wanted;
    const LogCore::Round round = core->pass({flushing || signing || closing, signing, closing});
    if (writing || flushing || signing || closing) {
      bool written = round.status.has_value();
      bool synced = written;
      for (std::size_t i = 0; i < target.size(); ++i) {
        written = written && core->rings()[i]->drained() >= target[i];
        synced = synced && core->rings()[i]->durable() >= target[i];
      }
      std::lock_guard guard(mutex);
      last = round.status;
      if (written) write.done = write_wanted;
      if (synced) {
        flush.done = flush_wanted;
        sign.done = sign_wanted;
        close.done = close_wanted;
      }
      if (written || synced) changed.notify_all();
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
    asked = stopping || write.done != write.wanted || flush.done != flush.wanted || sign.done != sign.wanted || close.done != close.wanted;
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

Status LogWriter::Impl::wait_for(Request& request, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex);
  if (stopped) return last;
  const std::uint64_t mine = ++request.wanted;
  core->wake().notify();
  const bool done = changed.wait_for(lock, limit, [&] { return request.done >= mine || stopped; });
  if (request.done >= mine) return {};
  if (!last) return last;
  return fail(ErrorKind::unavailable,
              done ? "the log writer was stopped" : "the log was not stored in time; the disk is slow");
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
  return impl_->wait_for(impl_->write, limit);
}
Status LogWriter::flush(std::chrono::milliseconds limit) {
  return impl_->wait_for(impl_->flush, limit);
}
Status LogWriter::checkpoint(std::chrono::milliseconds limit) {
  return impl_->wait_for(impl_->sign, limit);
}

Status LogWriter::close_values(std::chrono::milliseconds limit) {
  return impl_->wait_for(impl_->close, limit);
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
