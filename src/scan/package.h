#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalogue/listing.h"

namespace doorward::scan {

/// The package that a command line starts, as far as its words tell.
struct StartedPackage {
  catalogue::Package package;  ///< registry `npm`, `pypi`, `oci` or `git`
  bool pinned = false;         ///< tomorrow the same words start the same version, of an image the same bytes
  std::string pin;             ///< how to pin it, for people; empty where it is
};

/// As catalogue::package_of_command, and what npx and uvx start from a repository. `words`: the program and its
/// arguments.
std::optional<StartedPackage> package_of(std::span<const std::string> words);

/// The package of a bare specification: `@scope/name`, `name@1.2.3`, `pypi:name==1.0`, `oci:image:tag`. Without a
/// registry it is npm's, with `==` PyPI's.
std::optional<catalogue::Package> package_of_spec(std::string_view spec);

/// A program that stands between client and server: `doorward`, `mcp-remote`, `docker-mcp-gateway`, ...; empty where
/// the words start the server itself.
std::string_view wrapper_of(std::span<const std::string> words);

}  // namespace doorward::scan
