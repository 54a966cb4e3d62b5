#include "server/record_operations.h"

#include <array>
#include <charconv>
#include <functional>
#include <utility>

#include "base/encoding.h"
#include "json/writer.h"
#include "server/late_work.h"
#include "server/record_explanation.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

constexpr std::int64_t kUsually = 100;
constexpr std::int64_t kMost = 1000;
std::string cursor_text(const audit::IndexPlace& place) {
  const std::string plain = std::to_string(place.time_us) + " " + std::to_string(place.epoch) + " " +
                            std::to_string(place.seq) + " " + place.writer;
  return to_base64(bytes_of(plain), Base64::url);
}

template <typename Number>
bool take_number(std::string_view& text, Number& into) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc() || stop == text.data() + text.size() || *stop != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return true;
}

std::optional<audit::IndexPlace> read_cursor(std::string_view text) {
  const auto plain = text.size() > 512 ? std::nullopt : from_base64(text, Base64::url);
  if (!plain) return std::nullopt;
  std::string_view rest = *plain;
  audit::IndexPlace cursor;
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
  std::optional<audit::IndexPlace> from;
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
  take("policy", listing.query.policy);
  take("q", listing.query.text);
  const std::string of = request.text("of").value_or("records");
  listing.query.calls = of == "calls";
  const auto since = request.text("since");
  const auto until = request.text("until");
  const auto cursor = request.text("cursor");
  listing.limit = request.number("limit").value_or(kUsually);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (of != "records" && of != "calls") return fail(ErrorKind::invalid, "\"of\" must be records or calls");
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

void write_about(json::Writer& writer, const audit::IndexedRecord& record) {
  writer.begin_object();
  if (record.word != audit::DecisionWord::none) writer.key("word").string(audit::to_string(record.word));
  if (record.duration_us) {
    writer.key("result").string(audit::to_string(record.result)).key("duration_us").number(*record.duration_us);
  }
  writer.end_object();
}

/// What the links of the log say, and when its signatures were last looked at.
void write_chain(json::Writer& writer, const audit::RecordIndex& index) {
  const audit::ChainState chain = index.chain();
  writer.begin_object().key("state");
  writer.string(chain.first_break ? "broken" : chain.whole ? "verified" : "reading");
  writer.key("records").number(chain.records);
  if (!chain.newest.writer.empty()) {
    writer.key("writer").string(chain.newest.writer).key("epoch").number(chain.newest.epoch);
    writer.key("seq").number(chain.newest.seq);
  }
  if (chain.whole) writer.key("at").string(format_time(chain.read_us));
  if (chain.first_break) {
    writer.key("first_bad").begin_object().key("writer").string(chain.first_break->writer);
    writer.key("epoch").number(chain.first_break->epoch).key("seq").number(chain.first_break->seq).end_object();
  }
  audit::Query checks;
  checks.event = "audit.verified";
  if (const auto page = index.page(checks, {}, 1, false); page && !page->records.empty()) {
    json::Reader reader;
    const auto record = reader.read(page->records.front().line);
    const json::Value ok = record ? record->find("ok") : json::Value();
    writer.key("signatures").begin_object().key("ok").boolean(ok.is(json::Type::boolean) && ok.boolean());
    writer.key("at").string(record ? text_of(*record, "time") : "").end_object();
  }
  writer.end_object();
}

/// The newest records first, from the cursor on.
Json list(audit::RecordIndex& index, const Listing& listing) {
  if (const Status read = index.refresh(); !read) return std::unexpected(read.error());
  const auto page = index.page(listing.query, listing.from, static_cast<std::size_t>(listing.limit));
  if (!page) return std::unexpected(page.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.record.list/1").key("records").begin_array();
  for (const audit::IndexedRecord& record : page->records) writer.raw(record.line);
  writer.end_array().key("about").begin_array();
  for (const audit::IndexedRecord& record : page->records) write_about(writer, record);
  writer.end_array().key("found").number(page->found);
  writer.key("found_is").string(page->exact ? "exact" : "at_least");
  write_chain(writer.key("chain"), index);
  if (page->more) writer.key("next").string(cursor_text(page->records.back().place));
  writer.end_object();
  return out;
}

Json show(audit::RecordIndex& index, const std::string& id) {
  if (const Status read = index.refresh(); !read) return std::unexpected(read.error());
  const auto lines = index.find(id);
  if (lines.empty()) return fail(ErrorKind::not_found, "no record has the id \"" + id + "\"");
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.record/1").key("id").string(id).key("records").begin_array();
  for (const std::string& line : lines) writer.raw(line);
  writer.end_array().end_object();
  return out;
}

void explain(const RecordReach& reach, Operations& operations, ControlRequest& request, const identity::Actor& actor,
             Operations::Reply reply) {
  const std::string id = request.need_text("id");
  if (const Status whole = request.finish(); !whole) return reply(std::unexpected(whole.error()));
  const bool shows = actor.roles.intersects({identity::Role::auditor, identity::Role::admin});
  later(
      *reach.pool, *reach.loop, std::move(reply),
      [&index = *reach.index, id,
       context = explanation_context(reach.state, operations.inventory(), shows, reach.loop->wall_us())]() -> Result<RecordExplanation> {
        if (const Status read = index.refresh(); !read) return std::unexpected(read.error());
        return explain_record(index, id, context);
      },
      [record = reach.record, id, actor = actor.name](Result<RecordExplanation> explained) -> Json {
        if (!explained) return std::unexpected(explained.error());
        const std::array<audit::EventRecord::Field, 3> fields = {
            {{"actor", std::string_view(actor)},
             {"call", std::string_view(id)},
             {"count", static_cast<std::int64_t>(explained->arguments_read)}}};
        // Nobody sees them unseen.
        if (explained->arguments_read > 0 && !record("audit.read", fields)) {
          return fail(ErrorKind::unavailable, "the log cannot store that arguments are read, so they are not shown");
        }
        return std::move(explained->json);
      });
}

}  // namespace

void add_record_operations(Operations& operations, RecordReach reach) {
  operations.add_late("record.list", identity::Roles::all(),
                      [reach](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        auto listing = read_listing(request, reach.loop->wall_us());
                        if (!listing) return reply(std::unexpected(listing.error()));
                        later(*reach.pool, *reach.loop, std::move(reply),
                              [&index = *reach.index, listing = std::move(*listing)] { return list(index, listing); },
                              std::identity());
                      });
  operations.add_late("record.show", identity::Roles::all(),
                      [reach](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        std::string id = request.need_text("id");
                        if (const Status whole = request.finish(); !whole) return reply(std::unexpected(whole.error()));
                        later(*reach.pool, *reach.loop, std::move(reply),
                              [&index = *reach.index, id = std::move(id)] { return show(index, id); }, std::identity());
                      });
  operations.add_late("record.explain", identity::Roles::all(),
                      [reach, &operations](ControlRequest& request, const identity::Actor& actor, Operations::Reply reply) {
                        explain(reach, operations, request, actor, std::move(reply));
                      });
}

}  // namespace doorward::server
