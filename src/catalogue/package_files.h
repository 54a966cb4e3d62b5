#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/implementation.h"

namespace doorward::catalogue {

/// The files of a package from npm that can say where its tools stand.
struct PackageFiles {
  Package package;                ///< of its package.json; identifier and version may be empty
  std::vector<SourceFile> files;  ///< scripts and source maps, by path
  std::size_t left_out = 0;       ///< files beyond a bound
};

inline constexpr std::size_t kMostPackageFiles = 4'000;
inline constexpr std::size_t kMostFileBytes = 16u << 20;
inline constexpr std::size_t kMostPackageBytes = 128u << 20;

/// Reads a package: a folder as npm unpacks it (packages within it and symbolic links are left alone), or the
/// `.tgz` that npm loads. Nothing of it is run. Errors: not_found, `invalid` where it is neither, those of
/// files.
Result<PackageFiles> read_package(const std::string& path);

}  // namespace doorward::catalogue
