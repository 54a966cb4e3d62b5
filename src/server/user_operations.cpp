#include "server/user_operations.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/suggest.h"
#include "identity/password.h"
#include "server/operations.h"
#include "server/people.h"
#include "server/people_text.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using identity::Actor;
using identity::Role;
using Json = Operations::Json;
using Reply = Operations::Reply;

constexpr std::size_t kMostGroups = 64;
constexpr std::size_t kNameBytes = 128;

std::string person_of(const std::string& user) {
  return "user:" + user;
}

/// A group's or an e-mail's text: anything that prints, of a bounded length.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytes &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

class UserOperations {
 public:
  explicit UserOperations(People& people) : people_(people), users_(people.users()) {}

  void add(ControlRequest& request, const Actor& actor, Reply reply);
  Json list(ControlRequest& request, const Actor& actor);
  Json show(ControlRequest& request, const Actor& actor);
  Json set(ControlRequest& request, const Actor& actor);
  void set_password(ControlRequest& request, const Actor& actor, Reply reply);
  Json disable(ControlRequest& request, const Actor& actor) { return set_disabled(request, actor, true); }
  Json enable(ControlRequest& request, const Actor& actor) { return set_disabled(request, actor, false); }
  Json remove(ControlRequest& request, const Actor& actor);

 private:
  Json set_disabled(ControlRequest& request, const Actor& actor, bool disabled);
  /// Takes roles, groups and e-mail from the request, where they are there.
  Status take_rights(ControlRequest& request, store::UserRow& user);
  /// conflict where `user` is the last one who can log in as an admin (T290).
  Status keep_an_admin(const store::UserRow& user);
  Json store_new(const store::UserRow& user, const Actor& actor);
  /// Stores what changed, ends the user's sessions where that took effect on what they may do, and records it.
  Json store_changed(const store::UserRow& user, std::optional<std::int64_t> expected, std::string_view event,
                     const Actor& actor);

  People& people_;
  store::Users& users_;
};

Status UserOperations::take_rights(ControlRequest& request, store::UserRow& user) {
  const auto names = request.list("roles");
  auto groups = request.list("groups");
  auto email = request.text("email");
  if (names) {
    const auto roles = parse_roles(*names);
    if (!roles) return std::unexpected(roles.error());
    user.roles = write_roles(*roles);
  }
  if (groups) {
    if (groups->size() > kMostGroups || !std::ranges::all_of(*groups, is_plain)) {
      return fail(ErrorKind::invalid, "\"groups\" are at most 64 names of 1 to 128 printing bytes");
    }
    user.groups = *std::move(groups);
  }
  if (email) {
    if (!email->empty() && (!is_plain(*email) || !email->contains('@'))) {
      return fail(ErrorKind::invalid, "\"email\" must be an address such as alice@example.org");
    }
    user.email = *std::move(email);
  }
  return {};
}

Status UserOperations::keep_an_admin(const store::UserRow& user) {
  if (!is_active_admin(user)) return {};
  const auto all = users_.all();
  if (!all) return std::unexpected(all.error());
  const bool another = std::ranges::any_of(
      *all, [&](const store::UserRow& other) { return other.name != user.name && is_active_admin(other); });
  if (another) return {};
  return fail(ErrorKind::conflict,
              "\"" + user.name + "\" is the last user who can log in as an admin; make somebody else one first");
}

Json UserOperations::store_new(const store::UserRow& user, const Actor& actor) {
  const auto stored = users_.add(user);
  if (!stored) return std::unexpected(stored.error());
  people_.record("user.added", actor, {{"user", stored->name}, {"roles", stored->roles}});
  return user_answer(*stored);
}

void UserOperations::add(ControlRequest& request, const Actor& actor, Reply reply) {
  store::UserRow user;
  user.name = request.need_text("name");
  const auto password = request.text("password");
  const Status rights = take_rights(request, user);
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (!rights) return reply(std::unexpected(rights.error()));
  if (user.roles.empty()) {
    return reply(fail(ErrorKind::invalid, "a user needs a role: " + to_string(identity::Roles::all())));
  }
  if (!store::is_user_name(user.name)) {
    return reply(fail(ErrorKind::invalid,
                      "a user's name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"));
  }
  if (users_.find(user.name)) {
    return reply(fail(ErrorKind::conflict, "a user \"" + user.name + "\" exists already; choose another name"));
  }
  user.created_us = people_.clock().wall_us();
  if (!password) return reply(store_new(user, actor));
  if (const Status good = identity::check_password(*password); !good) return reply(std::unexpected(good.error()));
  people_.hash(*password, [this, user = std::move(user), actor, reply = std::move(reply)](auto hash) mutable {
    if (!hash) return reply(std::unexpected(hash.error()));
    user.password = std::move(*hash);
    reply(store_new(user, actor));
  });
}

Json UserOperations::list(ControlRequest& request, const Actor&) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto all = users_.all();
  if (!all) return std::unexpected(all.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.user.list/1").key("users").begin_array();
  for (const store::UserRow& user : *all) write_user(writer, user);
  writer.end_array().end_object();
  return out;
}

Json UserOperations::show(ControlRequest& request, const Actor&) {
  const std::string name = request.need_text("name");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto user = users_.find(name);
  if (!user) return std::unexpected(user.error());
  return user_answer(*user);
}

Json UserOperations::store_changed(const store::UserRow& user, std::optional<std::int64_t> expected,
                                   std::string_view event, const Actor& actor) {
  const auto before = users_.find(user.name);
  if (!before) return std::unexpected(before.error());
  if (is_active_admin(*before) && !is_active_admin(user)) {
    if (const Status kept = keep_an_admin(*before); !kept) return std::unexpected(kept.error());
  }
  store::UserRow next = user;
  next.updated_us = people_.clock().wall_us();
  const auto stored = users_.set(next, expected);
  if (!stored) return std::unexpected(stored.error());
  const bool rights_changed = before->roles != stored->roles || before->groups != stored->groups ||
                              before->disabled != stored->disabled;
  if (rights_changed) {
    if (const Status ended = people_.end_sessions(person_of(user.name)); !ended) return std::unexpected(ended.error());
  }
  people_.record(event, actor,
                 {{"user", stored->name},
                  {"roles_before", before->roles},
                  {"roles", stored->roles},
                  {"revision", stored->revision}});
  return user_answer(*stored);
}

Json UserOperations::set(ControlRequest& request, const Actor& actor) {
  const std::string name = request.need_text("name");
  const auto expected = request.number("revision");
  auto user = users_.find(name);
  store::UserRow none;
  const Status rights = take_rights(request, user ? *user : none);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (!user) return std::unexpected(user.error());
  if (!rights) return std::unexpected(rights.error());
  if (user->roles.empty()) return fail(ErrorKind::invalid, "a user needs a role; `doorward user disable` ends access");
  return store_changed(*user, expected, "user.changed", actor);
}

Json UserOperations::set_disabled(ControlRequest& request, const Actor& actor, bool disabled) {
  const std::string name = request.need_text("name");
  const auto expected = request.number("revision");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  auto user = users_.find(name);
  if (!user) return std::unexpected(user.error());
  if (user->disabled == disabled) {
    return fail(ErrorKind::conflict, "\"" + name + "\" is " + (disabled ? "disabled" : "enabled") + " already");
  }
  user->disabled = disabled;
  return store_changed(*user, expected, disabled ? "user.disabled" : "user.enabled", actor);
}

void UserOperations::set_password(ControlRequest& request, const Actor& actor, Reply reply) {
  const std::string name = request.need_text("name");
  const std::string password = request.need_text("password");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (const auto user = users_.find(name); !user) return reply(std::unexpected(user.error()));
  if (const Status good = identity::check_password(password); !good) return reply(std::unexpected(good.error()));
  people_.hash(password, [this, name, actor, reply = std::move(reply)](auto hash) mutable {
    reply(hash ? put_password(people_, name, *hash, actor) : Json(std::unexpected(hash.error())));
  });
}

Json UserOperations::remove(ControlRequest& request, const Actor& actor) {
  const std::string name = request.need_text("name");
  const auto expected = request.number("revision");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto user = users_.find(name);
  if (!user) return std::unexpected(user.error());
  if (const Status kept = keep_an_admin(*user); !kept) return std::unexpected(kept.error());
  if (const Status gone = users_.remove(name, expected); !gone) return std::unexpected(gone.error());
  if (const Status ended = people_.end_sessions(person_of(name)); !ended) return std::unexpected(ended.error());
  people_.record("user.removed", actor, {{"user", name}, {"roles", user->roles}});
  return std::string(R"({"schema":"doorward.user.removed/1"})");
}

}  // namespace

void add_user_operations(Operations& operations, People& people) {
  const auto users = std::make_shared<UserOperations>(people);
  const auto bind = [&](auto method) {
    return [users, method](ControlRequest& request, const Actor& actor) { return (*users.*method)(request, actor); };
  };
  const auto bind_late = [&](auto method) {
    return [users, method](ControlRequest& request, const Actor& actor, Reply reply) {
      (*users.*method)(request, actor, std::move(reply));
    };
  };
  operations.add_late("user.add", {}, bind_late(&UserOperations::add));
  operations.add("user.list", {Role::auditor}, bind(&UserOperations::list));
  operations.add("user.show", {Role::auditor}, bind(&UserOperations::show));
  operations.add("user.set", {}, bind(&UserOperations::set));
  operations.add_late("user.set_password", {}, bind_late(&UserOperations::set_password));
  operations.add("user.disable", {}, bind(&UserOperations::disable));
  operations.add("user.enable", {}, bind(&UserOperations::enable));
  operations.add("user.remove", {}, bind(&UserOperations::remove));
}

}  // namespace doorward::server
