#include "server/people_text.h"

#include "base/suggest.h"
#include "server/people.h"
#include "server/time_text.h"

namespace doorward::server {

Result<identity::Roles> parse_roles(const std::vector<std::string>& names) {
  identity::Roles roles;
  for (const std::string& name : names) {
    const auto role = identity::parse_role(name);
    if (!role) {
      std::vector<std::string> known;
      for (const identity::Role one : identity::kAllRoles) known.emplace_back(to_string(one));
      const std::string_view near = suggest(name, known);
      return fail(ErrorKind::invalid, "\"" + name + "\" is no role" +
                                          (near.empty() ? "; the roles are " + to_string(identity::Roles::all())
                                                        : "; did you mean \"" + std::string(near) + "\"?"));
    }
    roles.add(*role);
  }
  return roles;
}

void write_role_names(json::Writer& writer, identity::Roles roles) {
  writer.begin_array();
  for (const identity::Role role : identity::kAllRoles) {
    if (roles.has(role)) writer.string(to_string(role));
  }
  writer.end_array();
}

void write_user(json::Writer& writer, const store::UserRow& user) {
  writer.begin_object().key("name").string(user.name).key("email").string(user.email);
  writer.key("roles");
  write_role_names(writer, read_roles(user.roles));
  writer.key("groups").begin_array();
  for (const std::string& group : user.groups) writer.string(group);
  writer.end_array().key("state").string(user.disabled ? "disabled" : "active");
  writer.key("password").boolean(user.password.has_value());
  writer.key("created").string(format_time(user.created_us)).key("updated").string(format_time(user.updated_us));
  writer.key("revision").number(user.revision).end_object();
}

std::string user_answer(const store::UserRow& user) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.user/1").key("user");
  write_user(writer, user);
  writer.end_object();
  return out;
}

void write_session(json::Writer& writer, const store::SessionRow& session, std::string_view current) {
  writer.begin_object().key("id").string(session.id).key("person").string(session.person);
  writer.key("method").string(session.method).key("address").string(session.address).key("agent").string(session.agent);
  writer.key("created").string(format_time(session.created_us)).key("seen").string(format_time(session.seen_us));
  writer.key("current").boolean(session.id == current).end_object();
}

void write_access_token(json::Writer& writer, const store::AccessTokenRow& token) {
  writer.begin_object().key("id").string(token.id).key("user").string(token.user).key("label").string(token.label);
  writer.key("roles");
  write_role_names(writer, read_roles(token.roles));
  writer.key("token_hint").string(token.token_hint);
  writer.key("created").string(format_time(token.created_us)).key("expires").string(format_time(token.expires_us));
  writer.end_object();
}

Result<std::string> put_password(People& people, const std::string& name, const std::string& hash,
                                 const identity::Actor& actor) {
  if (const Status done = people.users().set_password(name, hash, people.clock().wall_us()); !done) {
    return std::unexpected(done.error());
  }
  if (const Status ended = people.end_sessions("user:" + name); !ended) return std::unexpected(ended.error());
  people.record("user.password_set", actor, {{"user", name}});
  const auto user = people.users().find(name);
  if (!user) return std::unexpected(user.error());
  return user_answer(*user);
}

}  // namespace doorward::server
