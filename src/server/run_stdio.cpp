#include "server/run_stdio.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/log.h"
#include "gateway/stdio_gateway.h"
#include "identity/token.h"
#include "io/file.h"
#include "io/signals.h"
#include "server/inventory.h"
#include "server/policy_file.h"
#include "server/run_pins.h"
#include "server/state_dir.h"

namespace doorward::server {
namespace {

constexpr std::chrono::milliseconds kGrace{5'000};

std::atomic<bool> stop_requested{false};
pthread_t reading_thread;

/// Sets the flag and makes sure that the thread which reads standard input is the one whose read is
/// interrupted.
extern "C" void on_stop_signal(int signal) {
  stop_requested.store(true);
  if (pthread_equal(pthread_self(), reading_thread) == 0) pthread_kill(reading_thread, signal);
}

void prepare_process() {
  io::prepare_signals({});
  reading_thread = pthread_self();
  struct sigaction action {};
  action.sa_handler = on_stop_signal;  // without SA_RESTART: the read must end
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaction(signal, &action, nullptr);
}

/// The same id for the same wrapped server and document, so that counts go on where the last run ended.
std::string steady_id(const RunOptions& options) {
  const std::string hex = to_hex(sha256(options.server + '\n' + options.grant + '\n' + options.policy_file));
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-8" + hex.substr(13, 3) + "-8" + hex.substr(17, 3) +
         "-" + hex.substr(20, 12);
}

std::unexpected<StartFailure> failure(const Error& error) {
  return std::unexpected(StartFailure{error, {}});
}

std::expected<Inventory, StartFailure> make_inventory(const RunOptions& options) {
  Inventory inventory;
  ServerConfig config;
  config.name = options.server;
  config.command = options.command;
  config.env = options.env;
  if (config.command.front().find('/') != std::string::npos) {
    std::error_code ignored;
    config.command.front() =
        std::filesystem::absolute(config.command.front(), ignored).lexically_normal().string();
  }
  std::error_code ignored;
  config.cwd = std::filesystem::current_path(ignored).string();
  auto server = make_server(config, steady_id(options), {});
  if (!server) return failure(server.error());
  inventory.servers.push_back(std::move(*server));

  const auto text = io::read_file(options.policy_file, kPolicyBytes);
  if (!text) return failure(text.error());
  const std::string name = std::filesystem::path(options.policy_file).stem().string();
  auto policy = make_policy({}, options.server, name, 1, *text, options.policy_file, inventory.warnings);
  if (!policy) {
    return std::unexpected(
        StartFailure{{ErrorKind::invalid, "the policy is not valid; correct the findings above"},
                     std::move(policy.error())});
  }
  inventory.policies.push_back(std::move(*policy));

  identity::Revocations revocations;
  store::GrantRow row;
  row.id = steady_id(options);
  row.label = options.grant;
  row.server = options.server;
  row.policy = name;
  // Nobody ever holds this token: the client is whoever started the process.
  row.token_hash = identity::hash_token(identity::make_token());
  row.created_us = system_clock().wall_us();
  inventory.grants.push_back(make_grant(row, revocations));
  return inventory;
}

}  // namespace

std::expected<void, StartFailure> run_stdio(const RunOptions& options, int input, int output) {
  prepare_process();
  auto state = choose_state_dir(options.state);
  if (!state) return failure(state.error());
  if (const Status ready = prepare_state_dir(*state); !ready) return failure(ready.error());
  auto inventory = make_inventory(options);
  if (!inventory) return std::unexpected(std::move(inventory.error()));
  for (const Finding& warning : inventory->warnings) log_line(LogLevel::warning, warning.text());
  RunPins pins(state->path, *inventory->servers.front().settings, options.command);
  auto reviewed = pins.load();
  if (!reviewed) return failure(reviewed.error());
  inventory->servers.front().pins = std::move(*reviewed);
  auto world = inventory->world();
  if (!world) return failure(world.error());

  gateway::Options settings;
  settings.state = state->path;
  settings.workers = 1;
  settings.role = "run";
  settings.version = DOORWARD_VERSION;
  auto gateway = gateway::StdioGateway::create(std::move(settings), std::move(*world));
  if (!gateway) return failure(gateway.error());
  pins.follow((*gateway)->tool_reports());
  const Status ended = (*gateway)->run(input, output, stop_requested, kGrace);
  pins.end();
  if (!ended) return failure(ended.error());
  return {};
}

}  // namespace doorward::server
