#include "gateway/server_eras.h"

#include <gtest/gtest.h>

#include <set>

namespace doorward::gateway {
namespace {

std::shared_ptr<upstream::ServerSettings> server(bool http, upstream::ServerEra era = upstream::ServerEra::automatic) {
  auto settings = std::make_shared<upstream::ServerSettings>();
  settings->name = "up";
  if (http) {
    settings->target = upstream::HttpTarget{};
  } else {
    settings->target = upstream::StdioTarget{};
  }
  settings->protocol.era = era;
  return settings;
}

TEST(EraBoard, WhatOneWorkerFoundOutAllKnow) {
  EraBoard board;
  const auto settings = server(true);
  board.of(settings)->modern = Speaks::yes;
  EXPECT_EQ(board.of(server(true))->modern, Speaks::yes);
  EXPECT_EQ(board.of(server(true, upstream::ServerEra::legacy))->modern, Speaks::no) << "another server";
  EXPECT_EQ(board.of(settings)->modern, Speaks::unknown) << "and another one again";
}

TEST(EraBoard, SettingsDecideWhatTheySay) {
  EraBoard board;
  const auto modern = board.of(server(true, upstream::ServerEra::modern));
  EXPECT_EQ(modern->modern, Speaks::yes);
  EXPECT_EQ(modern->legacy, Speaks::no);
  const auto settings = server(true);
  std::get<upstream::HttpTarget>(settings->target).transport = upstream::HttpTransport::sse;
  EXPECT_EQ(board.of(settings)->modern, Speaks::no) << "HTTP+SSE is legacy";
}

TEST(HomeWorker, OneProcessHasOneAndGrantsSpreadOverHttp) {
  std::set<unsigned> of_process, of_http;
  for (int i = 0; i < 64; ++i) {
    const std::string grant = "grant" + std::to_string(i);
    of_process.insert(home_worker(*server(false), grant, 4));
    of_http.insert(home_worker(*server(true), grant, 4));
    EXPECT_EQ(home_worker(*server(true), grant, 4), home_worker(*server(true), grant, 4));
    EXPECT_LT(home_worker(*server(true), grant, 4), 4u);
  }
  EXPECT_EQ(of_process.size(), 1u);
  EXPECT_GT(of_http.size(), 1u);
}

}  // namespace
}  // namespace doorward::gateway
