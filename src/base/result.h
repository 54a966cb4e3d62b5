#pragma once

#include <expected>
#include <string>
#include <utility>

namespace doorward {

/// What kind of failure an Error is; commands map it to their exit code.
enum class ErrorKind {
  invalid,      ///< the input is wrong: a document, an argument, a configuration
  not_found,    ///< the named object does not exist
  conflict,     ///< the object exists already, or somebody else owns or changed it
  unavailable,  ///< a peer, a file or a device cannot be reached or used now
  denied,       ///< the caller may not do this
  corrupt,      ///< stored data contradicts itself
  exhausted,    ///< a bound was reached: memory, space, descriptors
};

/// An expected failure. `message` is one sentence for a person: the cause, then the next step.
struct Error {
  ErrorKind kind = ErrorKind::invalid;
  std::string message;
};

/// A value or the reason why there is none. Floors 0 to 4 fail through this and never throw.
template <typename T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

/// Shorthand for returning a failure: `return fail(ErrorKind::invalid, "...")`.
inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

}  // namespace doorward
