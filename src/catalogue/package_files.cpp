#include "catalogue/package_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "io/file.h"
#include "io/gunzip.h"
#include "json/reader.h"

namespace doorward::catalogue {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;

bool is_wanted(std::string_view path) {
  if (path == "package.json") return true;
  constexpr std::array<std::string_view, 9> kEndings = {".js",  ".mjs", ".cjs", ".jsx", ".ts",
                                                        ".mts", ".cts", ".tsx", ".map"};
  return !path.ends_with(".d.ts") &&
         std::ranges::any_of(kEndings, [&](std::string_view ending) { return path.ends_with(ending); });
}

/// Gathers files within the bounds.
class Gathering {
 public:
  bool full() const { return package_.files.size() >= kMostPackageFiles || bytes_ >= kMostPackageBytes; }
  void leave_out() { ++package_.left_out; }

  void take(std::string path, std::string text) {
    if (full() || text.size() > kMostFileBytes || bytes_ + text.size() > kMostPackageBytes)
      return leave_out();
    if (path == "package.json") return describe(text);
    bytes_ += text.size();
    package_.files.push_back({std::move(path), std::move(text)});
  }

  PackageFiles finish() {
    std::ranges::sort(package_.files, {}, &SourceFile::path);
    return std::move(package_);
  }

 private:
  void describe(const std::string& text) {
    json::Reader reader;
    const auto root = reader.read(text);
    if (!root) return;
    package_.package.registry = "npm";
    package_.package.identifier = text_of(*root, "name");
    package_.package.version = text_of(*root, "version");
  }

  PackageFiles package_;
  std::size_t bytes_ = 0;
};

Result<PackageFiles> read_folder(const std::string& folder) {
  Gathering gathering;
  std::error_code failed;
  fs::recursive_directory_iterator at(folder, fs::directory_options::none, failed);
  for (std::size_t seen = 0; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    const fs::file_status status = at->symlink_status(failed);
    if (failed) break;
    const std::string name = at->path().filename().string();
    if (fs::is_directory(status)) {
      if (name == "node_modules" || name.starts_with('.')) at.disable_recursion_pending();
      continue;
    }
    if (!fs::is_regular_file(status)) continue;
    if (++seen > 16 * kMostPackageFiles) break;
    const std::string path = at->path().lexically_relative(folder).generic_string();
    if (!is_wanted(path)) continue;
    auto text = io::read_file(at->path().string(), kMostFileBytes);
    text ? gathering.take(path, std::move(*text)) : gathering.leave_out();
  }
  if (failed) return fail(ErrorKind::unavailable, "cannot read " + folder + ": " + failed.message());
  return gathering.finish();
}

/// A number in octal digits; nothing where it is none.
std::optional<std::size_t> octal(std::string_view field) {
  std::size_t value = 0;
  bool any = false;
  for (const char c : field) {
    if (c == '\0' || c == ' ') {
      if (any) break;
      continue;
    }
    if (c < '0' || c > '7' || value > (std::size_t{1} << 40)) return std::nullopt;
    value = value * 8 + static_cast<std::size_t>(c - '0');
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

std::string_view until_null(std::string_view field) {
  return field.substr(0, field.find('\0'));
}

/// The `path` of a pax header: lines `<length> path=<value>`.
std::string pax_path(std::string_view header) {
  while (!header.empty()) {
    const std::size_t end = header.find('\n');
    const std::string_view line = header.substr(0, end);
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos && line.substr(space + 1).starts_with("path=")) {
      return std::string(line.substr(space + 6));
    }
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  return {};
}

/// POSIX tar (ustar, pax), as npm packs it: everything below one folder, whose name does not count.
Result<PackageFiles> read_archive(std::string_view tar, const std::string& path) {
  Gathering gathering;
  std::string next_name;
  bool any = false;
  while (tar.size() >= kBlock && tar.front() != '\0') {
    const std::string_view head = tar.substr(0, kBlock);
    const auto size = octal(head.substr(124, 12));
    if (head.substr(257, 5) != "ustar" || !size || *size > tar.size() - kBlock) {
      return fail(ErrorKind::invalid, path + " is no archive that npm packs");
    }
    any = true;
    const std::string_view body = tar.substr(kBlock, *size);
    tar.remove_prefix(std::min(tar.size(), kBlock + (*size + kBlock - 1) / kBlock * kBlock));
    const char type = head[156];
    if (type == 'x') {
      next_name = pax_path(body);
      continue;
    }
    std::string name(until_null(head.substr(0, 100)));
    if (const std::string_view prefix = until_null(head.substr(345, 155)); !prefix.empty())
      name = std::string(prefix) + "/" + name;
    if (!next_name.empty()) name = std::exchange(next_name, {});
    if (type != '0' && type != '\0') continue;
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) continue;
    name.erase(0, slash + 1);
    if (is_wanted(name) && name.find("node_modules/") == std::string::npos)
      gathering.take(std::move(name), std::string(body));
  }
  if (!any) return fail(ErrorKind::invalid, path + " is no archive that npm packs");
  return gathering.finish();
}

}  // namespace

Result<PackageFiles> read_package(const std::string& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (fs::is_directory(status)) return read_folder(path);
  const auto bytes = io::read_file(path, kMostPackageBytes);
  if (!bytes) return std::unexpected(bytes.error());
  if (!io::is_gzip(*bytes)) {
    return fail(ErrorKind::invalid,
                path + " is neither a folder nor a .tgz; give a package as npm packs or unpacks it");
  }
  const auto tar = io::gunzip(*bytes, 2 * kMostPackageBytes);
  if (!tar) return std::unexpected(tar.error());
  return read_archive(*tar, path);
}

}  // namespace doorward::catalogue
