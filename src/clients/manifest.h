#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clients/edit.h"

namespace doorward::clients {

/// One entry that Doorward has put itself before.
struct ManagedEntry {
  std::string name;  ///< as the client calls it
  KeyPath path;      ///< where it stands in the file
  std::string server;  ///< of the gateway
  std::string grant;   ///< label
  std::string original;  ///< its bytes before (bytes_of); empty: it was not there. May hold secrets.
  std::string written;   ///< its bytes after
};

/// One file that Doorward has edited.
struct ManagedFile {
  std::string client;  ///< id
  std::string path;    ///< as the client names it; links in it are followed
  Format format = Format::jsonc;
  std::string before_sha256;  ///< of the whole file, hex; empty: there was none
  std::string after_sha256;   ///< as it was left
  std::string backup;         ///< path of the file as it was before; empty where the file was changed by others since
  std::vector<ManagedEntry> entries;
};

/// A server that init has put behind the gateway.
struct ManagedServer {
  std::string name;  ///< of the gateway
  std::string key;   ///< equal for entries that are the same server; a digest
};

/// What `doorward init` has done, so that it can be taken back. One file in the state directory, mode 0600, replaced
/// whole; it is written before anything else is, so that an init that was cut off can be taken back, too.
struct Manifest {
  std::vector<ManagedFile> files;
  /// Objects of the gateway that only init made.
  std::vector<ManagedServer> servers;
  std::vector<std::string> policies;  ///< `SERVER/NAME`
  std::vector<std::string> grants;
  std::vector<std::string> secrets;

  bool is_empty() const {
    return files.empty() && servers.empty() && policies.empty() && grants.empty() && secrets.empty();
  }
  bool has_grant(std::string_view label) const;
  const ManagedFile* file(std::string_view path) const;
  ManagedFile* file(std::string_view path) { return const_cast<ManagedFile*>(std::as_const(*this).file(path)); }
};

/// Where it lies under a state directory.
std::string manifest_path(const std::string& state_directory);

/// An empty manifest where there is no file.
Result<Manifest> read_manifest(const std::string& path);
/// Makes the folder; removes the file where the manifest is empty.
Status write_manifest(const std::string& path, const Manifest& manifest);

std::string manifest_json(const Manifest& manifest);
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace doorward::clients
