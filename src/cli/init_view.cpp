#include "cli/init_view.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "catalogue/recommendation.h"
#include "cli/layout.h"
#include "cli/line_diff.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/scan_view.h"
#include "json/writer.h"

namespace doorward::cli {
namespace {

/// The order in which people look: what is mild first.
constexpr std::array<Category, 6> kShown = {Category::read,        Category::write, Category::execute, Category::financial,
                                            Category::destructive, Category::other};

std::string_view words_of(catalogue::Treatment treatment) {
  switch (treatment) {
    case catalogue::Treatment::runs:
      return "allowed";
    case catalogue::Treatment::sixty:
      return "at most 60 a minute";
    case catalogue::Treatment::thirty:
      return "at most 30 a minute";
    case catalogue::Treatment::ten:
      return "at most 10 a minute";
    case catalogue::Treatment::ten_an_hour:
      return "at most 10 an hour";
    case catalogue::Treatment::asks:
      return "needs approval";
    case catalogue::Treatment::hidden:
      break;
  }
  return "hidden";
}

std::string state_of(const EntryPlan& entry, const Setup& setup) {
  if (entry.behind_already) return "behind the gateway already";
  if (!entry.left.empty()) return "left alone: " + entry.left;
  std::string text = "goes behind the gateway as " + setup.servers[entry.server].name;
  return entry.note.empty() ? text : text + "; " + entry.note;
}

std::string_view action_of(const EntryPlan& entry) {
  return entry.behind_already ? "already" : entry.left.empty() ? "connect" : "leave";
}

/// Tools by category and by what the policy does with them.
using Counts = std::map<Category, std::map<catalogue::Treatment, std::size_t>>;

Counts counts_of(const Setup& setup, SetupMode mode) {
  const auto posture = mode == SetupMode::lockdown ? catalogue::Posture::strict : catalogue::Posture::recommended;
  Counts counts;
  for (const ServerPlan& server : setup.servers) {
    for (const catalogue::ToolRecord& tool : server.scanned->tools) {
      if (tool.outer.empty()) ++counts[tool.classification.category][catalogue::treatment_of(tool.classification, posture)];
    }
  }
  return counts;
}

std::string indented(const std::string& text, std::string_view by) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += std::string(by) + safe_text(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string entries_view(const scan::Scan& scan, const Setup& setup, std::size_t columns) {
  std::string out;
  std::set<std::string_view> clients;
  for (const EntryPlan& entry : setup.entries) clients.insert(scan.files[entry.file].client);
  if (!clients.empty()) {
    out = "Found " + plural_of(setup.entries.size(), "server") + " in the files of " + plural_of(clients.size(), "client") + ".\n";
  }
  for (std::size_t i = 0; i < scan.files.size(); ++i) {
    const clients::ConfigFile& file = scan.files[i];
    out += file.label + "  " + safe_text(file.path) + "\n";
    if (!file.error.empty()) out += "  left alone: " + safe_text(file.error) + "\n";
    for (const clients::Note& note : file.notes) out += "  note: " + safe_text(note.text) + "\n";
    bool any = false;
    for (const EntryPlan& entry : setup.entries) {
      if (entry.file != i) continue;
      any = true;
      std::string line = "  " + safe_text(entry.entry->name);
      if (!entry.entry->project.empty()) line += " (in " + safe_text(entry.entry->project) + ")";
      out += wrapped(line + ": " + safe_text(state_of(entry, setup)), columns, 4) + "\n";
    }
    if (!any && file.error.empty()) out += "  no servers\n";
  }
  return out;
}

std::string risk_view(const Setup& setup, SetupMode mode) {
  const Counts counts = counts_of(setup, mode);
  std::string out;
  for (const Category category : kShown) {
    const auto found = counts.find(category);
    if (found == counts.end()) continue;
    std::size_t all = 0;
    std::string actions;
    for (const auto& [treatment, count] : found->second) {
      all += count;
      actions += (actions.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(words_of(treatment));
    }
    std::string name(to_string(category));
    name.resize(13, ' ');
    std::string number = std::to_string(all);
    out += name + std::string(5 - std::min<std::size_t>(4, number.size()), ' ') + number + "  " + actions + "\n";
  }
  if (!out.empty()) out = "CATEGORY     TOOLS  " + std::string(mode == SetupMode::observe ? "WOULD BE" : "PROPOSED") + "\n" + out;
  std::string unknown;
  for (const ServerPlan& server : setup.servers) {
    if (server.by_category) unknown += (unknown.empty() ? "" : ", ") + server.name;
  }
  if (!unknown.empty()) out += "Judged by category when their tools are first listed: " + unknown + "\n";
  return out;
}

std::string files_view(const scan::Scan& scan, const Setup& setup, bool color) {
  std::string out;
  for (const FilePlan& file : setup.files) {
    out += "change of " + safe_text(scan.files[file.file].path) + "\n";
    out += line_diff(without_secrets(file.before, scan, file.file), without_secrets(file.after, scan, file.file), color);
  }
  return out;
}

std::string init_json(const scan::Scan& scan, const Setup& setup, const InitOutcome& outcome) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.init/1").key("mode").string(to_string(outcome.mode));
  writer.key("dry_run").boolean(outcome.dry_run).key("applied").boolean(outcome.applied);
  writer.key("entries").begin_array();
  for (const EntryPlan& entry : setup.entries) {
    const clients::ConfigFile& file = scan.files[entry.file];
    writer.begin_object().key("client").string(file.client).key("path").string(file.path).key("name").string(entry.entry->name);
    writer.key("scope").string(to_string(entry.entry->scope)).key("action").string(action_of(entry));
    if (entry.is_put()) writer.key("server").string(setup.servers[entry.server].name).key("grant").string(entry.grant);
    if (!entry.left.empty()) writer.key("why").string(entry.left);
    if (!entry.note.empty()) writer.key("note").string(entry.note);
    writer.end_object();
  }
  writer.end_array().key("servers").begin_array();
  for (const ServerPlan& server : setup.servers) {
    writer.begin_object().key("name").string(server.name).key("known").string(to_string(server.scanned->known));
    writer.key("tools").number(server.scanned->tools.size()).key("categories").begin_object();
    for (const Category category : kShown) {
      const auto count = std::ranges::count_if(server.scanned->tools, [&](const catalogue::ToolRecord& tool) {
        return tool.outer.empty() && tool.classification.category == category;
      });
      writer.key(to_string(category)).number(count);
    }
    writer.end_object().key("policy").string(server.policy).end_object();
  }
  writer.end_array().key("files").begin_array();
  for (std::size_t i = 0; i < setup.files.size(); ++i) {
    const FilePlan& file = setup.files[i];
    writer.begin_object().key("client").string(scan.files[file.file].client).key("path").string(scan.files[file.file].path);
    writer.key("diff").string(line_diff(without_secrets(file.before, scan, file.file), without_secrets(file.after, scan, file.file)));
    if (i < outcome.backups.size()) writer.key("backup").string(outcome.backups[i]);
    writer.end_object();
  }
  writer.end_array().key("unreadable").begin_array();
  for (const clients::ConfigFile& file : scan.files) {
    if (file.error.empty()) continue;
    writer.begin_object().key("path").string(file.path).key("why").string(file.error).end_object();
  }
  writer.end_array().key("reload").begin_object();
  std::set<std::string> clients;
  for (const FilePlan& file : setup.files) {
    const std::string& id = scan.files[file.file].client;
    const clients::Client* client = clients::find_client(id);
    if (client != nullptr && clients.insert(id).second) writer.key(id).string(client->reload);
  }
  writer.end_object().key("undo").string("doorward uninit").end_object();
  return out;
}

std::string undo_view(const std::vector<FileUndo>& plan, bool color) {
  std::string out;
  for (const FileUndo& undo : plan) {
    const std::string path = safe_text(undo.path);
    if (undo.gone) {
      out += path + ": is not there any more\n";
    } else if (undo.edit.removes) {
      out += path + ": goes, as it was made by init\n";
    } else if (undo.whole) {
      out += path + ": goes back to what it was, byte for byte\n";
    } else {
      std::string names;
      for (const std::string& name : undo.restored) names += (names.empty() ? "" : ", ") + safe_text(name);
      out += path + ": was changed since; " + (names.empty() ? "none of its entries is ours any more" : "the entries " + names + " go back to what they were") + "\n";
      out += line_diff(undo.edit.before, undo.edit.after, color);
    }
    for (const EntryConflict& conflict : undo.conflicts) {
      out += "  " + safe_text(conflict.name) + " stays: " + safe_text(conflict.why) + "\n";
      out += "  before init:\n" + indented(conflict.original, "    ") + "  as init wrote it:\n" + indented(conflict.written, "    ");
      if (!conflict.now.empty()) out += "  now:\n" + indented(conflict.now, "    ");
    }
  }
  return out;
}

std::string undo_json(const std::vector<FileUndo>& plan, const std::vector<std::string>& kept, bool dry_run) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.uninit/1").key("dry_run").boolean(dry_run).key("files").begin_array();
  for (const FileUndo& undo : plan) {
    writer.begin_object().key("client").string(undo.client).key("path").string(undo.path);
    writer.key("state").string(undo.gone ? "gone" : !undo.conflicts.empty() ? "conflict" : undo.whole ? "restored" : "edited");
    writer.key("restored").begin_array();
    for (const std::string& name : undo.restored) writer.string(name);
    writer.end_array().key("conflicts").begin_array();
    for (const EntryConflict& conflict : undo.conflicts) {
      writer.begin_object().key("name").string(conflict.name).key("why").string(conflict.why);
      writer.key("original").string(conflict.original).key("written").string(conflict.written).key("now").string(conflict.now).end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().key("kept").begin_array();
  for (const std::string& each : kept) writer.string(each);
  writer.end_array().end_object();
  return out;
}

}  // namespace doorward::cli
