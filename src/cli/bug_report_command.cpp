#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "audit/reader.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "cli/commands.h"
#include "cli/doctor_checks.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "io/file.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/control_client.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kRecords = 50;

/// Members of a record that say what happened and not what it was about: no names, no arguments, no reasons, no addresses.
constexpr std::string_view kKept[] = {"time", "event", "verdict", "enforced", "code", "era", "revision", "method", "result", "upstream_status",
                                      "rpc_error", "duration_us", "result_bytes", "http_status", "degraded", "version"};

void write_record(json::Writer& writer, const std::string& line) {
  json::Reader reader;
  const auto root = reader.read(line);
  if (!root) return;
  writer.begin_object();
  for (const std::string_view key : kKept) {
    if (const json::Value value = root->find(key)) writer.key(key).raw(std::string_view(line).substr(value.begin_offset(), value.end_offset() - value.begin_offset()));
  }
  writer.end_object();
}

/// Settings of a server as far as they tell how it is reached; no address, command, header or variable.
void write_server(json::Writer& writer, json::Value server) {
  const json::Value settings = server.find("settings");
  writer.begin_object().key("kind").string(settings.find("url") ? "url" : settings.find("command") ? "command" : "builtin");
  writer.key("settings").begin_array();
  for (const json::Member setting : settings.members()) writer.string(setting.key.string());
  writer.end_array().end_object();
}

std::string ask_for(const server::StateDir& state, std::string_view op) {
  std::string request;
  json::Writer(request).begin_object().key("op").string(op).end_object();
  auto answer = server::run_operation(state, request);
  return answer ? std::move(*answer) : std::string();
}

void write_status(json::Writer& writer, const server::StateDir& state) {
  const auto answer = server::ask_gateway(state, R"({"op":"status"})");
  writer.key("running").boolean(answer.has_value());
  if (!answer) return;
  json::Reader reader;
  const auto root = reader.read(*answer);
  if (!root) return;
  writer.key("status").begin_object();
  for (const json::Member entry : root->members()) {
    // Numbers and yes or no; texts are addresses, paths and names.
    if (entry.value.is(json::Type::number)) writer.key(entry.key.string()).raw(entry.value.number());
    if (entry.value.is(json::Type::boolean)) writer.key(entry.key.string()).boolean(entry.value.boolean());
  }
  writer.end_object();
}

void write_system(json::Writer& writer) {
  utsname system{};
  if (::uname(&system) != 0) return;
  writer.key("system").begin_object().key("name").string(system.sysname).key("release").string(system.release);
  writer.key("machine").string(system.machine).end_object();
}

std::string report(const server::StateDir& state) {
  std::string out;
  json::Writer writer(out, json::Escape::ascii);
  writer.begin_object().key("schema").string("doorward.bug_report/1").key("time").string(format_time(system_clock().wall_us()));
  writer.key("version").string(DOORWARD_VERSION).key("compiler").string(__VERSION__);
  write_system(writer);
  write_status(writer, state);
  const std::string servers = ask_for(state, "server.list");
  json::Reader reader;
  writer.key("servers").begin_array();
  if (const auto root = reader.read(servers.empty() ? std::string_view("{}") : servers, {.bytes = 64u << 20})) {
    for (const json::Value server : root->find("servers").elements()) write_server(writer, server);
  }
  writer.end_array().key("checks").begin_array();
  Checks checks;
  check_host(state, true, false, checks);
  // What they are about may be a name, and causes tell of paths: the kind and how it went are enough.
  for (const Check& check : checks) writer.begin_object().key("name").string(check.name).key("state").string(check.state).end_object();
  writer.end_array().key("records").begin_array();
  audit::LogReader log(state.log());
  if (const auto lines = log.last({}, kRecords)) {
    for (const std::string& line : *lines) write_record(writer, line);
  }
  writer.end_array().end_object();
  return out;
}

void make(Session& session, const std::string& file) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  const std::string text = report(state);
  if (file.empty()) return print_line(text);
  if (const Status written = io::write_file_atomic(file, text + "\n"); !written) return session.fail(written.error());
  session.say("written to " + file + "; look at it before you send it: it holds versions, kinds of settings, checks and what happened when, and no names, "
              "addresses, arguments or secrets");
}

}  // namespace

void add_bug_report_command(CLI::App& app, Session& session) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("bug-report", "Gather what helps to find a mistake, without names, arguments or secrets");
  command->add_option("-o,--output", *file, "Write it there instead of to standard output")->type_name("FILE");
  command->callback([&session, file] { make(session, *file); });
}

}  // namespace doorward::cli
