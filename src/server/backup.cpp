#include "server/backup.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <vector>

#include "audit/keys.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/rfc3339.h"
#include "io/file.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/evidence.h"
#include "store/copy.h"
#include "store/store.h"

namespace doorward::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTop = "doorward-backup";
constexpr std::string_view kManifest = "manifest.json";
constexpr std::size_t kManifestBytes = 64u << 20;
constexpr std::size_t kBlock = 512;

/// A folder that goes with its owner unless it is kept.
class Staging {
 public:
  explicit Staging(std::string path) : path_(std::move(path)) {}
  ~Staging() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

std::unexpected<Error> unwritable(const std::string& path) {
  return fail(ErrorKind::unavailable, path + " cannot be written; free space or check its folder");
}

/// Copies a file; of one that grows, its whole lines.
Status copy_file(const fs::path& from, const fs::path& to, bool lines) {
  std::ifstream in(from, std::ios::binary);
  if (!in) return {};  // gone in this moment: retention, or a file of stored arguments whose time was over
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  std::error_code ignored;
  fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, ignored);
  std::string piece(1u << 20, '\0');
  std::string rest;
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    std::string_view bytes(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (lines) {
      const std::size_t end = bytes.rfind('\n');
      if (end == std::string_view::npos) {
        rest += bytes;
        continue;
      }
      out << rest << bytes.substr(0, end + 1);
      rest = bytes.substr(end + 1);
    } else {
      out << bytes;
    }
  }
  out.close();
  if (!out) return unwritable(to.string());
  return {};
}

Status copy_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::is_directory(from, error)) return {};
  if (Status made = io::make_directory(to.string()); !made) return made;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    if (!entry.is_regular_file()) continue;
    if (Status copied = copy_file(entry.path(), to / entry.path().filename(), false); !copied) return copied;
  }
  return {};
}

/// Checkpoints first: they then speak of no record that the copied segments lack.
Status copy_writer(const fs::path& from, const fs::path& to) {
  if (Status made = io::make_directory(to.string()); !made) return made;
  std::vector<fs::path> first;
  std::vector<fs::path> then;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file()) continue;
    if (name.ends_with(".checkpoints")) first.push_back(entry.path());
    if (name.ends_with(".jsonl")) then.push_back(entry.path());
  }
  std::ranges::sort(then);
  for (const fs::path& path : first) {
    if (Status copied = copy_file(path, to / path.filename(), false); !copied) return copied;
  }
  for (const fs::path& path : then) {
    if (Status copied = copy_file(path, to / path.filename(), true); !copied) return copied;
  }
  std::ofstream(to / "lock");  // by which a folder is known as a writer's
  return {};
}

Status copy_log(const std::string& from, const std::string& to) {
  if (Status made = io::make_directory(to); !made) return made;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    if (!entry.is_directory()) continue;
    if (Status copied = copy_writer(entry.path(), fs::path(to) / entry.path().filename()); !copied) return copied;
  }
  return {};
}

Status copy_state(const std::string& from, const std::string& to) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file()) continue;
    Status copied;
    if (name.ends_with(".db")) copied = store::copy_database(entry.path().string(), to + "/" + name);
    if (name.ends_with(".snapshot")) copied = copy_file(entry.path(), fs::path(to) / name, false);
    if (!copied) return copied;
  }
  for (const char* folder : {"keys", "policies", "anchors"}) {
    if (Status copied = copy_folder(from + "/" + folder, to + "/" + folder); !copied) return copied;
  }
  return copy_log(from + "/log", to + "/log");
}

struct File {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
};

Result<File> describe(const std::string& folder, const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::unavailable, path.string() + " cannot be read");
  Sha256 hash;
  File file{fs::relative(path, folder).generic_string(), 0, {}};
  std::string piece(1u << 20, '\0');
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(in.gcount());
    hash.update(std::string_view(piece.data(), count));
    file.size += count;
  }
  file.sha256 = to_hex(hash.finish());
  return file;
}

Result<std::vector<File>> describe_all(const std::string& folder) {
  std::vector<File> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename() == kManifest) continue;
    auto file = describe(folder, entry.path());
    if (!file) return std::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  std::ranges::sort(files, {}, &File::path);
  return files;
}

std::string manifest_of(const std::vector<File>& files, std::int64_t now_us) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.backup/1").key("version").string(DOORWARD_VERSION);
  writer.key("created").string(format_time(now_us)).key("files").begin_array();
  for (const File& file : files) {
    writer.begin_object().key("path").string(file.path).key("size").number(file.size).key("sha256").string(file.sha256).end_object();
  }
  writer.end_array().end_object();
  return out + "\n";
}

/// Whether a name of an archive stays below the folder that it is unpacked in.
bool is_plain(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && path.is_relative() && std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

/// Unpacks what pack_tar packed: regular files alone, below `kTop`.
Status unpack(const std::string& file, const std::string& folder) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, file + " cannot be read; give the file that doorward backup wrote");
  const auto damaged = [&] { return fail(ErrorKind::corrupt, file + " is no whole backup; make it again, or take another one"); };
  std::string block(kBlock, '\0');
  while (in.read(block.data(), kBlock)) {
    if (block[0] == '\0') return {};
    const auto text = [&](std::size_t at, std::size_t size) { return std::string(block.substr(at, size).c_str()); };
    const std::string prefix = text(345, 155);
    const std::string name = (prefix.empty() ? "" : prefix + "/") + text(0, 100);
    const std::string digits = text(124, 11);
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 8);
    if (error != std::errc() || block[156] != '0' || !name.starts_with(std::string(kTop) + "/") || !is_plain(name)) return damaged();
    const fs::path path = fs::path(folder) / name.substr(kTop.size() + 1);
    if (Status made = io::make_directory(path.parent_path().string()); !made) return made;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    std::error_code ignored;
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, ignored);
    for (std::uint64_t left = size; left > 0;) {
      std::string piece(std::min<std::uint64_t>(left, 1u << 20), '\0');
      if (!in.read(piece.data(), static_cast<std::streamsize>(piece.size()))) return damaged();
      out << piece;
      left -= piece.size();
    }
    out.close();
    if (!out) return unwritable(path.string());
    in.ignore(static_cast<std::streamsize>((kBlock - size % kBlock) % kBlock));
  }
  return damaged();
}

/// Every file of the manifest is there as it says, and no other.
Status check_manifest(const std::string& folder) {
  const auto text = io::read_file(folder + "/" + std::string(kManifest), kManifestBytes);
  if (!text) return fail(ErrorKind::corrupt, "the backup has no manifest; take another one");
  json::Reader reader;
  const auto root = reader.read(*text, {.bytes = kManifestBytes});
  if (!root || text_of(*root, "schema") != "doorward.backup/1") return fail(ErrorKind::corrupt, "the manifest of the backup is none of this program's");
  std::map<std::string, std::string> wanted;
  for (const json::Value file : root->find("files").elements()) {
    wanted.emplace(text_of(file, "path"), text_of(file, "sha256"));
  }
  const auto files = describe_all(folder);
  if (!files) return std::unexpected(files.error());
  for (const File& file : *files) {
    const auto found = wanted.find(file.path);
    if (found == wanted.end() || found->second != file.sha256) {
      return fail(ErrorKind::corrupt, file.path + " of the backup is not as its manifest says; take another one");
    }
    wanted.erase(found);
  }
  if (!wanted.empty()) return fail(ErrorKind::corrupt, wanted.begin()->first + " is missing in the backup; take another one");
  return {};
}

}  // namespace

Result<BackupReport> make_backup(const StateDir& state, const std::string& file, std::int64_t now_us) {
  std::error_code error;
  if (fs::exists(file, error)) return fail(ErrorKind::conflict, file + " exists already; name another one");
  const std::string part = file + ".part";
  Staging staging(part);
  const std::string folder = part + "/" + std::string(kTop);
  if (Status made = io::make_directory(folder); !made) return std::unexpected(made.error());
  if (Status copied = copy_state(state.path, folder); !copied) return std::unexpected(copied.error());
  const auto files = describe_all(folder);
  if (!files) return std::unexpected(files.error());
  if (Status written = io::write_file_atomic(folder + "/" + std::string(kManifest), manifest_of(*files, now_us)); !written) {
    return std::unexpected(written.error());
  }
  // Packed into a file that nobody else may read from its first byte on.
  if (Status made = io::write_file_atomic(part + "/packed", ""); !made) return std::unexpected(made.error());
  if (Status packed = pack_tar(folder, part + "/packed"); !packed) return std::unexpected(packed.error());
  fs::rename(part + "/packed", file, error);
  if (error) return unwritable(file);
  BackupReport report;
  for (const File& one : *files) {
    ++report.files;
    report.bytes += one.size;
  }
  return report;
}

Result<audit::VerifyReport> restore_backup(const std::string& file, const StateDir& state) {
  std::error_code error;
  if (fs::exists(state.path, error) && !fs::is_empty(state.path, error)) {
    return fail(ErrorKind::conflict, state.path + " is not empty; name an empty or a new state directory with --state");
  }
  const std::string part = state.path + ".restore";
  if (fs::exists(part, error)) return fail(ErrorKind::conflict, part + " is in the way; remove it");
  Staging staging(part);
  if (Status made = io::make_directory(part); !made) return std::unexpected(made.error());
  if (Status unpacked = unpack(file, part); !unpacked) return std::unexpected(unpacked.error());
  if (Status whole = check_manifest(part); !whole) return std::unexpected(whole.error());
  fs::remove(part + "/" + std::string(kManifest), error);
  if (const auto store = store::Store::open(part); !store) return std::unexpected(store.error());
  audit::VerifyOptions options;
  const auto key = audit::load_public_key(part + "/keys/audit.pub");
  if (!key) return std::unexpected(key.error());
  options.keys.push_back(*key);
  auto report = audit::verify_log(part + "/log", options);
  if (!report) return std::unexpected(report.error());
  fs::remove(state.path, error);
  fs::rename(part, state.path, error);
  if (error) return unwritable(state.path);
  staging.keep();
  return report;
}

}  // namespace doorward::server
