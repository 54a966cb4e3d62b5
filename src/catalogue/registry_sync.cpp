#include "catalogue/registry_sync.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/rfc3339.h"
#include "http/form.h"
#include "http/url.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostPages = 100'000;
constexpr int kMostTries = 7;
constexpr std::chrono::seconds kLongestWait{300};
/// Clocks differ, and a page may miss what changed while it was made: the next run asks from a little
/// earlier.
constexpr std::int64_t kOverlapUs = 600'000'000;

/// How far the runs came, as the catalogue keeps it.
struct Place {
  std::string since;   ///< of the run under way or, between runs, of the next one
  std::string cursor;  ///< of the next page of the run under way; empty: none is
  std::string begun;   ///< when the run under way began
};

Place read_place(std::string_view text) {
  Place place;
  json::Reader reader;
  if (const auto value = reader.read(text)) {
    place = {std::string(json::text_of(*value, "since")), std::string(json::text_of(*value, "cursor")),
             std::string(json::text_of(*value, "begun"))};
  }
  return place;
}

std::string write_place(const Place& place) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("since").string(place.since).key("cursor").string(place.cursor);
  writer.key("begun").string(place.begun).end_object();
  return out;
}

void add(Taken& to, const Taken& more) {
  to.servers_added += more.servers_added;
  to.servers_changed += more.servers_changed;
  to.tools_added += more.tools_added;
  to.tools_changed += more.tools_changed;
  to.tools_gone += more.tools_gone;
}

class Run {
 public:
  Run(Catalogue& catalogue, const SyncWorld& world) : catalogue_(catalogue), world_(world) {}

  Synced run(std::string_view source, bool anew) {
    if (const Status done = run_all(source, anew); !done) out_.stopped = done.error();
    return std::move(out_);
  }

 private:
  Status run_all(std::string_view source, bool anew) {
    while (source.ends_with('/')) source.remove_suffix(1);
    if (const auto url = http::parse_url(source); !url) return std::unexpected(url.error());
    base_ = source;
    versioned_ = source.ends_with("/v0") || source.ends_with("/v0.1");
    key_ = "registry " + base_;
    const auto kept = catalogue_.bookmark(key_);
    if (!kept) return std::unexpected(kept.error());
    Place place = anew ? Place() : read_place(*kept);
    out_.resumed = !place.cursor.empty();
    out_.since = place.since;
    if (!out_.resumed) place.begun = format_time(world_.now_us() - kOverlapUs);
    std::set<std::string> seen;
    for (;;) {
      if (out_.pages == kMostPages || (!place.cursor.empty() && !seen.insert(place.cursor).second)) {
        return fail(ErrorKind::invalid,
                    base_ + " goes round in circles: it gave the same place twice or too many pages");
      }
      auto page = get_page(place);
      if (!page) return std::unexpected(page.error());
      const auto taken = catalogue_.take(page->listings, world_.now_us());
      if (!taken) return std::unexpected(taken.error());
      ++out_.pages;
      out_.records += page->records;
      add(out_.taken, *taken);
      for (Skipped& skipped : page->skipped) {
        skipped.where = "page " + std::to_string(out_.pages) + " " + skipped.where;
        out_.skipped.push_back(std::move(skipped));
      }
      const bool last = page->next.empty() || page->records == 0;
      // Between two runs the next one asks for what changed since this one began.
      place = last ? Place{place.begun, {}, {}} : Place{place.since, page->next, place.begun};
      if (const Status kept_now = catalogue_.set_bookmark(key_, write_place(place)); !kept_now)
        return kept_now;
      world_.tell(out_, "");
      if (last) return {};
    }
  }

  std::string url_of(const Place& place) const {
    std::string url = base_ +
                      (versioned_ ? ""
                       : older_   ? "/v0"
                                  : "/v0.1") +
                      "/servers?limit=100&version=latest";
    if (!place.since.empty()) url += "&updated_since=" + http::percent_encode(place.since);
    if (!place.cursor.empty()) url += "&cursor=" + http::percent_encode(place.cursor);
    return url;
  }

  Result<Imported> get_page(const Place& place) {
    auto answer = get(url_of(place));
    // A registry of before 2025-10 knows the older version of the API alone.
    if (answer && answer->status == 404 && !versioned_ && !older_ && out_.pages == 0) {
      older_ = true;
      answer = get(url_of(place));
    }
    if (!answer) return std::unexpected(answer.error());
    if (answer->status == 400 && !place.cursor.empty() && out_.pages == 0) {
      // The place of a run that broke off long ago may be known no more.
      if (const Status done = catalogue_.set_bookmark(key_, write_place({place.since, {}, {}})); !done) {
        return std::unexpected(done.error());
      }
      return fail(ErrorKind::unavailable,
                  base_ + " knows no more where the last run broke off; run this again to begin it anew");
    }
    if (answer->status >= 300 && answer->status < 400) {
      return fail(ErrorKind::denied, base_ + " redirects to " + std::string(answer->header("location")) +
                                         ", which is not followed; give the right place with --source");
    }
    if (answer->status != 200) {
      return fail(ErrorKind::unavailable, base_ + " answers with status " + std::to_string(answer->status));
    }
    const Adapter* adapter = find_adapter("registry");
    auto page = adapter->read(answer->body, {});
    if (!page)
      return fail(ErrorKind::invalid,
                  base_ + " answers with what is no page of a registry: " + page.error().message);
    return page;
  }

  /// With patience for a registry that is busy.
  Result<io::FetchAnswer> get(const std::string& url) {
    std::chrono::milliseconds pause{1'000};
    for (int attempt = 1;; ++attempt) {
      auto answer = world_.get(url);
      const bool busy = answer ? answer->status == 429 || answer->status >= 500
                               : answer.error().kind == ErrorKind::unavailable;
      if (!busy || attempt == kMostTries) return answer;
      std::chrono::milliseconds wait = pause;
      if (answer) {
        const std::string_view said = answer->header("retry-after");
        std::int64_t seconds = 0;
        const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), seconds);
        if (error == std::errc() && end == said.data() + said.size() && seconds >= 0) {
          wait = std::min<std::chrono::milliseconds>(
              kLongestWait, std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400)));
        }
      }
      world_.tell(out_, answer ? "status " + std::to_string(answer->status) : answer.error().message);
      world_.wait(wait);
      pause *= 2;
    }
  }

  Catalogue& catalogue_;
  const SyncWorld& world_;
  std::string base_;
  std::string key_;
  bool versioned_ = false;  ///< the source names the version of the API
  bool older_ = false;
  Synced out_;
};

}  // namespace

Synced sync_registry(Catalogue& catalogue, std::string_view source, bool anew, const SyncWorld& world) {
  return Run(catalogue, world).run(source, anew);
}

}  // namespace doorward::catalogue
