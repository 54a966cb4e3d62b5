#include "server/record_operations.h"

#include <charconv>
#include <memory>
#include <utility>

#include "audit/reader.h"
#include "base/encoding.h"
#include "json/writer.h"
#include "server/record_explanation.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

constexpr std::int64_t kUsually = 100;
constexpr std::int64_t kMost = 1000;
/// Records that one request looks at: a filter that nothing matches gives way to others after these.
constexpr std::size_t kMostScanned = 200'000;

/// A place in the log: behind this record, toward older ones.
struct Cursor {
  std::int64_t time_us = 0;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::string writer;

  std::string text() const {
    const std::string plain = std::to_string(time_us) + " " + std::to_string(epoch) + " " + std::to_string(seq) + " " + writer;
    return to_base64(bytes_of(plain), Base64::url);
  }
  bool is_at(const audit::RecordView& record) const {
    return record.seq == seq && record.epoch == epoch && record.writer == writer;
  }
};

template <typename Number>
bool take_number(std::string_view& text, Number& into) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc() || stop == text.data() + text.size() || *stop != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return true;
}

std::optional<Cursor> read_cursor(std::string_view text) {
  const auto plain = text.size() > 512 ? std::nullopt : from_base64(text, Base64::url);
  if (!plain) return std::nullopt;
  std::string_view rest = *plain;
  Cursor cursor;
  if (!take_number(rest, cursor.time_us) || !take_number(rest, cursor.epoch) || !take_number(rest, cursor.seq)) {
    return std::nullopt;
  }
  if (cursor.time_us < 0 || cursor.time_us > 253'402'300'799'000'000) return std::nullopt;
  cursor.writer = rest;
  return cursor;
}

struct Listing {
  audit::Query query;
  std::int64_t limit = kUsually;
  std::optional<Cursor> from;
};

Result<Listing> read_listing(ControlRequest& request, std::int64_t now_us) {
  Listing listing;
  const auto take = [&](std::string_view key, std::string& into) { into = request.text(key).value_or(""); };
  take("agent", listing.query.grant);
  take("server", listing.query.server);
  take("tool", listing.query.tool);
  take("decision", listing.query.verdict);
  take("rule", listing.query.rule);
  take("event", listing.query.event);
  take("code", listing.query.code);
  const auto since = request.text("since");
  const auto until = request.text("until");
  const auto cursor = request.text("cursor");
  listing.limit = request.number("limit").value_or(kUsually);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (listing.limit < 1 || listing.limit > kMost) {
    return fail(ErrorKind::invalid, "\"limit\" must be a whole number from 1 to " + std::to_string(kMost));
  }
  const auto time = [&](const std::optional<std::string>& text, std::optional<std::int64_t>& into) {
    if (text) into = parse_past(*text, now_us);
    return !text || into;
  };
  if (!time(since, listing.query.since_us) || !time(until, listing.query.until_us)) {
    return fail(ErrorKind::invalid,
                "\"since\" and \"until\" must be times like 2027-01-31T14:00:00Z or spans like 15m");
  }
  if (cursor) {
    listing.from = read_cursor(*cursor);
    if (!listing.from) return fail(ErrorKind::invalid, "\"cursor\" must be the \"next\" of an earlier page");
  }
  return listing;
}

/// The newest records first, from the cursor on.
Json list(const std::string& directory, const Listing& listing) {
  audit::LogReader reader(directory);
  audit::Query window;
  window.since_us = listing.query.since_us;
  window.until_us = listing.query.until_us;
  if (listing.from) window.until_us = std::min(window.until_us.value_or(INT64_MAX), listing.from->time_us + 1);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.record.list/1").key("records").begin_array();
  bool behind = !listing.from;
  std::int64_t found = 0;
  std::size_t scanned = 0;
  Cursor last;
  bool more = false;
  const Status done = reader.for_each_newest(window, [&](const audit::RecordView& record) {
    if (!behind) {
      const bool at = listing.from->is_at(record);
      behind = at || record.time_us < listing.from->time_us;
      if (at || !behind) return true;
    }
    if (found == listing.limit || scanned == kMostScanned) {
      more = true;
      return false;
    }
    ++scanned;
    last = {record.time_us, record.epoch, record.seq, std::string(record.writer)};
    if (!listing.query.matches(record)) return true;
    ++found;
    writer.raw(record.line);
    return true;
  });
  if (!done) return std::unexpected(done.error());
  writer.end_array();
  if (more) writer.key("next").string(last.text());
  writer.end_object();
  return out;
}

Json show(const std::string& directory, const std::string& id) {
  audit::LogReader reader(directory);
  const auto lines = reader.find(id);
  if (!lines) return std::unexpected(lines.error());
  if (lines->empty()) return fail(ErrorKind::not_found, "no record has the id \"" + id + "\"");
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.record/1").key("id").string(id).key("records").begin_array();
  for (const std::string& line : *lines) writer.raw(line);
  writer.end_array().end_object();
  return out;
}

Json explain(const std::string& directory, const std::string& id) {
  audit::LogReader reader(directory);
  const auto lines = reader.find(id);
  if (!lines) return std::unexpected(lines.error());
  return explain_records(*lines);
}

}  // namespace

void add_record_operations(Operations& operations, const std::string& log_directory, WorkPool& pool, io::Loop& loop) {
  // Reads on a thread of the pool; the answer comes back on the loop's thread.
  const auto read = [&pool, &loop](std::move_only_function<Json()> work, Operations::Reply reply) {
    auto shared = std::make_shared<Operations::Reply>(std::move(reply));
    const bool taken = pool.run([&loop, shared, work = std::move(work)]() mutable {
      loop.post([shared, result = work()]() mutable { (*shared)(std::move(result)); });
    });
    if (!taken) (*shared)(fail(ErrorKind::exhausted, "too many readings of the log are under way; try again"));
  };
  operations.add_late("record.list", identity::Roles::all(),
                      [read, log_directory, &loop](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        auto listing = read_listing(request, loop.wall_us());
                        if (!listing) return reply(std::unexpected(listing.error()));
                        read([log_directory, listing = std::move(*listing)] { return list(log_directory, listing); },
                             std::move(reply));
                      });
  const auto of_one_call = [&](std::string_view op, Json (*work)(const std::string&, const std::string&)) {
    operations.add_late(op, identity::Roles::all(),
                        [read, log_directory, work](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                          std::string id = request.need_text("id");
                          if (const Status whole = request.finish(); !whole) return reply(std::unexpected(whole.error()));
                          read([log_directory, work, id = std::move(id)] { return work(log_directory, id); },
                               std::move(reply));
                        });
  };
  of_one_call("record.show", show);
  of_one_call("record.explain", explain);
}

}  // namespace doorward::server
