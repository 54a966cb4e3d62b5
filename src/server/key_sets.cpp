#include "server/key_sets.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "http/url.h"
#include "io/file.h"
#include "json/reader.h"
#include "upstream/oauth_metadata.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kFirstRetryUs = 5'000'000;
constexpr std::int64_t kLongestRetryUs = 60'000'000;

}  // namespace

struct KeySets::Source : std::enable_shared_from_this<Source> {
  struct Key {
    identity::VerificationKey key;
    std::int64_t seen_us;  ///< in a set that was fetched then
  };
  IssuerConfig config;
  std::shared_ptr<identity::KeyDemand> demand = std::make_shared<identity::KeyDemand>();
  std::vector<Key> keys;
  std::int64_t next_us = 0;
  std::int64_t retry_us = kFirstRetryUs;
  bool fetching = false;
  bool wanted = false;  ///< by a worker
};

KeySets::KeySets(io::Loop& loop, io::Fetcher& fetcher, Publish publish)
    : loop_(loop), fetcher_(fetcher), publish_(std::move(publish)), timer_(io::call<&KeySets::on_timer>, this) {}

void KeySets::configure(const std::vector<IssuerConfig>& issuers) {
  std::vector<std::shared_ptr<Source>> sources;
  for (const IssuerConfig& issuer : issuers) {
    const auto known = std::ranges::find_if(sources_, [&](const auto& source) { return source->config == issuer; });
    // A file may hold other keys now.
    if (known != sources_.end() && issuer.jwks_file.empty()) {
      sources.push_back(*known);
      continue;
    }
    sources.push_back(std::make_shared<Source>());
    sources.back()->config = issuer;
  }
  sources_ = std::move(sources);
  for (const auto& source : sources_) {
    if (source->keys.empty() && !source->fetching) begin(*source);
  }
  publish();
  arm();
}

void KeySets::fetch_wanted() {
  for (const auto& source : sources_) {
    if (!source->demand->wanted.exchange(false)) continue;
    source->wanted = true;
    begin(*source);
  }
}

void KeySets::begin(Source& source) {
  if (source.fetching) return;
  source.fetching = true;
  source.demand->under_way.store(true, std::memory_order_release);
  const std::shared_ptr<Source> held = source.shared_from_this();
  if (!source.config.jwks_file.empty()) return take(source, io::read_file(source.config.jwks_file, identity::kKeySetBytes));
  if (!source.config.jwks_url.empty()) return fetch_keys(held, source.config.jwks_url, false);
  discover(held, 0);
}

void KeySets::discover(const std::shared_ptr<Source>& source, std::size_t attempt) {
  const std::string& issuer = source->config.settings.issuer;
  const std::vector<std::string> urls = upstream::server_metadata_urls(issuer);
  get(source, urls[attempt], false, [this, source = std::weak_ptr(source), attempt, last = attempt + 1 == urls.size()](
                                        Result<std::string> text) {
    const std::shared_ptr<Source> held = source.lock();
    if (!held) return;
    if (!text && !last) return discover(held, attempt + 1);
    if (!text) return take(*held, std::unexpected(text.error()));
    const Result<std::string> uri = read_jwks_uri(*text, held->config.settings.issuer);
    if (!uri) return take(*held, std::unexpected(uri.error()));
    fetch_keys(held, *uri, true);
  });
}

void KeySets::fetch_keys(const std::shared_ptr<Source>& source, const std::string& url, bool named_by_peer) {
  get(source, url, named_by_peer, [this, source = std::weak_ptr(source)](Result<std::string> text) {
    if (const std::shared_ptr<Source> held = source.lock()) take(*held, std::move(text));
  });
}

void KeySets::get(const std::shared_ptr<Source>& source, const std::string& url, bool named_by_peer, Fetched fetched) {
  const auto parsed = http::parse_url(url);
  const auto issuer = http::parse_url(source->config.settings.issuer);
  io::FetchRequest request;
  request.url = url;
  request.headers = {{"Accept", "application/json"}};
  request.ca_file = source->config.ca_file;
  request.plain_http = parsed && !parsed->tls;
  // What the issuer's metadata names elsewhere must be where everybody can reach it (attack case T236).
  const bool elsewhere = !parsed || !issuer || parsed->origin() != issuer->origin();
  request.reach = named_by_peer && elsewhere ? io::Reach::global : io::Reach::internal;
  request.most_bytes = identity::kKeySetBytes;
  fetcher_.fetch(std::move(request), loop_, [fetched = std::move(fetched), url](Result<io::FetchAnswer> answer) {
    if (!answer) return fetched(std::unexpected(answer.error()));
    if (answer->status != 200) {
      return fetched(fail(ErrorKind::unavailable, url + " answered " + std::to_string(answer->status)));
    }
    fetched(std::move(answer->body));
  });
}

void KeySets::take(Source& source, Result<std::string> text) {
  Result<std::vector<identity::VerificationKey>> keys =
      text ? identity::parse_key_set(*text, source.config.settings.algorithms)
           : Result<std::vector<identity::VerificationKey>>(std::unexpected(text.error()));
  const std::int64_t now = loop_.now_us();
  source.fetching = false;
  const std::int64_t refresh_us = source.config.refresh.count() * 1000;
  if (keys) {
    // A key that is shown no more lasts as long as it would have without this fetch.
    std::vector<Source::Key> merged;
    for (identity::VerificationKey& key : *keys) merged.push_back({std::move(key), now});
    const std::size_t shown = merged.size();
    for (Source::Key& old : source.keys) {
      const auto again = std::ranges::find_if(
          merged.begin(), merged.begin() + static_cast<std::ptrdiff_t>(shown),
          [&](const Source::Key& key) { return key.key.id() == old.key.id(); });
      const bool gone = again == merged.begin() + static_cast<std::ptrdiff_t>(shown);
      if (gone && old.seen_us + refresh_us > now && !old.key.id().empty()) merged.push_back(std::move(old));
    }
    source.keys = std::move(merged);
    source.retry_us = kFirstRetryUs;
    source.next_us = now + refresh_us;
  } else {
    std::erase_if(source.keys, [&](const Source::Key& key) { return key.seen_us + kDayUs <= now; });
    log_line(LogLevel::warning, "the keys of an issuer could not be had; those that are known stay good for a day",
             {{"issuer", source.config.settings.issuer}, {"known", source.keys.size()}, {"why", keys.error().message}});
    source.next_us = now + std::min(source.retry_us, refresh_us);
    source.retry_us = std::min(source.retry_us * 2, kLongestRetryUs);
  }
  if (std::exchange(source.wanted, false)) source.demand->last_us.store(now, std::memory_order_release);
  source.demand->wanted.store(false);
  source.demand->under_way.store(false, std::memory_order_release);
  publish();
  arm();
}

void KeySets::publish() {
  auto table = std::make_shared<identity::IssuerTable>();
  for (const auto& source : sources_) {
    identity::Issuer& issuer = table->issuers.emplace_back();
    issuer.settings = source->config.settings;
    issuer.demand = source->demand;
    for (const Source::Key& key : source->keys) issuer.keys.push_back(key.key);
  }
  publish_(std::move(table));
}

void KeySets::arm() {
  std::int64_t next = INT64_MAX;
  for (const auto& source : sources_) {
    if (!source->fetching && source->config.jwks_file.empty()) next = std::min(next, source->next_us);
  }
  if (next != INT64_MAX) timer_.arm(loop_, std::max<std::int64_t>(next - loop_.now_us(), 0));
}

void KeySets::on_timer() {
  for (const auto& source : sources_) {
    if (source->config.jwks_file.empty() && source->next_us <= loop_.now_us()) begin(*source);
  }
  arm();
}

Result<std::string> read_jwks_uri(std::string_view metadata, std::string_view issuer) {
  json::Reader reader;
  json::Limits limits;
  limits.bytes = 1u << 20;
  limits.nodes = 1u << 14;
  limits.depth = 16;
  const auto root = reader.read(metadata, limits);
  if (!root) return fail(ErrorKind::invalid, "the issuer's metadata is not valid JSON: " + root.error().message);
  const json::Value named = root->find("issuer");
  if (!named.is(json::Type::string) || named.string() != issuer) {
    return fail(ErrorKind::invalid, "the metadata is of another issuer; write \"issuer\" exactly as it names itself");
  }
  const json::Value uri = root->find("jwks_uri");
  if (!uri.is(json::Type::string)) return fail(ErrorKind::invalid, "the issuer's metadata names no jwks_uri");
  const auto url = http::parse_url(uri.string());
  const auto own = http::parse_url(issuer);
  if (!url || !own || (!url->tls && url->origin() != own->origin())) {
    return fail(ErrorKind::invalid, "the jwks_uri of the issuer's metadata is no https URL");
  }
  return std::string(uri.string());
}

}  // namespace doorward::server
