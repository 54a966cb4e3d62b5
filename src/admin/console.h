#pragma once

#include <span>
#include <string>
#include <string_view>

#include "admin/message.h"

namespace doorward::admin {

/// One built file of the web console, as the binary holds it.
struct ConsoleFile {
  std::string_view path;    ///< `/index.html`, `/assets/main.js`
  std::string_view etag;    ///< with its quotes
  std::string_view packed;  ///< gzip (RFC 1952)
};

/// The files that were built into this binary; generated (cmake/console.cmake).
std::span<const ConsoleFile> embedded_console();

/// Serves the web console: its files, and for every other path its first page, which routes by the path (so that
/// addresses survive a login). Files hold no data of the gateway, so nobody is asked who they are. Each is
/// revalidated by its tag on every use (`Cache-Control: no-cache`). Used on the loop's thread.
class Console {
 public:
  /// `folder` empty: the files of the binary. Else they are read from there at every request, for work on them.
  explicit Console(std::string folder = {}) : folder_(std::move(folder)) {}

  /// Whether a path that is no route is the console's: everything but the interfaces for programs.
  static bool owns(std::string_view path);

  /// `request`: a GET or HEAD of a path that it owns. 404 for a file under `/assets/` that is not there.
  Response answer(const Request& request) const;

 private:
  Response embedded(const Request& request) const;
  Response from_folder(const Request& request) const;

  std::string folder_;
};

}  // namespace doorward::admin
