#include "audit/segment.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "audit/descriptor.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

constexpr std::string_view kSegmentSuffix = ".jsonl";
constexpr std::string_view kCheckpointSuffix = ".checkpoints";
constexpr int kEpochDigits = 8;
constexpr int kFirstDigits = 12;

std::string padded(std::uint64_t value, int width) {
  std::string digits = std::to_string(value);
  if (digits.size() < static_cast<std::size_t>(width))
    digits.insert(0, static_cast<std::size_t>(width) - digits.size(), '0');
  return digits;
}

bool take_number(std::string_view& text, std::uint64_t& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end == text.data()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// A number in the one spelling records use: no leading zero.
bool take_plain_number(std::string_view& text, std::uint64_t& value) {
  if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') return false;
  return take_number(text, value);
}

bool take(std::string_view& text, std::string_view literal) {
  if (!text.starts_with(literal)) return false;
  text.remove_prefix(literal.size());
  return true;
}

/// A string without escapes, and the quote that ends it.
bool take_plain(std::string_view& text, std::string_view& value) {
  const std::size_t end = text.find('"');
  if (end == std::string_view::npos) return false;
  value = text.substr(0, end);
  if (value.find('\\') != std::string_view::npos) return false;
  text.remove_prefix(end + 1);
  return true;
}

Error directory_error(const std::string& path) {
  return {ErrorKind::unavailable, "cannot read the directory " + path + ": " + std::strerror(errno) +
                                      "; check that it exists and may be read"};
}

Result<std::vector<std::string>> list_names(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return std::unexpected(directory_error(path));
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) names.emplace_back(entry->d_name);
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string segment_path(const std::string& directory, std::uint64_t epoch, std::uint64_t first) {
  return directory + "/" + padded(epoch, kEpochDigits) + "-" + padded(first, kFirstDigits) +
         std::string(kSegmentSuffix);
}

std::string checkpoints_path(const std::string& directory, std::uint64_t epoch) {
  return directory + "/" + padded(epoch, kEpochDigits) + std::string(kCheckpointSuffix);
}

Result<std::vector<SegmentFile>> list_segments(const std::string& directory, std::string_view suffix) {
  Result<std::vector<std::string>> names = list_names(directory);
  if (!names) return std::unexpected(names.error());
  const std::string ending = std::string(kSegmentSuffix).append(suffix);
  std::vector<SegmentFile> segments;
  for (const std::string& name : *names) {
    if (!name.ends_with(ending)) continue;
    std::string_view rest(name);
    rest.remove_suffix(ending.size());
    SegmentFile segment;
    if (!take_number(rest, segment.epoch) || !take(rest, "-") || !take_number(rest, segment.first) ||
        !rest.empty()) {
      continue;
    }
    segment.path = directory + "/" + name;
    struct stat info {};
    if (::stat(segment.path.c_str(), &info) != 0) continue;  // removed by retention in this moment
    segment.bytes = static_cast<std::uint64_t>(info.st_size);
    segments.push_back(std::move(segment));
  }
  std::sort(segments.begin(), segments.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return std::pair(a.epoch, a.first) < std::pair(b.epoch, b.first);
  });
  return segments;
}

std::vector<std::uint64_t> list_checkpoint_epochs(const std::string& directory) {
  std::vector<std::uint64_t> epochs;
  const Result<std::vector<std::string>> names = list_names(directory);
  if (!names) return epochs;
  for (const std::string& name : *names) {
    if (!name.ends_with(kCheckpointSuffix)) continue;
    std::string_view rest(name);
    rest.remove_suffix(kCheckpointSuffix.size());
    std::uint64_t epoch = 0;
    if (take_number(rest, epoch) && rest.empty()) epochs.push_back(epoch);
  }
  std::sort(epochs.begin(), epochs.end());
  return epochs;
}

Result<std::vector<std::string>> list_writers(const std::string& directory) {
  Result<std::vector<std::string>> names = list_names(directory);
  if (!names) return names;
  std::erase_if(*names, [&](const std::string& name) {
    return name.starts_with(".") || ::access((directory + "/" + name + "/lock").c_str(), F_OK) != 0;
  });
  return names;
}

bool writer_active(const std::string& writer_directory) {
  Descriptor fd(::open((writer_directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const auto error = [&path] {
    return fail(ErrorKind::unavailable,
                "cannot read " + path + ": " + std::strerror(errno) + "; check the path and its permissions");
  };
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return error();
  if (!S_ISREG(info.st_mode))
    return fail(ErrorKind::invalid, path + " is no regular file; give a file of records");
  MappedFile file;
  file.size_ = static_cast<std::size_t>(info.st_size);
  if (file.size_ == 0) return file;
  void* map = ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (map == MAP_FAILED) {
    file.size_ = 0;
    return error();
  }
  (void)::madvise(map, file.size_, MADV_SEQUENTIAL);
  file.data_ = static_cast<const char*>(map);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

void append_head(std::string& out, std::string_view writer, std::uint64_t epoch, std::uint64_t seq,
                 std::string_view prev) {
  char digits[20];
  const auto number = [&](std::uint64_t value) {
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, static_cast<std::size_t>(end - digits));
  };
  out.append("{\"v\":1,\"writer\":\"").append(writer).append("\",\"epoch\":");
  number(epoch);
  out.append(",\"seq\":");
  number(seq);
  out.append(",\"prev\":\"").append(prev).append("\",");
}

std::optional<RecordHead> parse_head(std::string_view line) {
  RecordHead head;
  if (!take(line, "{\"v\":1,\"writer\":\"") || !take_plain(line, head.writer) || !take(line, ",\"epoch\":") ||
      !take_plain_number(line, head.epoch) || !take(line, ",\"seq\":") ||
      !take_plain_number(line, head.seq) || !take(line, ",\"prev\":\"") || !take_plain(line, head.prev) ||
      head.prev.size() != kNoPrev.size() || !take(line, ",") || !line.ends_with("}")) {
    return std::nullopt;
  }
  line.remove_suffix(1);
  head.members = line;
  return head;
}

std::optional<RecordStart> parse_start(std::string_view members) {
  RecordStart start;
  if (take(members, "\"id\":\"") && (!take_plain(members, start.id) || !take(members, ",")))
    return std::nullopt;
  if (!take(members, "\"time\":\"") || !take_plain(members, start.time) || !take(members, ",\"event\":\"") ||
      !take_plain(members, start.event)) {
    return std::nullopt;
  }
  return start;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [&text](std::size_t at, std::size_t size) {
    std::int64_t value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const std::int64_t month = number(5, 2);
  const std::int64_t day = number(8, 2);
  if (month < 1 || month > 12 || day < 1 || day > 31 || number(11, 2) > 23 || number(14, 2) > 59 ||
      number(17, 2) > 60) {
    return std::nullopt;
  }
  // Howard Hinnant's days_from_civil.
  const std::int64_t year = number(0, 4) - (month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const std::int64_t days = era * 146'097 + day_of_era - 719'468;
  return ((days * 24 + number(11, 2)) * 60 + number(14, 2)) * 60'000'000 + number(17, 2) * 1'000'000 +
         number(20, 6);
}

bool next_line(std::string_view& bytes, std::string_view& line) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return false;
  line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  return true;
}

std::optional<Digest> parse_digest(std::string_view hex) {
  const std::optional<std::string> bytes = from_hex(hex);
  Digest digest;
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

std::optional<CompactTree> stated_tree(json::Value record) {
  const json::Value event = record.find("event");
  if (!event.is(json::Type::string) || event.string() != "segment.start") return std::nullopt;
  const json::Value tree = record.find("tree");
  const json::Value size = tree.find("size");
  const json::Value nodes = tree.find("nodes");
  if (!size.is(json::Type::number) || !nodes.is(json::Type::array)) return std::nullopt;
  std::string_view digits = size.number();
  std::uint64_t count = 0;
  if (!take_plain_number(digits, count) || !digits.empty()) return std::nullopt;
  std::vector<Digest> roots;
  for (const json::Value node : nodes.elements()) {
    const std::optional<Digest> digest =
        node.is(json::Type::string) ? parse_digest(node.string()) : std::nullopt;
    if (!digest) return std::nullopt;
    roots.push_back(*digest);
  }
  if (roots.size() != static_cast<std::size_t>(std::popcount(count))) return std::nullopt;
  return CompactTree(count, roots);
}

}  // namespace doorward::audit
