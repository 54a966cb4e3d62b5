#pragma once

#include <string_view>

#include "mcp/envelope.h"

namespace doorward::gateway {

class Front;
struct Caller;
struct GrantEntry;

/// What is under way for a front, as the front's owner steers it. It ends when the front is answered, or when it
/// is abandoned; afterwards it belongs to somebody else. Worker's thread.
class Underway {
 public:
  /// The client is gone, or may not hear the rest (its grant was revoked, the gateway stops): the front is
  /// not called any more.
  virtual void abandon(std::string_view why) = 0;

  /// The front took less than was sent: stop reading from the server, and read on.
  virtual void pause() = 0;
  virtual void resume() = 0;

  /// The rest of an answer whose stream is open goes to another front.
  virtual void continue_in(Front& front) = 0;

 protected:
  ~Underway() = default;
};

/// What takes one message of a client from a Front to whoever answers it: an Exchange with one server, or a
/// BundleCall to several. It may end before `begin` returns.
class Errand : public Underway {
 public:
  /// Takes a request or notification that passed mcp::check_method. `text` stays unchanged until the front is
  /// answered or replaced; `message` is used inside this call only. The front may be answered before this returns.
  virtual void begin(Front& front, const Caller& caller, std::string_view text,
                     const mcp::Message& message) = 0;
  /// The stream of a session's own messages (GET).
  virtual void begin_listening(Front& front, const Caller& caller) = 0;
  /// Ends a session (DELETE).
  virtual void begin_closing(Front& front, const Caller& caller) = 0;

  virtual const GrantEntry& grant() const = 0;

 protected:
  ~Errand() = default;
};

}  // namespace doorward::gateway
