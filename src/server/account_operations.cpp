#include <memory>
#include <utility>

#include "base/ids.h"
#include "identity/password.h"
#include "identity/token.h"
#include "server/operations.h"
#include "server/people.h"
#include "server/people_text.h"
#include "server/time_text.h"
#include "server/user_operations.h"

namespace doorward::server {
namespace {

using identity::Actor;
using identity::Role;
using identity::Roles;
using Json = Operations::Json;
using Reply = Operations::Reply;

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kTokenLife = 90 * kDayUs;
constexpr std::int64_t kMostTokenLife = 366 * kDayUs;
constexpr std::size_t kTokensOfOne = 50;
constexpr std::string_view kUser = "user:";

/// The local user that an actor is; empty: none.
std::string user_of(const Actor& actor) {
  return actor.name.starts_with(kUser) ? actor.name.substr(kUser.size()) : std::string();
}

std::string current_session(const Actor& actor) {
  constexpr std::string_view kSession = "session:";
  return actor.via.starts_with(kSession) ? actor.via.substr(kSession.size()) : std::string();
}

bool is_admin(const Actor& actor) {
  return actor.roles.has(Role::admin);
}

class AccountOperations {
 public:
  explicit AccountOperations(People& people) : people_(people), users_(people.users()) {}

  Json show(ControlRequest& request, const Actor& actor);
  void set_password(ControlRequest& request, const Actor& actor, Reply reply);
  Json login_code(ControlRequest& request, const Actor& actor);
  Json session_list(ControlRequest& request, const Actor& actor);
  Json session_end(ControlRequest& request, const Actor& actor);
  Json token_create(ControlRequest& request, const Actor& actor);
  Json token_list(ControlRequest& request, const Actor& actor);
  Json token_revoke(ControlRequest& request, const Actor& actor);

 private:
  /// The roles that a new token of `user` gets.
  Result<Roles> token_roles(const store::UserRow& user, const std::optional<std::vector<std::string>>& names,
                            const Actor& actor);

  People& people_;
  store::Users& users_;
};

Json AccountOperations::show(ControlRequest& request, const Actor& actor) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.account/1").key("name").string(actor.name).key("roles");
  write_role_names(writer, actor.roles);
  writer.key("groups").begin_array();
  for (const std::string& group : actor.groups) writer.string(group);
  writer.end_array().key("also").begin_array();
  for (const std::string& name : actor.also) writer.string(name);
  writer.end_array().key("address").string(actor.address).key("via").string(actor.via).end_object();
  return out;
}

void AccountOperations::set_password(ControlRequest& request, const Actor& actor, Reply reply) {
  const std::string old = request.need_text("old");
  std::string password = request.need_text("password");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  const std::string user = user_of(actor);
  if (user.empty()) {
    return reply(fail(ErrorKind::denied, "only a local user has a password here, and you are " + actor.name));
  }
  if (const Status good = identity::check_password(password); !good) return reply(std::unexpected(good.error()));
  people_.check(user, old, actor.address,
                [this, user, actor, password = std::move(password), reply = std::move(reply)](auto checked) mutable {
                  if (!checked) return reply(std::unexpected(checked.error().error));
                  people_.hash(std::move(password),
                               [this, user, actor, reply = std::move(reply)](auto hash) mutable {
                                 reply(hash ? put_password(people_, user, *hash, actor)
                                            : Json(std::unexpected(hash.error())));
                               });
                });
}

Json AccountOperations::login_code(ControlRequest& request, const Actor& actor) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (!actor.name.starts_with("uid:") || !actor.via.empty()) {
    return fail(ErrorKind::conflict, "a login code is for the user of this machine, and asked for over the Unix socket");
  }
  const std::string code = people_.make_code(actor);
  people_.record("login.code", actor, {});
  std::string out;
  json::Writer(out).begin_object().key("schema").string("doorward.login.code/1").key("code").string(code).end_object();
  return out;
}

Json AccountOperations::session_list(ControlRequest& request, const Actor& actor) {
  const auto person = request.text("person");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (person && *person != actor.name && !is_admin(actor)) {
    return fail(ErrorKind::denied, "only an admin sees the sessions of others");
  }
  const auto found = people_.sessions().all(person ? *person : is_admin(actor) ? "" : actor.name);
  if (!found) return std::unexpected(found.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.session.list/1").key("sessions").begin_array();
  for (const store::SessionRow& session : *found) write_session(writer, session, current_session(actor));
  writer.end_array().end_object();
  return out;
}

Json AccountOperations::session_end(ControlRequest& request, const Actor& actor) {
  const std::string id = request.need_text("id");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto session = people_.sessions().find(id);
  if (!session) return std::unexpected(session.error());
  if (session->person != actor.name && !is_admin(actor)) {
    // The same as of one that does not exist: ids of others are nobody's business.
    return fail(ErrorKind::not_found, "there is no session \"" + id + "\"");
  }
  if (const Status ended = people_.end_session(id, actor); !ended) return std::unexpected(ended.error());
  return std::string(R"({"schema":"doorward.session.ended/1"})");
}

Result<Roles> AccountOperations::token_roles(const store::UserRow& user,
                                             const std::optional<std::vector<std::string>>& names,
                                             const Actor& actor) {
  const Roles theirs = read_roles(user.roles);
  Roles roles;
  if (names) {
    const auto parsed = parse_roles(*names);
    if (!parsed) return parsed;
    roles = *parsed;
  } else {
    for (const Role role : identity::kAllRoles) {
      if (theirs.has(role) && (is_admin(actor) || actor.roles.has(role))) roles.add(role);
    }
  }
  for (const Role role : identity::kAllRoles) {
    if (!roles.has(role)) continue;
    if (!theirs.has(role)) {
      return fail(ErrorKind::invalid, "\"" + user.name + "\" has no role " + std::string(to_string(role)) +
                                          ", so no token of theirs can; leave it out");
    }
    if (!is_admin(actor) && !actor.roles.has(role)) {
      return fail(ErrorKind::denied, "who makes a token cannot give it the role " + std::string(to_string(role)) +
                                         ", which they do not have now");
    }
  }
  if (roles.empty()) return fail(ErrorKind::invalid, "a token needs a role; \"" + user.name + "\" has " + user.roles);
  return roles;
}

Json AccountOperations::token_create(ControlRequest& request, const Actor& actor) {
  store::AccessTokenRow row;
  row.user = request.text("user").value_or(user_of(actor));
  row.label = request.need_text("label");
  const auto names = request.list("roles");
  const auto expires = request.text("expires");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (row.user.empty()) return fail(ErrorKind::invalid, "token.create needs \"user\", for you are " + actor.name);
  if (row.user != user_of(actor) && !is_admin(actor)) {
    return fail(ErrorKind::denied, "only an admin makes access tokens of others");
  }
  if (!store::is_name(row.label)) {
    return fail(ErrorKind::invalid, "a token's label is 1 to 64 of letters, digits, '.', '_' and '-'");
  }
  const auto user = users_.find(row.user);
  if (!user) return std::unexpected(user.error());
  const auto roles = token_roles(*user, names, actor);
  if (!roles) return std::unexpected(roles.error());
  row.roles = write_roles(*roles);
  row.created_us = people_.clock().wall_us();
  row.expires_us = row.created_us + kTokenLife;
  if (expires) {
    const auto ends = parse_future(*expires, row.created_us);
    if (!ends || *ends <= row.created_us || *ends > row.created_us + kMostTokenLife) {
      return fail(ErrorKind::invalid, "\"expires\" must be a time within 366 days, such as 30d or 2027-01-31");
    }
    row.expires_us = *ends;
  }
  const auto others = users_.tokens(row.user);
  if (!others) return std::unexpected(others.error());
  if (others->size() >= kTokensOfOne) {
    return fail(ErrorKind::exhausted, "\"" + row.user + "\" has 50 access tokens; revoke one first");
  }
  const std::string token = identity::make_token(identity::kAccessTokenPrefix);
  row.id = make_uuid();
  row.token_hash = identity::hash_token(token);
  row.token_hint = identity::token_hint(token);
  const auto stored = users_.add_token(row);
  if (!stored) return std::unexpected(stored.error());
  people_.record("token.created", actor,
                 {{"token", stored->id}, {"user", stored->user}, {"label", stored->label}, {"roles", stored->roles}});
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.token.secret/1").key("token").string(token);
  writer.key("access_token");
  write_access_token(writer, *stored);
  writer.end_object();
  return out;
}

Json AccountOperations::token_list(ControlRequest& request, const Actor& actor) {
  const auto user = request.text("user");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (user && *user != user_of(actor) && !is_admin(actor)) {
    return fail(ErrorKind::denied, "only an admin sees the access tokens of others");
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.token.list/1").key("access_tokens").begin_array();
  // One who is no local user has none, and an empty name would mean everybody's.
  const std::string of = user ? *user : is_admin(actor) ? std::string() : user_of(actor);
  if (!of.empty() || is_admin(actor)) {
    const auto found = users_.tokens(of);
    if (!found) return std::unexpected(found.error());
    for (const store::AccessTokenRow& token : *found) write_access_token(writer, token);
  }
  writer.end_array().end_object();
  return out;
}

Json AccountOperations::token_revoke(ControlRequest& request, const Actor& actor) {
  const std::string id = request.need_text("id");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto token = users_.token(id);
  if (!token) return std::unexpected(token.error());
  if (token->user != user_of(actor) && !is_admin(actor)) {
    return fail(ErrorKind::not_found, "there is no access token \"" + id + "\"; `doorward token list` shows them");
  }
  if (const Status gone = users_.remove_token(id); !gone) return std::unexpected(gone.error());
  people_.record("token.revoked", actor, {{"token", token->id}, {"user", token->user}, {"label", token->label}});
  return std::string(R"({"schema":"doorward.token.revoked/1"})");
}

}  // namespace

void add_account_operations(Operations& operations, People& people) {
  const auto account = std::make_shared<AccountOperations>(people);
  const auto bind = [&](auto method) {
    return [account, method](ControlRequest& request, const Actor& actor) {
      return (*account.*method)(request, actor);
    };
  };
  const Roles all = Roles::all();
  operations.add("account.show", all, bind(&AccountOperations::show));
  operations.add_late("account.set_password", all,
                      [account](ControlRequest& request, const Actor& actor, Reply reply) {
                        account->set_password(request, actor, std::move(reply));
                      });
  operations.add("login.code", {}, bind(&AccountOperations::login_code));
  operations.add("session.list", all, bind(&AccountOperations::session_list));
  operations.add("session.end", all, bind(&AccountOperations::session_end));
  operations.add("token.create", all, bind(&AccountOperations::token_create));
  operations.add("token.list", all, bind(&AccountOperations::token_list));
  operations.add("token.revoke", all, bind(&AccountOperations::token_revoke));
}

}  // namespace doorward::server
