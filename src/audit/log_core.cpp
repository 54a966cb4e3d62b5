#include "audit/log_core.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "audit/retention.h"
#include "audit/segment.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

constexpr std::size_t kBatchBytes = 1u << 20;     // taken in one round
constexpr std::size_t kUnsyncedBytes = 4u << 20;  // process mode: sync at once beyond this
constexpr std::size_t kControlRingBytes = 1u << 20;
constexpr std::int64_t kSignAtMostEvery = 100'000;  // microseconds; a signature needs a sync first
constexpr std::int64_t kTellLostEvery = 1'000'000;
constexpr std::int64_t kClockStep = 1'000'000;
constexpr std::size_t kRemovedAtOnce = 100;
constexpr std::int64_t kExpireEvery = 3'600'000'000;

using Field = EventRecord::Field;

std::int64_t micros(std::chrono::nanoseconds duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

std::int64_t signed_of(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::string quoted(std::string_view plain) {
  return "\"" + std::string(plain) + "\"";
}

std::string previous_json(const Recovered& found) {
  if (found.epoch == 0) return "null";
  std::string json = "{\"epoch\":" + std::to_string(found.epoch) + ",\"size\":" + std::to_string(found.size) +
                     ",\"last\":" + quoted(to_hex(found.last));
  if (found.tree_known) json += ",\"root\":" + quoted(to_hex(found.root));
  return json + ",\"clean\":" + (found.clean ? "true" : "false") + "}";
}

std::string recovery_json(const Recovered& found) {
  return "{\"cut_bytes\":" + std::to_string(found.cut_bytes) +
         ",\"empty_segments\":" + std::to_string(found.empty_segments) +
         ",\"from_rings\":" + std::to_string(found.records.size()) +
         ",\"unknown_outcomes\":" + std::to_string(found.open.size()) +
         ",\"ring_damaged\":" + (found.ring_damaged ? "true" : "false") + "}";
}

std::string tree_json(const CompactTree& tree) {
  std::string json = "{\"size\":" + std::to_string(tree.size()) + ",\"nodes\":[";
  for (std::size_t i = 0; i < tree.nodes().size(); ++i) {
    if (i != 0) json += ',';
    json += quoted(to_hex(tree.nodes()[i]));
  }
  return json + "]}";
}

}  // namespace

LogCore::LogCore(LogOptions options, WriterLock lock, std::unique_ptr<Signer> signer, std::string_view argument_key,
                 std::uint64_t epoch)
    : options_(std::move(options)),
      files_(options_.files != nullptr ? *options_.files : FileOps::system()),
      clock_(options_.clock != nullptr ? *options_.clock : system_clock()),
      lock_(std::move(lock)),
      signer_(std::move(signer)),
      chain_(lock_.writer, epoch),
      segments_(files_, lock_.directory, epoch),
      values_(files_, lock_.directory),
      arguments_(files_, lock_.directory, options_.arguments, argument_key, clock_),
      buffer_(std::make_unique<RecordBuffer>()) {
  segments_.pending().reserve(kBatchBytes + kMaxEntry + 1024);
}

LogCore::~LogCore() {
  if (checkpoint_fd_ >= 0) files_.close(checkpoint_fd_);
}

Result<std::unique_ptr<LogCore>> LogCore::open(LogOptions options) {
  FileOps& files = options.files != nullptr ? *options.files : FileOps::system();
  Result<std::unique_ptr<Signer>> signer = load_or_create_signer(options.key_directory);
  if (!signer) return std::unexpected(signer.error());
  Result<std::string> argument_key = load_or_create_secret(options.key_directory, kArgumentKey);
  if (!argument_key) return std::unexpected(argument_key.error());
  Result<WriterLock> lock = lock_writer(options.directory, options.role);
  if (!lock) return std::unexpected(lock.error());
  Result<Recovered> found = recover_writer(files, lock->directory);
  if (!found) return std::unexpected(found.error());
  std::unique_ptr<LogCore> core(
      new LogCore(std::move(options), std::move(*lock), std::move(*signer), *argument_key, found->next_epoch));
  if (Status begun = core->begin(*found); !begun) return std::unexpected(begun.error());
  if (Status made = core->make_rings(*found); !made) return std::unexpected(made.error());
  core->publish_state();
  return core;
}

/// Stores the epoch's first record and all that the process before left; only then may its rings go.
Status LogCore::begin(const Recovered& found) {
  report_ = {found.epoch,       found.clean || found.epoch == 0,
             found.cut_bytes,   found.records.size(),
             found.open.size(), found.problem};
  const std::string previous = previous_json(found);
  const std::string recovery = recovery_json(found);
  const std::string key = to_base64(bytes_of(public_key()));
  std::vector<Field> fields = {
      {"version", std::string_view(options_.version)},
      {"durability",
       options_.durability == Durability::power ? std::string_view("power") : std::string_view("process")},
      {"key", std::string_view(key)},
      {"previous", EventRecord::Json{previous}},
      {"recovery", EventRecord::Json{recovery}},
  };
  if (!found.problem.empty()) fields.push_back({"problem", std::string_view(found.problem)});
  append_event("writer.start", fields);
  for (const std::string& entry : found.arguments) append(arguments_.take(entry));
  for (const std::string& members : found.records) append(members);
  for (const Recovered::Intent& intent : found.open) {
    const std::string grant = intent.grant;
    OutcomeRecord unknown;
    unknown.id = intent.id;
    unknown.time_us = clock_.wall_us();
    unknown.grant = grant;
    unknown.server = intent.server;
    unknown.method = intent.method;
    unknown.tool = intent.tool;
    append(write_unknown_outcome(unknown, *buffer_));
  }
  if (found.lost.records != 0 || found.lost.intents != 0) {
    const std::array<Field, 2> lost = {
        {{"records", signed_of(found.lost.records)}, {"calls_refused", signed_of(found.lost.intents)}}};
    append_event("records.lost", lost);
  }
  for (const std::string& value : found.values) values_.add(value);
  clock_offset_us_ = clock_.wall_us() - clock_.monotonic_us();
  segment_opened_us_ = clock_.monotonic_us();
  expire_arguments();
  if (Status written = values_.write(); !written) return written;
  if (Status written = arguments_.file().write(); !written) return written;
  if (Status written = segments_.write(); !written) return written;
  if (Status synced = sync(); !synced) return synced;
  if (Status signed_head = sign(); !signed_head) return signed_head;
  return remove_old();
}

Status LogCore::make_rings(const Recovered& found) {
  Result<std::unique_ptr<OpenIntents>> intents = OpenIntents::create(open_intents_path(lock_.directory));
  if (!intents) return std::unexpected(intents.error());
  intents_ = std::move(*intents);
  intents_->publish({chain_.epoch(), chain_.size()});
  const std::size_t count = options_.rings + 1;
  for (std::size_t i = count; i < found.ring_files.size(); ++i) files_.remove(ring_path(lock_.directory, i));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bytes = i < options_.rings ? options_.ring_bytes : kControlRingBytes;
    Result<std::unique_ptr<Ring>> ring = Ring::create(ring_path(lock_.directory, i), bytes, &wake_);
    if (!ring) return std::unexpected(ring.error());
    rings_.push_back(std::move(*ring));
  }
  taken_.resize(count);
  announced_.resize(count);
  told_.resize(count);
  return {};
}

void LogCore::append(std::string_view members) {
  if (intents_ != nullptr) {
    if (const std::optional<RecordStart> start = parse_start(members); start && !start->id.empty()) {
      if (start->event == "call.intent") intents_->opened(start->id, {chain_.epoch(), chain_.size()});
      if (start->event == "call.outcome") intents_->closed(start->id);
    }
  }
  chain_.append(segments_.pending(), members);
  segments_.add(1);
}

void LogCore::append_event(std::string_view event, std::span<const Field> fields) {
  append(write_event({event, clock_.wall_us(), fields}, *buffer_));
}

/// Moves entries from the rings to pending lines; false when there were none.
bool LogCore::take() {
  bool any = false;
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    Ring& ring = *rings_[i];
    std::uint64_t next = 0;
    while (segments_.pending().size() < kBatchBytes) {
      const Ring::Entry entry = ring.peek(taken_[i], scratch_, next);
      if (entry.bytes.empty()) break;
      any = true;
      if (entry.kind == EntryKind::value) {
        values_.add(entry.bytes);
      } else if (entry.kind == EntryKind::arguments) {
        append(arguments_.take(entry.bytes));
      } else {
        append(entry.bytes);
      }
      taken_[i] = next;
    }
  }
  return any;
}

void LogCore::report_lost() {
  const std::int64_t now = clock_.monotonic_us();
  if (now - last_lost_us_ < kTellLostEvery) return;
  Ring::Lost total;
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    const Ring::Lost lost = rings_[i]->lost();
    total.records += lost.records - told_[i].records;
    total.intents += lost.intents - told_[i].intents;
    told_[i] = lost;
  }
  if (total.records == 0 && total.intents == 0) return;
  last_lost_us_ = now;
  const std::array<Field, 2> fields = {
      {{"records", signed_of(total.records)}, {"calls_refused", signed_of(total.intents)}}};
  append_event("records.lost", fields);
}

/// Files that are over their time go, whether arguments are still stored or not.
void LogCore::expire_arguments() {
  const std::int64_t now = clock_.monotonic_us();
  if (expired_us_ != 0 && now - expired_us_ < kExpireEvery) return;
  expired_us_ = now;
  const std::size_t removed = arguments_.expire();
  if (removed == 0) return;
  const std::array<Field, 1> fields = {{{"files", signed_of(removed)}}};
  append_event("arguments.removed", fields);
}

void LogCore::mark_clock_steps() {
  const std::int64_t offset = clock_.wall_us() - clock_.monotonic_us();
  const std::int64_t step = offset - clock_offset_us_;
  if (step > -kClockStep && step < kClockStep) return;
  clock_offset_us_ = offset;
  const std::array<Field, 1> fields = {{{"delta_us", step}}};
  append_event("clock_step", fields);
}

LogCore::Round LogCore::pass(Demand demand) {
  Round round;
  if (failing_ && clock_.monotonic_us() < retry_us_ && !demand.sync) {
    return {true, fail(ErrorKind::unavailable, failure_), retry_us_};
  }
  // While earlier lines cannot be stored no more are taken: the rings keep them, and refuse calls when full.
  if (!failing_) {
    mark_clock_steps();
    expire_arguments();
    round.worked = take();
    report_lost();
  }
  round.status = put_away(demand);
  if (round.status) {
    succeeded();
  } else {
    failed(round.status.error());
    round.worked = true;
  }
  publish_state();
  round.due_us = due();
  return round;
}

Status LogCore::put_away(Demand demand) {
  if (Status written = values_.write(); !written) return written;
  if (Status written = arguments_.file().write(); !written) return written;
  if (Status written = segments_.write(); !written) return written;
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    rings_[i]->release(taken_[i]);
    rings_[i]->set_reported(told_[i]);
  }
  intents_->publish({chain_.epoch(), chain_.size()});
  const bool rotating = rotation_due();
  const bool signing = demand.checkpoint || rotating || checkpoint_due();
  if (demand.sync || signing || sync_due()) {
    if (Status synced = sync(); !synced) return synced;
  }
  if (demand.close_values) {
    values_.rotate();
    arguments_.close();
  }
  if (signing && unsigned_records()) {
    if (Status signed_head = sign(); !signed_head) return signed_head;
  }
  return rotating ? rotate() : Status{};
}

bool LogCore::sync_due() const {
  if (segments_.synced() == chain_.size()) return false;
  return options_.durability == Durability::power || segments_.unsynced_bytes() > kUnsyncedBytes ||
         clock_.monotonic_us() - last_sync_us_ >= micros(options_.sync_interval);
}

bool LogCore::checkpoint_due() const {
  if (!unsigned_records()) return false;
  const std::int64_t since = clock_.monotonic_us() - last_sign_us_;
  return since >= micros(options_.checkpoint_interval) ||
         (chain_.size() - signed_size_ >= options_.checkpoint_records && since >= kSignAtMostEvery);
}

bool LogCore::rotation_due() const {
  if (chain_.size() <= segments_.segment_first() + 1) return false;
  return segments_.segment_bytes() >= options_.segment_bytes ||
         clock_.monotonic_us() - segment_opened_us_ >= micros(options_.segment_age);
}

std::int64_t LogCore::due() const {
  if (failing_) return retry_us_;
  std::int64_t at = arguments_.active() ? expired_us_ + kExpireEvery : kNever;
  if (segments_.synced() < chain_.size()) at = std::min(at, last_sync_us_ + micros(options_.sync_interval));
  if (unsigned_records()) {
    const bool many = chain_.size() - signed_size_ >= options_.checkpoint_records;
    at = std::min(at, last_sign_us_ + (many ? kSignAtMostEvery : micros(options_.checkpoint_interval)));
  }
  if (chain_.size() > segments_.segment_first() + 1)
    at = std::min(at, segment_opened_us_ + micros(options_.segment_age));
  return at;
}

Status LogCore::sync() {
  if (Status synced = values_.sync(); !synced) return synced;
  if (Status synced = arguments_.file().sync(); !synced) return synced;
  if (Status synced = segments_.sync(); !synced) return synced;
  last_sync_us_ = clock_.monotonic_us();
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    if (announced_[i] == taken_[i]) continue;
    announced_[i] = taken_[i];
    rings_[i]->set_durable(taken_[i]);
    if (options_.on_durable && i < options_.rings) options_.on_durable(static_cast<unsigned>(i), taken_[i]);
  }
  return {};
}

/// Only what is on disk is signed: a head that a power loss can undo would convict an honest log later.
Status LogCore::sign() {
  Result<std::string> note = sign_checkpoint(chain_.head(), *signer_);
  if (!note) return std::unexpected(note.error());
  if (Status written = write_checkpoint(*note); !written) return written;
  signed_size_ = chain_.size();
  last_sign_us_ = clock_.monotonic_us();
  if (options_.on_checkpoint) options_.on_checkpoint(*note);
  return {};
}

Status LogCore::write_checkpoint(std::string_view note) {
  const std::string path = checkpoints_path(lock_.directory, chain_.epoch());
  const auto error = [&](int code) {
    ++checkpoint_failures_;
    return fail(code == ENOSPC || code == EDQUOT ? ErrorKind::exhausted : ErrorKind::unavailable,
                "cannot write the checkpoint file " + path + ": " + std::strerror(code) +
                    "; free space or check the disk");
  };
  if (checkpoint_fd_ < 0) {
    const int fd = files_.open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0) return error(-fd);
    checkpoint_fd_ = fd;
  }
  if (checkpoint_torn_) {
    if (const int code = -files_.truncate(checkpoint_fd_, static_cast<off_t>(checkpoint_bytes_)); code != 0) {
      return error(code);
    }
    checkpoint_torn_ = false;
  }
  const std::string bytes = (checkpoint_bytes_ == 0 ? std::string() : std::string("\n")).append(note);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t done = files_.write(checkpoint_fd_, rest.data(), rest.size());
    if (done == -EINTR) continue;
    if (done <= 0) {
      checkpoint_torn_ = true;
      return error(done == 0 ? EIO : static_cast<int>(-done));
    }
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
  checkpoint_bytes_ += bytes.size();
  return {};
}

/// Everything is written, synced and signed. The new segment begins by stating the tree, so that it can be
/// verified from the signed head at its edge after the older ones are gone.
Status LogCore::rotate() {
  if (Status rotated = segments_.rotate(); !rotated) return rotated;
  values_.rotate();
  segment_opened_us_ = clock_.monotonic_us();
  const std::string tree = tree_json(chain_.tree());
  const std::array<Field, 1> fields = {{{"tree", EventRecord::Json{tree}}}};
  append_event("segment.start", fields);
  if (Status written = segments_.write(); !written) return written;
  return remove_old();
}

/// The record of a removal is on disk before the first file goes.
Status LogCore::remove_old() {
  if (options_.retention.count() == 0) return {};
  const std::int64_t cutoff = clock_.wall_us() - micros(options_.retention);
  Result<std::vector<RemovedSegment>> plan = plan_retention(lock_.directory, cutoff, kRemovedAtOnce);
  if (!plan) return std::unexpected(plan.error());
  if (plan->empty()) return {};
  std::string removed = "[";
  for (const RemovedSegment& segment : *plan) {
    if (removed.size() > 1) removed += ',';
    removed += "{\"epoch\":" + std::to_string(segment.file.epoch) +
               ",\"first\":" + std::to_string(segment.file.first) +
               ",\"count\":" + std::to_string(segment.count) + ",\"last\":" + quoted(to_hex(segment.last)) +
               "}";
  }
  removed += "]";
  const std::array<Field, 1> fields = {{{"removed", EventRecord::Json{removed}}}};
  append_event("segments.removed", fields);
  if (Status written = segments_.write(); !written) return written;
  if (Status synced = sync(); !synced) return synced;
  for (const RemovedSegment& segment : *plan) files_.remove(segment.file.path);
  const Result<std::vector<SegmentFile>> left = list_segments(lock_.directory);
  const std::uint64_t oldest = left && !left->empty() ? left->front().epoch : 0;
  for (const std::uint64_t epoch : list_checkpoint_epochs(lock_.directory)) {
    if (epoch < oldest) files_.remove(checkpoints_path(lock_.directory, epoch));
  }
  for (const std::string& path : list_value_files(lock_.directory)) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && std::int64_t{info.st_mtim.tv_sec} * 1'000'000 < cutoff)
      files_.remove(path);
  }
  return {};
}

void LogCore::failed(const Error& error) {
  retry_us_ = clock_.monotonic_us() + micros(options_.retry_interval);
  const bool first = !failing_;
  const bool changed = first || failure_ != error.message;
  failing_ = true;
  failure_ = error.message;
  if (first) failing_since_wall_us_ = clock_.wall_us();
  accepting_.store(false, std::memory_order_release);
  if (changed && options_.on_state) options_.on_state(false, failure_);
}

void LogCore::succeeded() {
  if (!failing_) return;
  failing_ = false;
  const std::array<Field, 2> fields = {
      {{"failure", std::string_view(failure_)},
       {"duration_us", std::max<std::int64_t>(0, clock_.wall_us() - failing_since_wall_us_)}}};
  append_event("log.resumed", fields);
  failure_.clear();
  last_lost_us_ = 0;
  report_lost();
  accepting_.store(true, std::memory_order_release);
  if (options_.on_state) options_.on_state(true, {});
}

Status LogCore::stop() {
  while (true) {
    Round round = pass({true, false});
    if (!round.status) return round.status;
    const bool empty =
        std::equal(taken_.begin(), taken_.end(), rings_.begin(),
                   [](std::uint64_t taken, const auto& ring) { return taken == ring->published(); });
    if (empty && segments_.all_written()) break;
  }
  // A head on either side of the last record, so that a change to it can be told from one before it.
  if (Round round = pass({true, true}); !round.status) return round.status;
  append_event("writer.stop", {});
  return pass({true, true}).status;
}

void LogCore::publish_state() {
  std::lock_guard guard(state_mutex_);
  state_.accepting = accepting();
  state_.failure = failure_;
  state_.position = {lock_.writer, chain_.epoch(), segments_.written()};
  state_.synced = segments_.synced();
  state_.checkpointed = signed_size_;
  state_.failures = segments_.failures() + checkpoint_failures_;
  state_.lost_records = 0;
  state_.refused_intents = 0;
  for (const auto& ring : rings_) {
    state_.lost_records += ring->lost().records;
    state_.refused_intents += ring->lost().intents;
  }
}

LogState LogCore::state() const {
  std::lock_guard guard(state_mutex_);
  return state_;
}

}  // namespace doorward::audit
