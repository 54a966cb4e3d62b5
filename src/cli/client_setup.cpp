#include "cli/client_setup.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "catalogue/recommendation.h"
#include "clients/tree.h"
#include "io/file.h"
#include "json/writer.h"
#include "scan/launch.h"
#include "server/client_token.h"
#include "server/config.h"
#include "server/config_server.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kLongestName = 40;  // a grant's label holds the client's before it
constexpr std::string_view kHeaderVariable = "DOORWARD_HEADER_";

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

/// A word of a command with what stands for the same wherever it is read; nothing where only the client knows.
std::optional<std::string> settled(std::string_view word, const scan::References& references) {
  std::string out(word);
  for (const std::string_view home : {"${userHome}", "${HOME}", "${env:HOME}"}) {
    for (std::size_t at = out.find(home); at != std::string::npos; at = out.find(home)) out.replace(at, home.size(), references.home);
  }
  if (scan::holds_reference(out)) return std::nullopt;
  return out;
}

std::string upper(std::string_view text) {
  std::string out;
  for (const char c : text) out += !is_alnum(c) ? '_' : is_lower(c) ? static_cast<char>(c & ~0x20) : c;
  return out;
}

/// The names of a file of variables (`NAME=value` a line, `export` before it, `#` for a remark), each once. A value in quotes
/// may go on over lines.
std::vector<std::string> variables_in(std::string_view text) {
  std::vector<std::string> names;
  char quote = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (quote != 0) {
      if (line.ends_with(quote)) quote = 0;
      continue;
    }
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string name(trim(line.substr(0, equals)));
    const std::string_view value = trim(line.substr(equals + 1));
    if (!value.empty() && (value.front() == '"' || value.front() == '\'') && value.find(value.front(), 1) == std::string_view::npos) {
      quote = value.front();
    }
    if (server::is_variable_name(name) && !has(names, name)) names.push_back(name);
  }
  return names;
}

/// `Bearer ${NAME}` of a client that names variables and replaces nothing itself.
std::optional<std::pair<std::string, std::string>> one_variable(std::string_view value) {
  const std::size_t open = value.find("${");
  if (open == std::string_view::npos || !value.ends_with('}')) return std::nullopt;
  const std::string_view name = value.substr(open + 2, value.size() - open - 3);
  if (!server::is_variable_name(name)) return std::nullopt;
  return std::pair(std::string(value.substr(0, open)), std::string(name));
}

/// Writes the settings of one entry's server, and what its shim hands over.
class SettingsOf {
 public:
  SettingsOf(const clients::Entry& entry, const scan::Launch& launch, const std::string& client, const std::string& server,
             bool move_secrets, const scan::References& references)
      : entry_(entry), launch_(launch), client_(client), server_(server), move_secrets_(move_secrets), references_(references) {}

  /// Why the entry is to be left alone; empty: the rest holds what was made.
  std::string why_not;
  std::string settings;
  clients::Shim shim;
  std::vector<MovedSecret> secrets;
  std::vector<std::string> lent;  ///< names of variables that the shim hands over

  void make() {
    json::Writer writer(settings);
    writer.begin_object();
    if (entry_.command.empty()) {
      make_remote(writer);
    } else {
      make_command(writer);
    }
    writer.end_object();
  }

 private:
  bool is_literal_secret(std::string_view kind, std::string_view name) const {
    return has(launch_.literal_secrets, std::string(kind) + " " + std::string(name));
  }

  /// A value that the gateway can have: as it is, or sealed. False: only the client can have it.
  bool write_value(json::Writer& writer, std::string_view kind, const std::string& name, const std::string& value) {
    const bool plain = std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (!plain || scan::holds_reference(value)) return false;
    if (!is_literal_secret(kind, name) && !server::looks_secret(name)) {
      writer.key(name).begin_object().key("value").string(value).end_object();
      return true;
    }
    const std::string sealed = server_ + "." + name;
    const bool can_be_sealed = move_secrets_ && !value.empty() && server::is_secret_name(sealed) &&
                               std::ranges::all_of(value, [](unsigned char c) { return c >= 0x20 && c < 0x7F; }) &&
                               value.front() != ' ' && value.back() != ' ';
    if (!can_be_sealed) return false;
    writer.key(name).begin_object().key("sealed").string(sealed).end_object();
    secrets.push_back({sealed, value});
    return true;
  }

  void write_lent(json::Writer& writer, const std::string& name, const std::string& variable, std::string_view prefix = {}) {
    writer.key(name).begin_object().key("lent").string(server_ + "." + variable);
    if (!prefix.empty()) writer.key("prefix").string(prefix);
    writer.end_object();
    if (!has(lent, variable)) lent.push_back(variable);
  }

  void make_command(json::Writer& writer) {
    std::vector<std::string> words;
    for (const std::string& word : entry_.args) words.push_back(word);
    words.insert(words.begin(), entry_.command);
    writer.key("command").begin_array();
    for (std::string& word : words) {
      const auto known = settled(word, references_);
      if (!known) {
        why_not = "its command line holds \"" + word + "\", which only the client can fill in";
        break;
      }
      word = *known;
      if (&word == &words.front() && word.find('/') != std::string::npos && !word.starts_with('/')) word = absolute(word);
      writer.string(word);
    }
    writer.end_array();
    for (const std::string& where : launch_.literal_secrets) {
      if (where.starts_with("argument ") && !move_secrets_) {
        why_not = "a secret stands in its command line; put it into env, or give --move-secrets";
      }
    }
    writer.key("env").begin_object();
    std::set<std::string> written;
    for (const clients::Setting& each : entry_.env) {
      if (each.name == clients::kManagedMark || !written.insert(each.name).second) continue;
      if (!server::is_variable_name(each.name)) {
        why_not = "\"" + each.name + "\" is no name for a variable";
        continue;
      }
      const std::size_t before = secrets.size();
      if (!write_value(writer, "env", each.name, each.value)) write_lent(writer, each.name, each.name);
      if (secrets.size() > before) shim.moved.push_back(each.name);
    }
    for (const std::string& name : entry_.passed_env) {
      if (server::is_variable_name(name) && written.insert(name).second) write_lent(writer, name, name);
    }
    if (!entry_.env_file.empty()) lend_file(writer, written);
    writer.end_object();
    const auto folder = settled(entry_.directory, references_);
    if (!folder) why_not = "it starts in \"" + entry_.directory + "\", which only the client can fill in";
    if (folder && !(folder->empty() && entry_.project.empty())) writer.key("cwd").string(absolute(*folder));
  }

  /// The client goes on reading an `envFile` and gives its variables to the shim; their names are those of the file as it is now.
  void lend_file(json::Writer& writer, std::set<std::string>& written) {
    constexpr std::string_view kFolder = "${workspaceFolder}";
    std::string path = entry_.env_file;
    // Of a file in a folder it is that folder; of the person's own, whichever is open.
    const bool shared = entry_.scope == clients::Scope::project;
    if (shared && path.starts_with(kFolder)) path.replace(0, kFolder.size(), references_.workspace);
    const auto known = settled(path, references_);
    if (!known || (!shared && !known->starts_with('/'))) {
      why_not = "its variables come from the envFile \"" + entry_.env_file + "\", which only the client can find; name them in env";
      return;
    }
    const auto text = io::read_file(absolute(*known), clients::kLargestConfig);
    if (!text) {
      why_not = "its variables come from an envFile that cannot be read: " + text.error().message;
      return;
    }
    for (const std::string& name : variables_in(*text)) {
      if (written.insert(name).second) write_lent(writer, name, name);
    }
  }

  void make_remote(json::Writer& writer) {
    if (scan::holds_reference(entry_.url)) {
      why_not = "its URL holds a reference, which only the client can fill in";
    } else if (has(launch_.literal_secrets, "url")) {
      why_not = "its URL holds a secret; send it in a header";
    }
    writer.key("url").string(entry_.url);
    if (entry_.transport == clients::Transport::sse) writer.key("transport").string("sse");
    writer.key("headers").begin_object();
    std::set<std::string> written;
    for (const clients::Setting& each : entry_.headers) {
      const std::string name = lower(each.name);
      if (!server::is_header_name(name) || !server::refused_header(name).empty() || !written.insert(name).second) continue;
      if (client_ == "codex" && scan::holds_reference(each.value)) {
        if (const auto variable = one_variable(each.value)) {
          write_lent(writer, name, variable->second, variable->first);
          if (!has(shim.passed, variable->second)) shim.passed.push_back(variable->second);
          continue;
        }
      }
      std::string value = each.value;
      if (write_value(writer, "header", each.name, value)) continue;
      const std::string variable = std::string(kHeaderVariable) + upper(name);
      shim.added.push_back({variable, value});
      write_lent(writer, name, variable);
    }
    writer.end_object();
  }

  std::string absolute(const std::string& path) const {
    const std::filesystem::path folder = entry_.project.empty() ? references_.workspace : entry_.project;
    return (folder / path).lexically_normal().string();
  }

  const clients::Entry& entry_;
  const scan::Launch& launch_;
  const std::string& client_;
  const std::string& server_;
  bool move_secrets_;
  const scan::References& references_;
};

/// A policy over categories, for a server whose tools nobody has listed.
std::string category_policy(SetupMode mode) {
  const bool strict = mode == SetupMode::lockdown;
  const auto limit = [](int most) {
    return "{\"limits\": [{\"counter\": \"calls\", \"window\": \"minute\", \"max\": " + std::to_string(most) + ", \"scope\": \"grant\"}]}";
  };
  const std::string ask = "{\"action\": \"approve\"}";
  std::string out = "{\n  \"version\": \"1\",\n  \"description\": \"By category, since the tools were not listed when this was made\",\n";
  out += "  \"default\": \"deny\",\n  \"risk\": {\n    \"Read\": {},\n";
  out += "    \"Write\": " + (strict ? ask : limit(30)) + ",\n";
  out += "    \"Other\": " + (strict ? ask : limit(60)) + ",\n";
  out += "    \"Execute\": " + (strict ? ask : limit(10)) + ",\n";
  out += "    \"Financial\": " + ask + ",\n";
  out += "    \"Destructive\": {\"action\": \"deny\", \"reason\": \"What destroys is refused until a person has looked at this server.\"}\n";
  return out + "  },\n  \"resources\": {\"default\": \"allow\"},\n  \"prompts\": {\"default\": \"allow\"}\n}\n";
}

void make_policy(ServerPlan& plan, SetupMode mode) {
  if (plan.scanned->tools.empty()) {
    plan.policy = category_policy(mode);
    plan.by_category = true;
    plan.why = {"its tools are not known, so each is judged by its category when it is first listed"};
  } else {
    const auto posture = mode == SetupMode::lockdown ? catalogue::Posture::strict : catalogue::Posture::recommended;
    catalogue::ServerPolicy made = catalogue::recommend(plan.scanned->tools, posture);
    plan.policy = std::move(made.policy);
    plan.why = std::move(made.why);
  }
  constexpr std::string_view kVersion = "\"version\": \"1\",\n";
  const std::size_t at = plan.policy.find(kVersion);
  if (mode == SetupMode::observe && at != std::string::npos) {
    plan.policy.insert(at + kVersion.size(), "  \"mode\": \"observe\",\n");
  }
}

/// The place of a server's entry in a scan.
const scan::Server* server_of(const scan::Scan& scan, std::size_t file, const clients::Entry& entry) {
  for (const scan::Server& server : scan.servers) {
    for (const scan::Place& place : server.places) {
      if (place.file == file && place.name == entry.name && place.scope == entry.scope && place.project == entry.project &&
          place.line == entry.line) {
        return &server;
      }
    }
  }
  return nullptr;
}

std::string note_of(const scan::Launch& launch) {
  if (launch.wrapper.empty() || launch.wrapper == "doorward") return {};
  return "it goes through " + launch.wrapper + ", which stays between the gateway and the server";
}

/// Why an entry is left alone, as far as its place and kind say; empty: it may be put behind the gateway.
std::string why_left(const clients::ConfigFile& file, const clients::Entry& entry, const scan::Server& server, bool project) {
  if (entry.disabled) return entry.why_disabled.empty() ? "it is switched off" : entry.why_disabled;
  if (entry.scope == clients::Scope::managed) return "an administrator manages this file";
  if (file.scope == clients::Scope::project && !project) return "its file is shared with everybody who works in the folder; --project edits it";
  if (server.launch.is_doorward()) return "it starts Doorward already";
  if (!entry.flaw.empty()) return entry.flaw;
  if (server.refused && !server.launch.sends_credentials) {
    return "it wants a sign-in that the client holds; put it behind the gateway with `doorward server add` and `doorward connect-account`";
  }
  return clients::why_not_writable(file.path);
}

/// A server that an earlier init made is this one, too.
void adopt_earlier(Setup& setup, std::map<std::string, std::size_t>& by_key, const std::string& key, const scan::Server& scanned,
                   const clients::Manifest& manifest) {
  const auto earlier = std::ranges::find(manifest.servers, key, &clients::ManagedServer::key);
  if (earlier == manifest.servers.end()) return;
  by_key.emplace(key, setup.servers.size());
  ServerPlan& plan = setup.servers.emplace_back();
  plan.name = earlier->name;
  plan.key = key;
  plan.scanned = &scanned;
  plan.exists = true;
}

/// A label that is this init's to use: one of its own, else one that nobody ever had.
std::string grant_label(const std::string& wanted, const SetupOptions& options, const clients::Manifest& manifest) {
  std::string label = wanted;
  for (int number = 2; has(options.taken_grants, label) && !manifest.has_grant(label); ++number) {
    label = wanted + "-" + std::to_string(number);
  }
  return label;
}

}  // namespace

std::string_view to_string(SetupMode mode) {
  constexpr std::string_view kNames[] = {"observe", "recommended", "lockdown"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::string gateway_name(std::string_view name, const std::vector<std::string>& taken) {
  std::string base;
  for (const char c : name.substr(0, kLongestName)) {
    if (is_alnum(c)) base += to_lower(c);
    else if (!base.empty() && base.back() != '-') base += '-';
  }
  while (base.ends_with('-')) base.pop_back();
  if (base.empty()) base = "server";
  std::string chosen = base;
  for (int number = 2; has(taken, chosen); ++number) chosen = base + "-" + std::to_string(number);
  return chosen;
}

Setup plan_setup(const scan::Scan& scan, const SetupOptions& options, const server::StateDir& state,
                 const clients::Manifest& manifest) {
  Setup setup;
  const scan::References references = scan::references_of_process();
  std::vector<std::string> taken = options.taken;
  std::map<std::string, std::size_t> by_key;
  const bool usual_state = state.path == references.home + "/.local/state/doorward";
  for (std::size_t i = 0; i < scan.files.size(); ++i) {
    const clients::ConfigFile& file = scan.files[i];
    const clients::Client* client = clients::find_client(file.client);
    const clients::FoundFile* found = nullptr;
    std::vector<clients::FoundFile> files;
    if (client != nullptr) files = clients::find_files(clients::roots_of_process(), client);
    for (const clients::FoundFile& each : files) found = each.path == file.path ? &each : found;
    if (found == nullptr || !file.error.empty()) continue;
    const auto text = io::read_file(file.path, clients::kLargestConfig);
    if (!text) continue;
    FilePlan plan{i, found->location->format, *text, *text, {}};
    for (const clients::Entry& entry : file.entries) {
      const scan::Server* server = server_of(scan, i, entry);
      if (server == nullptr) continue;
      EntryPlan& out = setup.entries.emplace_back();
      out.file = i;
      out.entry = &entry;
      out.behind_already = clients::is_managed(entry) && server->launch.is_doorward();
      if (out.behind_already) continue;
      out.left = why_left(file, entry, *server, options.project);
      out.note = note_of(server->launch);
      if (!out.left.empty()) continue;

      // What only one client can resolve may differ between two.
      SettingsOf trial(entry, server->launch, file.client, entry.name, options.move_secrets, references);
      trial.make();
      const std::string key = server->launch.key + (trial.lent.empty() ? "" : "\n" + file.client) +
                              (entry.command.empty() ? "" : "\n" + entry.project);
      if (!by_key.contains(key)) adopt_earlier(setup, by_key, key, *server, manifest);
      const auto known = by_key.find(key);
      const std::string name = known == by_key.end() ? gateway_name(entry.name, taken) : setup.servers[known->second].name;
      SettingsOf made(entry, server->launch, file.client, name, options.move_secrets, references);
      made.make();
      out.left = made.why_not;
      if (!out.left.empty()) continue;

      const std::string usual = server::client_grant_label(file.client, name);
      out.grant = grant_label(usual, options, manifest);
      out.shim = std::move(made.shim);
      out.shim.program = options.program;
      out.shim.args = {"connect", name, "--client", file.client};
      if (out.grant != usual) {
        out.shim.args.emplace_back("--grant");
        out.shim.args.push_back(out.grant);
      }
      for (const std::string& variable : made.lent) {
        out.shim.args.emplace_back("--env");
        out.shim.args.push_back(variable);
      }
      if (!usual_state) {
        out.shim.args.emplace_back("--state");
        out.shim.args.push_back(state.path);
      }
      clients::ManagedEntry managed;
      managed.name = entry.name;
      managed.server = name;
      managed.grant = out.grant;
      const auto path = clients::entry_path(plan.after, plan.format, *client, *found->location, entry);
      const auto original = path ? clients::bytes_of(plan.after, plan.format, *path) : Result<std::string>(std::unexpected(path.error()));
      const auto after = original ? clients::put_shim(plan.after, plan.format, *client, *path, out.shim) : original;
      const auto written = after ? clients::bytes_of(*after, plan.format, *path) : after;
      if (!written) {
        out.left = written.error().message;
        continue;
      }
      managed.path = *path;
      managed.original = *original;
      managed.written = *written;
      plan.after = *after;
      plan.entries.push_back(std::move(managed));
      if (known == by_key.end()) {
        by_key.emplace(key, setup.servers.size());
        taken.push_back(name);
        out.server = setup.servers.size();
        ServerPlan& added = setup.servers.emplace_back();
        added.name = name;
        added.key = key;
        added.scanned = server;
        added.settings = std::move(made.settings);
        added.secrets = std::move(made.secrets);
        make_policy(added, options.mode);
      } else {
        out.server = known->second;
      }
    }
    if (plan.after != plan.before) setup.files.push_back(std::move(plan));
  }
  return setup;
}

std::string without_secrets(std::string text, const scan::Scan& scan, std::size_t file) {
  const auto hide = [&](const std::string& value) {
    if (value.size() < 6) return;
    std::string escaped;
    json::append_string(escaped, value);
    for (const std::string& form : {escaped.substr(1, escaped.size() - 2), value}) {
      for (std::size_t at = text.find(form); at != std::string::npos; at = text.find(form, at)) text.replace(at, form.size(), "[hidden]");
    }
  };
  for (const clients::Entry& entry : scan.files[file].entries) {
    const scan::Server* server = server_of(scan, file, entry);
    if (server == nullptr) continue;
    const auto told = [&](const std::string& where) { return has(server->launch.literal_secrets, where); };
    for (const clients::Setting& each : entry.env) {
      if (told("env " + each.name)) hide(each.value);
    }
    for (const clients::Setting& each : entry.headers) {
      if (told("header " + each.name)) hide(each.value);
    }
    for (std::size_t i = 0; i < entry.args.size(); ++i) {
      if (told("argument " + std::to_string(i + 1))) hide(entry.args[i]);
    }
    if (told("url")) hide(entry.url);
  }
  return text;
}

std::size_t count_literal_secrets(const scan::Scan& scan, const SetupOptions& options) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < scan.files.size(); ++i) {
    for (const clients::Entry& entry : scan.files[i].entries) {
      const scan::Server* server = server_of(scan, i, entry);
      if (server == nullptr || !why_left(scan.files[i], entry, *server, options.project).empty()) continue;
      count += static_cast<std::size_t>(std::ranges::count_if(
          server->launch.literal_secrets, [](const std::string& where) { return where.starts_with("env ") || where.starts_with("header "); }));
    }
  }
  return count;
}

}  // namespace doorward::cli
