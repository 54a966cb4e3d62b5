#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/secret_input.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct UserOptions {
  std::string name;
  std::string email;
  std::vector<std::string> roles;
  std::vector<std::string> groups;
  bool no_password = false;
  bool no_groups = false;
};

struct TokenOptions {
  std::string user;
  std::string label;
  std::string expires;
  std::vector<std::string> roles;
};

void write_list(json::Writer& writer, std::string_view key, const std::vector<std::string>& texts) {
  writer.key(key).begin_array();
  for (const std::string& text : texts) writer.string(text);
  writer.end_array();
}

std::string joined(json::Value list) {
  std::string text;
  for (const json::Value item : list.elements()) text += (text.empty() ? "" : ", ") + std::string(item.string());
  return safe_text(text);
}

void show_user(json::Value result) {
  const json::Value user = result.find("user");
  const bool password = user.find("password") && user.find("password").boolean();
  print_table({{"name", member(user, "name")},
               {"email", member(user, "email")},
               {"roles", joined(user.find("roles"))},
               {"groups", joined(user.find("groups"))},
               {"state", member(user, "state")},
               {"password", password ? "set" : "none"},
               {"created", member(user, "created")},
               {"updated", member(user, "updated")},
               {"revision", member(user, "revision")}});
}

void add(Session& session, const UserOptions& options) {
  std::optional<std::string> password;
  if (!options.no_password && !(password = read_secret(session, "password"))) return;
  operate(
      session, "user.add",
      [&](json::Writer& writer) {
        writer.key("name").string(options.name);
        write_list(writer, "roles", options.roles);
        write_list(writer, "groups", options.groups);
        if (!options.email.empty()) writer.key("email").string(options.email);
        if (password) writer.key("password").string(*password);
      },
      show_user);
}

void list(Session& session) {
  operate(session, "user.list", nullptr, [](json::Value result) {
    std::vector<std::vector<std::string>> rows = {{"NAME", "STATE", "ROLES", "GROUPS", "EMAIL"}};
    for (const json::Value user : result.find("users").elements()) {
      rows.push_back({member(user, "name"), member(user, "state"), joined(user.find("roles")),
                      joined(user.find("groups")), member(user, "email")});
    }
    print_table(rows);
  });
}

void set_roles(Session& session, const UserOptions& options) {
  operate(
      session, "user.set",
      [&](json::Writer& writer) {
        writer.key("name").string(options.name);
        write_list(writer, "roles", options.roles);
        if (!options.groups.empty() || options.no_groups) write_list(writer, "groups", options.groups);
      },
      show_user);
}

void set_password(Session& session, const std::string& name) {
  const auto password = read_secret(session, "password");
  if (!password) return;
  operate(
      session, "user.set_password",
      [&](json::Writer& writer) { writer.key("name").string(name).key("password").string(*password); },
      [&](json::Value) { print_line("the password of " + name + " is set; their sessions have ended"); });
}

void add_named(CLI::App& group, const char* command, const char* help, Session& session,
               void (*run)(Session&, const std::string&)) {
  const auto name = std::make_shared<std::string>();
  CLI::App* app = group.add_subcommand(command, help);
  app->add_option("name", *name, "Name of the user")->required()->type_name("NAME");
  app->callback([&session, name, run] { run(session, *name); });
}

void operate_on(Session& session, std::string_view op, const std::string& name, const std::string& done) {
  operate(
      session, op, [&](json::Writer& writer) { writer.key("name").string(name); },
      [&](json::Value) { print_line(done); });
}

void create_token(Session& session, const TokenOptions& options) {
  operate(
      session, "token.create",
      [&](json::Writer& writer) {
        writer.key("user").string(options.user).key("label").string(options.label);
        if (!options.roles.empty()) write_list(writer, "roles", options.roles);
        if (!options.expires.empty()) writer.key("expires").string(options.expires);
      },
      [&](json::Value result) {
        print_line(member(result, "token"));
        const json::Value token = result.find("access_token");
        session.say("this token is shown once; it acts as " + options.user + " with the roles " +
                    joined(token.find("roles")) + " until " + member(token, "expires"));
      });
}

void list_tokens(Session& session, const std::string& user) {
  operate(
      session, "token.list",
      [&](json::Writer& writer) {
        if (!user.empty()) writer.key("user").string(user);
      },
      [](json::Value result) {
        std::vector<std::vector<std::string>> rows = {{"ID", "USER", "LABEL", "TOKEN", "ROLES", "EXPIRES"}};
        for (const json::Value token : result.find("access_tokens").elements()) {
          rows.push_back({member(token, "id"), member(token, "user"), member(token, "label"),
                          "..." + member(token, "token_hint"), joined(token.find("roles")),
                          member(token, "expires")});
        }
        print_table(rows);
      });
}

void list_sessions(Session& session) {
  operate(session, "session.list", nullptr, [](json::Value result) {
    std::vector<std::vector<std::string>> rows = {{"ID", "PERSON", "METHOD", "ADDRESS", "OPENED", "SEEN"}};
    for (const json::Value one : result.find("sessions").elements()) {
      rows.push_back({member(one, "id"), member(one, "person"), member(one, "method"), member(one, "address"),
                      member(one, "created"), member(one, "seen")});
    }
    print_table(rows);
  });
}

void end_by_id(Session& session, std::string_view op, const std::string& id, const std::string& done) {
  operate(
      session, op, [&](json::Writer& writer) { writer.key("id").string(id); },
      [&](json::Value) { print_line(done); });
}

}  // namespace

void add_user_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("user", "Manage the people who use the control plane");
  group->require_subcommand(1);

  const auto adding = std::make_shared<UserOptions>();
  CLI::App* command = group->add_subcommand("add", "Add a user; the password is asked for, or a line of standard input");
  command->add_option("name", adding->name, "Their name")->required()->type_name("NAME");
  command->add_option("--role", adding->roles, "viewer, auditor, approver, policy_manager or admin; again for more")
      ->required()
      ->type_name("ROLE")
      ->allow_extra_args(false);
  command->add_option("--group", adding->groups, "Group of approvers; again for more")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command->add_option("--email", adding->email, "Their address, by which grants may name them as owner");
  command->add_flag("--no-password", adding->no_password, "Nobody logs in as them: for programs with an access token");
  command->callback([&session, adding] { add(session, *adding); });

  group->add_subcommand("list", "List the users")->alias("ls")->callback([&session] { list(session); });
  add_named(*group, "show", "Show one user", session, [](Session& at, const std::string& name) {
    operate(at, "user.show", [&](json::Writer& writer) { writer.key("name").string(name); }, show_user);
  });

  const auto setting = std::make_shared<UserOptions>();
  command = group->add_subcommand("set-roles", "Give a user these roles, and no others; their sessions end");
  command->add_option("name", setting->name, "Name of the user")->required()->type_name("NAME");
  command->add_option("--role", setting->roles, "A role; again for more")
      ->required()
      ->type_name("ROLE")
      ->allow_extra_args(false);
  command->add_option("--group", setting->groups, "Group of approvers, in place of those before; again for more")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command->add_flag("--no-groups", setting->no_groups, "Take them out of every group");
  command->callback([&session, setting] { set_roles(session, *setting); });

  add_named(*group, "set-password", "Set a password, asked for or from standard input; their sessions end", session,
            set_password);
  add_named(*group, "disable", "End a user's sessions and access", session, [](Session& at, const std::string& name) {
    operate_on(at, "user.disable", name, "user " + name + " is disabled; their sessions and tokens are refused");
  });
  add_named(*group, "enable", "Let a disabled user in again", session, [](Session& at, const std::string& name) {
    operate_on(at, "user.enable", name, "user " + name + " is enabled");
  });
  add_named(*group, "remove", "Remove a user with their access tokens", session,
            [](Session& at, const std::string& name) {
              operate_on(at, "user.remove", name, "user " + name + " is removed");
            });
}

void add_token_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("token", "Manage the access tokens by which programs act as users");
  group->require_subcommand(1);
  const auto options = std::make_shared<TokenOptions>();
  CLI::App* command = group->add_subcommand("create", "Make an access token and print it, once");
  command->add_option("label", options->label, "What people call it")->required()->type_name("LABEL");
  command->add_option("--user", options->user, "Whom it acts as")->required()->type_name("NAME");
  command->add_option("--role", options->roles, "No more than these of the user's roles; again for more")
      ->type_name("ROLE")
      ->allow_extra_args(false);
  command->add_option("--expires", options->expires, "When it ends: a time, or a span such as 30d (90d if left out)")
      ->type_name("TIME");
  command->callback([&session, options] { create_token(session, *options); });
  const auto user = std::make_shared<std::string>();
  command = group->add_subcommand("list", "List the access tokens")->alias("ls");
  command->add_option("--user", *user, "Of this user alone")->type_name("NAME");
  command->callback([&session, user] { list_tokens(session, *user); });
  const auto id = std::make_shared<std::string>();
  command = group->add_subcommand("revoke", "End an access token for good");
  command->add_option("id", *id, "Its id, as `token list` shows it")->required()->type_name("ID");
  command->callback([&session, id] {
    end_by_id(session, "token.revoke", *id, "access token " + *id + " is refused from now on");
  });
}

void add_session_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("session", "Look at the sessions of people, and end them");
  group->require_subcommand(1);
  group->add_subcommand("list", "List the sessions")->alias("ls")->callback([&session] { list_sessions(session); });
  const auto id = std::make_shared<std::string>();
  CLI::App* command = group->add_subcommand("end", "End a session");
  command->add_option("id", *id, "Its id, as `session list` shows it")->required()->type_name("ID");
  command->callback([&session, id] { end_by_id(session, "session.end", *id, "session " + *id + " has ended"); });
}

}  // namespace doorward::cli
