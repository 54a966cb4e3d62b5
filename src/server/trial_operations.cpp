#include "server/trial_operations.h"

#include <list>
#include <memory>
#include <utility>

#include "io/resolver.h"
#include "json/writer.h"
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

std::string report_json(const std::string& name, const TrialReport& report) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.server.test/1").key("name").string(name);
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
  const auto item = make_server(*config, {}, {});
  if (!item) return std::unexpected(item.error());
  return item->settings;
}

}  // namespace

void add_trial_operations(Operations& operations, const Surroundings& surroundings) {
  operations.add_late(
      "server.test", {},
      [&operations, loop = surroundings.loop, record = surroundings.record, trials = std::make_shared<Trials>()](
          ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
        const std::string name = request.need_text("name");
        const auto given = request.object("settings");
        if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
        auto settings = settings_of(operations, name, given);
        if (!settings) return reply(std::unexpected(settings.error()));
        if ((*settings)->is_builtin()) return reply(fail(ErrorKind::invalid, "this server is part of the gateway itself"));
        std::erase_if(trials->running, [](const auto& trial) { return trial->over(); });
        if (trials->running.size() >= kMostTrials) {
          return reply(fail(ErrorKind::exhausted, "too many connections are being tested; try again"));
        }
        if (!trials->resolver) trials->resolver = std::make_unique<io::Resolver>();
        trials->running.push_back(std::make_unique<ServerTrial>(
            *loop, *trials->resolver, std::move(*settings),
            [name, record, by = actor.name, reply = std::move(reply)](TrialReport report) mutable {
              const std::string_view last = report.steps.back().name;
              if (record) {
                record("server.tested", std::vector<audit::EventRecord::Field>{{"actor", std::string_view(by)},
                                                                               {"server", std::string_view(name)},
                                                                               {"ok", report.ok()},
                                                                               {"step", last}});
              }
              reply(report_json(name, report));
            }));
        trials->running.back()->start();
      });
}

}  // namespace doorward::server
