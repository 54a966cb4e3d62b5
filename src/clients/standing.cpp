#include "clients/standing.h"

#include <algorithm>
#include <array>

#include "clients/shim_entry.h"
#include "io/file.h"
#include "json/writer.h"

namespace doorward::clients {
namespace {

bool starts_doorward(const Entry& entry) {
  const std::string_view program = std::string_view(entry.command).substr(entry.command.rfind('/') + 1);
  return program == "doorward" && !entry.args.empty() && (entry.args.front() == "connect" || entry.args.front() == "run");
}

/// What init has written down of an entry; null: nothing.
const ManagedEntry* record_of(const ManagedFile& file, const Entry& entry) {
  const auto found = std::ranges::find_if(file.entries, [&](const ManagedEntry& known) {
    const bool local = known.path.size() > 2 && known.path.front() == "projects";
    return known.name == entry.name && (local ? known.path[1] : std::string()) == entry.project;
  });
  return found == file.entries.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(Standing standing) {
  constexpr std::array<std::string_view, 5> kNames = {"behind", "edited", "bypasses", "disabled", "broken"};
  return kNames[static_cast<std::size_t>(standing)];
}

std::string_view words_of(Standing standing) {
  constexpr std::array<std::string_view, 5> kWords = {"behind the gateway", "entry edited since", "bypasses the gateway",
                                                      "switched off", "starts nothing"};
  return kWords[static_cast<std::size_t>(standing)];
}

std::vector<StandingFile> find_standing(const Roots& roots, const std::vector<const Client*>& wanted, const Manifest& manifest) {
  std::vector<StandingFile> out;
  std::vector<const Client*> each = wanted;
  if (each.empty()) each.push_back(nullptr);
  for (const Client* client : each) {
    for (const FoundFile& found : find_files(roots, client)) {
      const ConfigFile file = read_config(found);
      StandingFile& standing = out.emplace_back(StandingFile{file.client, file.label, file.path, file.scope, file.error, {}});
      const ManagedFile* managed = manifest.file(file.path);
      const auto text = io::read_file(file.path, kLargestConfig);
      for (const Entry& entry : file.entries) {
        StandingEntry& row = standing.entries.emplace_back(StandingEntry{entry.name, entry.project, {}, {}, Standing::bypasses});
        const ManagedEntry* ours = managed == nullptr ? nullptr : record_of(*managed, entry);
        if (ours != nullptr) {
          row.server = ours->server;
          row.grant = ours->grant;
          row.standing = text && says(*text, managed->format, ours->path, ours->written) ? Standing::behind : Standing::edited;
        } else if (entry.disabled) {
          row.standing = Standing::disabled;
        } else if (is_managed(entry) || starts_doorward(entry)) {
          row.standing = Standing::behind;
          if (entry.args.size() > 1 && entry.args.front() == "connect") row.server = entry.args[1];
        } else if (!entry.flaw.empty()) {
          row.standing = Standing::broken;
        }
      }
    }
  }
  return out;
}

std::string standing_json(const std::vector<StandingFile>& files) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.client.list/1").key("files").begin_array();
  for (const StandingFile& file : files) {
    writer.begin_object().key("client").string(file.client).key("label").string(file.label).key("path").string(file.path);
    writer.key("scope").string(to_string(file.scope));
    if (!file.error.empty()) writer.key("error").string(file.error);
    writer.key("servers").begin_array();
    for (const StandingEntry& entry : file.entries) {
      writer.begin_object().key("name").string(entry.name).key("state").string(to_string(entry.standing));
      if (!entry.project.empty()) writer.key("project").string(entry.project);
      if (!entry.server.empty()) writer.key("server").string(entry.server);
      if (!entry.grant.empty()) writer.key("grant").string(entry.grant);
      writer.end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace doorward::clients
