#include "gateway/session.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/server_link.h"

namespace doorward::gateway {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  /// A table only keeps the address of a server.
  ServerLink* server() { return reinterpret_cast<ServerLink*>(memory_); }
  alignas(ServerLink) char memory_[sizeof(ServerLink)] = {};
};

TEST_F(SessionTest, IdsHoldAtLeast128RandomBitsInVisibleAscii_T221) {
  SessionTable table(3);
  constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";
  std::set<std::string> ids;
  std::array<std::set<char>, 26> characters;
  for (int i = 0; i < 20'000; ++i) {
    const auto session = table.open("grant", server());
    const std::string& id = session->id;
    ASSERT_EQ(id.size(), 28u);
    ASSERT_EQ(id.substr(26), "03");
    ASSERT_EQ(id.find_first_not_of(kBase32), std::string::npos) << id;
    ASSERT_TRUE(ids.insert(id).second) << id;
    for (std::size_t at = 0; at < 26; ++at) characters[at].insert(id[at]);
    EXPECT_EQ(session->digest.size(), 32u);
    EXPECT_EQ(session->digest.find(id.substr(0, 8)), std::string::npos);
  }
  // 26 characters of five bits are two more than 128: the last one varies in three bits only.
  for (std::size_t at = 0; at < 25; ++at) EXPECT_EQ(characters[at].size(), 32u) << at;
  EXPECT_EQ(characters[25].size(), 8u);
  EXPECT_EQ(table.size(), 20'000u);
}

TEST_F(SessionTest, AnotherGrantsSessionIsNotFound_T222) {
  SessionTable table(0);
  const auto session = table.open("a", server());
  EXPECT_EQ(table.find(session->id, "a"), session);
  for (const char* grant : {"b", "", "A", "aa"}) EXPECT_EQ(table.find(session->id, grant), nullptr) << grant;
}

TEST_F(SessionTest, NoIdButOursIsFound_T223) {
  SessionTable table(0);
  const auto session = table.open("a", server());
  session->upstream_id = "the-servers-own";
  EXPECT_EQ(table.find("the-servers-own", "a"), nullptr);
  EXPECT_EQ(table.find("", "a"), nullptr);
  EXPECT_EQ(table.find(session->id.substr(1), "a"), nullptr);
  EXPECT_EQ(table.find(session->id + " ", "a"), nullptr);
  std::string upper = session->id;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(table.find(upper, "a"), nullptr);
}

TEST_F(SessionTest, AnEndedOrClosedSessionIsNotFoundAndTheOthersAre) {
  SessionTable table(0);
  const auto ended = table.open("a", server());
  const auto closed = table.open("a", server());
  const auto kept = table.open("a", server());
  ended->ended = true;
  table.close(*closed);
  EXPECT_EQ(table.find(ended->id, "a"), nullptr);
  EXPECT_EQ(table.find(closed->id, "a"), nullptr);
  EXPECT_EQ(table.find(kept->id, "a"), kept);
  EXPECT_EQ(table.size(), 2u);
}

TEST_F(SessionTest, AVisitorMayCloseWhatItVisits) {
  SessionTable table(0);
  for (int i = 0; i < 50; ++i) table.open("a", server());
  std::set<std::string> visited;
  table.for_each([&](Session& session) {
    visited.insert(session.id);
    table.close(session);
  });
  EXPECT_EQ(visited.size(), 50u);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(SessionTest, AnIdNamesItsWorker) {
  for (unsigned worker : {0u, 1u, 9u, 10u, 254u}) {
    SessionTable table(worker);
    EXPECT_EQ(SessionTable::worker_of(table.open("a", server())->id), worker);
  }
}

TEST_F(SessionTest, AForeignIdNamesNone) {
  SessionTable table(1);
  const std::string id = table.open("a", server())->id;
  const std::string random = id.substr(0, 26);
  for (const std::string& foreign :
       {std::string(), std::string("x"), random, id + "0", id.substr(1), random + "-1", random + "+1",
        random + " 1", random + "1 ", random + "zz", random + "0x", std::string(36, '0')}) {
    EXPECT_FALSE(SessionTable::worker_of(foreign)) << foreign;
  }
}

}  // namespace
}  // namespace doorward::gateway
