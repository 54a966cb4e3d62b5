#include "server/anchors.h"

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/log.h"
#include "io/file.h"
#include "server/config_anchor.h"
#include "server/secret.h"

namespace doorward::server {
namespace {

/// Long enough for the next checkpoint, which covers the record of the removal.
constexpr std::int64_t kRetireUs = 30'000'000;

using Field = audit::EventRecord::Field;

/// An anchor whose secret cannot be read: it fails until the reference is mended and the configuration read anew.
class BrokenTarget final : public audit::AnchorTarget {
 public:
  explicit BrokenTarget(Error error) : error_(std::move(error)) {}
  Status deliver(const std::string&, const std::string&) override { return std::unexpected(error_); }

 private:
  Error error_;
};

}  // namespace

Anchors::Anchors(StateDir state, io::Loop& loop, io::Fetcher& fetcher, RecordEvent record)
    : state_(std::move(state)),
      loop_(loop),
      fetcher_(fetcher),
      record_(std::move(record)),
      retire_timer_(io::call<&Anchors::end_retired>, this) {}

Anchors::~Anchors() {
  stop();
}

void Anchors::offer(std::string_view note) {
  std::lock_guard guard(mutex_);
  for (const auto& entry : entries_) entry->feed->offer(note);
}

std::unique_ptr<audit::AnchorTarget> Anchors::make_target(const AnchorConfig& config) const {
  if (!config.file.empty()) return audit::make_file_anchor(config.file);
  if (config.syslog) {
    audit::SyslogTarget target = *config.syslog;
    target.ca_file = config.ca_file;
    return audit::make_syslog_anchor(std::move(target));
  }
  io::FetchRequest request;
  request.url = config.url;
  request.reach = io::Reach::internal;
  request.plain_http = true;
  request.ca_file = config.ca_file;
  for (const auto& [name, ref] : config.headers) {
    auto value = resolve_secret(ref, name);
    if (!value) return std::make_unique<BrokenTarget>(value.error());
    request.headers.emplace_back(name, std::move(*value));
  }
  return audit::make_http_anchor(fetcher_, std::move(request));
}

std::unique_ptr<audit::AnchorFeed> Anchors::make_feed(const AnchorConfig& config) {
  audit::AnchorFeed::Options options;
  options.name = config.name;
  options.cursor_file = state_.path + "/anchors/" + config.name;
  options.log_directory = state_.log();
  const std::string place = anchor_place(config);
  options.on_change = [this, name = config.name, place](const std::string& why, std::chrono::milliseconds failing_for) {
    loop_.post([this, name, place, why, failing_for] { changed(name, place, why, failing_for); });
  };
  return std::make_unique<audit::AnchorFeed>(std::move(options), make_target(config));
}

void Anchors::changed(const std::string& name, const std::string& place, const std::string& why,
                      std::chrono::milliseconds failing_for) {
  if (why.empty()) {
    log_line(LogLevel::info, "an anchor takes checkpoints again", {{"anchor", name}});
    const std::array<Field, 3> fields = {{{"anchor", std::string_view(name)},
                                          {"place", std::string_view(place)},
                                          {"duration_us", failing_for.count() * 1000}}};
    record_("anchor.resumed", fields);
    return;
  }
  log_line(LogLevel::error, "an anchor takes no checkpoint; delivery is tried again", {{"anchor", name}, {"why", why}});
  const std::array<Field, 3> fields = {
      {{"anchor", std::string_view(name)}, {"place", std::string_view(place)}, {"failure", std::string_view(why)}}};
  record_("anchor.failed", fields);
}

std::vector<std::string> Anchors::replace(const std::vector<AnchorConfig>& anchors,
                                          const std::vector<std::string>& known) {
  static_cast<void>(io::make_directory(state_.path + "/anchors"));
  const auto record = [&](std::string_view event, const std::string& name, const std::string& place) {
    const std::array<Field, 3> fields = {{{"anchor", std::string_view(name)},
                                          {"place", std::string_view(place)},
                                          {"anchors", static_cast<std::int64_t>(anchors.size())}}};
    record_(event, fields);
  };
  const auto wanted = [&](const AnchorConfig& config) {
    return std::ranges::any_of(anchors, [&](const AnchorConfig& one) { return one.same_as(config); });
  };
  bool retired = false;
  for (const auto& entry : entries_) {
    if (entry->retired_us != 0 || wanted(entry->config)) continue;
    record("anchor.removed", entry->config.name, anchor_place(entry->config));
    entry->retired_us = loop_.now_us() + kRetireUs;
    retired = true;
  }
  for (const std::string& name : known) {
    if (std::ranges::find(anchors, name, &AnchorConfig::name) == anchors.end()) record("anchor.removed", name, {});
  }
  for (const AnchorConfig& config : anchors) {
    const bool there = std::ranges::any_of(
        entries_, [&](const auto& entry) { return entry->retired_us == 0 && entry->config.same_as(config); });
    if (there) continue;
    if (std::ranges::find(known, config.name) == known.end()) record("anchor.added", config.name, anchor_place(config));
    auto entry = std::make_unique<Entry>(Entry{config, make_feed(config), 0});
    std::lock_guard guard(mutex_);
    entries_.push_back(std::move(entry));
  }
  if (retired) {
    retire_timer_.arm(loop_, kRetireUs);
    if (anchors.empty())
      log_line(LogLevel::warning, "no anchor is left: whoever holds this machine can rewrite the log unseen");
  }
  std::vector<std::string> names;
  for (const AnchorConfig& config : anchors) names.push_back(config.name);
  return names;
}

void Anchors::end_retired() {
  std::vector<std::unique_ptr<Entry>> over;
  {
    std::lock_guard guard(mutex_);
    for (auto& entry : entries_) {
      if (entry->retired_us != 0 && entry->retired_us <= loop_.now_us()) over.push_back(std::move(entry));
    }
    std::erase_if(entries_, [](const auto& entry) { return entry == nullptr; });
  }
  if (over.empty()) return;
  // The end of a feed waits for its target, which this thread must not.
  endings_.emplace_back([entries = std::move(over)]() mutable { entries.clear(); });
}

void Anchors::write_status(json::Writer& writer) const {
  writer.key("anchors").begin_array();
  for (const auto& entry : entries_) {
    if (entry->retired_us != 0) continue;
    const audit::AnchorFeed::State state = entry->feed->state();
    writer.begin_object().key("name").string(entry->config.name).key("place").string(anchor_place(entry->config));
    writer.key("ok").boolean(!state.failing).key("pending").number(state.pending);
    writer.key("delivered").number(state.delivered).key("last").string(state.last);
    if (state.failing) writer.key("failure").string(state.why);
    writer.end_object();
  }
  writer.end_array();
}

void Anchors::stop() {
  // All at once: each tries its last notes on its own thread.
  for (const auto& entry : entries_) endings_.emplace_back([&entry] { entry->feed->stop(); });
  for (std::thread& ending : endings_) ending.join();
  endings_.clear();
}

}  // namespace doorward::server
