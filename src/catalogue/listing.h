#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace doorward::catalogue {

/// A package that a server is started from.
struct Package {
  std::string registry;    ///< `npm`, `pypi`, `oci`, `nuget`, `mcpb`, `cargo`, ... in small letters
  std::string identifier;  ///< `@scope/name`, `owner/image`
  std::string version;
  std::string transport;  ///< `stdio`, `streamable-http`, `sse`; empty: not said
  bool operator==(const Package&) const = default;
};

/// An endpoint where a server runs already.
struct Remote {
  std::string transport;  ///< `streamable-http`, `sse`
  std::string url;
  bool needs_secret = false;  ///< a header or variable of it is declared secret
  bool operator==(const Remote&) const = default;
};

/// How much of a server's tools a source knows.
enum class ToolsKnown : std::uint8_t {
  none,
  partial,  ///< names, or definitions that lack parts
  whole,    ///< what `tools/list` answered, all of it: a tool that is missing is gone
};

/// An action that a tool hides behind an argument (policy.md section 10), as far as a source knows it.
struct HiddenTool {
  std::string outer;       ///< the tool that hides it
  std::string definition;  ///< JSON text of a tool object
};

/// What one source says of one server at one time: what the gateway saw, a scan, one record of an import. Texts are
/// as the source spells them, at most as long as the adapter's limits; nothing of them is trusted.
struct Listing {
  std::string source;     ///< `live`, `scan`, `registry`, `toolhive`, `docker`, `smithery`, `mcpm`, `obot`
  std::string source_id;  ///< of the record there; with `source` the key of a record that comes again
  std::string name;       ///< as the source calls the server: `io.github.owner/name`, or the name in a configuration
  std::string title;
  std::string description;
  std::string version;
  std::string publisher;   ///< who the source says publishes it
  std::string repository;  ///< URL
  std::string website;     ///< URL
  std::string licence;
  std::string auth;  ///< `none`, `api-key`, `oauth`, ...; empty: not said
  std::vector<Package> packages;
  std::vector<Remote> remotes;
  ToolsKnown tools_known = ToolsKnown::none;
  std::vector<std::string> tools;  ///< JSON text of a tool object each (`name` at least), as in tools/list
  /// Actions that the definitions of these tools do not list themselves: told by the tool, or set by the operator.
  std::vector<HiddenTool> actions;
  std::int64_t updated_us = 0;     ///< when the source says it changed, wall clock; 0: not said
  bool gone = false;               ///< the source says deleted or deprecated: kept, marked
};

}  // namespace doorward::catalogue
