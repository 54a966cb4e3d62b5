#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/access_token.h"
#include "io/fetch.h"
#include "io/loop.h"
#include "server/config.h"

namespace doorward::server {

/// Keeps the keys of the configured authorization servers: fetches them at the start, anew every so often, and when a
/// token names a key that nobody knows. One fetch an issuer at a time. A key that an issuer no longer shows is good
/// until the fetch that would have been next; while an issuer cannot be reached its keys are good for a day. Control
/// thread.
class KeySets {
 public:
  using Publish = std::function<void(std::shared_ptr<const identity::IssuerTable>)>;

  /// `publish` gets each new table, and the old one again after a fetch that brought nothing, since requests wait.
  KeySets(io::Loop& loop, io::Fetcher& fetcher, Publish publish);

  /// Takes a configuration: issuers that stay as they are keep their keys.
  void configure(const std::vector<IssuerConfig>& issuers);
  /// Fetches what workers have asked for (identity::KeyDemand).
  void fetch_wanted();

 private:
  struct Source;
  using Fetched = std::function<void(Result<std::string>)>;

  void begin(Source& source);
  void discover(const std::shared_ptr<Source>& source, std::size_t attempt);
  void fetch_keys(const std::shared_ptr<Source>& source, const std::string& url, bool named_by_peer);
  void get(const std::shared_ptr<Source>& source, const std::string& url, bool named_by_peer, Fetched fetched);
  void take(Source& source, Result<std::string> text);
  void publish();
  void on_timer();
  void arm();

  io::Loop& loop_;
  io::Fetcher& fetcher_;
  Publish publish_;
  std::vector<std::shared_ptr<Source>> sources_;
  io::Timer timer_;
};

/// `jwks_uri` of an issuer's metadata. `invalid` where the text is no metadata of that very issuer (attack case T237),
/// or names no https URL for its keys (http only on the issuer's own origin).
Result<std::string> read_jwks_uri(std::string_view metadata, std::string_view issuer);

}  // namespace doorward::server
