#include "cli/client_undo.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/hash.h"
#include "clients/edit.h"
#include "clients/tree.h"
#include "io/file.h"

namespace doorward::cli {
namespace {

std::string digest_of(std::string_view text) {
  return to_hex(sha256(text));
}

/// Puts one entry back in `text`, or says why it cannot be.
void undo_entry(const clients::ManagedFile& file, const clients::ManagedEntry& entry, std::string& text, FileUndo& undo) {
  const auto conflict = [&](std::string now, std::string why) {
    undo.conflicts.push_back({entry.name, entry.original, entry.written, std::move(now), std::move(why)});
    undo.remain.push_back(entry);
  };
  const auto now = clients::bytes_of(text, file.format, entry.path);
  if (!now) {
    // Taken out by hand: there is nothing of ours left.
    if (now.error().kind != ErrorKind::not_found) conflict({}, now.error().message);
    return;
  }
  if (clients::says(text, file.format, entry.path, entry.original)) return;
  if (!clients::says(text, file.format, entry.path, entry.written)) return conflict(*now, "the entry was changed since");
  Result<std::string> back;
  if (entry.original.empty()) {
    clients::KeyPath servers = entry.path;
    servers.pop_back();
    back = clients::edit_object(text, file.format, servers, {{entry.path.back()}, {}});
  } else {
    back = clients::replace_bytes(text, file.format, entry.path, entry.original);
  }
  if (!back) return conflict(*now, back.error().message);
  text = std::move(*back);
  undo.restored.push_back(entry.name);
}

}  // namespace

Result<std::vector<FileUndo>> plan_undo(const clients::Manifest& manifest, const std::vector<std::string>& client_ids) {
  std::vector<FileUndo> plan;
  for (const clients::ManagedFile& file : manifest.files) {
    if (!client_ids.empty() && std::ranges::find(client_ids, file.client) == client_ids.end()) continue;
    FileUndo& undo = plan.emplace_back();
    undo.client = file.client;
    undo.path = file.path;
    undo.edit.path = file.path;
    auto text = io::read_file(file.path, clients::kLargestConfig);
    if (!text && text.error().kind == ErrorKind::not_found) {
      undo.gone = true;
      continue;
    }
    if (!text) return std::unexpected(text.error());
    undo.edit.before = *text;
    if (digest_of(*text) == file.after_sha256) {
      if (file.before_sha256.empty()) {
        undo.whole = undo.edit.removes = true;
      } else if (!file.backup.empty()) {
        auto original = io::read_file(file.backup, clients::kLargestConfig);
        undo.whole = original && digest_of(*original) == file.before_sha256;
        if (undo.whole) undo.edit.after = std::move(*original);
      }
    }
    if (undo.whole) {
      undo.backup = file.backup;
      for (const clients::ManagedEntry& entry : file.entries) undo.restored.push_back(entry.name);
      continue;
    }
    for (auto entry = file.entries.rbegin(); entry != file.entries.rend(); ++entry) undo_entry(file, *entry, *text, undo);
    if (!file.before_sha256.empty() && digest_of(*text) == file.before_sha256) undo.backup = file.backup;
    undo.edit.after = std::move(*text);
  }
  return plan;
}

clients::Manifest after_undo(clients::Manifest manifest, const std::vector<FileUndo>& undone) {
  for (const FileUndo& undo : undone) {
    clients::ManagedFile* file = manifest.file(undo.path);
    if (file == nullptr) continue;
    file->entries = undo.remain;
    // What is left is ours no more as a whole file.
    file->backup.clear();
  }
  std::erase_if(manifest.files, [](const clients::ManagedFile& file) { return file.entries.empty(); });
  return manifest;
}

}  // namespace doorward::cli
