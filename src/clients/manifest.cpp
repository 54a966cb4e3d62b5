#include "clients/manifest.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "io/file.h"
#include "json/copy.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::clients {
namespace {

constexpr std::string_view kSchema = "doorward.clients.manifest/1";
constexpr std::size_t kLargest = 64u << 20;
constexpr std::array<std::string_view, 3> kFormats = {"jsonc", "toml", "yaml"};

void write_list(json::Writer& writer, std::string_view key, const std::vector<std::string>& texts) {
  writer.key(key).begin_array();
  for (const std::string& text : texts) writer.string(text);
  writer.end_array();
}

std::vector<std::string> read_list(json::Value object, std::string_view key) {
  std::vector<std::string> out;
  const json::Value list = object.find(key);
  if (!list.is(json::Type::array)) return out;
  for (const json::Value item : list.elements()) {
    if (item.is(json::Type::string)) out.emplace_back(item.string());
  }
  return out;
}

std::vector<json::Value> items_of(json::Value object, std::string_view key) {
  std::vector<json::Value> out;
  const json::Value list = object.find(key);
  if (!list.is(json::Type::array)) return out;
  for (const json::Value item : list.elements()) out.push_back(item);
  return out;
}

}  // namespace

const ManagedFile* Manifest::file(std::string_view path) const {
  const auto found = std::ranges::find(files, path, &ManagedFile::path);
  return found == files.end() ? nullptr : &*found;
}

bool Manifest::has_grant(std::string_view label) const {
  return std::ranges::find(grants, label) != grants.end();
}

std::string manifest_path(const std::string& state_directory) {
  return state_directory + "/clients/manifest.json";
}

std::string manifest_json(const Manifest& manifest) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string(kSchema).key("files").begin_array();
  for (const ManagedFile& file : manifest.files) {
    writer.begin_object().key("client").string(file.client).key("path").string(file.path);
    writer.key("format").string(kFormats[static_cast<std::size_t>(file.format)]);
    writer.key("before_sha256").string(file.before_sha256).key("after_sha256").string(file.after_sha256);
    writer.key("backup").string(file.backup).key("entries").begin_array();
    for (const ManagedEntry& entry : file.entries) {
      writer.begin_object().key("name").string(entry.name);
      write_list(writer, "path", entry.path);
      writer.key("server").string(entry.server).key("grant").string(entry.grant);
      writer.key("original").string(entry.original).key("written").string(entry.written).end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array();
  writer.key("servers").begin_array();
  for (const ManagedServer& server : manifest.servers) {
    writer.begin_object().key("name").string(server.name).key("key").string(server.key).end_object();
  }
  writer.end_array();
  write_list(writer, "policies", manifest.policies);
  write_list(writer, "grants", manifest.grants);
  write_list(writer, "secrets", manifest.secrets);
  writer.end_object();
  return out + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  json::Reader reader;
  const auto root = reader.read(text, {.bytes = kLargest});
  if (!root || json::text_of(*root, "schema") != kSchema) {
    return fail(ErrorKind::corrupt, "the manifest of `doorward init` cannot be read; the backups beside the clients' files "
                                    "hold what they were");
  }
  Manifest manifest;
  for (const json::Value item : items_of(*root, "files")) {
    ManagedFile& file = manifest.files.emplace_back();
    file.client = json::text_of(item, "client");
    file.path = json::text_of(item, "path");
    const auto format = std::ranges::find(kFormats, json::text_of(item, "format"));
    if (format == kFormats.end() || file.path.empty()) return fail(ErrorKind::corrupt, "the manifest of `doorward init` is damaged");
    file.format = static_cast<Format>(format - kFormats.begin());
    file.before_sha256 = json::text_of(item, "before_sha256");
    file.after_sha256 = json::text_of(item, "after_sha256");
    file.backup = json::text_of(item, "backup");
    for (const json::Value each : items_of(item, "entries")) {
      ManagedEntry& entry = file.entries.emplace_back();
      entry.name = json::text_of(each, "name");
      entry.path = read_list(each, "path");
      entry.server = json::text_of(each, "server");
      entry.grant = json::text_of(each, "grant");
      entry.original = json::text_of(each, "original");
      entry.written = json::text_of(each, "written");
      if (entry.path.empty()) return fail(ErrorKind::corrupt, "the manifest of `doorward init` is damaged");
    }
  }
  for (const json::Value item : items_of(*root, "servers")) {
    manifest.servers.push_back({std::string(json::text_of(item, "name")), std::string(json::text_of(item, "key"))});
  }
  manifest.policies = read_list(*root, "policies");
  manifest.grants = read_list(*root, "grants");
  manifest.secrets = read_list(*root, "secrets");
  return manifest;
}

Result<Manifest> read_manifest(const std::string& path) {
  const auto text = io::read_file(path, kLargest);
  if (!text && text.error().kind == ErrorKind::not_found) return Manifest{};
  if (!text) return std::unexpected(text.error());
  return parse_manifest(*text);
}

Status write_manifest(const std::string& path, const Manifest& manifest) {
  if (manifest.is_empty()) {
    ::unlink(path.c_str());
    return {};
  }
  if (const Status made = io::make_directory(path.substr(0, path.rfind('/'))); !made) return made;
  const std::string text = manifest_json(manifest);
  return io::write_file_atomic(path, text, 0600);
}

}  // namespace doorward::clients
