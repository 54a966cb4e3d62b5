#include "server/account_book.h"

#include "base/hash.h"
#include "base/log.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::server {
namespace {

/// What is sealed holds no moment of its own after which it may not be opened.
constexpr std::int64_t kNever = INT64_MAX;

/// No two lists of parts make the same context.
std::string context_of(std::initializer_list<std::string_view> parts) {
  std::string context;
  for (const std::string_view part : parts) context += std::to_string(part.size()) + ":" + std::string(part);
  return context;
}

std::string account_context(std::string_view server, std::string_view owner, std::string_view url) {
  return context_of({"oauth account", server, owner, url});
}

std::string registration_context(std::string_view server, std::string_view issuer) {
  return context_of({"oauth registration", server, issuer});
}

void write_client(json::Writer& writer, const upstream::OAuthClient& client) {
  writer.begin_object().key("id").string(client.id).key("secret").string(client.secret);
  writer.key("auth_method").string(client.auth_method).key("redirect").string(client.redirect).end_object();
}

upstream::OAuthClient read_client(json::Value object) {
  const auto text = [&](std::string_view key) { return std::string(text_of(object, key)); };
  return {text("id"), text("secret"), text("auth_method"), text("redirect")};
}

}  // namespace

Result<std::vector<KeptAccount>> AccountBook::load() {
  auto rows = rows_.all();
  if (!rows) return std::unexpected(rows.error());
  std::vector<KeptAccount> accounts;
  json::Reader reader;
  for (const store::AccountRow& row : *rows) {
    const auto text = sealer_.open(row.sealed, account_context(row.server, row.owner, row.url), 0);
    const auto root = text ? reader.read(*text) : std::expected<json::Value, json::ReadError>(json::Value());
    if (!text || !root) {
      log_line(LogLevel::error, "an account cannot be opened with this key; connect it again",
               {{"server", row.server}, {"owner", row.owner}});
      continue;
    }
    KeptAccount kept{row.server, row.owner, row.url, row.actor, row.connected_us, {}};
    kept.account.issuer = row.issuer;
    kept.account.scope = row.scope;
    kept.account.token_endpoint = text_of(*root, "token_endpoint");
    kept.account.resource = text_of(*root, "resource");
    kept.account.access_token = text_of(*root, "access_token");
    kept.account.refresh_token = text_of(*root, "refresh_token");
    kept.account.client = read_client(root->find("client"));
    kept.account.obtained_us = row.updated_us;
    kept.account.expires_us = row.expires_us.value_or(0);
    accounts.push_back(std::move(kept));
  }
  return accounts;
}

Status AccountBook::save(const KeptAccount& kept, std::int64_t now_us) {
  const upstream::OAuthAccount& account = kept.account;
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("token_endpoint").string(account.token_endpoint).key("resource").string(account.resource);
  writer.key("access_token").string(account.access_token).key("refresh_token").string(account.refresh_token);
  write_client(writer.key("client"), account.client);
  writer.end_object();
  store::AccountRow row;
  row.server = kept.server;
  row.owner = kept.owner;
  row.url = kept.url;
  row.issuer = account.issuer;
  row.scope = account.scope;
  row.sealed = sealer_.seal(text, account_context(kept.server, kept.owner, kept.url), kNever);
  row.actor = kept.actor;
  if (account.expires_us != 0) row.expires_us = account.expires_us;
  row.connected_us = kept.connected_us;
  row.updated_us = now_us;
  wipe(text);
  return rows_.put(row);
}

std::optional<upstream::OAuthClient> AccountBook::registration(std::string_view server, std::string_view issuer) {
  const auto row = rows_.registration(server, issuer);
  if (!row) return std::nullopt;
  const auto text = sealer_.open(row->sealed, registration_context(server, issuer), 0);
  json::Reader reader;
  const auto root = text ? reader.read(*text) : std::expected<json::Value, json::ReadError>(json::Value());
  if (!text || !root) return std::nullopt;
  return read_client(*root);
}

Status AccountBook::save_registration(std::string_view server, std::string_view issuer,
                                      const upstream::OAuthClient& client, std::int64_t now_us) {
  std::string text;
  json::Writer writer(text);
  write_client(writer, client);
  store::RegistrationRow row{std::string(server), std::string(issuer), client.redirect,
                             sealer_.seal(text, registration_context(server, issuer), kNever), now_us};
  return rows_.put(row);
}

}  // namespace doorward::server
