#include "server/backup_download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "base/random.h"
#include "io/file.h"
#include "json/writer.h"
#include "server/backup.h"
#include "server/late_work.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kOfferedUs = 600'000'000;

}  // namespace

BackupDownload::BackupDownload(const StateDir& state, WorkPool& pool, io::Loop& loop, RecordEvent record)
    : state_(state),
      folder_(state.path + "/downloads"),
      pool_(pool),
      loop_(loop),
      record_(std::move(record)),
      end_(io::call<&BackupDownload::withdraw>, this) {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

BackupDownload::~BackupDownload() {
  withdraw();
}

void BackupDownload::withdraw() {
  if (offer_) ::unlink(path_of(offer_->id).c_str());
  offer_.reset();
}

void BackupDownload::offer(ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  if (const Status made = io::make_directory(folder_); !made) return reply(std::unexpected(made.error()));
  const std::int64_t now_us = loop_.wall_us();
  Offer offer{.id = random_id("bak_"), .actor = actor.name, .name = "doorward-" + format_time(now_us).substr(0, 10) + ".backup"};
  const std::string path = path_of(offer.id);
  later(
      pool_, loop_, std::move(reply), [state = state_, path, now_us] { return make_backup(state, path, now_us); },
      [this, actor, path, offer](Result<BackupReport> report) mutable -> Operations::Json {
        if (!report) return std::unexpected(report.error());
        withdraw();
        std::error_code error;
        offer.bytes = std::filesystem::file_size(path, error);
        if (error) return fail(ErrorKind::unavailable, path + " cannot be read");
        record_("backup.made", by_actor(actor, {{"for", std::string_view("download")}, {"bytes", static_cast<std::int64_t>(report->bytes)}}));
        std::string out;
        json::Writer writer(out);
        writer.begin_object().key("schema").string("doorward.backup.offered/1").key("id").string(offer.id);
        writer.key("name").string(offer.name).key("bytes").number(offer.bytes);
        writer.key("until").string(format_time(loop_.wall_us() + kOfferedUs)).end_object();
        offer_ = std::move(offer);
        end_.arm(loop_, kOfferedUs);
        return out;
      });
}

void BackupDownload::serve(const admin::Request& request, admin::Respond respond) {
  const std::string id = request.path.substr(request.path.rfind('/') + 1);
  const identity::Actor& actor = request.caller.actor;
  if (!offer_ || offer_->id != id || offer_->actor != actor.name || !actor.roles.has(identity::Role::admin)) {
    return respond(admin::Response::problem(ErrorKind::not_found, "no such backup is waiting for you; have another one made"));
  }
  const auto peer = io::Address::parse(request.peer, 0);
  if (!request.secure && !(peer && peer->is_loopback())) {
    return respond(admin::Response::problem(ErrorKind::denied, "a backup holds every secret; it leaves over TLS, or on the gateway's own machine"));
  }
  auto body = std::make_shared<admin::FileBody>();
  body->bytes = offer_->bytes;
  body->file = io::Fd(::open(path_of(id).c_str(), O_RDONLY | O_CLOEXEC));
  if (!body->file) return respond(admin::Response::problem(ErrorKind::unavailable, "the backup cannot be read; have another one made"));
  const auto fields = by_actor(actor, {{"bytes", static_cast<std::int64_t>(offer_->bytes)}});
  if (!record_("backup.downloaded", fields)) {
    return respond(admin::Response::problem(ErrorKind::unavailable, "the log cannot store that the backup is taken, so it is not given"));
  }
  admin::Response response{.type = "application/x-tar"};
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + offer_->name + "\"");
  response.file = std::move(body);
  withdraw();
  respond(std::move(response));
}

}  // namespace doorward::server
