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

namespace doorward::server {

inline constexpr std::size_t kRequestBytes = 20u << 20;  ///< of one request

/// What an operation is asked for: `{"op": "...", ...}`. Members are taken by
/// name; the first wrong one is remembered, and so is one that nobody took.
class ControlRequest {
 public:
  /// Reads the text. invalid where it is no object with a text `op`.
  static Result<std::unique_ptr<ControlRequest>> read(std::string text);
  /// Wipes the text, which may hold a secret.
  ~ControlRequest();

  const std::string& op() const { return op_; }
  /// A text that must be there, and one that may.
  std::string need_text(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::optional<std::int64_t> number(std::string_view key);
  std::vector<std::pair<std::string, std::string>> texts(std::string_view key);  ///< members of an object
  std::optional<std::vector<std::string>> list(std::string_view key);  ///< of texts
  std::string need_json(std::string_view key);  ///< an object, as its JSON text
  std::optional<std::string> object(std::string_view key);  ///< the same, where it may be absent
  /// invalid, if a member was wrong, missing or is unknown. Call after the last take and before acting.
  Status finish();

 private:
  ControlRequest() = default;
  json::Value take(std::string_view key);
  void wrong(std::string message);

  std::string text_;
  json::Reader reader_;
  json::Value root_;
  std::string op_;
  std::vector<std::string_view> known_;
  std::string problem_;
};

}  // namespace doorward::server
