#include <fmt/core.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/session.h"
#include "json/writer.h"

namespace doorward::cli {
namespace {

/// What the process runs with: the versions of libraries are those loaded now where the library can tell.
std::vector<std::pair<std::string, std::string>> dependencies() {
  return {{"cli11", CLI11_VERSION},
          {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
          {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
          {"sqlite", sqlite3_libversion()}};
}

void show_version(const Session& session) {
  if (!session.json) {
    print_line(std::string("doorward ") + DOORWARD_VERSION);
    for (const auto& [name, version] : dependencies()) print_line("  " + name + " " + version);
    return;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.version/1").key("version").string(DOORWARD_VERSION);
  writer.key("compiler").string(__VERSION__).key("dependencies").begin_object();
  for (const auto& [name, version] : dependencies()) writer.key(name).string(version);
  writer.end_object().end_object();
  print_line(out);
}

}  // namespace

void add_version_command(CLI::App& app, Session& session) {
  app.add_subcommand("version", "Print the versions of Doorward and of what it is built on")
      ->callback([&session] { show_version(session); });
}

}  // namespace doorward::cli
