#include "server/catalogue_feed.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "catalogue/join.h"
#include "catalogue/package.h"
#include "json/writer.h"

namespace doorward::server {
namespace {

constexpr int kBusyMs = 50;                   // that the control thread waits for another writer
constexpr std::int64_t kPauseUs = 20'000;     // between two servers
constexpr std::int64_t kRetryUs = 5'000'000;  // after the catalogue was out of reach
constexpr std::size_t kMostNames = 500;       // of one server; of more, all are fed
constexpr std::size_t kBatch = 1'000;         // tools that one transaction classifies anew
constexpr int kReclassifyBusyMs = 1'000;
constexpr int kReclassifyTries = 60;  // for the right to write

void describe(const upstream::ServerSettings& settings, catalogue::Listing& listing) {
  if (settings.is_process()) {
    const std::span<const std::string> command(settings.stdio().command);
    if (auto package = catalogue::package_of_command(command.front(), command.subspan(1))) {
      package->transport = "stdio";
      listing.packages.push_back(std::move(*package));
    }
    return;
  }
  if (!settings.is_http()) return;
  const upstream::HttpTarget& target = settings.http();
  const bool sse = target.transport == upstream::HttpTransport::sse;
  // Without user, query and fragment, which may be secret.
  listing.remotes.push_back({.transport = sse ? "sse" : "streamable-http",
                             .url = catalogue::endpoint_of(target.url()),
                             .needs_secret = !target.headers.empty() || target.oauth.has_value()});
  listing.auth = target.oauth ? "oauth" : target.headers.empty() ? "none" : "api-key";
}

}  // namespace

std::optional<std::pair<dev_t, ino_t>> CatalogueFile::identity() const {
  struct stat status {};
  if (::stat((directory_ + "/catalogue.db").c_str(), &status) != 0) return std::nullopt;
  return std::pair(status.st_dev, status.st_ino);
}

Result<catalogue::Catalogue*> CatalogueFile::get() {
  if (opened_ != nullptr && identity() == file_) return opened_.get();
  opened_.reset();
  auto opened = catalogue::Catalogue::open(directory_, {.busy_ms = kBusyMs});
  if (!opened) return std::unexpected(opened.error());
  opened_ = std::move(*opened);
  file_ = identity();
  if (listener_) listener_();
  return opened_.get();
}

Result<catalogue::Listing> live_listing(store::Store& store, const upstream::ServerSettings& settings,
                                        const std::set<std::string>& tools) {
  const auto known = store.knows_tools(settings.name);
  if (!known) return std::unexpected(known.error());
  const auto rows = store.tools(settings.name);
  if (!rows) return std::unexpected(rows.error());
  catalogue::Listing listing;
  listing.source = "live";
  listing.source_id = listing.name = settings.name;
  describe(settings, listing);
  bool whole = *known && tools.empty();
  for (const store::ToolRow& row : *rows) {
    if (row.gone_us || (!tools.empty() && !tools.contains(row.name))) continue;
    auto definitions = store.tool_definitions(settings.name, row.name);
    if (!definitions) return std::unexpected(definitions.error());
    const auto seen = std::ranges::find(*definitions, row.seen, &store::ToolDefinition::digest);
    if (seen == definitions->end() || seen->text.empty()) {
      whole = false;
      continue;
    }
    listing.tools.push_back(std::move(seen->text));
  }
  for (const upstream::ActionSetting& setting : settings.actions) {
    if (!tools.empty() && !tools.contains(setting.tool)) continue;
    for (const std::string& action : setting.actions) {
      std::string definition;
      json::Writer(definition).begin_object().key("name").string(action).end_object();
      listing.actions.push_back({.outer = setting.tool, .definition = std::move(definition)});
    }
  }
  listing.tools_known = whole ? catalogue::ToolsKnown::whole : catalogue::ToolsKnown::partial;
  return listing;
}

CatalogueFeed::CatalogueFeed(CatalogueFile& file, store::Store& store, io::Loop& loop,
                             const Inventory& inventory)
    : file_(file),
      store_(store),
      loop_(loop),
      inventory_(inventory),
      timer_(io::call<&CatalogueFeed::next>, this) {
  file_.set_listener([this] { feed_all(); });
}

CatalogueFeed::~CatalogueFeed() {
  stopping_ = true;
  file_.set_listener(nullptr);
}

void CatalogueFeed::feed_all() {
  for (const ServerItem& item : inventory_.servers) waiting_[item.settings->name].clear();
  if (!waiting_.empty() && !timer_.armed()) timer_.arm(loop_, kPauseUs);
}

void CatalogueFeed::start() {
  feed_all();
  static_cast<void>(pool_.run([this] { reclassify(); }));
}

void CatalogueFeed::take(const std::vector<gateway::ToolReport>& reports) {
  for (const gateway::ToolReport& report : reports) {
    const auto [at, fresh] = waiting_.try_emplace(report.server);
    std::set<std::string>& names = at->second;
    if (!fresh && names.empty()) continue;  // all of them wait already
    for (const gateway::Sighting& tool : report.tools) names.insert(tool.name);
    // Only a whole list tells what it does not hold.
    const bool whole = report.first || !report.gone.empty() || !report.back.empty();
    if (whole || names.size() > kMostNames) names.clear();
  }
  if (!waiting_.empty() && !timer_.armed()) timer_.arm(loop_, kPauseUs);
}

void CatalogueFeed::next() {
  if (waiting_.empty()) return;
  const auto [server, tools] = std::pair(*waiting_.begin());
  const Status fed = feed(server, tools);
  const bool again =
      !fed && (fed.error().kind == ErrorKind::unavailable || fed.error().kind == ErrorKind::corrupt);
  if (!again) {
    if (!fed)
      log_line(LogLevel::warning, "the catalogue cannot take a server",
               {{"server", server}, {"why", fed.error().message}});
    told_ = told_ && !fed;
    // All of its tools may be wanted since: the file was opened only now.
    if (const auto at = waiting_.find(server); at != waiting_.end() && at->second == tools)
      waiting_.erase(at);
    if (!waiting_.empty()) timer_.arm(loop_, kPauseUs);
    return;
  }
  file_.close();
  if (!std::exchange(told_, true)) {
    log_line(LogLevel::warning, "the catalogue does not learn of servers now; calls go on as ever",
             {{"why", fed.error().message}});
  }
  timer_.arm(loop_, kRetryUs);
}

Status CatalogueFeed::feed(const std::string& server, const std::set<std::string>& tools) {
  const ServerItem* item = inventory_.server(server);
  if (item == nullptr) return {};
  const auto listing = live_listing(store_, *item->settings, tools);
  if (!listing) return std::unexpected(listing.error());
  if (listing->tools.empty() && listing->tools_known != catalogue::ToolsKnown::whole) return {};
  const auto file = file_.get();
  if (!file) return std::unexpected(file.error());
  const auto taken = (*file)->take(std::span(&*listing, 1), system_clock().wall_us());
  return taken ? Status() : Status(std::unexpected(taken.error()));
}

void CatalogueFeed::reclassify() {
  const auto opened = catalogue::Catalogue::open(file_.directory(), {.busy_ms = kReclassifyBusyMs});
  if (!opened) return;  // the feed tells
  std::size_t changed = 0;
  std::size_t looked_at = 0;
  int tries = 0;
  while (!stopping_) {
    const auto done = (*opened)->reclassify(kBatch);
    if (!done && done.error().kind == ErrorKind::unavailable && ++tries < kReclassifyTries) continue;
    if (!done) {
      log_line(LogLevel::warning, "the catalogue still shows what older rules say",
               {{"why", done.error().message}});
      return;
    }
    changed += done->changed;
    looked_at += done->looked_at;
    if (done->left == 0 || done->looked_at == 0) break;
  }
  if (looked_at > 0) {
    log_line(LogLevel::info, "tools of the catalogue were classified by newer rules",
             {{"tools", looked_at}, {"changed", changed}});
  }
}

}  // namespace doorward::server
