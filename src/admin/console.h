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

/// Serves the web console: its files, and to a browser that asks for a page its first page, which routes by the path
/// (so that addresses survive a login). Files hold no data of the gateway, so nobody is asked who they are. Each is
/// revalidated by its tag on every use (`Cache-Control: no-cache`). Used on the loop's thread.
class Console {
 public:
  /// `folder` empty: the files of the binary. Else they are read from there at every request, for work on them.
  explicit Console(std::string folder = {}) : folder_(std::move(folder)) {}

  /// Whether a request of a path that is no route is for the console: a GET or HEAD of `/` or a file, or one that
  /// wants text/html outside of the interfaces for programs.
  bool serves(const Request& request) const;

  /// `request`: one that it serves. 404 for a file under `/assets/` that is not there.
  Response answer(const Request& request) const;

 private:
  bool has(std::string_view path) const;
  Response embedded(const Request& request) const;
  Response from_folder(const Request& request) const;

  std::string folder_;
};

}  // namespace doorward::admin
