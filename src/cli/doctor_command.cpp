#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/doctor_checks.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "gateway/client_waits.h"
#include "http/url.h"
#include "io/socket.h"
#include "json/reader.h"
#include "server/config.h"
#include "server/control_client.h"

namespace doorward::cli {
namespace {

constexpr int kConnectMs = 3'000;

/// Whether a TCP connection can be made; why not otherwise.
std::string try_connect(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); failed != 0) {
    return std::string("its name cannot be resolved: ") + ::gai_strerror(failed);
  }
  std::string why = "it has no address";
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST] = {};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    const auto address = io::Address::parse(text, port);
    if (!address) continue;
    const auto connection = io::connect_tcp(*address);
    if (!connection) {
      why = connection.error().message;
      continue;
    }
    pollfd waiting{connection->get(), POLLOUT, 0};
    if (::poll(&waiting, 1, kConnectMs) == 0) {
      why = "it does not answer";
    } else if (const int error = io::connect_result(connection->get()); error != 0) {
      why = std::strerror(error);
    } else {
      why.clear();
      break;
    }
  }
  ::freeaddrinfo(found);
  return why;
}

bool is_program(const std::string& word) {
  if (word.find('/') != std::string::npos) return ::access(word.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/" + word).c_str(), X_OK) == 0) return true;
  }
  return false;
}

class Doctor {
 public:
  Doctor(Session& session, bool fix) : session_(session), fix_(fix) {}

  void examine() {
    server::StateDir state;
    if (!session_.find_state(state)) return;
    std::error_code ignored;
    if (!std::filesystem::exists(state.path, ignored)) {
      put("state", "warn", "there is no state directory " + state.path, "`doorward init` puts the servers of your clients behind a gateway, `doorward quickstart` starts one before a demo server");
      return print();
    }
    put("state", "ok", state.path, {});
    const bool running = gateway(state);
    check_host(state, running, fix_, checks_);
    if (const auto answer = ask(state, R"({"op":"server.list"})")) {
      json::Reader reader;
      if (const auto root = reader.read(*answer, {.bytes = 64u << 20})) {
        for (const json::Value server : root->find("servers").elements()) examine_server(state, server);
      }
    }
    const std::string policies = ask(state, R"({"op":"policy.list"})").value_or("{}");
    const std::string grants = ask(state, R"({"op":"grant.list"})").value_or("{}");
    json::Reader policy_reader;
    json::Reader grant_reader;
    const auto policy_root = policy_reader.read(policies, {.bytes = 64u << 20});
    const auto grant_root = grant_reader.read(grants, {.bytes = 64u << 20});
    if (policy_root && grant_root) check_use(state, policy_root->find("policies"), grant_root->find("grants"), checks_);
    check_clients(state, servers_, checks_);
    print();
  }

 private:
  void put(std::string name, std::string state, std::string cause, std::string next) {
    checks_.push_back({std::move(name), std::move(state), std::move(cause), std::move(next), {}});
  }

  std::optional<std::string> ask(const server::StateDir& state, const std::string& request) {
    auto answer = server::run_operation(state, request);
    if (answer) return std::move(*answer);
    put("state", "fail", answer.error().error.message, {});
    return std::nullopt;
  }

  /// Whether one runs here.
  bool gateway(const server::StateDir& state) {
    const auto answer = server::ask_gateway(state, R"({"op":"status"})");
    if (!answer) {
      put("gateway", "warn", answer.error().error.message, "start it: doorward serve");
      return false;
    }
    json::Reader reader;
    if (const auto status = reader.read(*answer)) examine_status(state, *status);
    return true;
  }

  void examine_status(const server::StateDir& state, json::Value status) {
    put("gateway", "ok", "serves at " + member(status, "url"), {});
    if (is_false(status.find("log_accepting"))) {
      put("log", "fail", "it cannot store records, so every call is refused", "look at the disk of " + state.log());
    }
    for (const json::Value anchor : status.find("anchors").elements()) {
      const std::string why = member(anchor, "failure");
      put("anchor " + member(anchor, "name"), why.empty() ? "ok" : "fail",
          why.empty() ? "takes checkpoints at " + member(anchor, "place") : why,
          why.empty() ? "" : "mend it; what is pending is delivered then");
    }
    if (status.find("anchors").is(json::Type::array) && status.find("anchors").size() == 0) {
      put("anchors", "warn", "no checkpoint leaves this machine: whoever holds it can rewrite the log unseen",
          "add a file on another mount, an HTTP endpoint or a syslog receiver under anchors:");
    }
    check_exposure(status, checks_);
    const json::Value file = status.find("config");
    if (!file.is(json::Type::string) || file.string().empty()) return;
    const std::string name(file.string());
    const auto config = server::load_config(name);
    if (!config) return put("configuration", "fail", config.error().front().text(), "doorward config check " + safe_text(name));
    put("configuration", "ok", safe_text(name), {});
    for (const gateway::ClientWait& own : config->waiting.clients) examine_wait(own);
  }

  /// A call that is held for people longer than its client waits for an answer.
  void examine_wait(const gateway::ClientWait& own) {
    const gateway::ClientWait& known = gateway::wait_of({}, own.name);
    if (own.hold <= known.hold && own.hold_with_progress <= known.hold_with_progress) return;
    const auto seconds = [](std::chrono::milliseconds span) { return std::to_string(span.count() / 1000) + " s"; };
    put("waiting of " + safe_text(own.name), "warn",
        "calls may be held for " + seconds(std::max(own.hold, own.hold_with_progress)) + ", and this client gives up after " +
            seconds(own.hold > known.hold ? known.hold : known.hold_with_progress) + " unless it was told to wait longer",
        "lower it under waiting.clients, or raise the client's own timeout");
  }

  void examine_server(const server::StateDir& state, json::Value server) {
    const std::string name = member(server, "name");
    const json::Value settings = server.find("settings");
    const json::Value url = settings.find("url");
    const json::Value command = settings.find("command");
    if (url.is(json::Type::string)) {
      if (const auto target = http::parse_url(url.string())) {
        const std::string why = try_connect(target->host, target->port);
        put("server " + name, why.empty() ? "ok" : "fail",
            why.empty() ? "can be reached" : safe_text(url.string()) + ": " + why,
            why.empty() ? "" : "start it, or correct its URL");
      }
    } else if (const json::Value program = command.at(0); program.is(json::Type::string)) {
      const bool there = is_program(std::string(program.string()));
      put("server " + name, there ? "ok" : "fail",
          safe_text(program.string()) + (there ? " can be started" : " is no program that can be started"),
          there ? "" : "install it, or correct its command");
    }
    std::string request;
    json::Writer(request).begin_object().key("op").string("server.review").key("name").string(name).end_object();
    const auto answer = ask(state, request);
    json::Reader reader;
    const auto review = answer ? reader.read(*answer, {.bytes = 256u << 20})
                               : std::expected<json::Value, json::ReadError>(json::Value());
    if (!review || !*review) return;
    KnownServer known{name, std::string(text_of(settings, "url")), {}, {}};
    for (const json::Value word : command.elements()) {
      if (word.is(json::Type::string)) known.command += (known.command.empty() ? "" : " ") + std::string(word.string());
    }
    for (const json::Value tool : review->find("tools").elements()) {
      known.tools.emplace_back(text_of(tool, "name"));
      examine_tool(name, tool);
    }
    servers_.push_back(std::move(known));
    for (const json::Value tool : review->find("reclassified").elements()) {
      put("tool " + name + "." + member(tool, "tool"), "warn",
          "policies judge it as " + member(tool, "in_force") + ", the rules of this version call it " +
              member(tool, "now"),
          "doorward server review " + name + " --accept, or keep what is in force");
    }
  }

  void examine_tool(const std::string& server, json::Value tool) {
    const std::string name = member(tool, "name");
    const std::string what = "tool " + server + "." + name;
    const std::string state = member(tool, "state");
    if (const std::string why = member(tool, "withheld"); !why.empty()) {
      const bool by_name = why.find("grammar") != std::string::npos;
      put(what, "warn", "withheld: " + why,
          by_name ? "to admit it, set in server " + server + ": admit_names: [\"" + name + "\"]"
                  : "it is offered once the server corrects it");
    } else if (state == "changed" || state == "new") {
      put(what, "warn",
          state == "new" ? "withheld: it is new and not reviewed" : "withheld: its definition has changed",
          "doorward server review " + server + " " + name);
    } else if (state == "reviewed" && tool.find("signs").size() > 0) {
      const json::Value sign = tool.find("signs").at(0);
      put(what, "warn", "offered, with a sign of poisoning (" + member(sign, "kind") + "): " + member(sign, "words"),
          "doorward server review " + server + " " + name + ", then --reject or --accept");
    }
  }

  void print() {
    bool failed = false;
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.doctor/1").key("checks").begin_array();
    for (const Check& check : checks_) {
      failed = failed || check.state == "fail";
      writer.begin_object().key("name").string(check.name).key("state").string(check.state);
      writer.key("cause").string(check.cause);
      if (!check.next.empty()) writer.key("next").string(check.next);
      if (!check.fixed.empty()) writer.key("fixed").string(check.fixed);
      writer.end_object();
      if (session_.json) continue;
      print_line(check.state + (check.state == "ok" ? "    " : "  ") + check.name + ": " + check.cause);
      if (!check.fixed.empty()) {
        print_line("        fixed: " + check.fixed);
      } else if (!check.next.empty()) {
        print_line("        next: " + check.next);
      }
    }
    writer.end_array().end_object();
    if (session_.json) print_line(out);
    if (failed && session_.exit == Exit::ok) session_.exit = Exit::check_failed;
  }

  Session& session_;
  bool fix_;
  Checks checks_;
  std::vector<KnownServer> servers_;
};

}  // namespace

void add_doctor_command(CLI::App& app, Session& session) {
  const auto fix = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("doctor", "Check what may be wrong, and say what to do");
  command->add_flag("--fix", *fix, "Do what is harmless and can be taken back, and say what was done");
  command->callback([&session, fix] { Doctor(session, *fix).examine(); });
}

}  // namespace doorward::cli
