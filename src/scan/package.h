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
  bool pinned = false;         ///< tomorrow the same command starts the same bytes, or at least the same version
  std::string pin;             ///< how to pin it, for people; empty where it is
};

/// Reads `npx -y @scope/name@1.2.3`, `uvx name==1.2`, `docker run ... image@sha256:...` and their relatives. Nothing
/// where the words start a program of this computer. `words`: the program and its arguments.
std::optional<StartedPackage> package_of(std::span<const std::string> words);

/// The same of a bare specification: `@scope/name`, `name@1.2.3`, `npm:name`, `pypi:name==1.0`, `oci:image:tag`. Without
/// a registry it is npm's.
std::optional<StartedPackage> package_of_spec(std::string_view spec);

/// A program that stands between client and server: `doorward`, `mcp-remote`, `docker-mcp-gateway`, ...; empty where
/// the words start the server itself.
std::string_view wrapper_of(std::span<const std::string> words);

}  // namespace doorward::scan
