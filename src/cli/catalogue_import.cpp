#include "cli/catalogue_import.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/import.h"
#include "catalogue/registry_sync.h"
#include "cli/catalogue_open.h"
#include "cli/log_view.h"
#include "cli/session.h"
#include "http/url.h"
#include "io/fetch.h"
#include "io/file.h"
#include "io/gunzip.h"
#include "json/writer.h"

namespace doorward::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDocument = 512u << 20;
constexpr std::size_t kMostFetched = 128u << 20;
constexpr std::size_t kMostManifest = 4u << 20;
constexpr std::size_t kMostFiles = 200'000;
constexpr int kMostDepth = 8;
constexpr std::size_t kBatch = 1'000;  ///< listings of one transaction
constexpr std::size_t kSkippedShown = 20;

/// What a command did.
struct Report {
  std::string source;
  std::size_t files = 0;    ///< that were read as the shape
  std::size_t ignored = 0;  ///< of a folder: of no shape
  std::size_t records = 0;
  std::size_t older = 0;
  std::size_t servers = 0;
  std::size_t tools = 0;  ///< that the source told of
  catalogue::Taken taken;
  std::vector<catalogue::Skipped> skipped;
  std::string next;
};

/// One line on a terminal that is written over.
class Progress {
 public:
  explicit Progress(const Session& session) : shown_(!session.json && isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (wrote_) std::fputs("\r\033[K", stderr);
  }
  void tell(const std::string& text) {
    if (!shown_) return;
    wrote_ = true;
    std::fprintf(stderr, "\r\033[K%s", safe_text(text).c_str());
    std::fflush(stderr);
  }

 private:
  bool shown_;
  bool wrote_ = false;
};

std::string shapes() {
  std::string out;
  for (const catalogue::Adapter& adapter : catalogue::adapters()) {
    out += (out.empty() ? "" : ", ") + std::string(adapter.id);
  }
  return out;
}

void write_taken(json::Writer& writer, const catalogue::Taken& taken) {
  writer.key("servers_added")
      .number(taken.servers_added)
      .key("servers_changed")
      .number(taken.servers_changed);
  writer.key("tools_added").number(taken.tools_added).key("tools_changed").number(taken.tools_changed);
  writer.key("tools_gone").number(taken.tools_gone);
}

void write_skipped(json::Writer& writer, const std::vector<catalogue::Skipped>& skipped) {
  writer.key("skipped").begin_array();
  for (const catalogue::Skipped& one : skipped) {
    writer.begin_object().key("where").string(one.where).key("why").string(one.why).end_object();
  }
  writer.end_array();
}

void print_taken(const catalogue::Taken& taken) {
  print_line("  " + plural_of(taken.servers_added, "server") + " added, " +
             std::to_string(taken.servers_changed) + " changed");
  print_line("  " + plural_of(taken.tools_added, "tool") + " added, " + std::to_string(taken.tools_changed) +
             " changed, " + std::to_string(taken.tools_gone) + " gone");
}

void print_skipped(const std::vector<catalogue::Skipped>& skipped) {
  if (skipped.empty()) return;
  print_line("  left out: " + std::to_string(skipped.size()));
  for (std::size_t i = 0; i < std::min(skipped.size(), kSkippedShown); ++i) {
    print_line("    " + safe_text(skipped[i].where) + ": " + safe_text(skipped[i].why));
  }
  if (skipped.size() > kSkippedShown) {
    print_line("    and " + std::to_string(skipped.size() - kSkippedShown) + " more; --json lists them all");
  }
}

void show(const Session& session, const Report& report) {
  if (session.json) {
    std::string out;
    json::Writer writer(out, json::Escape::ascii);
    writer.begin_object()
        .key("schema")
        .string("doorward.catalogue.import/1")
        .key("source")
        .string(report.source);
    writer.key("files").number(report.files).key("ignored").number(report.ignored);
    writer.key("records").number(report.records).key("older").number(report.older);
    writer.key("servers").number(report.servers).key("tools").number(report.tools);
    write_taken(writer, report.taken);
    write_skipped(writer, report.skipped);
    if (!report.next.empty()) writer.key("next").string(report.next);
    writer.end_object();
    return print_line(out);
  }
  const std::string older =
      report.older == 0 ? "" : ", " + std::to_string(report.older) + " of them older versions";
  print_line(report.source + ": " + plural_of(report.records, "record") + older + "; " +
             plural_of(report.servers, "server") + ", " + plural_of(report.tools, "tool"));
  print_taken(report.taken);
  print_skipped(report.skipped);
  if (report.ignored != 0) print_line("  " + plural_of(report.ignored, "other file") + " in the folder");
  if (!report.next.empty()) print_line("  more pages follow; `doorward catalogue update` fetches them all");
}

/// The request for a page or a dump; the operator named the place, so it may be a private one. Plain http is
/// for this machine alone.
io::FetchRequest request_of(const std::string& url) {
  io::FetchRequest request;
  request.url = url;
  request.headers = {{"Accept", "application/json"}, {"User-Agent", "doorward/" DOORWARD_VERSION}};
  request.reach = io::Reach::internal;
  const auto parsed = http::parse_url(url);
  request.plain_http =
      parsed && (parsed->host == "localhost" || parsed->host == "::1" || parsed->host.starts_with("127."));
  request.most_bytes = kMostFetched;
  request.connect_timeout = std::chrono::seconds(10);
  request.timeout = std::chrono::seconds(120);
  return request;
}

class Import {
 public:
  Import(const Session& session, catalogue::Catalogue& catalogue, const catalogue::Adapter* only)
      : catalogue_(catalogue), only_(only), progress_(session) {}

  Status run(const std::string& what) {
    if (what.starts_with("http://") || what.starts_with("https://")) return take_url(what);
    std::error_code error;
    if (what != "-" && fs::is_directory(what, error)) return take_folder(what);
    auto text = read_input(what, kMostDocument);
    if (!text) return std::unexpected(text.error());
    const fs::path folder = what == "-" ? fs::path() : fs::path(what).parent_path();
    const Status taken =
        take_document(std::move(*text), what == "-" ? "standard input" : what, folder, what != "-", true);
    if (!taken) return taken;
    return flush();
  }

  Report& report() { return report_; }

 private:
  Status take_url(const std::string& url) {
    progress_.tell("fetching " + url);
    const auto answer = io::Fetcher().fetch_now(request_of(url));
    if (!answer) return std::unexpected(answer.error());
    if (answer->status >= 300 && answer->status < 400) {
      return fail(ErrorKind::denied, url + " redirects to " + safe_text(answer->header("location")) +
                                         ", which is not followed; give that URL if you trust it");
    }
    if (answer->status != 200)
      return fail(ErrorKind::unavailable, url + " answers with status " + std::to_string(answer->status));
    const Status taken = take_document(answer->body, url, {}, false, true);
    if (!taken) return taken;
    return flush();
  }

  /// Manifests in a folder and below it. Links are not followed, hidden folders left out.
  Status take_folder(const std::string& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      const std::string name = at->path().filename().string();
      if (at->is_directory(error) && !at->is_symlink(error)) {
        if (name.starts_with('.') || name == "node_modules" || at.depth() >= kMostDepth)
          at.disable_recursion_pending();
        continue;
      }
      const std::string ending = at->path().extension().string();
      if (!at->is_regular_file(error) || at->is_symlink(error) || name.starts_with('.')) continue;
      if (ending != ".json" && ending != ".yaml" && ending != ".yml") continue;
      if (files.size() == kMostFiles)
        return fail(ErrorKind::exhausted,
                    folder + " holds more than " + std::to_string(kMostFiles) + " files; name a smaller one");
      files.push_back(at->path());
    }
    if (error) return fail(ErrorKind::unavailable, folder + ": " + error.message());
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      const std::string where = file.lexically_relative(folder).string();
      progress_.tell(where);
      auto text = io::read_file(file.string(), kMostManifest);
      if (!text) {
        report_.skipped.push_back({where, text.error().message});
        continue;
      }
      if (const Status taken = take_document(std::move(*text), where, file.parent_path(), true, false);
          !taken)
        return taken;
    }
    if (report_.files == 0) {
      return fail(ErrorKind::invalid,
                  folder + " holds nothing in the shape of " +
                      (only_ == nullptr ? "a registry that we read" : std::string(only_->label)) +
                      "; --from names the shape");
    }
    return flush();
  }

  /// `alone`: a document that is of no shape is an error, not another file of a folder.
  Status take_document(std::string text, const std::string& where, const fs::path& folder, bool has_folder,
                       bool alone) {
    if (io::is_gzip(text)) {
      auto unpacked = io::gunzip(text, kMostDocument);
      if (!unpacked) return fail(unpacked.error().kind, where + ": " + unpacked.error().message);
      text = std::move(*unpacked);
    }
    const catalogue::Adapter* adapter = only_;
    if (adapter == nullptr || !alone) adapter = catalogue::recognise(text);
    if (!alone && only_ != nullptr && adapter != only_) adapter = only_->recognises(text) ? only_ : nullptr;
    if (adapter == nullptr && !alone) {
      ++report_.ignored;
      return {};
    }
    if (adapter == nullptr) {
      return fail(ErrorKind::invalid,
                  where + " is in no shape that we know; --from says which it is: " + shapes());
    }
    auto imported = adapter->read(text, has_folder ? beside(folder) : catalogue::Beside());
    if (!imported) {
      const std::string message = where + ": " + imported.error().message;
      if (alone) return fail(imported.error().kind, message);
      report_.skipped.push_back({where, imported.error().message});
      return {};
    }
    ++report_.files;
    const std::string source(adapter->id);
    report_.source = report_.source.empty() || report_.source == source ? source : "several";
    report_.records += imported->records;
    report_.older += imported->older;
    report_.servers += imported->listings.size();
    report_.next = imported->next;
    for (catalogue::Skipped& skipped : imported->skipped) {
      if (!alone) skipped.where = where + skipped.where;
      report_.skipped.push_back(std::move(skipped));
    }
    for (catalogue::Listing& listing : imported->listings) {
      report_.tools += listing.tools.size();
      waiting_.push_back(std::move(listing));
      if (waiting_.size() < kBatch) continue;
      if (const Status taken = flush(); !taken) return taken;
    }
    return {};
  }

  /// Files of the folder and of folders in it, by plain names; no link is followed.
  static catalogue::Beside beside(const fs::path& folder) {
    return [folder](std::string_view path) -> std::string {
      fs::path file = folder;
      for (const fs::path& step : fs::path(std::string(path))) {
        file /= step;
        std::error_code error;
        if (fs::is_symlink(fs::symlink_status(file, error))) return {};
      }
      auto text = io::read_file(file.string(), kMostManifest);
      return text ? std::move(*text) : std::string();
    };
  }

  Status flush() {
    const auto taken = catalogue_.take(waiting_, system_clock().wall_us());
    if (!taken) return std::unexpected(taken.error());
    waiting_.clear();
    report_.taken.servers_added += taken->servers_added;
    report_.taken.servers_changed += taken->servers_changed;
    report_.taken.tools_added += taken->tools_added;
    report_.taken.tools_changed += taken->tools_changed;
    report_.taken.tools_gone += taken->tools_gone;
    progress_.tell(plural_of(report_.servers, "server") + " taken");
    return {};
  }

  catalogue::Catalogue& catalogue_;
  const catalogue::Adapter* only_;
  Progress progress_;
  Report report_;
  std::vector<catalogue::Listing> waiting_;
};

struct ImportOptions {
  std::string what;
  std::string from;
};

void import(Session& session, const ImportOptions& options) {
  const catalogue::Adapter* only = nullptr;
  if (!options.from.empty()) {
    only = catalogue::find_adapter(options.from);
    if (only == nullptr) return session.fail(Exit::usage, "--from must be one of " + shapes());
  }
  const auto catalogue = open_catalogue(session);
  if (catalogue == nullptr) return;
  Report report;
  Status done;
  {
    Import import(session, *catalogue, only);
    done = import.run(options.what);
    report = std::move(import.report());
  }
  if (!done) return session.fail(done.error());
  show(session, report);
}

struct UpdateOptions {
  std::string source{catalogue::kOfficialRegistry};
  bool anew = false;
};

void show(const Session& session, const UpdateOptions& options, const catalogue::Synced& synced) {
  if (session.json) {
    std::string out;
    json::Writer writer(out, json::Escape::ascii);
    writer.begin_object()
        .key("schema")
        .string("doorward.catalogue.update/1")
        .key("source")
        .string(options.source);
    writer.key("finished").boolean(!synced.stopped).key("resumed").boolean(synced.resumed);
    writer.key("updated_since").string(synced.since);
    writer.key("pages").number(synced.pages).key("records").number(synced.records);
    write_taken(writer, synced.taken);
    write_skipped(writer, synced.skipped);
    writer.end_object();
    return print_line(out);
  }
  print_line(options.source + ": " + plural_of(synced.records, "record") + " on " +
             plural_of(synced.pages, "page") + (synced.since.empty() ? "" : ", changed since " + synced.since) +
             (synced.resumed ? ", from where the last run broke off" : ""));
  print_taken(synced.taken);
  print_skipped(synced.skipped);
}

void update(Session& session, const UpdateOptions& options) {
  const auto catalogue = open_catalogue(session);
  if (catalogue == nullptr) return;
  io::Fetcher fetcher;
  catalogue::Synced synced;
  {
    Progress progress(session);
    const catalogue::SyncWorld world{
        .get = [&](const std::string& url) { return fetcher.fetch_now(request_of(url)); },
        .wait = [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); },
        .now_us = [] { return system_clock().wall_us(); },
        .tell =
            [&](const catalogue::Synced& so_far, std::string_view doing) {
              progress.tell(plural_of(so_far.pages, "page") + ", " + plural_of(so_far.records, "record") +
                            (doing.empty() ? "" : "; waiting: " + std::string(doing)));
            }};
    synced = catalogue::sync_registry(*catalogue, options.source, options.anew, world);
  }
  if (synced.pages != 0 || !synced.stopped) show(session, options, synced);
  if (!synced.stopped) return;
  session.fail(*synced.stopped);
  if (synced.pages != 0) session.say("what came so far is kept; the next run goes on from there");
}

}  // namespace

void add_catalogue_import(CLI::App& catalogue, Session& session) {
  CLI::App* command = catalogue.add_subcommand(
      "import", "Take servers and tools from a registry's file, folder or URL into the catalogue");
  auto options = std::make_shared<ImportOptions>();
  command
      ->add_option("what", options->what,
                   "A file (.gz too), a folder of manifests, an http(s) URL, or - for standard input")
      ->required();
  command->add_option("--from", options->from,
                      "The shape: " + shapes() + "; recognised where it is not said");
  command->callback([&session, options] { import(session, *options); });

  CLI::App* fetch = catalogue.add_subcommand(
      "update", "Fetch what has changed in the official registry since the last time");
  auto source = std::make_shared<UpdateOptions>();
  fetch->add_option("--source", source->source, "The registry's base URL")->capture_default_str();
  fetch->add_flag("--anew", source->anew, "Fetch everything, wherever earlier runs came to");
  fetch->callback([&session, source] { update(session, *source); });
}

}  // namespace doorward::cli
