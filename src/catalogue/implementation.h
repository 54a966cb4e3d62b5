#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/listing.h"

namespace doorward::catalogue {

/// What a place in the code of a server is to a tool.
enum class PlaceRole : std::uint8_t {
  registration,  ///< where the tool's name is given to the protocol's library
  schema,        ///< where its arguments are described
  handler,       ///< what runs when it is called
  service,       ///< what the handler calls in turn
};
/// `registration`, `schema`, ...
std::string_view to_string(PlaceRole role);

/// Lines of a file of a package.
struct CodePlace {
  PlaceRole role = PlaceRole::registration;
  std::string file;       ///< path within the package
  std::size_t first = 0;  ///< line, from 1
  std::size_t last = 0;
  std::string
      built_from;  ///< the source file that these lines were built from, as the package says; or empty
  std::size_t built_first = 0;  ///< lines there, from a source map; 0: not known
  std::size_t built_last = 0;
  bool operator==(const CodePlace&) const = default;
};

/// Where one tool stands in the code of one version of a package.
struct Implementation {
  std::string tool;
  Package package;
  std::vector<CodePlace> places;  ///< registration, schema, handler, service
};

/// A text file of a package.
struct SourceFile {
  std::string path;
  std::string text;
};

/// What a scan found, and what its bounds left out.
struct Located {
  std::vector<Implementation> tools;  ///< in the order asked for, those found
  std::size_t files = 0;              ///< read
  std::size_t left_out = 0;           ///< files too large, too many, or no text
};

/// Finds where tools stand in the files of a package, by a tolerant reading of JavaScript and TypeScript
/// (brackets, strings, comments; nothing is run): the call or the object that registers the name, the schema
/// and the handler that it names there or elsewhere in the package, and the function of the package that the
/// handler calls. Sources that are in the package, or named by a source map or by the comments of a bundler,
/// are told besides. Pure and deterministic; bounded by the files.
Located locate_tools(std::span<const SourceFile> files, std::span<const std::string> tools,
                     const Package& package);

}  // namespace doorward::catalogue
