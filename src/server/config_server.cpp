#include "server/config_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/url.h"
#include "server/config_oauth.h"
#include "store/store.h"

namespace doorward::server {
namespace {

constexpr Milliseconds kLeast{1};
constexpr Milliseconds kDay{86'400'000};

bool query_holds_secret(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return false;
  std::string_view query = target.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view member = query.substr(0, query.find('&'));
    if (looks_secret(member.substr(0, member.find('=')))) return true;
    query.remove_prefix(std::min(query.size(), member.size() + 1));
  }
  return false;
}

/// Calls `each` for the entries of a mapping; anything else is reported.
template <typename Each>
void for_entries(Fields& fields, std::string_view key, FileContext& context, Each each) {
  const yaml::Node* value = fields.take(key);
  if (value == nullptr || value->kind == yaml::Node::Kind::null) return;
  if (value->kind != yaml::Node::Kind::mapping) {
    context.report(*value, "\"" + std::string(key) + "\" must be a mapping of names to values");
    return;
  }
  for (const yaml::Entry& entry : value->entries) each(entry);
}

void read_env(Fields& fields, ServerConfig& server, FileContext& context) {
  for_entries(fields, "env", context, [&](const yaml::Entry& entry) {
    if (!is_variable_name(entry.key)) {
      context.report({context.file(), entry.line, entry.column},
                     "\"" + entry.key + "\" is no name for a variable; use letters, digits and '_'");
      return;
    }
    server.env.emplace_back(entry.key, read_secret_ref(entry.value, entry.key, context));
  });
}

void read_headers(Fields& fields, ServerConfig& server, FileContext& context) {
  for_entries(fields, "headers", context, [&](const yaml::Entry& entry) {
    const Origin at{context.file(), entry.line, entry.column};
    const std::string name = lower(entry.key);
    if (!is_header_name(name)) {
      context.report(at, "\"" + entry.key + "\" is no name for a header; use letters, digits and '-'");
      return;
    }
    if (const std::string_view why = refused_header(name); !why.empty()) {
      context.report(at, "the header \"" + name + "\" cannot be configured: " + std::string(why));
      return;
    }
    if (std::ranges::find(server.headers, name, &NamedSecrets::value_type::first) != server.headers.end()) {
      context.report(at, "duplicate header \"" + name + "\" (case does not count); keep one of the two");
      return;
    }
    server.headers.emplace_back(name, read_secret_ref(entry.value, name, context));
  });
}

ActionConfig read_action(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "an action", context);
  ActionConfig action;
  const auto take = [&](std::string_view key, std::string& into) {
    if (auto text = fields.take_text(key)) into = std::move(*text);
  };
  take("tool", action.tool);
  take("name", action.name);
  take("args", action.args);
  action.list = fields.take_texts("list");
  fields.finish();
  if (action.tool.empty()) fields.missing("tool");
  if (action.name.empty()) fields.missing("name");
  if (action.list.empty()) {
    context.report(node,
                   "an action needs \"list\", the exact names of the actions; an unlisted one is unknown");
  }
  for (const std::string* path : {&action.name, &action.args}) {
    if (!path->empty() && !path->starts_with("args.") && !path->starts_with("args[")) {
      context.report(node, "\"" + *path + "\" is no path under args; write it like args.action");
    }
  }
  return action;
}

InjectConfig read_inject(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "an item of inject", context);
  InjectConfig inject;
  if (auto argument = fields.take_text("argument")) inject.argument = std::move(*argument);
  if (const yaml::Node* value = fields.take("value")) {
    inject.value = read_secret_ref(*value, "value", context);
    if (value->find("value") != nullptr) {
      context.report(*value, "what is injected is a secret and may not stand in this file; refer to it");
    }
  }
  if (const yaml::Node* tools = node.find("tools"); tools != nullptr && tools->kind == yaml::Node::Kind::scalar) {
    if (fields.take_text("tools") != "*") {
      context.report(*tools, "\"tools\" must be a list of the tools that take the argument, or \"*\" for all");
    }
  } else {
    inject.tools = fields.take_texts("tools");
    if (inject.tools.empty()) {
      context.report(node, "an item of inject needs \"tools\": a list of names, or \"*\" for all");
    }
  }
  fields.finish();
  for (std::string_view key : {"argument", "value"}) {
    if (node.find(key) == nullptr) fields.missing(key);
  }
  return inject;
}

void read_injected(Fields& fields, ServerConfig& server, FileContext& context) {
  fields.take_list("inject", [&](const yaml::Node& item) {
    InjectConfig inject = read_inject(item, context);
    for (const InjectConfig& other : server.inject) {
      const bool both = inject.tools.empty() || other.tools.empty() ||
                        std::ranges::find_first_of(inject.tools, other.tools) != inject.tools.end();
      if (both && inject.argument == other.argument) {
        context.report(item, "two items of inject fill the argument \"" + inject.argument + "\" of one tool; remove one");
      }
    }
    server.inject.push_back(std::move(inject));
  });
}

ServerTimeouts read_timeouts(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "timeouts of a server", context);
  ServerTimeouts timeouts;
  timeouts.connect = fields.take_duration("connect", kLeast, kDay);
  timeouts.first_byte = fields.take_duration("first_byte", kLeast, kDay);
  timeouts.stream_idle = fields.take_duration("stream_idle", kLeast, kDay);
  fields.finish();
  return timeouts;
}

void check_target(const ServerConfig& server, Fields& fields, FileContext& context) {
  const yaml::Node& node = fields.node();
  const bool has_command = node.find("command") != nullptr;
  const bool has_url = node.find("url") != nullptr;
  const int given = has_command + has_url + (node.find("builtin") != nullptr);
  if (given != 1) {
    context.report(node, given == 0 ? "a server needs \"url\" (Streamable HTTP), \"command\" (a child process) or "
                                      "\"builtin\"; add one"
                                    : "a server has one of \"url\", \"command\" and \"builtin\"; remove the others");
    return;
  }
  if (server.builtin && (!server.headers.empty() || !server.env.empty() || !server.cwd.empty())) {
    context.report(node, "\"headers\", \"env\" and \"cwd\" mean nothing to a built-in server; remove them");
  }
  if (!has_command && !has_url) return;
  if (has_url) {
    if (!server.env.empty())
      context.report(node, "\"env\" is for a server with \"command\"; use \"headers\"");
    if (!server.cwd.empty()) context.report(node, "\"cwd\" is for a server with \"command\"; remove it");
    if (server.url.empty()) return;
    const auto url = http::parse_url(server.url);
    if (!url) {
      // The message quotes the URL, which may hold a password.
      std::string message = url.error().message;
      if (const std::size_t at = message.find(server.url); at != std::string::npos) {
        message.replace(at, server.url.size(), "of server \"" + server.name + "\"");
      }
      context.report(*node.find("url"), std::move(message));
    } else if (query_holds_secret(url->target)) {
      context.report(*node.find("url"),
                     "the query of the URL carries a secret; send it in a header with "
                     "{env: NAME} or {file: PATH}");
    }
    return;
  }
  if (!server.headers.empty()) context.report(node, "\"headers\" is for a server with \"url\"; use \"env\"");
  if (server.command.empty() || server.command.front().empty()) {
    context.report(*node.find("command"), "\"command\" must be a list: the program, then its arguments");
  }
}

}  // namespace

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= 256 && !(name.front() >= '0' && name.front() <= '9') &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '_'; });
}

bool is_secret_name(std::string_view name) {
  return store::is_name(name) && name != "." && name != "..";
}

std::string_view refused_header(std::string_view name) {
  static constexpr std::array<std::string_view, 16> kOwn = {
      "accept",     "connection",       "content-length",   "content-type", "expect",  "host",
      "keep-alive", "last-event-id",    "proxy-connection", "te",           "trailer", "transfer-encoding",
      "upgrade",    "content-encoding", "accept-encoding",  "date"};
  if (std::ranges::find(kOwn, name) != kOwn.end() || name.starts_with("mcp-")) {
    return "the gateway writes it itself; remove it";
  }
  return {};
}

SecretRef read_secret_ref(const yaml::Node& node, std::string_view name, FileContext& context) {
  using enum SecretRef::Source;
  static constexpr std::array<std::pair<std::string_view, SecretRef::Source>, 6> kSources = {
      {{"env", environment}, {"file", file}, {"credential", credential}, {"sealed", sealed}, {"lent", lent}, {"value", literal}}};
  constexpr std::string_view kReferences = "{env: NAME}, {file: PATH}, {credential: NAME}, {sealed: NAME}";
  SecretRef ref;
  ref.at = context.at(node);
  const std::string what = "the value of \"" + std::string(name) + "\"";
  if (node.kind != yaml::Node::Kind::mapping) {
    context.report(node, what + " must be a reference: " + std::string(kReferences) +
                             (looks_secret(name) ? "" : " or {value: TEXT}"));
    return ref;
  }
  Fields fields(node, "a value", context);
  int given = 0;
  std::optional<std::string> text;
  for (const auto& [key, source] : kSources) {
    auto taken = fields.take_text(key);
    if (node.find(key) == nullptr) continue;
    ++given;
    text = std::move(taken);
    ref.source = source;
  }
  if (auto prefix = fields.take_text("prefix")) ref.prefix = std::move(*prefix);
  fields.finish();
  if (given != 1) {
    context.report(node, what + " needs exactly one of env, file, credential, sealed, lent and value");
    return ref;
  }
  if (text) ref.text = std::move(*text);
  if (text && ref.source == environment && !is_variable_name(ref.text)) {
    context.report(node, "\"env\" must name an environment variable");
  } else if (text && ref.source == file) {
    if (ref.text.empty()) context.report(node, "\"file\" must be the path of a file");
    if (!ref.text.empty()) ref.text = context.absolute(ref.text);
  } else if (text && (ref.source == credential || ref.source == sealed) && !is_secret_name(ref.text)) {
    context.report(node, "\"" + ref.text + "\" is no name for a secret; use 1 to 64 letters, digits, '.', '_' and '-'");
  } else if (text && ref.source == lent) {
    if (ref.text.empty()) context.report(node, "\"lent\" must be the name under which a client hands the value over");
    ref.harmless = !looks_secret(name);
  } else if (text && ref.source == literal) {
    if (looks_secret(name)) {
      context.report(node, what + " is a secret and may not stand in this file; use one of " + std::string(kReferences));
    }
    if (std::ranges::any_of(ref.text,
                            [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
      context.report(node, what + " holds a control character; remove it");
    }
  }
  if (std::ranges::any_of(ref.prefix, [](char c) { return c < 0x20 || c == 0x7F; })) {
    context.report(node, "\"prefix\" must be printable ASCII");
  }
  return ref;
}

ServerConfig read_server(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "a server", context);
  ServerConfig server;
  server.at = context.at(node);
  if (auto name = fields.take_text("name")) server.name = std::move(*name);
  if (fields.take("command") != nullptr) server.command = fields.take_texts("command");
  // A program named by a path lies relative to the file, as every path in it; a bare name is looked up later.
  if (!server.command.empty() && server.command.front().find('/') != std::string::npos) {
    server.command.front() = context.absolute(server.command.front());
  }
  if (const auto builtin = fields.take_text("builtin")) {
    server.builtin = *builtin == "admin";
    if (!server.builtin) context.report(*node.find("builtin"), "the only built-in server is \"admin\"");
  }
  if (auto url = fields.take_text("url")) server.url = std::move(*url);
  if (auto cwd = fields.take_text("cwd")) server.cwd = context.absolute(*cwd);
  read_env(fields, server, context);
  read_headers(fields, server, context);
  fields.take_list("actions",
                   [&](const yaml::Node& item) { server.actions.push_back(read_action(item, context)); });
  read_injected(fields, server, context);
  read_protocol(fields, server, context);
  const yaml::Node* oauth = fields.take("oauth");
  if (oauth != nullptr) server.oauth = read_oauth(*oauth, context);
  if (const yaml::Node* timeouts = fields.take("timeouts")) server.timeouts = read_timeouts(*timeouts, context);
  fields.finish();

  if (const yaml::Node* name = node.find("name"); name == nullptr) {
    fields.missing("name");
  } else if (!server.name.empty() && !store::is_server_name(server.name)) {
    context.report(*name, "\"" + server.name + "\" is no name for a server; use 1 to 64 of a-z, 0-9 and '-'");
  }
  check_target(server, fields, context);
  if (oauth != nullptr) check_oauth(server, *oauth, context);
  return server;
}

}  // namespace doorward::server
