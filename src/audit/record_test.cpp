#include "audit/record.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>

#include "audit/segment.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "json/reader.h"

namespace doorward::audit {
namespace {

/// Valid UTF-8 of code points that logs are attacked with, and some others.
std::string hostile_text(const std::vector<std::uint32_t>& seeds) {
  static const std::vector<std::string> kPieces = {"\n",
                                                   "\r",
                                                   "\x1b[31m",
                                                   std::string(1, '\0'),
                                                   "\x7f",
                                                   "\xe2\x80\xae",
                                                   "\xe2\x80\xa8",
                                                   "\xe2\x80\xa9",
                                                   "\xef\xbb\xbf",
                                                   "\xe2\x80\x8b",
                                                   "\"",
                                                   "\\",
                                                   "\\u0000",
                                                   "{\"v\":1,\"writer\":\"x\",",
                                                   "\"}\n{\"v\":1",
                                                   "\xf0\x9f\x98\x80",
                                                   "\xc3\xa9",
                                                   "plain text of some length",
                                                   "\t",
                                                   "</script>",
                                                   "\xc2\x85",
                                                   "a",
                                                   "bc",
                                                   "def",
                                                   "0123456789"};
  std::string text;
  for (const std::uint32_t seed : seeds) text += kPieces[seed % kPieces.size()];
  return text;
}

void expect_one_printable_line(std::string_view bytes) {
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    ASSERT_TRUE(value >= 0x20 && value < 0x7f) << static_cast<int>(value);
  }
}

std::string object(std::string_view members) {
  return "{" + std::string(members) + "}";
}

CallRecord full_call(std::string_view text, std::span<const std::string_view> keys,
                     std::span<const ValueRef> values, std::span<const QuotaDelta> quota,
                     std::span<const std::string_view> degraded) {
  CallRecord record;
  record.id = "dec_01234567890123456789012345";
  record.time_us = 1'800'000'000'123'456;
  record.verdict = "deny";
  record.enforced = false;
  record.code = text;
  record.rule = text;
  record.pointer = text;
  record.policy = {text, text, text};
  record.grant = {text, text, text};
  record.client = {text, text};
  record.server = text;
  record.era = text;
  record.revision = text;
  record.session = text;
  record.method = text;
  record.tool = text;
  record.target = text;
  record.category = text;
  record.request_id = "\"x\"";
  record.args = {keys, "00", 17, true};
  record.values = values;
  record.quota = quota;
  record.retry_after_s = 5;
  record.degraded = degraded;
  record.reason = text;
  return record;
}

TEST(RecordTest, T308_HostileTextsStayOneLineAndReadBackEqual) {
  EXPECT_TRUE(rc::check("parse of print", [](const std::vector<std::uint32_t>& seeds) {
    const std::string text = hostile_text(seeds);
    RecordBuffer buffer;
    CallRecord record;
    record.id = "dec_1";
    record.rule = text;
    record.server = std::string_view(text).substr(0, 0);
    record.reason = text;
    const std::string whole = object(write_denial(record, buffer));
    expect_one_printable_line(whole);
    json::Reader reader;
    const auto read = reader.read(whole);
    RC_ASSERT(read.has_value());
    if (!read->find("cut")) {
      RC_ASSERT(read->find("rule").string() == text);
      if (!text.empty()) RC_ASSERT(read->find("reason").string() == text);
    } else {
      RC_ASSERT(text.starts_with(read->find("rule").string()));
    }
    RC_ASSERT(read->find("event").string() == "call.denied");
  }));
}

TEST(RecordTest, AnySizeOfTextKeepsTheRecordWholeAndValid) {
  std::vector<std::string_view> keys;
  std::vector<ValueRef> values;
  std::vector<QuotaDelta> quota;
  for (const std::size_t size : {0u, 1u, 7u, 8u, 9u, 100u, 1000u, 10'000u, 1'000'000u}) {
    for (const char* unit : {"x", "\n", "\xf0\x9f\x98\x80", "\xff", "\\"}) {
      std::string text;
      while (text.size() < size) text += unit;
      keys.assign(size % 1000, text);
      values.assign(size % 1000, ValueRef{text, text});
      quota.assign(size % 1000, QuotaDelta{~0ull, ~0ull, text, INT64_MIN});
      RecordBuffer buffer;
      const CallRecord record = full_call(text, keys, values, quota, keys);
      const std::string_view members = write_intent(record, buffer);
      expect_one_printable_line(members);
      json::Reader reader;
      const std::string whole = object(members);
      const auto read = reader.read(whole);
      ASSERT_TRUE(read) << size << " " << read.error().message << "\n" << whole.substr(read.error().offset);
      EXPECT_EQ(read->find("id").string(), record.id);
      EXPECT_EQ(read->find("request").find("id").string(), "x");
      if (size <= 1 || size >= 1000) {
        EXPECT_EQ(static_cast<bool>(read->find("cut")), size >= 1000) << size;
      }

      OutcomeBuffer small;
      OutcomeRecord outcome{record.id, INT64_MAX, text,       text, text, text,  text, text, INT64_MIN,
                            INT64_MIN, INT64_MIN, UINT64_MAX, text, true, quota, keys, text};
      const std::string_view outcome_members = write_outcome(outcome, small);
      expect_one_printable_line(outcome_members);
      const std::string outcome_whole = object(outcome_members);
      ASSERT_TRUE(reader.read(outcome_whole)) << outcome_whole;

      RecordBuffer reject;
      const std::string rejected = object(write_rejection(
          {text, 0, text, 401, {text, text}, {text, text, text}, {}, text, text, "1", text}, reject));
      ASSERT_TRUE(reader.read(rejected));
      const std::string summary = object(write_summary({text, 0, 0, 1, text, 401, 7, text}, reject));
      ASSERT_TRUE(reader.read(summary));
    }
  }
}

TEST(RecordTest, AnOrdinaryIntentIsSpelledAsDocumented) {
  const std::string_view keys[] = {"amount", "currency"};
  const QuotaDelta quota[] = {{0x0123456789abcdef, 0xfedcba9876543210, "60", 1'000'000}};
  CallRecord record;
  record.id = "dec_1";
  record.time_us = 1'767'225'599'999'999;
  record.verdict = "allow";
  record.policy = {"p", "1", "ab"};
  record.grant = {"grt_1", "alice", ""};
  record.client = {"127.0.0.1", "Caf\xc3\xa9"};
  record.server = "stripe";
  record.method = "tools/call";
  record.tool = "create_charge";
  record.request_id = "\"\xc3\xa9\\n\"";
  record.args = {keys, "cd", 20, true};
  record.quota = quota;
  RecordBuffer buffer;
  EXPECT_EQ(
      write_intent(record, buffer),
      R"("id":"dec_1","time":"2025-12-31T23:59:59.999999Z","event":"call.intent","verdict":"allow","enforced":true,)"
      R"("rule":"","policy":{"name":"p","version":"1","sha256":"ab"},"grant":{"id":"grt_1","label":"alice"},)"
      R"("client":{"address":"127.0.0.1","name":"Caf\u00e9"},"server":"stripe","method":"tools/call",)"
      R"("tool":"create_charge","request":{"id":"\u00e9\n"},)"
      R"("args":{"keys":["amount","currency"],"count":2,"digest":"cd","bytes":20},)"
      R"("quota":[["0123456789abcdeffedcba9876543210","60",1000000]])");
}

TEST(RecordTest, EventsCarryEachKindOfField) {
  const EventRecord::Field fields[] = {{"text", std::string_view("a\"b")},
                                       {"number", std::int64_t{-5}},
                                       {"flag", true},
                                       {"json", EventRecord::Json{"[1]"}}};
  RecordBuffer buffer;
  EXPECT_EQ(
      write_event({"child.exit", 0, fields}, buffer),
      R"("time":"1970-01-01T00:00:00.000000Z","event":"child.exit","text":"a\"b","number":-5,"flag":true,"json":[1])");
}

TEST(RecordTest, ARequestIdThatIsTooLongBecomesNullAndIsListed) {
  RejectRecord record;
  const std::string id = "\"" + std::string(600, 'i') + "\"";
  record.request_id = id;
  RecordBuffer buffer;
  const std::string whole = object(write_rejection(record, buffer));
  json::Reader reader;
  const auto read = reader.read(whole);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->find("request").find("id").is(json::Type::null));
  EXPECT_EQ(read->find("cut").at(0).string(), "request.id");
}

TEST(RecordTest, TimesAreSpelledAndReadBackAcrossTheCalendar) {
  EXPECT_TRUE(rc::check("time", [](std::int64_t seed) {
    const std::int64_t time = seed % 60'000'000'000'000'000;
    RecordBuffer buffer;
    const std::string members(write_event({"x", time, {}}, buffer));
    const auto start = parse_start(members);
    RC_ASSERT(start.has_value());
    RC_ASSERT(parse_time(start->time) == time);
  }));
  RecordBuffer buffer;
  EXPECT_EQ(write_event({"x", INT64_MAX, {}}, buffer), R"("time":"9999-12-31T23:59:59.999999Z","event":"x")");
  EXPECT_EQ(write_event({"x", INT64_MIN, {}}, buffer), R"("time":"0000-01-01T00:00:00.000000Z","event":"x")");
  EXPECT_EQ(write_event({"x", 951'782'400'000'000, {}}, buffer),
            R"("time":"2000-02-29T00:00:00.000000Z","event":"x")");
  for (const char* wrong :
       {"", "2000-02-29T00:00:00.000000", "2000-13-01T00:00:00.000000Z", "2000-01-01 00:00:00.000000Z",
        "2000-01-01T24:00:00.000000Z", "2000-01-01T00:00:00,000000Z"}) {
    EXPECT_FALSE(parse_time(wrong)) << wrong;
  }
}

TEST(RecordTest, ACommitmentHidesAndBinds) {
  RecordBuffer a;
  RecordBuffer b;
  const Commitment first = make_commitment("dec_1", "args.x", "\"secret\"", a);
  const Commitment second = make_commitment("dec_1", "args.x", "\"secret\"", b);
  EXPECT_NE(first.hex, second.hex);
  json::Reader reader;
  const std::string whole = object(first.entry);
  const auto read = reader.read(whole);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find("value").string(), "\"secret\"");
  const auto salt = from_hex(read->find("salt").string());
  ASSERT_TRUE(salt);
  EXPECT_EQ(salt->size(), 16u);
  EXPECT_EQ(to_hex(sha256(*salt + "\"secret\"")), std::string(first.hex.data(), first.hex.size()));
  // One that does not fit is committed to without its text.
  const Commitment large = make_commitment("dec_1", "args.x", std::string(100'000, 'v'), a);
  const std::string large_whole = object(large.entry);
  const auto large_read = reader.read(large_whole);
  ASSERT_TRUE(large_read);
  EXPECT_FALSE(large_read->find("value"));
  EXPECT_EQ(large_read->find("commit").string(), std::string(large.hex.data(), large.hex.size()));
}

TEST(RecordTest, HeadsReadBackAndNothingElseDoes) {
  std::string line;
  append_head(line, "gateway-x", 12, 0, kNoPrev);
  line += "\"time\":\"t\",\"event\":\"e\"}";
  const auto head = parse_head(line);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->writer, "gateway-x");
  EXPECT_EQ(head->epoch, 12u);
  EXPECT_EQ(head->seq, 0u);
  EXPECT_EQ(head->members, "\"time\":\"t\",\"event\":\"e\"");
  for (const char* wrong :
       {"", "{}", R"({"v":2,"writer":"w","epoch":1,"seq":1,"prev":"","x":1})",
        R"({"v":1,"writer":"w","epoch":01,"seq":1)", R"({"v":1,"writer":"a\"b","epoch":1,"seq":1)",
        R"({"v":1,"writer":"w","epoch":-1,"seq":1)"}) {
    EXPECT_FALSE(parse_head(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace doorward::audit
