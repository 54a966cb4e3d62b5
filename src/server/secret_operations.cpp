#include "server/secret_operations.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "json/writer.h"
#include "server/config_server.h"
#include "server/secret.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

class SecretOperations {
 public:
  SecretOperations(Operations& operations, SealedSecrets& secrets, const Clock& clock)
      : operations_(operations), secrets_(secrets), clock_(clock) {}

  Json set(ControlRequest& request, const identity::Actor& actor) { return put(request, actor, false); }
  Json rotate(ControlRequest& request, const identity::Actor& actor) { return put(request, actor, true); }

  Json list(ControlRequest& request, const identity::Actor&) {
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    const auto rows = secrets_.list();
    if (!rows) return std::unexpected(rows.error());
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.secret.list/1").key("secrets").begin_array();
    for (const store::SecretRow& row : *rows) write(writer, row);
    writer.end_array().end_object();
    return out;
  }

  /// What a client's process has in its environment, for one server.
  Json lend(ControlRequest& request, const identity::Actor& actor) {
    const std::string server = request.need_text("server");
    auto values = request.texts("values");
    auto done = request.finish();
    if (done && operations_.inventory().server(server) == nullptr) {
      done = fail(ErrorKind::not_found, "there is no server \"" + server + "\"");
    }
    std::string names;
    bool fresh = false;
    for (auto& [name, value] : values) {
      const bool clean = value.size() <= kSecretBytes && std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
      if (done && (!is_variable_name(name) || !clean)) {
        done = fail(ErrorKind::invalid, "\"" + name + "\" cannot be lent: it is over 64 KiB, or holds a control character");
      }
      names += (names.empty() ? "" : " ") + name;
    }
    for (auto& [name, value] : values) {
      const std::string key = server + "." + name;
      const std::string* known = secrets_.lent(key);
      if (done && (known == nullptr || *known != value)) {
        secrets_.lend(key, value);
        fresh = true;
      }
      wipe(value);
    }
    if (!done) return std::unexpected(done.error());
    if (fresh) {
      operations_.record("secret.lent", actor, {{"server", server}, {"names", names}});
      if (const Status renewed = operations_.renew_secrets(); !renewed) return std::unexpected(renewed.error());
    }
    std::string out;
    json::Writer(out).begin_object().key("schema").string("doorward.secret.lend/1").key("server").string(server).end_object();
    return out;
  }

  Json remove(ControlRequest& request, const identity::Actor& actor) {
    const std::string name = request.need_text("name");
    const auto version = request.number("version");
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    if (const Status removed = secrets_.remove(name, version); !removed)
      return std::unexpected(removed.error());
    operations_.record("secret.removed", actor, {{"secret", name}});
    if (const Status renewed = operations_.renew_secrets(); !renewed) return std::unexpected(renewed.error());
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.secret.remove/1").key("name").string(name);
    writer.key("withheld").begin_array();
    for (const std::string& server : users(name)) writer.string(server);
    writer.end_array().end_object();
    return out;
  }

  Json rotate_key(ControlRequest& request, const identity::Actor& actor) {
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    const auto rotated = secrets_.rotate_key();
    if (!rotated) return std::unexpected(rotated.error());
    operations_.record("secret.key_rotated", actor,
                       {{"key", rotated->key_id}, {"secrets", static_cast<std::int64_t>(rotated->secrets)}});
    std::string out;
    json::Writer writer(out);
    writer.begin_object()
        .key("schema")
        .string("doorward.secret.rotate_key/1")
        .key("key")
        .string(rotated->key_id);
    writer.key("secrets").number(rotated->secrets).end_object();
    return out;
  }

 private:
  /// `known`: only where there is such a secret already.
  Json put(ControlRequest& request, const identity::Actor& actor, bool known) {
    const std::string name = request.need_text("name");
    std::string value = request.need_text("value");
    const auto version = request.number("version");
    auto done = request.finish();
    if (done && !is_secret_name(name)) {
      done = fail(ErrorKind::invalid,
                  "\"" + name + "\" is no name for a secret; use 1 to 64 letters, digits, '.', '_' and '-'");
    }
    if (done && value.size() > kSecretBytes) done = fail(ErrorKind::invalid, "the value is over 64 KiB");
    if (done) done = check_secret(value, name, "the request");
    if (done && known) done = must_exist(name);
    auto row = done ? secrets_.set(name, value, clock_.wall_us(), version)
                    : Result<store::SecretRow>(std::unexpected(done.error()));
    wipe(value);
    if (!row) return std::unexpected(row.error());
    operations_.record(known ? "secret.rotated" : "secret.set", actor,
                       {{"secret", name}, {"version", row->version}, {"key", row->key_id}});
    if (const Status renewed = operations_.renew_secrets(); !renewed) return std::unexpected(renewed.error());
    return one(*row);
  }

  Status must_exist(const std::string& name) {
    const auto row = secrets_.find(name);
    if (!row) return std::unexpected(row.error());
    if (*row) return {};
    return fail(ErrorKind::not_found, "there is no secret \"" + name + "\"; `doorward secret set` makes one");
  }

  std::vector<std::string> users(std::string_view name) const {
    std::vector<std::string> servers;
    for (const ServerItem& item : operations_.inventory().servers) {
      if (refers_to_sealed(item.config, name)) servers.push_back(item.settings->name);
    }
    return servers;
  }

  void write(json::Writer& writer, const store::SecretRow& row) const {
    writer.begin_object().key("name").string(row.name).key("version").number(row.version);
    writer.key("created")
        .string(format_time(row.created_us))
        .key("updated")
        .string(format_time(row.updated_us));
    writer.key("key").string(row.key_id).key("servers").begin_array();
    for (const std::string& server : users(row.name)) writer.string(server);
    writer.end_array().end_object();
  }

  std::string one(const store::SecretRow& row) const {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.secret/1").key("secret");
    write(writer, row);
    writer.end_object();
    return out;
  }

  Operations& operations_;
  SealedSecrets& secrets_;
  const Clock& clock_;
};

}  // namespace

void add_secret_operations(Operations& operations, SealedSecrets& secrets, const Clock& clock) {
  const auto group = std::make_shared<SecretOperations>(operations, secrets, clock);
  const auto add = [&](std::string_view op,
                       Json (SecretOperations::*method)(ControlRequest&, const identity::Actor&)) {
    operations.add(op, {}, [group, method](ControlRequest& request, const identity::Actor& actor) {
      return (group.get()->*method)(request, actor);
    });
  };
  add("secret.set", &SecretOperations::set);
  add("secret.lend", &SecretOperations::lend);
  add("secret.rotate", &SecretOperations::rotate);
  add("secret.list", &SecretOperations::list);
  add("secret.remove", &SecretOperations::remove);
  add("secret.rotate_key", &SecretOperations::rotate_key);
}

}  // namespace doorward::server
