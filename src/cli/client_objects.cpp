#include "cli/client_objects.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <pwd.h>

#include "base/hash.h"
#include "io/file.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/client_token.h"
#include "server/control_client.h"

namespace doorward::cli {
namespace {

constexpr std::string_view kComment = "made by doorward init";

Result<std::string> run(const server::StateDir& state, std::string_view op, const std::function<void(json::Writer&)>& members = {}) {
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("op").string(op);
  if (members) members(writer);
  writer.end_object();
  auto answer = server::run_operation(state, request);
  wipe(request);
  if (answer) return std::move(*answer);
  Error error = answer.error().error;
  if (!answer.error().findings.empty()) error.message += ": " + answer.error().findings.front().text();
  return std::unexpected(std::move(error));
}

std::string person() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr || entry->pw_name == nullptr ? std::string() : std::string(entry->pw_name);
}

Status write_token(const server::StateDir& state, const std::string& grant, std::string_view answer) {
  json::Reader reader;
  const auto root = reader.read(answer);
  const std::string_view token = root ? json::text_of(*root, "token") : std::string_view();
  if (token.empty()) return fail(ErrorKind::corrupt, "the answer to grant.create holds no token");
  const std::string path = server::client_token_file(state, grant);
  if (const Status made = io::make_directory(path.substr(0, path.rfind('/'))); !made) return made;
  return io::write_file_atomic(path, std::string(token) + "\n", 0600);
}

std::string policy_id(const std::string& server) {
  return server + "/" + server;
}

template <typename T>
void add_once(std::vector<T>& list, T value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(std::move(value));
}

/// Whether somebody has put another version in force since init.
bool is_changed(const server::StateDir& state, const std::string& server, const std::string& name) {
  const auto answer = run(state, "policy.show", [&](json::Writer& writer) { writer.key("name").string(name).key("server").string(server); });
  if (!answer) return false;
  json::Reader reader;
  const auto root = reader.read(*answer, {.bytes = 64u << 20});
  if (!root) return false;
  const json::Value version = root->find("policy").find("version");
  return version.is(json::Type::number) && version.number() != "1";
}

}  // namespace

Result<GatewayNames> gateway_names(const server::StateDir& state) {
  GatewayNames names;
  const auto read = [&](std::string_view op, std::initializer_list<std::string_view> lists, std::string_view key,
                        std::vector<std::string>& into) -> Status {
    const auto answer = run(state, op);
    if (!answer) return std::unexpected(answer.error());
    json::Reader reader;
    const auto root = reader.read(*answer, {.bytes = 64u << 20});
    if (!root) return fail(ErrorKind::corrupt, "the answer to " + std::string(op) + " cannot be read");
    for (const std::string_view list : lists) {
      const json::Value items = root->find(list);
      if (!items.is(json::Type::array)) continue;
      for (const json::Value item : items.elements()) into.emplace_back(json::text_of(item, key));
    }
    return {};
  };
  if (const Status done = read("server.list", {"servers", "bundles"}, "name", names.servers); !done) return std::unexpected(done.error());
  if (const Status done = read("grant.list", {"grants"}, "label", names.grants); !done) return std::unexpected(done.error());
  return names;
}

Status make_objects(const server::StateDir& state, const scan::Scan& scan, const Setup& setup, clients::Manifest& manifest) {
  const std::string path = clients::manifest_path(state.path);
  const clients::Manifest before = manifest;
  // First what is meant: an init that is cut off here can be taken back.
  std::vector<const EntryPlan*> grants;
  for (const ServerPlan& server : setup.servers) {
    if (server.exists) continue;
    manifest.servers.push_back({server.name, server.key});
    add_once(manifest.policies, policy_id(server.name));
    for (const MovedSecret& secret : server.secrets) add_once(manifest.secrets, secret.name);
  }
  for (const EntryPlan& entry : setup.entries) {
    if (!entry.is_put() || manifest.has_grant(entry.grant)) continue;
    manifest.grants.push_back(entry.grant);
    grants.push_back(&entry);
  }
  if (const Status written = clients::write_manifest(path, manifest); !written) return written;

  const auto make = [&]() -> Status {
    for (const ServerPlan& server : setup.servers) {
      if (server.exists) continue;
      for (const MovedSecret& secret : server.secrets) {
        const auto set = run(state, "secret.set", [&](json::Writer& writer) { writer.key("name").string(secret.name).key("value").string(secret.value); });
        if (!set) return std::unexpected(set.error());
      }
      const auto added = run(state, "server.add", [&](json::Writer& writer) { writer.key("name").string(server.name).key("settings").raw(server.settings); });
      if (!added) return fail(added.error().kind, "the server " + server.name + " cannot be put behind the gateway: " + added.error().message);
      const auto policy = run(state, "policy.add", [&](json::Writer& writer) {
        writer.key("name").string(server.name).key("server").string(server.name).key("text").string(server.policy).key("comment").string(kComment);
      });
      if (!policy) return fail(policy.error().kind, "the policy of " + server.name + " cannot be put in force: " + policy.error().message);
    }
    for (const EntryPlan* entry : grants) {
      const std::string& server = setup.servers[entry->server].name;
      const auto grant = run(state, "grant.create", [&](json::Writer& writer) {
        writer.key("label").string(entry->grant).key("server").string(server).key("policy").string(server).key("owner").string(person());
        writer.key("labels").begin_object().key("client").string(scan.files[entry->file].client).end_object();
      });
      if (!grant) return fail(grant.error().kind, "the grant " + entry->grant + " cannot be made: " + grant.error().message);
      if (const Status kept = write_token(state, entry->grant, *grant); !kept) return kept;
    }
    return {};
  };
  const Status made = make();
  if (made) return {};
  (void)remove_objects(state, manifest);
  manifest = before;
  (void)clients::write_manifest(path, manifest);
  return made;
}

std::vector<std::string> remove_objects(const server::StateDir& state, clients::Manifest& manifest) {
  std::set<std::string> used_grants;
  std::set<std::string> used_servers;
  for (const clients::ManagedFile& file : manifest.files) {
    for (const clients::ManagedEntry& entry : file.entries) {
      used_grants.insert(entry.grant);
      used_servers.insert(entry.server);
    }
  }
  std::vector<std::string> kept;
  const auto gone = [](const Result<std::string>& answer) { return answer || answer.error().kind == ErrorKind::not_found; };
  std::erase_if(manifest.grants, [&](const std::string& label) {
    if (used_grants.contains(label)) return false;
    const auto done = run(state, "grant.revoke", [&](json::Writer& writer) { writer.key("label").string(label); });
    // A grant that is revoked already is a conflict, and taken back.
    if (!gone(done) && done.error().kind != ErrorKind::conflict) {
      kept.push_back("the grant " + label + " stays: " + done.error().message);
      return false;
    }
    ::unlink(server::client_token_file(state, label).c_str());
    return true;
  });
  std::erase_if(manifest.servers, [&](const clients::ManagedServer& server) {
    if (used_servers.contains(server.name)) return false;
    const std::string policy = policy_id(server.name);
    if (is_changed(state, server.name, server.name)) {
      kept.push_back("the server " + server.name + " stays with its policy, which was changed since; `doorward policy remove " + server.name +
                     "` and `doorward server remove " + server.name + "` take them away");
      std::erase(manifest.policies, policy);
      return true;
    }
    const auto policy_gone = run(state, "policy.remove", [&](json::Writer& writer) { writer.key("name").string(server.name).key("server").string(server.name); });
    const auto done = gone(policy_gone) ? run(state, "server.remove", [&](json::Writer& writer) { writer.key("name").string(server.name); }) : policy_gone;
    if (!gone(done)) {
      kept.push_back("the server " + server.name + " stays: " + done.error().message);
      // Others use it now: it is theirs.
      if (done.error().kind != ErrorKind::conflict) return false;
    }
    std::erase(manifest.policies, policy);
    std::erase_if(manifest.secrets, [&](const std::string& secret) {
      if (!secret.starts_with(server.name + ".") || !gone(done)) return false;
      return gone(run(state, "secret.remove", [&](json::Writer& writer) { writer.key("name").string(secret); }));
    });
    return true;
  });
  return kept;
}

}  // namespace doorward::cli
