#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/client_engine.h"
#include "cli/client_objects.h"
#include "cli/commands.h"
#include "cli/init_view.h"
#include "cli/layout.h"
#include "cli/log_view.h"
#include "cli/question.h"
#include "cli/scan_consent.h"
#include "cli/session.h"
#include "io/signals.h"
#include "scan/known.h"

namespace doorward::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::optional<SetupMode> mode_of(std::string_view name) {
  for (const SetupMode mode : {SetupMode::observe, SetupMode::recommended, SetupMode::lockdown}) {
    if (to_string(mode) == name) return mode;
  }
  return std::nullopt;
}

/// Nothing where input has ended.
std::optional<SetupMode> ask_mode() {
  std::fputs("\nThree ways to begin:\n", stderr);
  for (const char* way : {"  1  observe      nothing is refused; what the recommended rules would refuse is recorded",
                          "  2  recommended  reading runs, the rest is limited, money waits for a person, what destroys is hidden",
                          "  3  lockdown     reading of no risk runs, everything else waits for a person or is hidden"}) {
    std::fputs((wrapped(way, columns_of(STDERR_FILENO), 5) + "\n").c_str(), stderr);
  }
  for (;;) {
    const auto answer = ask_line("Which one? [1] ");
    if (!answer) return std::nullopt;
    if (answer->empty() || *answer == "1") return SetupMode::observe;
    if (*answer == "2") return SetupMode::recommended;
    if (*answer == "3") return SetupMode::lockdown;
    if (const auto named = mode_of(lower(*answer))) return named;
    std::fputs("Please answer 1, 2 or 3.\n", stderr);
  }
}

/// Ends for a person who does not agree.
void leave_all(Session& session) {
  session.exit = Exit::check_failed;
  session.say("nothing was changed");
}

scan::Scan find_servers(const std::vector<const clients::Client*>& wanted) {
  std::vector<clients::ConfigFile> files;
  std::vector<const clients::Client*> each = wanted;
  if (each.empty()) each.push_back(nullptr);
  for (const clients::Client* client : each) {
    for (const clients::FoundFile& found : clients::find_files(clients::roots_of_process(), client)) {
      files.push_back(clients::read_config(found));
    }
  }
  return scan::take_inventory(std::move(files), scan::references_of_process());
}

/// Asks those servers for their tools that would be put behind the gateway, as far as a person lets us.
void look_at_servers(Session& session, const InitOptions& options, const Setup& first, scan::Scan& scan) {
  std::set<const scan::Server*> wanted;
  for (const EntryPlan& entry : first.entries) {
    if (entry.is_put()) wanted.insert(first.servers[entry.server].scanned);
  }
  for (scan::Server& server : scan.servers) server.active = server.active && wanted.contains(&server);
  std::vector<scan::Server*> chosen;
  choose_servers({options.yes, !options.yes && session.json}, scan, chosen);
  ask_chosen(chosen, {});
  scan::KnownServers known(session.state_option, false);
  known.fill(scan);
  for (const std::string& trouble : known.troubles()) session.say(trouble);
}

/// Keeps in the catalogue what the servers were found to do.
void remember(Session& session, scan::Scan& scan) {
  scan::KnownServers known(session.state_option);
  known.remember(scan);
  for (const std::string& trouble : known.troubles()) session.say(trouble);
}

/// The manifest with the files of a plan in it; the backups are named, where files get one.
void note_files(const scan::Scan& scan, const Setup& setup, std::int64_t now_s, clients::Manifest& manifest, std::vector<clients::FileEdit>& edits) {
  for (const FilePlan& plan : setup.files) {
    const clients::ConfigFile& file = scan.files[plan.file];
    clients::FileEdit& edit = edits.emplace_back();
    edit.path = file.path;
    edit.before = plan.before;
    edit.after = plan.after;
    const std::string digest = to_hex(sha256(plan.before));
    clients::ManagedFile* known = manifest.file(file.path);
    if (known == nullptr) {
      edit.backup = clients::backup_path(file.path, now_s);
      known = &manifest.files.emplace_back();
      known->client = file.client;
      known->path = file.path;
      known->format = plan.format;
      known->before_sha256 = digest;
      known->backup = edit.backup;
    } else if (known->after_sha256 != digest) {
      // Others have changed it since: the old backup would undo their work, too.
      known->backup.clear();
    }
    known->after_sha256 = to_hex(sha256(plan.after));
    for (const clients::ManagedEntry& entry : plan.entries) {
      std::erase_if(known->entries, [&](const clients::ManagedEntry& old) { return old.path == entry.path; });
      known->entries.push_back(entry);
    }
  }
}

void say_next(Session& session, const scan::Scan& scan, const Setup& setup, SetupMode mode) {
  std::set<std::string> told;
  for (const FilePlan& file : setup.files) {
    const std::string& id = scan.files[file.file].client;
    const clients::Client* client = clients::find_client(id);
    if (client != nullptr && told.insert(id).second) session.say("reload " + std::string(client->label) + ": " + std::string(client->reload));
  }
  session.say("undo: doorward uninit");
  if (mode == SetupMode::observe) session.say("nothing is refused yet; later: doorward catalogue apply SERVER");
  session.say("next: doorward demo shows an allowed and a refused call; doorward ui opens the console");
}

}  // namespace

void init(Session& session, const InitOptions& options) {
  const auto wanted = clients_of(session, options.clients);
  if (!wanted) return;
  std::optional<SetupMode> mode;
  if (!options.mode.empty() && !(mode = mode_of(options.mode))) {
    return session.fail(Exit::usage, "--mode must be observe, recommended or lockdown, not \"" + safe_text(options.mode) + "\"");
  }
  const bool ask = can_ask() && !options.yes && !session.json;
  if (!options.yes && !options.dry_run && !ask) {
    return session.fail(Exit::usage,
                        "nobody can be asked here; give --yes to start the servers that are found and to edit the files, or "
                        "--dry-run to see what would change");
  }
  server::StateDir state;
  if (!session.find_state(state)) return;
  auto manifest = clients::read_manifest(clients::manifest_path(state.path));
  if (!manifest) return session.fail(manifest.error());
  std::error_code error;
  SetupOptions setup_options;
  setup_options.clients = *wanted;
  setup_options.project = options.project;
  setup_options.move_secrets = options.move_secrets;
  setup_options.program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  // Asking makes the store where there is none, and nobody has agreed to anything yet.
  if (std::filesystem::exists(state.path + "/doorward.db", error)) {
    const auto names = gateway_names(state);
    if (!names) return session.fail(names.error());
    setup_options.taken = names->servers;
    setup_options.taken_grants = names->grants;
  }

  std::optional<Interruptible> interruptible;
  if (ask) interruptible.emplace();
  scan::Scan scan = find_servers(*wanted);
  const Setup first = plan_setup(scan, setup_options, state, *manifest);
  if (!session.json) print(entries_view(scan, first, columns_of(STDOUT_FILENO)));
  if (first.files.empty()) {
    if (session.json) return print_line(init_json(scan, first, {mode.value_or(SetupMode::observe), options.dry_run, false, {}}));
    session.say(scan.files.empty() ? "no configuration of an MCP client was found; doorward server add puts a server behind the gateway"
                                   : "nothing to change");
    return;
  }
  look_at_servers(session, options, first, scan);
  if (!mode) mode = ask ? ask_mode() : SetupMode::observe;
  if (!mode) return leave_all(session);
  setup_options.mode = *mode;
  const std::size_t secrets = options.move_secrets ? 0 : count_literal_secrets(scan, setup_options);
  if (secrets > 0 && ask) {
    const bool one = secrets == 1;
    std::fputs(("\n" + std::to_string(secrets) + (one ? " secret stands" : " secrets stand") + " in these files. " + (one ? "It" : "They") +
                " can stay there, and the client hands " + (one ? "it" : "them") + " over.\n")
                   .c_str(),
               stderr);
    setup_options.move_secrets = ask_yes(std::string("Move ") + (one ? "it" : "them") + " into the gateway's sealed store instead?");
  }
  const Setup setup = plan_setup(scan, setup_options, state, *manifest);
  InitOutcome outcome{*mode, options.dry_run, false, {}};
  if (!session.json) {
    print("\n" + risk_view(setup, *mode) + "\n");
    for (const ServerPlan& server : setup.servers) {
      if (server.by_category) continue;
      for (const std::string& why : server.why) session.say(server.name + ": " + safe_text(why));
    }
    print(files_view(scan, setup, session.color()));
  }
  if (options.dry_run) {
    if (session.json) return print_line(init_json(scan, setup, outcome));
    return session.say("nothing was changed (--dry-run)");
  }
  if (ask && !ask_yes("Put " + plural_of(setup.servers.size(), "server") + " behind the gateway and change " + plural_of(setup.files.size(), "file") +
                      ", mode " + std::string(to_string(*mode)) + "?")) {
    return leave_all(session);
  }

  // What has begun is finished: an interrupt would leave the files and the gateway at odds.
  interruptible.reset();
  io::prepare_signals({SIGINT, SIGTERM, SIGHUP});
  remember(session, scan);
  std::vector<clients::FileEdit> edits;
  const clients::Manifest before = *manifest;
  if (const Status made = make_objects(state, scan, setup, *manifest); !made) return session.fail(made.error());
  clients::Manifest next = *manifest;
  note_files(scan, setup, system_clock().wall_us() / kSecond, next, edits);
  const std::string path = clients::manifest_path(state.path);
  Status done = clients::write_manifest(path, next);
  if (done) done = clients::write_files(edits);
  if (!done) {
    manifest->files = before.files;
    (void)remove_objects(state, *manifest);
    (void)clients::write_manifest(path, *manifest);
    session.fail(done.error());
    return session.say("nothing was changed: every file and the gateway are as they were");
  }
  for (const clients::FileEdit& edit : edits) outcome.backups.push_back(edit.backup);
  outcome.applied = true;
  if (session.json) return print_line(init_json(scan, setup, outcome));
  for (const clients::FileEdit& edit : edits) {
    print_line(safe_text(edit.path) + ": " + (edit.backup.empty() ? "edited" : "edited; as it was: " + safe_text(edit.backup)));
  }
  session.say("done: " + plural_of(setup.servers.size(), "server") + (setup.servers.size() == 1 ? " is" : " are") + " behind the gateway, mode " +
              std::string(to_string(*mode)));
  say_next(session, scan, setup, *mode);
}

void uninit(Session& session, const UninitOptions& options) {
  const auto wanted = clients_of(session, options.clients);
  if (!wanted) return;
  if (!options.yes && !options.dry_run && !(can_ask() && !session.json)) {
    return session.fail(Exit::usage, "nobody can be asked here; give --yes to put the files back, or --dry-run to see what would change");
  }
  server::StateDir state;
  if (!session.find_state(state)) return;
  const std::string path = clients::manifest_path(state.path);
  auto manifest = clients::read_manifest(path);
  if (!manifest) return session.fail(manifest.error());
  const auto plan = plan_undo(*manifest, options.clients);
  if (!plan) return session.fail(plan.error());
  const bool nothing = manifest->is_empty() || (plan->empty() && !options.clients.empty());
  if (!session.json) print(undo_view(*plan, session.color()));
  std::vector<std::string> kept;
  if (nothing || options.dry_run) {
    if (session.json) return print_line(undo_json(*plan, kept, options.dry_run));
    return session.say(nothing ? "there is nothing to undo" : "nothing was changed (--dry-run)");
  }
  if (!options.yes && !ask_yes("Put these files back and take the grants away?")) return leave_all(session);
  io::prepare_signals({SIGINT, SIGTERM, SIGHUP});

  std::vector<clients::FileEdit> edits;
  for (const FileUndo& undo : *plan) {
    if (undo.changes()) edits.push_back(undo.edit);
  }
  if (const Status written = clients::write_files(edits); !written) {
    session.fail(written.error());
    return session.say("no file was changed");
  }
  for (const FileUndo& undo : *plan) {
    // The file is what the backup was: it has done its duty.
    if (!undo.backup.empty()) ::unlink(undo.backup.c_str());
  }
  *manifest = after_undo(std::move(*manifest), *plan);
  if (const Status written = clients::write_manifest(path, *manifest); !written) return session.fail(written.error());
  kept = remove_objects(state, *manifest);
  if (const Status written = clients::write_manifest(path, *manifest); !written) return session.fail(written.error());
  if (session.json) {
    print_line(undo_json(*plan, kept, false));
  } else {
    session.say("done; `doorward stop` ends a gateway that still runs");
  }
  for (const std::string& each : kept) session.say(safe_text(each));
  std::set<std::string> told;
  for (const FileUndo& undo : *plan) {
    const clients::Client* client = clients::find_client(undo.client);
    if (client != nullptr && undo.changes() && told.insert(undo.client).second) {
      session.say("reload " + std::string(client->label) + ": " + std::string(client->reload));
    }
  }
  const auto conflicts = std::ranges::count_if(*plan, [](const FileUndo& undo) { return !undo.conflicts.empty(); });
  if (conflicts > 0) {
    return session.fail(Exit::check_failed, "entries that were changed since stay as they are; edit them by hand, then run this again");
  }
}

void add_init_options(CLI::App& command, InitOptions& options) {
  command.add_option("--mode", options.mode, "observe (default), recommended or lockdown")->type_name("MODE");
  command.add_flag("--project", options.project, "Also files of the folder, which others share");
  command.add_flag("--move-secrets", options.move_secrets, "Move secrets that stand in the files into the gateway's sealed store");
  command.add_flag("--dry-run", options.dry_run, "Show what would change and change nothing");
  command.add_flag("--yes", options.yes, "Start the servers that are shown and edit the files, without a question");
}

void add_uninit_options(CLI::App& command, UninitOptions& options) {
  command.add_flag("--dry-run", options.dry_run, "Show what would change and change nothing");
  command.add_flag("--yes", options.yes, "Do not ask");
}

void add_init_commands(CLI::App& app, Session& session) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App* command = app.add_subcommand("init", "Put the MCP servers of this computer's clients behind the gateway");
  command->add_option("--client", options->clients, "Only this client, such as cursor")->allow_extra_args(false)->type_name("ID");
  add_init_options(*command, *options);
  command->callback([&session, options] { init(session, *options); });

  const auto undo = std::make_shared<UninitOptions>();
  command = app.add_subcommand("uninit", "Put the clients' files back as they were before init");
  command->add_option("--client", undo->clients, "Only this client, such as cursor")->allow_extra_args(false)->type_name("ID");
  add_uninit_options(*command, *undo);
  command->callback([&session, undo] { uninit(session, *undo); });
}

}  // namespace doorward::cli
