#include "audit/record_index.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "audit/test_support.h"

namespace doorward::audit {
namespace {

using test::id_of;
using test::intent;
using test::outcome;

class RecordIndexTest : public test::TwoWritersTest {
 protected:
  void SetUp() override { open_writers(std::chrono::seconds(0)); }

  /// What the log itself says, newest first.
  std::vector<std::string> log(const Query& query) {
    std::vector<std::string> lines;
    EXPECT_TRUE(LogReader(dir_ / "log").for_each_newest(query, [&](const RecordView& record) {
      lines.emplace_back(record.line);
      return true;
    }));
    return lines;
  }

  /// All pages of the index.
  static std::vector<std::string> pages(const RecordIndex& index, const Query& query, std::size_t limit) {
    std::vector<std::string> lines;
    std::optional<IndexPlace> from;
    while (true) {
      const auto page = index.page(query, from, limit);
      if (!page) return {"failed"};
      for (const IndexedRecord& record : page->records) lines.push_back(record.line);
      if (!page->more) return lines;
      from = page->records.back().place;
    }
  }

  static std::vector<Query> queries() {
    std::vector<Query> all(15);
    all[1].tool = "special";
    all[2].verdict = "deny";
    all[3].rule = "/tools/x/deny_if/2*";
    all[4].rule = "/tools/x/deny_if/22";
    all[5].event = "call.*";
    all[6].calls = true;
    all[7].text = "SPECI";
    all[8].text = id_of(3);
    all[9].verdict = "allowed";
    all[9].tool = "read_file";
    all[10].tool = "nothing";
    all[11].grant = "alice";
    all[12].event = "call.outcome";
    all[13].text = "mcp__files__spec";
    all[14].verdict = "refused";
    return all;
  }

  void expect_as_the_log(const RecordIndex& index) {
    for (const Query& query : queries()) {
      const std::vector<std::string> expected = log(query);
      EXPECT_EQ(pages(index, query, 7), expected) << query.tool << query.rule << query.event << query.text;
      const auto page = index.page(query, {}, 1);
      ASSERT_TRUE(page);
      EXPECT_EQ(page->found, expected.size());
      EXPECT_TRUE(page->exact);
    }
  }

};

TEST_F(RecordIndexTest, AnswersAsTheLogDoesWhileItGrows) {
  RecordIndex index(dir_ / "log", dir_ / "index");
  write(0, 40);
  ASSERT_TRUE(index.refresh());
  expect_as_the_log(index);
  write(40, 75);
  ASSERT_TRUE(index.refresh());
  expect_as_the_log(index);
  Query window;
  window.since_us = clock_.wall_us() - 20 * kSecond;
  window.until_us = clock_.wall_us() - 5 * kSecond;
  EXPECT_EQ(pages(index, window, 3), log(window));
}

TEST_F(RecordIndexTest, TakesUpTheFilesOfAnEarlierProcess) {
  write(0, 60);
  ASSERT_TRUE(RecordIndex(dir_ / "log", dir_ / "index").refresh());
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_ / "index")) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  ASSERT_GT(files.size(), 4U);
  RecordIndex next(dir_ / "log", dir_ / "index");
  ASSERT_TRUE(next.refresh());
  expect_as_the_log(next);

  // One is damaged, one is cut, one is gone: each is made anew from the log.
  {
    std::fstream file(files[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(400);
    file.put('\x7f');
  }
  std::filesystem::resize_file(files[1], 100);
  const std::string stale = files[0].parent_path() / "00000001-000000999999.jsonl.rows";
  test::write_file(stale, "of a segment that is gone");
  std::filesystem::remove(files[2]);
  RecordIndex third(dir_ / "log", dir_ / "index");
  ASSERT_TRUE(third.refresh());
  expect_as_the_log(third);
  EXPECT_FALSE(std::filesystem::exists(stale));
}

TEST_F(RecordIndexTest, KeepsEverySegmentOnceItIsComplete) {
  RecordIndex index(dir_ / "log", dir_ / "index");
  for (std::uint64_t i = 0; i < 60; ++i) {
    write(i, i + 1);
    ASSERT_TRUE(index.refresh());
  }
  expect_as_the_log(index);
  const std::vector<std::string> writers = list_writers(dir_ / "log").value();
  for (const std::string& writer : writers) {
    const std::vector<SegmentFile> segments = list_segments(dir_ / ("log/" + writer)).value();
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      EXPECT_NE(IndexBlock::load(dir_ / ("index/" + writer + segments[i].path.substr(segments[i].path.rfind('/')) + ".rows"), writer,
                                 segments[i]),
                nullptr);
    }
  }
}

TEST_F(RecordIndexTest, ShowsTheLogAndNotWhatTheIndexHolds) {
  write(0, 40);
  RecordIndex index(dir_ / "log", {});
  ASSERT_TRUE(index.refresh());
  // Somebody changes a tool's name in the log, in place.
  const auto writers = list_writers(dir_ / "log").value();
  for (const std::string& writer : writers) {
    const std::vector<SegmentFile> segments = list_segments(dir_ / ("log/" + writer)).value();
    for (const SegmentFile& segment : segments) {
      std::string text = test::read_file(segment.path);
      const std::size_t at = text.find("\"special\"");
      if (at == std::string::npos) continue;
      test::write_file(segment.path, text.replace(at, 9, "\"SPECIAL\""));
    }
  }
  Query query;
  query.tool = "special";
  EXPECT_EQ(pages(index, query, 100), log(query));
  EXPECT_FALSE(index.chain().first_break);

  RecordIndex later(dir_ / "log", {});
  ASSERT_TRUE(later.refresh());
  ASSERT_TRUE(later.chain().first_break);
}

TEST_F(RecordIndexTest, FollowsTheChainAndForgetsRemovedSegments) {
  write(0, 40);
  RecordIndex index(dir_ / "log", dir_ / "index");
  ASSERT_TRUE(index.refresh());
  const ChainState chain = index.chain();
  EXPECT_TRUE(chain.whole);
  EXPECT_FALSE(chain.first_break);
  EXPECT_EQ(chain.records, log({}).size());
  EXPECT_EQ(chain.records, index.size());
  const std::string writer = list_writers(dir_ / "log").value().front();
  const std::vector<SegmentFile> segments = list_segments(dir_ / ("log/" + writer)).value();
  ASSERT_GT(segments.size(), 3U);
  std::filesystem::remove(segments[0].path);
  std::filesystem::remove(segments[1].path);
  ASSERT_TRUE(index.refresh());
  expect_as_the_log(index);
  EXPECT_FALSE(index.chain().first_break);
}

TEST_F(RecordIndexTest, FindsWhatIsOfAPolicyOrOfOneOfItsDocuments) {
  const std::string first(64, 'a');
  const std::string second(64, 'b');
  const auto add = [&](std::string_view line) {
    clock_.advance_us(kSecond);
    ASSERT_TRUE(cores_[0]->rings()[0]->append(line));
    ASSERT_TRUE(cores_[0]->pass({}).status);
  };
  RecordBuffer buffer;
  for (const auto& [name, document] : {std::pair("support", &first), {"support", &second}, {"other", &second}, {"", nullptr}}) {
    CallRecord record;
    record.id = "dec_1";
    record.time_us = clock_.wall_us();
    record.verdict = "deny";
    if (document != nullptr) record.policy = {name, "1", *document};
    add(write_denial(record, buffer));
  }
  const auto change = [&](std::string_view event, std::string_view digest_key) {
    const EventRecord::Field fields[] = {{"policy", std::string_view("support")}, {digest_key, std::string_view(second)}};
    add(write_event({event, clock_.wall_us(), fields}, buffer));
  };
  change("policy.added", "sha256");
  change("approval.requested", "policy_sha256");
  change("server.added", "sha256");  // of something else
  write(0, 12);
  for (const bool mapped : {false, true}) {
    RecordIndex index(dir_ / "log", dir_ / "index");
    ASSERT_TRUE(index.refresh());
    for (const auto& [policy, count] : {std::pair(std::string("support"), 5U), {"other", 1U}, {"suppor", 0U}, {first, 1U},
                                        {second, 4U}, {second.substr(0, 8), 4U}, {second.substr(0, 7), 0U}, {first + "a", 0U}}) {
      Query query;
      query.policy = policy;
      EXPECT_EQ(log(query).size(), count) << policy;
      EXPECT_EQ(pages(index, query, 2), log(query)) << policy << mapped;
      EXPECT_EQ(index.page(query, {}, 1)->found, log(query).size()) << policy;
    }
  }
}

TEST_F(RecordIndexTest, TellsHowACallEndedBesideItsDecision) {
  write(0, 8);
  RecordIndex index(dir_ / "log", {});
  ASSERT_TRUE(index.refresh());
  for (const bool forwarded : {true, false}) {
    Query query;
    query.event = forwarded ? "call.intent" : "call.denied";
    const auto page = index.page(query, {}, 100);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->records.size(), 4U);
    for (const IndexedRecord& record : page->records) {
      EXPECT_EQ(record.word, forwarded ? DecisionWord::allowed : DecisionWord::denied);
      EXPECT_EQ(record.result, forwarded ? RowResult::ok : RowResult::none);
      EXPECT_EQ(record.duration_us.has_value(), forwarded);
    }
  }
  EXPECT_EQ(index.find(id_of(0)).size(), 2U);
  EXPECT_TRUE(index.find("dec_nothing").empty());
}

}  // namespace
}  // namespace doorward::audit
