#pragma once

#include <expected>

#include "admin/message.h"

namespace doorward::admin {

/// Tells who sends a request. Asked once the head is read and before the body is, on the loop's thread: it
/// must not block. Host, Origin and Sec-Fetch-Site have been checked; whatever else protects against requests
/// that a browser was talked into (tokens) is its own. What it refuses is answered with its Response
/// (401 with a challenge, 403).
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual std::expected<Caller, Response> authenticate(const Request& request) = 0;
};

/// The refusal of a request that does not say who sends it, or says it wrongly: the same whatever is wrong.
Response unauthorized();

}  // namespace doorward::admin
