#include "server/trial_operations.h"

#include <list>
#include <memory>
#include <set>
#include <utility>

#include "base/hash.h"
#include "io/resolver.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mcp/tool_definition.h"
#include "server/config_server.h"
#include "server/server_trial.h"

namespace doorward::server {
namespace {

constexpr std::size_t kMostTrials = 4;

/// The trials under way; kept as long as the operations.
struct Trials {
  std::list<std::unique_ptr<ServerTrial>> running;
  std::unique_ptr<io::Resolver> resolver;  ///< made when it is first needed
};

std::string report_json(std::string_view schema, const std::string& name, const TrialReport& report) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string(schema).key("name").string(name);
  writer.key("ok").boolean(report.ok()).key("tools").number(report.tools).key("steps").begin_array();
  for (const TrialStep& step : report.steps) {
    writer.begin_object().key("step").string(step.name).key("ok").boolean(step.ok);
    writer.key("detail").string(step.detail).end_object();
  }
  writer.end_array().end_object();
  return out;
}

/// The settings to try: those given, or those that the server of that name has.
Result<std::shared_ptr<const upstream::ServerSettings>> settings_of(const Operations& operations, const std::string& name,
                                                                    const std::optional<std::string>& given) {
  if (!given) {
    if (const ServerItem* item = operations.inventory().server(name)) return item->settings;
    return fail(ErrorKind::not_found, "there is no server \"" + name + "\"; give \"settings\" to try others");
  }
  const auto config = parse_server_settings(name, *given);
  if (!config) return fail(ErrorKind::invalid, config.error().front().message);
  const auto item = make_server(*config, {}, {.state_directory = operations.state_directory()});
  if (!item) return std::unexpected(item.error());
  return item->settings;
}

/// The whole list as a worker would report it.
gateway::ToolReport report_of(const std::string& server, bool known, const TrialReport& trial) {
  gateway::ToolReport report{server, !known && !trial.cut, {}};
  std::set<std::string, std::less<>> names;
  json::Reader reader;
  json::Canonical canonical;
  for (const std::string& text : trial.definitions) {
    const auto tool = reader.read(text);
    if (!tool) continue;
    const json::Value name = tool->find("name");
    // Of equal names the first counts, as in a list that an agent asks for.
    if (!name.is(json::Type::string) || !names.insert(std::string(name.string())).second) continue;
    gateway::Sighting seen{std::string(name.string()), {}, {}};
    mcp::append_definition(*tool, canonical, seen.definition);
    seen.digest = sha256(seen.definition);
    if (seen.definition.size() > mcp::kLargestDefinition) seen.definition.clear();
    report.tools.push_back(std::move(seen));
  }
  return report;
}

/// Starts a trial, or says why it cannot.
void run_trial(Trials& trials, io::Loop& loop, std::shared_ptr<const upstream::ServerSettings> settings, TrialOptions options,
               Operations::Reply reply, std::move_only_function<void(Operations::Reply reply, TrialReport report)> done) {
  if (settings->is_builtin()) return reply(fail(ErrorKind::invalid, "this server is part of the gateway itself"));
  std::erase_if(trials.running, [](const auto& trial) { return trial->over(); });
  if (trials.running.size() >= kMostTrials) {
    return reply(fail(ErrorKind::exhausted, "too many connections are being tested; try again"));
  }
  if (!trials.resolver) trials.resolver = std::make_unique<io::Resolver>();
  trials.running.push_back(std::make_unique<ServerTrial>(
      loop, *trials.resolver, std::move(settings),
      [reply = std::move(reply), done = std::move(done)](TrialReport report) mutable { done(std::move(reply), std::move(report)); },
      options));
  trials.running.back()->start();
}

void record_trial(const RecordEvent& record, const identity::Actor& actor, const std::string& server, const TrialReport& report) {
  if (!record) return;
  const std::string_view last = report.steps.back().name;
  record("server.tested", by_actor(actor, {{"server", std::string_view(server)}, {"ok", report.ok()}, {"step", last}}));
}

}  // namespace

void add_trial_operations(Operations& operations, const Surroundings& surroundings, TakeToolReports take) {
  const auto trials = std::make_shared<Trials>();
  operations.add_late(
      "server.test", {},
      [&operations, loop = surroundings.loop, record = surroundings.record, trials](
          ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
        const std::string name = request.need_text("name");
        const auto given = request.object("settings");
        if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
        auto settings = settings_of(operations, name, given);
        if (!settings) return reply(std::unexpected(settings.error()));
        run_trial(*trials, *loop, std::move(*settings), {}, std::move(reply),
                  [name, record, actor](Operations::Reply answer, const TrialReport& report) {
                    record_trial(record, actor, name, report);
                    answer(report_json("doorward.server.test/1", name, report));
                  });
      });
  operations.add_late(
      "server.scan", {},
      [&operations, loop = surroundings.loop, record = surroundings.record, trials, take = std::move(take)](
          ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
        const std::string name = request.need_text("name");
        if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
        auto settings = settings_of(operations, name, std::nullopt);
        if (!settings) return reply(std::unexpected(settings.error()));
        run_trial(*trials, *loop, std::move(*settings), {.whole_list = true}, std::move(reply),
                  [&operations, name, record, actor, take](Operations::Reply answer, const TrialReport& report) {
                    record_trial(record, actor, name, report);
                    const ServerItem* item = operations.inventory().server(name);
                    if (item == nullptr) return answer(fail(ErrorKind::not_found, "the server was removed meanwhile"));
                    if (report.ok()) take({report_of(name, item->pins != nullptr && item->pins->known, report)});
                    answer(report_json("doorward.server.scan/1", name, report));
                  });
      });
}

}  // namespace doorward::server
