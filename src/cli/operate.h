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

/// A text member of an object, escaped for a terminal; empty if absent.
std::string member(json::Value object, std::string_view key);

/// Splits `KEY=VALUE` words; fails the session on one that is none.
std::optional<std::vector<std::pair<std::string, std::string>>> split_pairs(
    Session& session, std::string_view option, const std::vector<std::string>& words);

/// Prints rows in columns as wide as their widest cell, the first row being the head.
void print_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace doorward::cli
