#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "cli/commands.h"
#include "cli/demo_policy.h"
#include "cli/explanation_view.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "io/fd.h"
#include "io/file.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/explain.h"
#include "server/explain_call.h"
#include "server/policy_file.h"
#include "server/run_stdio.h"

namespace doorward::cli {
namespace {

constexpr std::string_view kTool = "create_refund";
constexpr std::string_view kGrant = "demo-agent";
/// Ids of the two requests.
constexpr std::array<std::string_view, 2> kCalls = {R"({"amount":20,"reason":"late delivery"})",
                                                    R"({"amount":500,"reason":"late delivery"})"};

struct DemoOptions {
  std::string server;
  bool keep = false;
};

/// A folder that is gone with the object, unless it is kept.
class Folder {
 public:
  static Result<Folder> make() {
    std::error_code failed;
    std::string path = std::filesystem::temp_directory_path(failed).string() + "/doorward-demo-XXXXXX";
    if (failed || mkdtemp(path.data()) == nullptr) {
      return fail(ErrorKind::unavailable, "no temporary folder can be made (" + path + "): " + std::strerror(errno) +
                                              "; set TMPDIR to one that can be written");
    }
    return Folder(std::move(path));
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty() && !kept_) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
  bool kept_ = false;
};

std::string request(std::size_t id) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("jsonrpc").string("2.0").key("id").number(id).key("method").string("tools/call");
  writer.key("params").begin_object().key("name").string(kTool).key("arguments").raw(kCalls[id]);
  writer.key("_meta").raw(R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                          R"("io.modelcontextprotocol/clientCapabilities":{},)"
                          R"("io.modelcontextprotocol/clientInfo":{"name":"doorward demo","version":"1"}})");
  writer.end_object().end_object();
  return text + "\n";
}

/// What the gateway said, a message a line.
Result<std::string> ask_gateway_core(const std::string& folder) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorKind::exhausted, std::string("pipe: ") + std::strerror(errno));
  const io::Fd input(ends[0]);
  io::Fd client(ends[1]);
  const io::Fd output(memfd_create("doorward-demo", MFD_CLOEXEC));
  if (!output) return fail(ErrorKind::exhausted, std::string("memfd_create: ") + std::strerror(errno));
  const std::string lines = request(0) + request(1);
  if (write(client.get(), lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) {
    return fail(ErrorKind::unavailable, std::string("pipe: ") + std::strerror(errno));
  }
  client.reset();
  server::RunOptions options;
  options.state = folder + "/state";
  options.policy_file = folder + "/demo.json";
  options.server = "demo";
  options.grant = kGrant;
  options.command = {"/proc/self/exe", "demo-server"};
  if (const auto ended = server::run_stdio(options, input.get(), output.get()); !ended) {
    return std::unexpected(ended.error().error);
  }
  std::string answers(1u << 16, '\0');
  const ssize_t got = pread(output.get(), answers.data(), answers.size(), 0);
  answers.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return answers;
}

/// One call as it went.
struct Shown {
  std::string told;  ///< the text of the result, as the agent reads it
  std::string id;    ///< of the decision; empty for an allowed call
  std::string explanation;  ///< JSON
};

std::optional<Shown> show_call(std::string_view answers, std::size_t id, const policy::Policy& policy) {
  Shown shown;
  for (std::size_t at = 0; at < answers.size();) {
    const std::size_t end = std::min(answers.find('\n', at), answers.size());
    json::Reader reader;
    const auto message = reader.read(answers.substr(at, end - at));
    at = end + 1;
    if (!message) continue;
    const json::Value number = message->find("id");
    if (!number.is(json::Type::number) || number.number() != std::to_string(id)) continue;
    const json::Value result = message->find("result");
    shown.told = json::text_of(result.find("content").at(0), "text");
    shown.id = json::text_of(result.find("_meta").find("io.doorward/decision"), "id");
  }
  if (shown.told.empty()) return std::nullopt;
  server::HypotheticalCall call;
  call.tool = kTool;
  call.args = kCalls[id];
  call.grant = kGrant;
  call.server = "demo";
  call.now_us = system_clock().wall_us();
  auto explanation = server::explain_call(policy, {}, call);
  if (!explanation) return std::nullopt;
  explanation->id = shown.id;
  explanation->time = format_time(call.now_us);
  explanation->client = "doorward demo";
  explanation->forwarded = shown.id.empty();
  if (!shown.id.empty()) explanation->told_agent = shown.told;
  shown.explanation = policy::to_json(*explanation);
  return shown;
}

void print_explanation(const Session& session, std::string_view text) {
  json::Reader reader;
  if (const auto explanation = reader.read(text)) print_line(explanation_text(*explanation, session.look()));
}

void demo_here(Session& session, bool keep) {
  auto folder = Folder::make();
  if (!folder) return session.fail(folder.error());
  const std::string file = folder->path() + "/demo.json";
  if (const Status written = io::write_file_atomic(file, demo_policy()); !written) return session.fail(written.error());
  policy::Origin origin;
  origin.name = "demo";
  const auto loaded = server::load_policy(std::string(demo_policy()), file, std::move(origin));
  if (!loaded) return session.fail(Exit::check_failed, "the demo's policy is not valid");
  const auto answers = ask_gateway_core(folder->path());
  if (!answers) return session.fail(answers.error());
  const auto allowed = show_call(*answers, 0, *loaded->policy);
  const auto refused = show_call(*answers, 1, *loaded->policy);
  if (!allowed || !refused || refused->id.empty()) {
    return session.fail(Exit::check_failed, "the demo server gave no answer; see `doorward doctor`");
  }
  if (keep) folder->keep();
  if (session.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string("doorward.demo/1").key("calls").begin_array();
    for (const Shown* shown : {&*allowed, &*refused}) {
      writer.begin_object().key("tool").string(kTool).key("args").raw(shown == &*allowed ? kCalls[0] : kCalls[1]);
      writer.key("agent_reads").string(shown->told).key("explanation").raw(shown->explanation).end_object();
    }
    writer.end_array();
    if (keep) writer.key("state").string(folder->path() + "/state");
    writer.end_object();
    return print_line(out);
  }
  print_line("A real gateway, a real policy, a small MCP server; an agent makes two calls.\n");
  for (const Shown* shown : {&*allowed, &*refused}) {
    print_line(std::string(shown == &*allowed ? "1. " : "2. ") + std::string(kTool) + " " +
               std::string(shown == &*allowed ? kCalls[0] : kCalls[1]));
    print_line("   The agent reads: " + safe_text(shown->told) + "\n");
    print_explanation(session, shown->explanation);
  }
  if (keep) {
    print_line("Kept: " + folder->path() + " (policy, log). Next: doorward log tail --state " + folder->path() + "/state");
  } else {
    print_line("Nothing is left behind; --keep keeps policy and log. Next: doorward init");
  }
}

void demo_at(Session& session, const std::string& server) {
  const auto answer = ask(session, "demo.refused", [&](json::Writer& writer) { writer.key("server").string(server); }, true);
  if (!answer) return;
  if (session.json) return print_line(*answer);
  json::Reader reader;
  const auto root = reader.read(*answer);
  if (!root) return;
  const std::string id = member(*root, "id");
  print_line("A call that the policy in force refuses, by a test grant that nobody holds. It did not reach the server.\n");
  print_line(member(*root, "server") + "." + member(*root, "tool") + " {}");
  print_line("   The agent reads: " + member(*root, "told_agent") + "\n");
  if (const json::Value explanation = root->find("explanation")) print_line(explanation_text(explanation, session.look()));
  print_line("It is in the log as " + id + ". Next: doorward explain " + id);
}

}  // namespace

void add_demo_command(CLI::App& app, Session& session) {
  const auto options = std::make_shared<DemoOptions>();
  CLI::App* command = app.add_subcommand("demo", "Show a call that a policy allows and one that it refuses, and why");
  command->add_option("--server", options->server, "Instead make a call to this server of the running gateway that its policy refuses")
      ->type_name("NAME");
  command->add_flag("--keep", options->keep, "Keep the demo's policy and log");
  command->callback([&session, options] {
    if (options->server.empty()) return demo_here(session, options->keep);
    demo_at(session, options->server);
  });
}

}  // namespace doorward::cli
