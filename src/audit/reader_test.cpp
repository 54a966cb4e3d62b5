#include "audit/reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "audit/test_support.h"

namespace doorward::audit {
namespace {

using test::denial;
using test::id_of;
using test::intent;
using test::options_in;
using test::outcome;
using test::TempDir;

class ReaderTest : public test::TwoWritersTest {
 protected:
  void SetUp() override {
    open_writers();
    start_ = clock_.wall_us();
    write(0, 40);
  }

  std::vector<std::string> ids(const Query& query, bool newest = false) {
    std::vector<std::string> found;
    LogReader reader(dir_ / "log");
    const auto each = [&](const RecordView& record) {
      if (!record.text("id").empty()) found.emplace_back(record.text("id"));
      return true;
    };
    EXPECT_TRUE(newest ? reader.for_each_newest(query, each) : reader.for_each(query, each));
    return found;
  }

  std::int64_t start_ = 0;
};

TEST_F(ReaderTest, MergesWritersByTimeInBothDirections) {
  std::vector<std::int64_t> times;
  Query calls;
  calls.event = "call.*";
  LogReader reader(dir_ / "log");
  ASSERT_TRUE(reader.for_each(calls, [&](const RecordView& record) {
    times.push_back(record.time_us);
    return true;
  }));
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  const std::vector<std::string> forwards = ids({});
  std::vector<std::string> backwards = ids({}, true);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(forwards.size(), 60u);
  EXPECT_EQ(forwards, backwards);
}

TEST_F(ReaderTest, EachFilterSelectsItsRecords) {
  Query query;
  query.tool = "special";
  EXPECT_EQ(ids(query), (std::vector<std::string>{id_of(0), id_of(8), id_of(16), id_of(24), id_of(32)}));
  query = {};
  query.verdict = "deny";
  EXPECT_EQ(ids(query).size(), 20u);
  query.rule = "/tools/x/deny_if/2*";
  EXPECT_EQ(ids(query), (std::vector<std::string>{id_of(2), id_of(22), id_of(23), id_of(26), id_of(27)}));
  query.rule = "/tools/x/deny_if/2";
  EXPECT_EQ(ids(query).size(), 1u);
  query = {};
  query.grant = "grt_1";
  EXPECT_EQ(ids(query).size(), 20u);
  query.grant = "bob";
  EXPECT_EQ(ids(query).size(), 20u);
  query = {};
  query.event = "call.*";
  EXPECT_EQ(ids(query).size(), 60u);
  query.event = "call.outcome";
  EXPECT_EQ(ids(query).size(), 20u);
  query = {};
  query.server = "files";
  query.code = "default_deny";
  EXPECT_EQ(ids(query).size(), 20u);
  query.server = "other";
  EXPECT_TRUE(ids(query).empty());
  query = {};
  query.writer = cores_[1]->writer();
  EXPECT_EQ(ids(query).size(), 30u);
  query = {};
  query.since_us = start_ + 11 * kSecond;
  query.until_us = start_ + 13 * kSecond;
  EXPECT_EQ(ids(query), (std::vector<std::string>{id_of(10), id_of(11)}));
  EXPECT_EQ(ids(query, true), (std::vector<std::string>{id_of(11), id_of(10)}));
}

TEST_F(ReaderTest, TheLastOnesComeOldestFirst) {
  LogReader reader(dir_ / "log");
  Query query;
  query.verdict = "deny";
  const auto lines = reader.last(query, 3);
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 3u);
  EXPECT_NE((*lines)[0].find(id_of(35)), std::string::npos);
  EXPECT_NE((*lines)[2].find(id_of(39)), std::string::npos);
  EXPECT_TRUE(reader.last(query, 0)->empty());
  EXPECT_EQ(
      reader.last({}, 100'000)->size(), ids({}).size() + [&] {
        std::size_t others = 0;
        (void)reader.for_each({}, [&](const RecordView& record) {
          others += record.text("id").empty() ? 1 : 0;
          return true;
        });
        return others;
      }());
}

TEST_F(ReaderTest, FindsBothRecordsOfACall) {
  LogReader reader(dir_ / "log");
  const auto lines = reader.find(id_of(8));
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 2u);
  EXPECT_NE((*lines)[0].find("call.intent"), std::string::npos);
  EXPECT_NE((*lines)[1].find("call.outcome"), std::string::npos);
  EXPECT_TRUE(reader.find("dec_none")->empty());
}

TEST_F(ReaderTest, DeliversWhatASnapshotLacks) {
  const std::vector<LogPosition> positions = {cores_[0]->state().position, cores_[1]->state().position};
  ASSERT_TRUE(cores_[0]->rings()[0]->append(denial("dec_later")));
  ASSERT_TRUE(cores_[0]->pass({}).status);
  LogReader reader(dir_ / "log");
  std::vector<std::string> found;
  const auto each = [&](const RecordView& record) {
    found.emplace_back(record.text("event"));
    return true;
  };
  ASSERT_TRUE(reader.for_each_since(positions, each));
  EXPECT_EQ(std::count(found.begin(), found.end(), "call.denied"), 1);
  EXPECT_LE(found.size(), 2u);
  found.clear();
  ASSERT_TRUE(reader.for_each_since(std::span(positions).first(1), each));
  EXPECT_GT(found.size(), 30u);
  // A later epoch of the same writer follows on.
  const std::string writer = cores_[0]->writer();
  ASSERT_TRUE(cores_[0]->stop());
  cores_[0].reset();
  LogOptions options = options_in(dir_);
  auto again = LogCore::open(options);
  ASSERT_TRUE(again);
  ASSERT_EQ((*again)->writer(), writer);
  found.clear();
  ASSERT_TRUE(reader.for_each_since(positions, each));
  EXPECT_EQ(std::count(found.begin(), found.end(), "writer.start"), 1);
}

TEST_F(ReaderTest, FollowsWhatIsWrittenFromNowOn) {
  LogReader reader(dir_ / "log");
  std::vector<std::string> found;
  const auto each = [&](const RecordView& record) {
    found.emplace_back(record.text("id"));
    return true;
  };
  ASSERT_TRUE(reader.poll({}, each));
  EXPECT_TRUE(found.empty());
  Query query;
  query.verdict = "deny";
  for (std::uint64_t i = 100; i < 130; ++i) {
    ASSERT_TRUE(cores_[i % 2]->rings()[0]->append(denial(id_of(i), "r", clock_.wall_us())));
    ASSERT_TRUE(cores_[i % 2]->pass({}).status);
    ASSERT_TRUE(reader.poll(query, each));
    ASSERT_EQ(found.size(), i - 99);
    EXPECT_EQ(found.back(), id_of(i));
  }
  // A writer that comes up later is followed from its beginning.
  auto third = LogCore::open(options_in(dir_));
  ASSERT_TRUE(third);
  ASSERT_TRUE((*third)->rings()[0]->append(denial("dec_new")));
  ASSERT_TRUE((*third)->pass({}).status);
  ASSERT_TRUE(reader.poll(query, each));
  EXPECT_EQ(found.back(), "dec_new");
}

TEST_F(ReaderTest, LinesThatAreNoRecordsAndTornOnesArePassedOver) {
  const std::size_t before = ids({}).size();
  const std::string directory = dir_ / ("log/" + cores_[0]->writer());
  const std::string path = list_segments(directory)->back().path;
  test::write_file(
      path, test::read_file(path) + "rubbish\n{\"v\":1}\n" + denial("x") + "\n{\"v\":1,\"writer\":\"torn");
  EXPECT_EQ(ids({}).size(), before);
  EXPECT_EQ(ids({}, true).size(), before);
}

TEST(EmptyReaderTest, SaysWhereThereIsNoLog) {
  TempDir dir;
  LogReader reader(dir / "none");
  EXPECT_FALSE(reader.for_each({}, [](const RecordView&) { return true; }));
  EXPECT_FALSE(reader.last({}, 5));
}

}  // namespace
}  // namespace doorward::audit
