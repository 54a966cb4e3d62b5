#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"
#include "json/writer.h"

namespace doorward::cli {

class Session;

/// Runs an operation (`members` adds its arguments) and hands its result to `show`,
/// or prints it as it is under --json. Failures are told and set the exit code.
void operate(Session& session, std::string_view op, const std::function<void(json::Writer&)>& members,
             const std::function<void(json::Value result)>& show);

/// The result of an operation as JSON text, or nothing after having failed.
std::optional<std::string> ask(Session& session, std::string_view op,
                               const std::function<void(json::Writer&)>& members, bool gateway_only = false);

/// The result of an operation, read; nothing after having failed.
class Answer {
 public:
  Answer(Session& session, std::string_view op, const std::function<void(json::Writer&)>& members, bool gateway_only = false);
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  explicit operator bool() const { return static_cast<bool>(root_); }
  json::Value root() const { return root_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  json::Reader reader_;
  json::Value root_;
};

/// Asks whether to go on, on the terminal; `yes` has said so already. False after having failed: nobody can be asked, or
/// the answer was no.
bool confirm(Session& session, bool yes, std::string_view question);

/// A text member of an object, escaped for a terminal; empty if absent.
std::string member(json::Value object, std::string_view key);

/// A member that counts seconds, as a clock that runs down: `3:20`, `1:03:20`, from two days on `12 days`; `0:00` if absent.
std::string countdown(json::Value object, std::string_view key);

/// Splits `KEY=VALUE` words; fails the session on one that is none.
std::optional<std::vector<std::pair<std::string, std::string>>> split_pairs(
    Session& session, std::string_view option, const std::vector<std::string>& words);

/// Prints rows in columns as wide as their widest cell, the first row being the head.
void print_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace doorward::cli
