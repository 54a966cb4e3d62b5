#include "audit/ring.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "audit/descriptor.h"

namespace doorward::audit {
namespace {

constexpr char kMagic[8] = {'D', 'W', 'R', 'I', 'N', 'G', '0', '1'};
constexpr std::size_t kHeaderBytes = 4096;
constexpr std::size_t kAlign = 16;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Tells an entry from the remains of a power loss; no defence against intent, which is the chain's duty.
std::uint64_t checksum(std::uint64_t position, EntryKind kind, std::string_view bytes) {
  std::uint64_t sum = mix(position, (bytes.size() << 16) | static_cast<std::uint64_t>(kind));
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; at += 16, left -= 16) {
    std::uint64_t words[2];
    std::memcpy(words, at, 16);
    sum = mix(words[0] ^ sum, words[1]);
  }
  std::uint64_t words[2] = {0, 0};
  std::memcpy(words, at, left);
  return mix(words[0] ^ sum, words[1]);
}

}  // namespace

struct Ring::Header {
  char magic[8];
  std::uint64_t capacity;
  alignas(64) std::atomic<std::uint64_t> head;
  std::atomic<std::uint64_t> lost_records;
  std::atomic<std::uint64_t> lost_intents;
  alignas(64) std::atomic<std::uint64_t> tail;
  std::atomic<std::uint64_t> reported_records;
  std::atomic<std::uint64_t> reported_intents;
  std::atomic<std::uint64_t> durable;
};

struct Ring::Frame {
  std::uint32_t size;
  std::uint16_t kind;
  std::uint16_t unused;
  std::uint64_t check;
};

namespace {

constexpr std::size_t slot(std::size_t bytes) {
  return (16 + bytes + kAlign - 1) / kAlign * kAlign;
}
constexpr std::size_t kOutcomeSlot = slot(kMaxOutcome);

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "doorward: audit ring: %s\n", what);
  std::abort();
}

Error path_error(const std::string& path, const char* what, int code) {
  return {code == ENOSPC ? ErrorKind::exhausted : ErrorKind::unavailable,
          "cannot " + std::string(what) + " the journal " + path + ": " + std::strerror(code) +
              "; free space or check the permissions of the state directory"};
}

/// Writes zeros: only blocks that have been written once are overwritten later without asking the file system
/// for anything (a sparse or unwritten page can fail with SIGBUS or wait for its journal).
int fill(int fd, std::size_t size) {
  if (const int code = ::posix_fallocate(fd, 0, static_cast<off_t>(size)); code != 0) return code;
  static constexpr std::size_t kPiece = 1u << 16;
  static const char zeros[kPiece] = {};
  for (std::size_t at = 0; at < size;) {
    const ssize_t done = ::pwrite(fd, zeros, std::min(kPiece, size - at), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : EIO;
    at += static_cast<std::size_t>(done);
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<Ring>> Ring::create(const std::string& path, std::size_t capacity, Wake* wake) {
  static_assert(sizeof(Header) <= kHeaderBytes && sizeof(Frame) == 16);
  if (capacity < slot(kMaxEntry) + kOutcomeSlot || capacity % kHeaderBytes != 0) {
    return fail(ErrorKind::invalid,
                "a journal ring needs a multiple of 4096 bytes, at least 36864; set ring_bytes so");
  }
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return std::unexpected(path_error(path, "open", errno));
  // Where the file system copies on write, pages written through the mapping could need space after all.
  int flags = 0;
  if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_NOCOW_FL;
    (void)::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags);
  }
  if (const int code = fill(fd.get(), kHeaderBytes + capacity); code != 0) {
    return std::unexpected(path_error(path, "allocate", code));
  }
  void* map = ::mmap(nullptr, kHeaderBytes + capacity, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) return std::unexpected(path_error(path, "map", errno));

  std::unique_ptr<Ring> ring(new Ring);
  ring->header_ = static_cast<Header*>(map);
  ring->data_ = static_cast<char*>(map) + kHeaderBytes;
  ring->capacity_ = capacity;
  ring->wake_ = wake;
  ring->header_->capacity = capacity;
  std::memcpy(ring->header_->magic, kMagic, sizeof kMagic);
  return ring;
}

Ring::~Ring() {
  if (header_ != nullptr) ::munmap(header_, kHeaderBytes + capacity_);
}

bool Ring::put(std::string_view bytes, EntryKind kind, std::uint64_t limit) {
  const std::size_t need = slot(bytes.size());
  if (head_ + need + limit - tail_seen_ > capacity_) {
    tail_seen_ = header_->tail.load(std::memory_order_acquire);
    if (head_ + need + limit - tail_seen_ > capacity_) return false;
  }
  const Frame frame{static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint16_t>(kind), 0,
                    checksum(head_, kind, bytes)};
  const std::size_t at = head_ % capacity_;
  std::memcpy(data_ + at, &frame, sizeof frame);
  const std::size_t start = (at + sizeof frame) % capacity_;
  const std::size_t first = std::min(bytes.size(), capacity_ - start);
  std::memcpy(data_ + start, bytes.data(), first);
  std::memcpy(data_, bytes.data() + first, bytes.size() - first);
  head_ += need;
  header_->head.store(head_, std::memory_order_seq_cst);
  if (wake_ != nullptr) wake_->notify();
  return true;
}

bool Ring::append(std::string_view bytes, EntryKind kind) {
  if (bytes.empty() || bytes.size() > kMaxEntry) broken("an entry of no or too many bytes");
  if (put(bytes, kind, open_intents_ * kOutcomeSlot)) return true;
  header_->lost_records.fetch_add(1, std::memory_order_seq_cst);
  return false;
}

bool Ring::append_intent(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxEntry) broken("an intent of no or too many bytes");
  if (put(bytes, EntryKind::record, (open_intents_ + 1) * kOutcomeSlot)) {
    ++open_intents_;
    return true;
  }
  header_->lost_intents.fetch_add(1, std::memory_order_seq_cst);
  return false;
}

void Ring::append_outcome(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxOutcome) broken("an outcome of no or too many bytes");
  if (open_intents_ == 0) broken("an outcome without an open intent");
  --open_intents_;
  if (!put(bytes, EntryKind::record, open_intents_ * kOutcomeSlot)) broken("the room set aside is gone");
}

std::uint64_t Ring::published() const {
  return header_->head.load(std::memory_order_acquire);
}
std::uint64_t Ring::drained() const {
  return header_->tail.load(std::memory_order_acquire);
}
std::uint64_t Ring::durable() const {
  return header_->durable.load(std::memory_order_acquire);
}
void Ring::set_durable(std::uint64_t position) {
  header_->durable.store(position, std::memory_order_release);
}
void Ring::release(std::uint64_t position) {
  header_->tail.store(position, std::memory_order_release);
}

Ring::Lost Ring::lost() const {
  return {header_->lost_records.load(std::memory_order_acquire),
          header_->lost_intents.load(std::memory_order_acquire)};
}

Ring::Lost Ring::reported() const {
  return {header_->reported_records.load(std::memory_order_acquire),
          header_->reported_intents.load(std::memory_order_acquire)};
}

void Ring::set_reported(const Lost& lost) {
  header_->reported_records.store(lost.records, std::memory_order_release);
  header_->reported_intents.store(lost.intents, std::memory_order_release);
}

bool Ring::has_entry(std::uint64_t position) const {
  return header_->head.load(std::memory_order_seq_cst) != position;
}

Ring::Entry Ring::peek(std::uint64_t position, std::string& scratch, std::uint64_t& next) const {
  next = position;
  if (header_->head.load(std::memory_order_acquire) == position) return {EntryKind::record, {}};
  const std::size_t at = position % capacity_;
  Frame frame;
  std::memcpy(&frame, data_ + at, sizeof frame);
  const std::size_t start = (at + sizeof frame) % capacity_;
  next = position + slot(frame.size);
  if (start + frame.size <= capacity_)
    return {static_cast<EntryKind>(frame.kind), {data_ + start, frame.size}};
  scratch.assign(data_ + start, capacity_ - start);
  scratch.append(data_, frame.size - scratch.size());
  return {static_cast<EntryKind>(frame.kind), scratch};
}

Result<Ring::Leftover> Ring::recover(const std::string& path) {
  Leftover found;
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return found;
    return std::unexpected(path_error(path, "open", errno));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return std::unexpected(path_error(path, "read", errno));
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size <= kHeaderBytes) return found;
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) return std::unexpected(path_error(path, "map", errno));

  Ring old;
  old.header_ = static_cast<Header*>(map);
  old.data_ = static_cast<char*>(map) + kHeaderBytes;
  old.capacity_ = size - kHeaderBytes;
  if (std::memcmp(old.header_->magic, kMagic, sizeof kMagic) != 0 || old.header_->capacity != old.capacity_) {
    return found;
  }
  const Lost lost = old.lost();
  const Lost reported = old.reported();
  found.lost = {lost.records - std::min(lost.records, reported.records),
                lost.intents - std::min(lost.intents, reported.intents)};
  const std::uint64_t head = old.header_->head.load(std::memory_order_acquire);
  std::uint64_t position = old.drained();
  found.damaged =
      head < position || head - position > old.capacity_ || position % kAlign != 0 || head % kAlign != 0;
  std::string scratch;
  while (!found.damaged && position != head) {
    Frame frame;
    std::memcpy(&frame, old.data_ + position % old.capacity_, sizeof frame);
    if (frame.size == 0 || frame.size > kMaxEntry || slot(frame.size) > head - position) {
      found.damaged = true;
      break;
    }
    std::uint64_t next = 0;
    const Entry entry = old.peek(position, scratch, next);
    if (frame.check != checksum(position, entry.kind, entry.bytes)) {
      found.damaged = true;
      break;
    }
    found.entries.push_back({entry.kind, std::string(entry.bytes)});
    position = next;
  }
  return found;
}

}  // namespace doorward::audit
