#include "server/run_pins.h"

#include <chrono>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/log.h"
#include "io/file.h"
#include "server/pins.h"
#include "store/state_lock.h"

namespace doorward::server {
namespace {

constexpr std::chrono::milliseconds kLook{20};
constexpr int kLooks = 250;  ///< another run holds the store for a moment only

}  // namespace

RunPins::RunPins(const std::string& state, const upstream::ServerSettings& settings,
                 const std::vector<std::string>& command)
    : settings_(settings) {
  std::string words;
  for (const std::string& word : command) words += std::to_string(word.size()) + ":" + word;
  directory_ = state + "/run/" + settings.name + "-" + to_hex(sha256(words)).substr(0, 16);
  // A folder that cannot be made is told by the lock in it.
  static_cast<void>(io::make_directory(state + "/run", 0700));
  static_cast<void>(io::make_directory(directory_, 0700));
}

RunPins::~RunPins() {
  end();
}

Status RunPins::with_store(const std::function<Status(store::Store&)>& use) {
  for (int look = 0;; ++look) {
    const auto lock = store::StateLock::take(directory_);
    if (!lock) {
      if (lock.error().kind != ErrorKind::conflict || look == kLooks) return std::unexpected(lock.error());
      std::this_thread::sleep_for(kLook);
      continue;
    }
    const auto store = store::Store::open(directory_);
    if (!store) return std::unexpected(store.error());
    return use(**store);
  }
}

Result<std::shared_ptr<const gateway::PinSet>> RunPins::load() {
  std::shared_ptr<const gateway::PinSet> pins;
  const Status loaded = with_store([&](store::Store& store) -> Status {
    auto found = load_pins(store, settings_);
    if (!found) return std::unexpected(found.error());
    pins = std::move(*found);
    return {};
  });
  if (!loaded) return std::unexpected(loaded.error());
  return pins;
}

void RunPins::follow(gateway::ToolReports& reports) {
  reports_ = &reports;
  reports.set_listener([this] {
    {
      const std::scoped_lock lock(mutex_);
      waiting_ = true;
    }
    news_.notify_one();
  });
  thread_ = std::thread([this] { keep(); });
}

void RunPins::end() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  news_.notify_one();
  thread_.join();
}

void RunPins::keep() {
  for (bool ending = false; !ending;) {
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return waiting_ || ending_; });
      waiting_ = false;
      ending = ending_;
    }
    for (const gateway::ToolReport& report : reports_->take()) store(report);
  }
}

void RunPins::store(const gateway::ToolReport& report) {
  const Status stored = with_store([&](store::Store& store) -> Status {
    const auto as = store_report(store, report, report.gone, system_clock().wall_us());
    if (!as) return std::unexpected(as.error());
    for (std::size_t i = 0; i < as->size(); ++i) {
      if ((*as)[i] != store::SeenAs::added && (*as)[i] != store::SeenAs::changed) continue;
      log_line(LogLevel::warning,
               (*as)[i] == store::SeenAs::added ? "a new tool waits for a review" : "a tool has changed and is withheld",
               {{"tool", report.tools[i].name},
                {"next", "doorward server review " + report.server + " --state " + directory_ + ", then start anew"}});
    }
    return {};
  });
  if (!stored) {
    log_line(LogLevel::error, "what the server lists could not be stored", {{"why", stored.error().message}});
  }
}

}  // namespace doorward::server
