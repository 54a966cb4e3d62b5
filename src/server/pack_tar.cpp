#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "server/evidence.h"

namespace doorward::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kPrefixBytes = 155;

/// One header of POSIX.1-1988 ustar; false where the name does not fit.
bool make_header(const std::string& path, std::uintmax_t size, std::int64_t time_s, std::array<char, kBlock>& block) {
  block.fill('\0');
  std::string prefix;
  std::string name = path;
  if (name.size() > kNameBytes) {
    const std::size_t slash = name.find('/', name.size() - kNameBytes - 1);
    if (slash == std::string::npos || slash > kPrefixBytes) return false;
    prefix = name.substr(0, slash);
    name = name.substr(slash + 1);
  }
  const auto put = [&](std::size_t at, std::string_view text) { std::memcpy(block.data() + at, text.data(), text.size()); };
  // Digits, then a zero byte.
  const auto octal = [&](std::size_t at, std::size_t digits, std::uintmax_t value) {
    for (std::size_t i = digits; i > 0; --i, value >>= 3) block[at + i - 1] = static_cast<char>('0' + (value & 7));
    block[at + digits] = '\0';
  };
  if (size >= std::uintmax_t{1} << 33) return false;  // what eleven digits hold
  put(0, name);
  octal(100, 7, 0600);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, static_cast<std::uintmax_t>(std::max<std::int64_t>(time_s, 0)));
  put(148, "        ");
  block[156] = '0';
  put(257, std::string_view("ustar\00000", 8));
  put(345, prefix);
  unsigned sum = 0;
  for (const char byte : block) sum += static_cast<unsigned char>(byte);
  octal(148, 6, sum);
  block[155] = ' ';
  return true;
}

}  // namespace

Status pack_tar(const std::string& folder, const std::string& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  const std::string top = fs::path(folder).filename().string();
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::array<char, kBlock> block{};
  for (const fs::path& path : paths) {
    const std::uintmax_t size = fs::file_size(path);
    const auto written = fs::last_write_time(path);
    const auto time = std::chrono::file_clock::to_sys(written).time_since_epoch();
    if (!make_header(top + "/" + fs::relative(path, folder).generic_string(), size,
                     std::chrono::duration_cast<std::chrono::seconds>(time).count(), block)) {
      return fail(ErrorKind::invalid, "the name " + path.string() + " is too long for an archive; write a folder");
    }
    out.write(block.data(), kBlock);
    std::ifstream in(path, std::ios::binary);
    if (size != 0) out << in.rdbuf();
    block.fill('\0');
    out.write(block.data(), static_cast<std::streamsize>((kBlock - size % kBlock) % kBlock));
  }
  block.fill('\0');
  out.write(block.data(), kBlock);
  out.write(block.data(), kBlock);
  out.close();
  if (!out) return fail(ErrorKind::unavailable, file + " cannot be written; free space or check its folder");
  return {};
}

}  // namespace doorward::server
