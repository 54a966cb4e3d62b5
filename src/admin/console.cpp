#include "admin/console.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "admin/etag.h"
#include "http/content_type.h"
#include "io/file.h"
#include "io/gunzip.h"

namespace doorward::admin {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirstPage = "/index.html";
constexpr std::string_view kAssets = "/assets/";
constexpr std::size_t kMostBytes = 16u << 20;

std::string_view type_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [end, type] : kTypes) {
    if (path.ends_with(end)) return type;
  }
  return "application/octet-stream";
}

Response nothing() {
  return Response::problem(ErrorKind::not_found, "the console has no such file; load the page anew");
}

Response answer_with(std::string_view path, std::string_view etag, const Request& request) {
  Response response{.type = std::string(type_of(path)), .revalidate = true};
  response.headers.emplace_back("ETag", etag);
  if (etag_listed(request.header("if-none-match"), etag)) {
    response.status = 304;
    response.type.clear();
  }
  return response;
}

}  // namespace

bool Console::serves(const Request& request) const {
  constexpr std::array<std::string_view, 3> kPrograms = {"/api/", "/v0/", "/v0.1/"};
  if (request.method != http::Method::get && request.method != http::Method::head) return false;
  const auto begins = [&](std::string_view begin) { return request.path.starts_with(begin); };
  if (std::ranges::any_of(kPrograms, begins)) return false;
  return request.path == "/" || request.header("accept").find("text/html") != std::string_view::npos || has(request.path);
}

bool Console::has(std::string_view path) const {
  if (folder_.empty()) return std::ranges::find(embedded_console(), path, &ConsoleFile::path) != embedded_console().end();
  std::error_code failed;
  return fs::is_regular_file(folder_ + std::string(path), failed);
}

Response Console::answer(const Request& request) const {
  return folder_.empty() ? embedded(request) : from_folder(request);
}

Response Console::embedded(const Request& request) const {
  const std::span<const ConsoleFile> files = embedded_console();
  auto file = std::ranges::find(files, std::string_view(request.path), &ConsoleFile::path);
  if (file == files.end()) {
    if (request.path.starts_with(kAssets)) return nothing();
    file = std::ranges::find(files, kFirstPage, &ConsoleFile::path);
    if (file == files.end()) return nothing();
  }
  Response response = answer_with(file->path, file->etag, request);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (response.status == 304) return response;
  if (http::accepts_coding(request.header("accept-encoding"), "gzip")) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file->packed;
    return response;
  }
  auto bytes = io::gunzip(file->packed, kMostBytes);
  if (!bytes) return Response::problem(bytes.error().kind, bytes.error().message);
  response.body = std::move(*bytes);
  return response;
}

Response Console::from_folder(const Request& request) const {
  std::string wanted(kFirstPage);
  std::error_code failed;
  // Only names that a listing of the folder gave are opened, whatever the path says.
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_, failed)) {
    const std::string path = "/" + fs::relative(entry.path(), folder_, failed).generic_string();
    if (entry.is_regular_file(failed) && path == request.path) wanted = path;
  }
  if (wanted != request.path && request.path.starts_with(kAssets)) return nothing();
  auto bytes = io::read_file(folder_ + wanted, kMostBytes);
  if (!bytes) return Response::problem(bytes.error().kind, bytes.error().message);
  Response response = answer_with(wanted, etag_of(*bytes), request);
  if (response.status != 304) response.body = std::move(*bytes);
  return response;
}

}  // namespace doorward::admin
