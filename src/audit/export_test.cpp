#include "audit/export.h"

#include <gtest/gtest.h>

#include "audit/segment.h"
#include "json/reader.h"

namespace doorward::audit {
namespace {

constexpr std::string_view kBefore =
    R"({"v":1,"writer":"gateway-a","epoch":1,"seq":7,"prev":"0000000000000000000000000000000000000000000000000000000000000000",)";

std::string exported(ExportFormat format, const std::string& members) {
  const std::string line = std::string(kBefore) + members + "}";
  json::Reader reader;
  const auto root = reader.read(line);
  EXPECT_TRUE(root) << line;
  RecordView view{line, *root, "gateway-a", 1, 7, 1'800'000'000'123'456};
  std::string out;
  append_export(out, format, view, "1.2");
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
  return out;
}

TEST(ExportTest, JsonlIsTheRecordItself) {
  const std::string members = R"("time":"2027-01-15T08:00:00.123456Z","event":"call.intent","tool":"caf\u00e9")";
  EXPECT_EQ(exported(ExportFormat::jsonl, members), std::string(kBefore) + members + "}\n");
}

TEST(ExportTest, CsvNeutralisesWhatASpreadsheetWouldCompute) {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", " =1", "|calc", "%x"}) {
    const std::string row = exported(ExportFormat::csv, std::string(R"("time":"t","event":"e","tool":")") + text + "\"");
    EXPECT_NE(row.find(std::string("\"'") + text + "\""), std::string::npos) << row;
  }
  const std::string row = exported(ExportFormat::csv, R"("time":"t","event":"e","tool":"a\"b\nc\u202e")");
  EXPECT_NE(row.find(R"("a""b\nc\u202e")"), std::string::npos) << row;
}

// Attack case T288.
TEST(ExportTest, T288_CefEscapesItsDelimiters) {
  const std::string line = exported(
      ExportFormat::cef, R"("time":"t","event":"call.denied","tool":"a|b\\c","reason":"x=y\\z\nnext=1","client":{"address":"::1"})");
  EXPECT_NE(line.find(R"(|call.denied|call.denied a\|b\\c|)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"(reason=x\=y\\z\\nnext\=1)"), std::string::npos) << line;
  EXPECT_NE(line.find("src=::1 "), std::string::npos) << line;
}

TEST(ExportTest, OcsfHasWhatItsClassDemands) {
  const std::string line = exported(
      ExportFormat::ocsf,
      R"("id":"dec_1","time":"2027-01-15T08:00:00.123456Z","event":"call.denied","verdict":"deny","code":"default_deny","grant":{"id":"g","label":"ci"},"client":{"address":"10.0.0.1","name":"c"},"server":"s","method":"tools/call","tool":"t","category":"Destructive","reason":"no")");
  json::Reader reader;
  const auto event = reader.read(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->find("class_uid").number(), "6003");
  EXPECT_EQ(event->find("type_uid").number(), "600304");
  EXPECT_EQ(event->find("status_id").number(), "2");
  EXPECT_EQ(event->find("time").number(), "1800000000123");
  EXPECT_EQ(event->find("api").find("operation").string(), "tools/call");
  EXPECT_EQ(event->find("src_endpoint").find("ip").string(), "10.0.0.1");
  EXPECT_EQ(event->find("resources").at(0).find("name").string(), "t");
  EXPECT_EQ(event->find("actor").find("user").find("name").string(), "ci");
  EXPECT_EQ(event->find("metadata").find("uid").string(), "gateway-a/1/7");
}

}  // namespace
}  // namespace doorward::audit
