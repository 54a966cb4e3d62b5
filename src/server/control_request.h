#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/reader.h"
#include "server/finding.h"

namespace doorward::server {

inline constexpr std::size_t kControlLine = 20u << 20;  ///< longest line of the control protocol

/// One request of the control protocol (docs/control-protocol.md): `{"op": "...", ...}`. Members are taken by
/// name; the first wrong one is remembered, and so is one that nobody took.
class ControlRequest {
 public:
  /// Reads the line. invalid where it is no object with a text `op`.
  static Result<std::unique_ptr<ControlRequest>> read(std::string line);

  const std::string& op() const { return op_; }
  /// A text that must be there, and one that may.
  std::string need_text(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::optional<std::int64_t> number(std::string_view key);
  std::vector<std::pair<std::string, std::string>> texts(std::string_view key);  ///< members of an object
  std::string need_json(std::string_view key);  ///< an object, as its JSON text
  /// invalid, if a member was wrong, missing or is unknown. Call after the last take and before acting.
  Status finish();

 private:
  ControlRequest() = default;
  json::Value take(std::string_view key);
  void wrong(std::string message);

  std::string line_;
  json::Reader reader_;
  json::Value root_;
  std::string op_;
  std::vector<std::string_view> known_;
  std::string problem_;
};

/// The answer to a request, one JSON object without its newline.
std::string control_success(std::string_view result_json);
std::string control_failure(const Error& error, const Findings& findings = {});

std::string_view to_string(ErrorKind kind);
std::optional<ErrorKind> parse_error_kind(std::string_view name);

}  // namespace doorward::server
