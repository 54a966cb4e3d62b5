#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/role.h"

namespace doorward::admin {

/// Why a request was not served.
struct Failure {
  Error error;
  std::string findings;  ///< a JSON array of `{file, line, column, message}`; empty: none
};

/// The result of an operation as JSON text, or why there is none.
using Answer = std::expected<std::string, Failure>;
using Done = std::move_only_function<void(Answer)>;

/// Serves one request, a JSON object `{"op": ..., members}`, by calling `done` on the loop's thread, at once
/// or later.
using Serve = std::function<void(std::string request, const identity::Actor& actor, Done done)>;

/// The HTTP status that says what kind of failure it was.
int status_of(ErrorKind kind);

/// The body of a refusal (RFC 9457): `type` is `urn:doorward:problem:` and the kind, so that a program need
/// not read the sentence.
std::string problem_json(const Failure& failure, int status);
/// The inverse, for clients; of kind corrupt where `body` is no problem.
Failure read_problem(std::string_view body);

std::string_view to_string(ErrorKind kind);

}  // namespace doorward::admin
