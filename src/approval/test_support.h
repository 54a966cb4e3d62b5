#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "approval/desk.h"
#include "base/encoding.h"
#include "store/store.h"

namespace doorward::approval {

/// What a call may differ in.
struct Call {
  std::string request = {};
  std::string arguments = R"({"amount":5000})";
  std::string grant = "g-1";
  std::string tool = "create_refund";
  std::vector<Group> groups = {{.approvers = {"payments"}}};
  std::int64_t lifetime_us = 600'000'000;
};

/// A desk with a store, a log and a clock of its own, run by hand on the test's thread.
class Bench {
 public:
  explicit Bench(const Options& options = {}) : options_(options) {
    char path[] = "/tmp/doorward_desk_XXXXXX";
    if (mkdtemp(path) == nullptr) std::abort();
    directory_ = path;
    open();
  }
  ~Bench() {
    close();
    std::filesystem::remove_all(directory_);
  }

  Ask make(const std::string& decision, const Call& call = {}) {
    Ask ask;
    ask.binding.grant = call.grant;
    ask.binding.server = "stripe";
    ask.binding.tool = call.tool;
    ask.binding.definition = sha256("definition");
    ask.binding.arguments = to_hex(sha256(call.arguments));
    ask.binding.policy = "support";
    ask.binding.policy_version = 3;
    ask.binding.policy_sha256 = std::string(64, 'a');
    ask.binding.rule = "/tools/create_refund/approve_if/args.amount-gt";
    ask.decision = decision;
    ask.grant_label = "bot";
    ask.owner = "alice";
    ask.client = "claude";
    ask.category = "Financial";
    ask.note = "Refunds over 1000 need somebody of payments.";
    ask.arguments = call.arguments;
    ask.groups = call.groups;
    ask.lifetime_us = call.lifetime_us;
    ask.request = call.request;
    return ask;
  }

  Answer ask(const std::string& decision, const Call& call = {}) {
    std::optional<Answer> got;
    desk_->ask(make(decision, call), loop_, [&](Answer answer) { got = std::move(answer); });
    turn([&] { return got.has_value(); });
    return got.value_or(Answer{});
  }

  static identity::Actor person(const std::string& name, std::vector<std::string> groups = {"payments"}) {
    return {.name = "user:" + name, .roles = {identity::Role::approver}, .groups = std::move(groups)};
  }

  Result<Details> approve(const std::string& request, const identity::Actor& actor = person("bo"),
                          std::optional<std::int64_t> for_s = std::nullopt) {
    return desk_->decide(request, actor, {.approve = true, .reason = {}, .for_s = for_s, .shown = {}});
  }
  Result<Details> deny(const std::string& request, const std::string& reason,
                       const identity::Actor& actor = person("bo")) {
    return desk_->decide(request, actor, {.approve = false, .reason = reason, .for_s = {}, .shown = {}});
  }

  /// Runs the loop until `done`.
  void turn(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000 && !done(); ++i) loop_.poll(1'000);
    EXPECT_TRUE(done());
  }
  /// Lets time pass, and what is due happen.
  void pass(std::int64_t us) {
    clock_.advance_us(us);
    for (int i = 0; i < 4; ++i) loop_.poll(0);
  }

  /// Ends the process, as it were, and starts another on the same files.
  void restart() {
    close();
    open();
  }
  void close() {
    desk_.reset();
    if (log_) {
      EXPECT_TRUE(log_->stop());
    }
    log_.reset();
    store_.reset();
  }
  void open() {
    auto store = store::Store::open(directory_);
    if (!store) std::abort();
    store_ = std::move(*store);
    audit::LogOptions options;
    options.directory = log_directory();
    options.key_directory = directory_ + "/keys";
    auto log = audit::LogWriter::open(options);
    if (!log) std::abort();
    log_ = std::move(*log);
    auto desk = Desk::create(store_->database(), loop_, std::string(32, 'k'), options_, clock_);
    if (!desk) std::abort();
    desk_ = std::move(*desk);
    desk_->set_observer([this](const Event& event) { events.push_back(std::string(event.name)); });
    EXPECT_TRUE(desk_->start(*log_, log_directory()));
  }

  Desk& desk() { return *desk_; }
  io::Loop& loop() { return loop_; }
  FakeClock& clock() { return clock_; }
  audit::LogWriter& log() { return *log_; }
  store::Store& store() { return *store_; }
  std::string log_directory() const { return directory_ + "/log"; }
  const std::string& directory() const { return directory_; }

  std::vector<std::string> events;  ///< what the observer was told

 private:
  Options options_;
  std::string directory_;
  FakeClock clock_;
  io::Loop loop_{clock_};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<audit::LogWriter> log_;
  std::unique_ptr<Desk> desk_;
};

}  // namespace doorward::approval
