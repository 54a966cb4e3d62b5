#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace doorward::testing {

/// Where shared test material lies: $DOORWARD_SHARED, or `../shared` beside the project. Tests that need it
/// skip when it is absent.
inline std::filesystem::path shared_path(const std::filesystem::path& below) {
  const char* root = std::getenv("DOORWARD_SHARED");
  return std::filesystem::path(root != nullptr ? root : "../shared") / below;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace doorward::testing
