#include "cli/policy_offline.h"

#include <optional>
#include <string>
#include <utility>

#include "base/category.h"
#include "base/clock.h"
#include "base/suggest.h"
#include "cli/explanation_view.h"
#include "cli/session.h"
#include "json/pointer.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/actions.h"
#include "policy/dialect.h"
#include "policy/explain.h"
#include "policy/policy.h"
#include "policy/schema.h"
#include "server/config.h"
#include "server/explain_call.h"
#include "server/policy_file.h"
#include "server/time_text.h"
#include "yaml/tree.h"

namespace doorward::cli {
namespace {

using Document = std::expected<policy::Loaded, policy::Findings>;

Document load_document(const std::string& file, const std::string& text) {
  policy::Origin origin;
  origin.name = file;
  return server::load_policy(text, file, std::move(origin));
}

void write_findings(json::Writer& writer, const policy::Findings& findings) {
  writer.begin_array();
  for (const policy::Finding& finding : findings) writer.raw(policy::to_json(finding));
  writer.end_array();
}

/// Reads, checks and reports one file; whether it is valid.
bool validate_one(Session& session, const std::string& file, json::Writer* writer) {
  policy::Findings findings;
  std::string digest;
  const auto text = read_input(file);
  if (!text) {
    session.fail(text.error());
    policy::Finding unreadable;
    unreadable.code = "unreadable";
    unreadable.message = text.error().message;
    findings.push_back(std::move(unreadable));
  } else if (auto loaded = load_document(file, *text)) {
    findings = std::move(loaded->warnings);
    digest = loaded->policy->sha256();
  } else {
    findings = std::move(loaded.error());
  }
  if (writer != nullptr) {
    writer->begin_object().key("file").string(file).key("valid").boolean(!digest.empty());
    if (!digest.empty()) writer->key("sha256").string(digest);
    write_findings(writer->key("findings"), findings);
    writer->end_object();
    return !digest.empty();
  }
  if (text) {
    for (const policy::Finding& finding : findings) print_line(policy::to_text(finding, file));
  }
  if (!digest.empty()) print_line(file + ": ok");
  return !digest.empty();
}

/// The place in the YAML file of what a JSON Pointer names, or of the nearest thing above it.
server::Origin place_of(const yaml::Node& root, std::string_view pointer, const std::string& file) {
  const yaml::Node* at = &root;
  for (const std::string& step : json::steps_of(pointer)) {
    const yaml::Node* next = at->find(step);
    if (at->kind == yaml::Node::Kind::sequence) {
      std::size_t index = 0;
      for (const char c : step)
        index = c >= '0' && c <= '9' ? index * 10 + static_cast<std::size_t>(c - '0') : SIZE_MAX;
      next = index < at->items.size() ? &at->items[index] : nullptr;
    }
    if (next == nullptr) break;
    at = next;
  }
  return {file, at->line, at->column};
}

/// The actions of a server as a configuration file sets them; fails the session where there are none to be
/// had.
std::optional<policy::ActionMap> actions_of(Session& session, const ExplainOptions& options) {
  if (session.config_option.empty()) return policy::ActionMap();
  const auto config = server::load_config(session.config_option);
  if (!config) {
    session.fail(config.error());
    return std::nullopt;
  }
  std::vector<std::string_view> names;
  for (const server::ServerConfig& server : config->servers) {
    names.push_back(server.name);
    if (server.name != options.server) continue;
    auto map = server::action_map(server);
    if (map) return std::move(*map);
    session.fail(Exit::invalid, server.at.text() + ": " + map.error());
    return std::nullopt;
  }
  const std::string_view near = suggest(options.server, names);
  session.fail(Exit::usage, session.config_option + " has no server \"" + options.server + "\"" +
                                (near.empty() ? "; name one with --server"
                                              : "; did you mean \"" + std::string(near) + "\"?"));
  return std::nullopt;
}

/// The JSON of `--args`, which may be `@FILE`.
std::optional<std::string> read_arguments(Session& session, const std::string& given) {
  if (!given.starts_with('@')) return given;
  auto text = read_input(given.substr(1));
  if (text) return std::move(*text);
  session.fail(Exit::usage, text.error().message);
  return std::nullopt;
}

bool read_category(Session& session, const std::string& name, std::optional<Category>& category) {
  if (name.empty()) return true;
  category = parse_category(name);
  if (category) return true;
  session.fail(Exit::usage,
               "\"" + name + "\" is no category; use Read, Write, Execute, Destructive, Financial or Other");
  return false;
}

void explain_call(Session& session, const ExplainOptions& options, const policy::Policy& document,
                  const policy::ActionMap& actions, const std::string& args, std::int64_t now_us) {
  server::HypotheticalCall call;
  call.tool = options.tool;
  call.args = args;
  call.grant = options.grant;
  call.labels.assign(options.labels.begin(), options.labels.end());
  call.server = options.server;
  call.now_us = now_us;
  if (!read_category(session, options.category, call.category)) return;
  auto explanation = server::explain_call(document, actions, call);
  if (!explanation) return session.fail(Exit::usage, explanation.error().message);
  explanation->policy_origin = options.file;
  const std::string text = policy::to_json(*explanation);
  if (session.json) return print_line(text);
  json::Reader reader;
  if (const auto root = reader.read(text)) print(explanation_text(*root, session.look()));
}

}  // namespace

std::shared_ptr<const policy::Policy> read_policy(Session& session, const std::string& file, const std::string& text,
                                                  const std::string& server) {
  policy::Origin origin;
  origin.name = file;
  origin.server = server;
  auto loaded = server::load_policy(text, file, std::move(origin));
  if (loaded) return std::move(loaded->policy);
  session.exit = Exit::invalid;
  for (const policy::Finding& finding : loaded.error()) session.say(policy::to_text(finding, file));
  return nullptr;
}

void validate_policies(Session& session, const std::vector<std::string>& files) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy.validate/1").key("files").begin_array();
  bool valid = true;
  for (const std::string& file : files)
    valid = validate_one(session, file, session.json ? &writer : nullptr) && valid;
  writer.end_array().end_object();
  if (session.json) print_line(out);
  if (!valid && session.exit == Exit::ok) session.exit = Exit::invalid;
}

void explain_policy(Session& session, const ExplainOptions& options) {
  const auto text = read_input(options.file);
  if (!text) return session.fail(text.error());
  const Document loaded = load_document(options.file, *text);
  if (!loaded) {
    session.exit = Exit::invalid;
    for (const policy::Finding& finding : loaded.error()) session.say(policy::to_text(finding, options.file));
    return;
  }
  std::int64_t now_us = system_clock().wall_us();
  if (!options.at.empty()) {
    const auto at = parse_time(options.at);
    if (!at) return session.fail(Exit::usage, "--at must be a time like 2027-01-31T14:00:00Z");
    now_us = *at;
  }
  const auto arguments = read_arguments(session, options.args);
  if (!arguments) return;
  const auto actions = actions_of(session, options);
  if (!actions) return;
  explain_call(session, options, *loaded->policy, *actions, *arguments, now_us);
}

void print_policy_schema() {
  print_line(policy::document_schema());
}

void import_policy(Session& session, const std::string& file) {
  const auto text = read_input(file);
  if (!text) return session.fail(text.error());
  const auto tree = yaml::read(*text);
  if (!tree) return session.fail(server::Findings{server::finding_of(tree.error(), file)});
  const std::string as_json = yaml::to_json(*tree);
  json::Reader reader;
  const auto value = reader.read(as_json);
  if (!value) return session.fail(Exit::invalid, file + ": " + value.error().message);
  if (!policy::is_older_dialect(*value)) {
    return session.fail(Exit::invalid,
                        file +
                            " is not in the older YAML dialect; `doorward policy validate` reads "
                            "documents in the current language");
  }
  const auto translation = policy::translate(as_json, *value);
  if (!translation) {
    session.exit = Exit::invalid;
    for (policy::Finding finding : translation.error()) {
      const server::Origin at = place_of(*tree, finding.pointer, file);
      finding.line = at.line;
      finding.column = at.column;
      session.say(policy::to_text(finding, file));
    }
    return;
  }
  for (const std::string& note : translation->notes) session.say("note: " + note);
  print(translation->document);
  if (!translation->document.ends_with('\n')) print("\n");
}

}  // namespace doorward::cli
