#include "audit/argument_store.h"

#include <sys/stat.h>

#include "audit/json_out.h"
#include "audit/record.h"
#include "audit/segment.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"
#include "json/writer.h"

namespace doorward::audit {
namespace {

constexpr std::size_t kMostArguments = 100;  ///< committed to one by one; more are one value
constexpr std::string_view kIdFirst = "{\"id\":\"";
constexpr std::int64_t kLongestFileUs = 24LL * 3600 * 1'000'000;

std::string context_of(std::string_view id, std::string_view path, std::string_view commit) {
  return std::string(id).append("\n").append(path).append("\n").append(commit);
}

}  // namespace

ArgumentStore::ArgumentStore(FileOps& files, std::string directory, ArgumentOptions options, std::string_view key,
                             const Clock& clock)
    : files_(files),
      directory_(directory),
      options_(std::move(options)),
      sealer_(key),
      clock_(clock),
      file_(files, std::move(directory), kArgumentFiles) {
  if (options_.redactor == nullptr) options_.redactor = std::make_shared<Redactor>();
}

void ArgumentStore::commit(std::string& values, std::string_view id, const std::string& path, std::string_view value) {
  std::array<std::uint8_t, 16> salt{};
  random_bytes(salt);
  Sha256 hash;
  const std::string commit = to_hex(hash.update(salt).update(value).finish());
  json::Writer writer(values, json::Escape::ascii);
  if (values.size() > 1) values += ',';
  writer.begin_object().key("path").string(path).key("commit").string(commit).end_object();

  const std::int64_t expires_s =
      clock_.wall_us() / 1'000'000 + std::chrono::duration_cast<std::chrono::seconds>(options_.lifetime).count();
  std::string plain(reinterpret_cast<const char*>(salt.data()), salt.size());
  plain += value;
  std::string entry;
  json::Writer line(entry, json::Escape::ascii);
  line.begin_object().key("id").string(id).key("path").string(path).key("commit").string(commit);
  line.key("sealed").string(sealer_.seal(plain, context_of(id, path, commit), expires_s)).end_object();
  file_.add(std::string_view(entry).substr(1, entry.size() - 2));
}

std::string ArgumentStore::take(std::string_view entry) {
  if (opened_us_ == 0 || clock_.monotonic_us() - opened_us_ > kLongestFileUs) {
    close();
    opened_us_ = clock_.monotonic_us();
  }
  const std::size_t end = std::min(entry.find('\n'), entry.size());
  const std::string id(entry.substr(0, end));
  const std::string_view text = entry.substr(std::min(end + 1, entry.size()));
  const auto arguments = reader_.read(text);
  std::string values = "[";
  std::size_t redacted = 0;
  std::string omitted;
  if (text.empty() || !arguments) {
    omitted = "too_large";
  } else {
    const bool whole = !arguments->is(json::Type::object) || arguments->size() > kMostArguments;
    const bool full = options_.keep == Keep::full;
    const auto add = [&](const std::string& path, json::Value value, bool secret) {
      std::string kept;
      if (full) {
        kept = text.substr(value.begin_offset(), value.end_offset() - value.begin_offset());
      } else if (secret) {
        json::append_string(kept, kRedacted);
        ++redacted;
      } else {
        redacted += options_.redactor->append(kept, value);
      }
      commit(values, id, path, kept);
    };
    if (whole) {
      add("args", *arguments, false);
    } else {
      for (const json::Member member : arguments->members()) {
        const std::string_view name = member.key.string();
        add("args." + std::string(name), member.value, options_.redactor->names_secret(name));
      }
    }
  }
  values += "]";
  const auto buffer = std::make_unique<RecordBuffer>();
  constexpr std::size_t kRoom = kMaxEntry - 2048;
  if (values.size() > kRoom) {
    values = "[]";
    omitted = "too_many";
  }
  std::vector<EventRecord::Field> fields = {{"values", EventRecord::Json{values}}};
  if (redacted != 0) fields.push_back({"redacted", static_cast<std::int64_t>(redacted)});
  if (!omitted.empty()) fields.push_back({"omitted", std::string_view(omitted)});
  std::string members = "\"id\":";
  json::append_string(members, id, json::Escape::ascii);
  members += ',';
  members += write_event({"call.arguments", clock_.wall_us(), fields}, *buffer);
  return members;
}

void ArgumentStore::close() {
  file_.rotate();
}

std::size_t ArgumentStore::expire() {
  const std::int64_t cutoff_s =
      (clock_.wall_us() -
       std::chrono::duration_cast<std::chrono::microseconds>(options_.lifetime).count()) / 1'000'000;
  std::size_t removed = 0;
  for (const std::string& path : list_value_files(directory_, kArgumentFiles)) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || info.st_mtim.tv_sec >= cutoff_s) continue;
    if (path == file_.path()) close();
    if (files_.remove(path) == 0) ++removed;
  }
  return removed;
}

Result<std::map<std::string, std::vector<StoredArgument>>> read_arguments_of(
    const std::string& log_directory, std::string_view key, const std::set<std::string, std::less<>>& call_ids,
    std::int64_t now_us) {
  const Result<std::vector<std::string>> writers = list_writers(log_directory);
  if (!writers) return std::unexpected(writers.error());
  const Sealer sealer(key);
  json::Reader reader;
  std::map<std::string, std::vector<StoredArgument>> found;
  for (const std::string& writer : *writers) {
    for (const std::string& path : list_value_files(log_directory + "/" + writer, kArgumentFiles)) {
      const Result<MappedFile> file = MappedFile::open(path);
      if (!file) continue;  // its time was over in this moment
      std::string_view rest = file->bytes();
      std::string_view line;
      while (next_line(rest, line)) {
        // Ids are ours, so nothing in them is escaped: most lines need not be read to be told apart.
        if (!line.starts_with(kIdFirst)) continue;
        const std::string_view id = line.substr(kIdFirst.size(), line.find('"', kIdFirst.size()) - kIdFirst.size());
        if (!call_ids.contains(id)) continue;
        const auto entry = reader.read(line);
        if (!entry) continue;
        const auto text = [&](std::string_view name) {
          const json::Value value = entry->find(name);
          return value.is(json::Type::string) ? std::string(value.string()) : std::string();
        };
        const std::string at = text("path");
        const std::string commit = text("commit");
        const auto plain = sealer.open(text("sealed"), context_of(id, at, commit), now_us / 1'000'000);
        if (!plain || plain->size() < 16) continue;
        std::vector<StoredArgument>& of_call = found[std::string(id)];
        // After a failed sync a line may stand twice.
        if (!of_call.empty() && of_call.back().commit == commit) continue;
        of_call.push_back({at, commit, to_hex(bytes_of(plain->substr(0, 16))), plain->substr(16)});
      }
    }
  }
  return found;
}

Result<std::vector<StoredArgument>> read_arguments(const std::string& log_directory, std::string_view key,
                                                   std::string_view call_id, std::int64_t now_us) {
  auto found = read_arguments_of(log_directory, key, {std::string(call_id)}, now_us);
  if (!found) return std::unexpected(found.error());
  return found->empty() ? std::vector<StoredArgument>() : std::move(found->begin()->second);
}

}  // namespace doorward::audit
