#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/address_class.h"
#include "io/loop.h"

namespace doorward::io {

/// A request to a service beside the path of calls: a key set, an authorization server, a webhook.
struct FetchRequest {
  std::string method = "GET";
  /// Absolute http or https URL without user information or fragment.
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  ///< neither names nor values hold control characters
  std::string body;                                          ///< sent where it is not empty, or the method is POST
  Reach reach = Reach::global;
  bool plain_http = false;  ///< http is allowed too; else only https
  std::string ca_file;      ///< PEM file of trusted roots; empty: the system's
  std::size_t most_bytes = 1u << 20;  ///< longest body of an answer; a longer one is a failure
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{5'000};  ///< of the whole exchange
};

struct FetchAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, in their order
  std::string body;

  /// The first header of a lower-case name, or empty.
  std::string_view header(std::string_view name) const;
};

/// One mail through a relay.
struct Mail {
  std::string relay;     ///< `smtp://host:port` or `smtps://host:port`
  bool starttls = true;  ///< smtp: refuse a relay that does not offer STARTTLS
  std::string user;      ///< empty: no authentication
  std::string password;
  std::string from;              ///< an address, local@domain
  std::vector<std::string> to;   ///< addresses
  std::string message;           ///< headers, empty line and body (RFC 5322), lines ended by CR LF
  std::string ca_file;
  std::chrono::milliseconds timeout{30'000};
};

/// Speaks HTTP and SMTP as a client on a thread of its own, for everything that is no call of an agent. Certificates
/// are verified, no redirect is followed, no proxy or credential is taken from the environment, and the address that
/// is dialled is the one that was checked against `reach` (attack cases T234 to T236). Thread-safe.
///
/// Failures: `invalid` the URL or the relay's is not as wanted; `denied` its address may not be dialled; `exhausted` a
/// longer answer; `unavailable` everything else, the message naming host and cause and no secret.
class Fetcher {
 public:
  using Answer = std::move_only_function<void(Result<FetchAnswer>)>;
  using Sent = std::move_only_function<void(Status)>;

  Fetcher();
  /// What is under way is answered `unavailable`.
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  /// `answer` runs once on `loop`'s thread; the loop must outlive the fetcher.
  void fetch(FetchRequest request, Loop& loop, Answer answer);
  void send(Mail mail, Loop& loop, Sent sent);
  /// For a command: waits for the answer. Not on the thread of a loop that others wait for.
  Result<FetchAnswer> fetch_now(FetchRequest request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace doorward::io
