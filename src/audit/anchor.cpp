#include "audit/anchor.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "audit/segment.h"
#include "io/file.h"

namespace doorward::audit {
namespace {

constexpr std::size_t kCursorBytes = 1u << 20;
constexpr std::size_t kEpochsKept = 64;  ///< of the cursor, for each writer

}  // namespace

std::string note_id(const Checkpoint& head) {
  return head.writer + "/" + std::to_string(head.epoch) + "/" + std::to_string(head.size);
}

AnchorFeed::AnchorFeed(Options options, std::unique_ptr<AnchorTarget> target)
    : options_(std::move(options)), target_(std::move(target)) {
  load_cursor();
  load_backlog();
  thread_ = std::thread([this] { run(); });
}

AnchorFeed::~AnchorFeed() {
  stop();
}

void AnchorFeed::load_cursor() {
  const Result<std::string> text = io::read_file(options_.cursor_file, kCursorBytes);
  if (!text) return;
  std::istringstream lines(*text);
  std::string writer;
  std::uint64_t epoch = 0;
  std::uint64_t size = 0;
  while (lines >> writer >> epoch >> size) {
    delivered_[{writer, epoch}] = size;
    state_.last = note_id({writer, epoch, size, {}});
  }
}

/// The last note of each epoch covers the earlier ones; epochs before a writer's first one in the cursor were known to it.
void AnchorFeed::load_backlog() {
  if (options_.log_directory.empty()) return;
  const Result<std::vector<std::string>> writers = list_writers(options_.log_directory);
  if (!writers) return;
  for (const std::string& writer : *writers) {
    const std::string directory = options_.log_directory + "/" + writer;
    const auto known = delivered_.lower_bound({writer, 0});
    const std::uint64_t oldest = known != delivered_.end() && known->first.first == writer ? known->first.second : 0;
    for (const std::uint64_t epoch : list_checkpoint_epochs(directory)) {
      if (epoch < oldest) continue;
      Result<std::vector<std::string>> notes = read_notes(directory, epoch);
      if (!notes || notes->empty()) continue;
      Result<Checkpoint> head = parse_checkpoint(notes->back());
      if (head && !is_delivered(*head)) push({std::move(*head), std::move(notes->back())});
    }
  }
}

bool AnchorFeed::is_delivered(const Checkpoint& head) const {
  const auto found = delivered_.find({head.writer, head.epoch});
  return found != delivered_.end() && found->second >= head.size;
}

void AnchorFeed::push(Note note) {
  pending_.push_back(std::move(note));
  if (pending_.size() <= options_.most_pending) return;
  // The first is being delivered. Of the rest the oldest goes that a newer one covers; with none such, the oldest.
  auto victim = pending_.begin() + 1;
  for (auto at = victim; at + 1 < pending_.end(); ++at) {
    const auto same = [&](const Note& other) {
      return other.head.writer == at->head.writer && other.head.epoch == at->head.epoch;
    };
    if (std::any_of(at + 1, pending_.end(), same)) {
      victim = at;
      break;
    }
  }
  pending_.erase(victim);
  ++state_.superseded;
}

void AnchorFeed::offer(std::string_view note) {
  Result<Checkpoint> head = parse_checkpoint(note);
  if (!head) return;
  {
    std::lock_guard guard(mutex_);
    push({std::move(*head), std::string(note)});
  }
  changed_.notify_all();
}

AnchorFeed::State AnchorFeed::state() const {
  std::lock_guard guard(mutex_);
  State state = state_;
  state.pending = pending_.size();
  return state;
}

void AnchorFeed::run() {
  auto pause = options_.first_pause;
  std::chrono::steady_clock::time_point failing_since;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
    if (pending_.empty()) return;
    const bool last_try = stopping_;
    const Note note = pending_.front();
    lock.unlock();
    Status done = target_->deliver(note.text, note_id(note.head));
    lock.lock();
    if (done) {
      pending_.pop_front();
      ++state_.delivered;
      state_.last = note_id(note.head);
      std::uint64_t& size = delivered_[{note.head.writer, note.head.epoch}];
      size = std::max(size, note.head.size);
      pause = options_.first_pause;
      const bool resumed = std::exchange(state_.failing, false);
      state_.why.clear();
      const std::string cursor = cursor_text();
      lock.unlock();
      // A cursor that cannot be stored costs a second delivery after the next start.
      static_cast<void>(io::write_file_atomic(options_.cursor_file, cursor));
      if (!resumed) {
        lock.lock();
        continue;
      }
      const auto failed_for = std::chrono::steady_clock::now() - failing_since;
      if (options_.on_change) {
        options_.on_change({}, std::chrono::duration_cast<std::chrono::milliseconds>(failed_for));
      }
      lock.lock();
      continue;
    }
    const bool first = !state_.failing;
    state_.failing = true;
    state_.why = done.error().message;
    if (first) {
      failing_since = std::chrono::steady_clock::now();
      lock.unlock();
      if (options_.on_change) options_.on_change(done.error().message, std::chrono::milliseconds(0));
      lock.lock();
    }
    if (last_try) return;
    changed_.wait_for(lock, pause, [this] { return stopping_; });
    pause = std::min(2 * pause, options_.longest_pause);
  }
}

std::string AnchorFeed::cursor_text() {
  std::map<std::string, std::size_t> epochs;
  for (const auto& [place, size] : delivered_) ++epochs[place.first];
  std::erase_if(delivered_, [&](const auto& entry) {
    std::size_t& count = epochs[entry.first.first];
    return count > kEpochsKept && count-- > 0;
  });
  std::string text;
  for (const auto& [place, size] : delivered_) {
    text += place.first + " " + std::to_string(place.second) + " " + std::to_string(size) + "\n";
  }
  return text;
}

void AnchorFeed::stop() {
  {
    std::lock_guard guard(mutex_);
    // The newest note of an epoch covers the others; the end does not wait for them.
    std::map<Place, std::uint64_t> newest;
    for (const Note& note : pending_) newest[{note.head.writer, note.head.epoch}] = note.head.size;
    std::erase_if(pending_, [&](const Note& note) {
      return &note != &pending_.front() && newest[{note.head.writer, note.head.epoch}] != note.head.size;
    });
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace doorward::audit
