#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace doorward::audit {

/// What stands in place of a redacted text.
inline constexpr std::string_view kRedacted = "[redacted]";

/// Takes out of arguments what looks like a secret, before they are stored: the value of a member whose name says so
/// (password, token, api_key, ...), texts in the form of known credentials (bearer tokens, JSON web tokens, private keys,
/// keys of well-known services, passwords in URLs), names that the configuration adds, and exact secrets that the gateway
/// itself injects. It finds what has a form; a secret without one passes. set_secrets: any thread; the rest: one thread.
class Redactor {
 public:
  /// `names`: further member names, or parts of them; case does not count.
  explicit Redactor(std::vector<std::string> names = {});

  /// Texts to be found wherever they stand, such as credentials that were injected. Short ones (under 6 bytes) are left
  /// out: they would be found everywhere.
  void set_secrets(std::vector<std::string> secrets);

  /// Appends a value as canonical JSON (json/canonical.h) with what is secret replaced; how many places were.
  std::size_t append(std::string& out, json::Value value);
  bool names_secret(std::string_view member) const;
  /// A text with its secrets replaced; counts them.
  std::string redacted(std::string_view text, std::size_t& places) const;

 private:
  std::vector<std::string> names_;
  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<std::string>> secrets_;
};

}  // namespace doorward::audit
