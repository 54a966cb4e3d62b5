#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalogue/listing.h"

namespace doorward::catalogue {

/// The package as the catalogue spells it, so that sources that mean the same one say the same: the registry
/// in small letters under its usual name (`docker` is `oci`, `pip` is `pypi`); a version that stands in the
/// identifier moved out of it (`name@1.2.0`, `name==1.2.0`, `image:tag`, `image@sha256:...`); of an image
/// `docker.io/` and `library/` left out; of PyPI the normal form of names (PEP 503).
Package normal(Package package);

/// The package that a command line starts: `npx -y @scope/name@1.0.0`, `uvx --from pkg tool`, `docker run ...
/// image` and their kin (`bunx`, `pnpm dlx`, `yarn dlx`, `pipx run`, `podman run`). The command may be a path
/// and may hold arguments of its own. Nothing where it starts none that a registry has: a path, a URL, a
/// script.
std::optional<Package> package_of_command(std::string_view command, std::span<const std::string> arguments);

}  // namespace doorward::catalogue
