#include "server/notify_operations.h"

#include <array>
#include <utility>

#include "json/writer.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using identity::Actor;

constexpr std::array<std::string_view, 4> kKinds = {"webhook", "desktop", "mail", "slack"};

Operations::Json list(approval::Notifier& notifier, ControlRequest& request, const Actor&) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.notify.list/1").key("channels").begin_array();
  for (const auto& channel : notifier.channels()) {
    writer.begin_object().key("name").string(channel->name);
    writer.key("type").string(kKinds[static_cast<std::size_t>(channel->kind)]).key("events").begin_array();
    for (const std::string& event : channel->events) writer.string(event);
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return out;
}

void test(approval::Notifier& notifier, ControlRequest& request, const Actor&, Operations::Reply reply) {
  const std::string channel = request.need_text("channel");
  if (const Status read = request.finish(); !read) return reply(std::unexpected(read.error()));
  notifier.test(channel, [channel, reply = std::move(reply)](const Status& done) mutable {
    if (!done) return reply(std::unexpected(done.error()));
    std::string out;
    json::Writer(out).begin_object().key("schema").string("doorward.notify.test/1").key("channel").string(channel)
        .end_object();
    reply(std::move(out));
  });
}

Operations::Json log(approval::Notifier& notifier, ControlRequest& request, const Actor&) {
  const std::string channel = request.text("channel").value_or("");
  const std::int64_t limit = request.number("limit").value_or(50);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (limit < 1 || limit > 1'000) return fail(ErrorKind::invalid, "\"limit\" must be 1 to 1000");
  const auto rows = notifier.deliveries(channel, static_cast<std::size_t>(limit));
  if (!rows) return std::unexpected(rows.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.notify.log/1").key("deliveries").begin_array();
  for (const store::Delivery& row : *rows) {
    writer.begin_object().key("number").number(row.number).key("id").string(row.id).key("event").string(row.event);
    writer.key("request").string(row.request).key("channel").string(row.channel).key("attempt").number(row.attempt);
    writer.key("time").string(format_time(row.at_us)).key("state").string(row.state);
    writer.key("status").number(row.status).key("detail").string(row.detail).end_object();
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace

void add_notify_operations(Operations& operations, approval::Notifier& notifier) {
  operations.add("notify.list", identity::Roles::all(), std::bind_front(list, std::ref(notifier)));
  operations.add_late("notify.test", {}, std::bind_front(test, std::ref(notifier)));
  operations.add("notify.log", identity::Roles::all(), std::bind_front(log, std::ref(notifier)));
}

}  // namespace doorward::server
