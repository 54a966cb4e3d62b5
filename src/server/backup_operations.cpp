#include "server/backup_operations.h"

#include <array>
#include <filesystem>
#include <string>
#include <utility>

#include "json/writer.h"
#include "server/backup.h"
#include "server/late_work.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

std::string answer_of(const std::string& file, const BackupReport& report) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.backup.made/1").key("file").string(file);
  writer.key("files").number(report.files).key("bytes").number(report.bytes).end_object();
  return out;
}

}  // namespace

void add_backup_operations(Operations& operations, const StateDir& state, WorkPool& pool, io::Loop& loop, RecordEvent record) {
  operations.add_late(
      "backup.make", {},
      [state, &pool, &loop, record = std::move(record)](ControlRequest& request, const identity::Actor& actor,
                                                        Operations::Reply reply) {
        const std::string file = request.need_text("file");
        if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
        if (!std::filesystem::path(file).is_absolute()) {
          return reply(fail(ErrorKind::invalid, "\"file\" must be an absolute path on the gateway's machine"));
        }
        later(
            pool, loop, std::move(reply), [state, file, now_us = loop.wall_us()] { return make_backup(state, file, now_us); },
            [record, file, name = actor.name](Result<BackupReport> report) -> Json {
              if (!report) return std::unexpected(report.error());
              const std::array<audit::EventRecord::Field, 3> fields = {{{"actor", std::string_view(name)},
                                                                        {"file", std::string_view(file)},
                                                                        {"bytes", static_cast<std::int64_t>(report->bytes)}}};
              record("backup.made", fields);
              return answer_of(file, *report);
            });
      });
}

}  // namespace doorward::server
