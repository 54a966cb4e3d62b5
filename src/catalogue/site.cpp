#include "catalogue/site.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalogue/english.h"
#include "catalogue/page_parts.h"
#include "catalogue/page_render.h"
#include "catalogue/views.h"
#include "io/file.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::catalogue {
namespace {

constexpr std::string_view kManifest = "doorward-site.json";
constexpr std::string_view kSchema = "doorward.catalogue.site/1";
constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;

bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= 80 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// A file name of a name: itself where it is plain, else what of it is, and a hash that tells it from others.
/// File systems that ignore case would take `Get` and `get` for one, so capitals are not plain.
std::string file_name(std::string_view name) {
  if (is_plain(name)) return std::string(name);
  std::string out;
  for (const char c : lower(name).substr(0, 40)) out += is_plain(std::string(1, c)) ? c : '-';
  return out + "." + to_hex(sha256(name)).substr(0, 12);
}

/// From the folder of one file of the site to another file.
std::string relative(std::string_view from, std::string_view to) {
  std::string out;
  for (const char c : from) {
    if (c == '/') out += "../";
  }
  return out.append(to);
}

std::string percent_encoded(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '+')
      out += "%2B";
    else
      out += c;
  }
  return out;
}

/// A path that a manifest may name: inside the folder, nothing odd.
bool is_inside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.size() > 400) return false;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

class Site {
 public:
  Site(Catalogue& catalogue, const SiteOptions& options) : catalogue_(catalogue), options_(options) {}

  Result<SiteReport> write() {
    for (const auto step :
         {&Site::prepare, &Site::choose, &Site::assets, &Site::attack_pages, &Site::server_pages,
          &Site::stack, &Site::index, &Site::search_index, &Site::finish}) {
      if (const Status done = (this->*step)(); !done) return std::unexpected(done.error());
    }
    return report_;
  }

 private:
  Status prepare() {
    for (const char* folder : {"", "/servers", "/stacks", "/attacks", "/assets"}) {
      if (const Status made = io::make_directory(options_.directory + folder, kFolderMode); !made)
        return made;
    }
    const auto manifest = io::read_file(options_.directory + "/" + std::string(kManifest), 64u << 20);
    if (!manifest) {
      if (manifest.error().kind == ErrorKind::not_found) return {};
      return std::unexpected(manifest.error());
    }
    json::Reader reader;
    const auto root = reader.read(*manifest, {.bytes = 64u << 20});
    if (!root || text_of(*root, "schema") != kSchema) {
      return fail(ErrorKind::conflict,
                  options_.directory + "/" + std::string(kManifest) +
                      " is not the list of an earlier site; remove it or choose another folder");
    }
    for (const json::Value file : root->find("files").elements()) {
      if (file.is(json::Type::string) && is_inside(file.string()))
        earlier_.insert(std::string(file.string()));
    }
    return {};
  }

  /// Which servers and whose tools get pages, so that links lead nowhere else.
  Status choose() {
    for (const std::string& given : options_.servers) {
      auto server = catalogue_.server(given);
      if (!server) return std::unexpected(server.error());
      if (with_tools_.insert(server->slug).second) servers_.push_back(std::move(*server));
    }
    std::size_t tools = 0;
    Query query;
    query.limit = 200;
    const bool all = options_.servers.empty();
    while (all) {
      auto page = catalogue_.search_servers(query);
      if (!page) return std::unexpected(page.error());
      for (ServerRecord& server : page->records) {
        if (servers_.size() >= kMostSiteServers) {
          report_.all_tools = false;
          break;
        }
        if (tools + server.tool_count <= kMostSiteTools) {
          tools += server.tool_count;
          with_tools_.insert(server.slug);
        } else {
          report_.all_tools = false;
        }
        servers_.push_back(std::move(server));
      }
      if (page->next.empty() || servers_.size() >= kMostSiteServers) break;
      query.after = std::move(page->next);
    }
    for (const ServerRecord& server : servers_) {
      has_page_.insert(server.slug);
      pages_in_all_ += 1 + (with_tools_.contains(server.slug) ? server.tool_count : 0);
    }
    pages_in_all_ += attack_patterns().size() + 2;
    return {};
  }

  Status put(const std::string& path, std::string_view bytes) {
    written_.insert(path);
    return io::write_file_atomic(options_.directory + "/" + path, bytes, kFileMode);
  }

  std::string address(std::string_view from, const PageRef& to) const {
    const std::size_t slash = to.id.find('/');
    const bool there = to.kind == PageKind::tool     ? with_tools_.contains(to.id.substr(0, slash))
                       : to.kind == PageKind::server ? has_page_.contains(to.id)
                       : to.kind == PageKind::stack  ? to.id == stack_
                                                     : true;
    return there ? relative(from, percent_encoded(site_path(to))) : std::string();
  }

  Status page(const Document& document) {
    const std::string path = site_path(document.self);
    HtmlOptions html;
    html.address = [&](const PageRef& to) { return address(path, to); };
    html.assets = relative(path, "assets/");
    if (!options_.base_url.empty()) {
      html.canonical =
          options_.base_url + (options_.base_url.ends_with('/') ? "" : "/") + percent_encoded(path);
    }
    if (const Status put_there = put(path, to_html(document, html)); !put_there) return put_there;
    ++report_.pages;
    if (options_.progress) options_.progress(report_.pages, pages_in_all_);
    return {};
  }

  Status assets() {
    if (const Status done = put("assets/page.css", page_css()); !done) return done;
    if (const Status done = put("assets/page.js", page_js()); !done) return done;
    return put("assets/icon.svg", page_icon());
  }

  Status attack_pages() {
    if (const Status done = page(attacks_page()); !done) return done;
    std::vector<std::string> slugs;
    for (const ServerRecord& server : servers_) {
      if (with_tools_.contains(server.slug) && server.tool_count > 0) slugs.push_back(server.slug);
    }
    for (const AttackPattern& pattern : attack_patterns()) {
      auto view = view_attack(catalogue_, pattern.id, slugs);
      if (!view) return std::unexpected(view.error());
      if (const Status done = page(attack_page(*view)); !done) return done;
    }
    return {};
  }

  Status server_pages() {
    const auto names = names_for_views(catalogue_);
    if (!names) return std::unexpected(names.error());
    for (const ServerRecord& server : servers_) {
      auto view = view_server(catalogue_, server.slug, *names ? &**names : nullptr);
      if (!view) return std::unexpected(view.error());
      if (const Status done = page(server_page(*view)); !done) return done;
      ++report_.servers;
      std::vector<ToolRecord>& tools = view->tools;
      std::ranges::move(view->gone, std::back_inserter(tools));
      if (!with_tools_.contains(server.slug) || tools.empty()) continue;
      if (const Status made = io::make_directory(options_.directory + "/servers/" + server.slug, kFolderMode);
          !made)
        return made;
      for (const ToolRecord& tool : tools) {
        auto one = view_tool(catalogue_, server.slug, tool.name);
        if (!one) return std::unexpected(one.error());
        if (const Status done = page(tool_page(*one)); !done) return done;
        ++report_.tools;
      }
    }
    return {};
  }

  /// The servers that were named, together.
  Status stack() {
    if (options_.servers.size() < 2) return {};
    std::vector<std::string> slugs;
    for (const ServerRecord& server : servers_) slugs.push_back(server.slug);
    auto view = view_stack(catalogue_, slugs);
    if (!view) return std::unexpected(view.error());
    const Document document = stack_page(*view);
    stack_ = document.self.id;
    return page(document);
  }

  Status index() {
    auto view = view_index(catalogue_);
    if (!view) return std::unexpected(view.error());
    Document document = index_page(*view);
    if (!stack_.empty()) {
      Paragraph stack{{link("The stack of all the servers named", {PageKind::stack, stack_}),
                       plain(": what agents can call that have them together.")}};
      document.sections.insert(document.sections.begin() + 2, {"stack", "Your stack", {std::move(stack)}});
    }
    return page(document);
  }

  Status search_index() {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("severities").begin_array();
    for (const Severity severity : kSeverities) writer.string(to_string(severity));
    writer.end_array().key("categories").begin_array();
    for (const Category category : kCategories) writer.string(doorward::to_string(category));
    writer.end_array().key("signals").begin_array();
    for (std::size_t i = 0; i < risk::kSignals; ++i)
      writer.string(risk::to_string(static_cast<risk::Signal>(i)));
    writer.end_array().key("servers").begin_array();
    for (const ServerRecord& server : servers_) {
      const std::vector<std::string> first = sentences_of(server.listing.description, 1);
      writer.begin_array().string(server.slug).string(name_of(server));
      writer.string(address({}, {PageKind::server, server.slug})).number(server.tool_count);
      writer.string(first.empty() ? std::string() : shortened(first.front(), 160)).end_array();
    }
    writer.end_array().key("tools").begin_array();
    // Descriptions make the index three times as large.
    const bool described = report_.tools <= kMostSiteTools;
    for (std::size_t i = 0; i < servers_.size() && report_.found_by_search < kMostSearchTools; ++i) {
      const auto tools = catalogue_.tools(servers_[i].slug);
      if (!tools) return std::unexpected(tools.error());
      for (const ToolRecord& tool : *tools) {
        if (report_.found_by_search == kMostSearchTools) break;
        writer.begin_array().number(i).string(tool.name).string(
            address({}, tool_ref(tool.server, tool.name)));
        writer.number(static_cast<int>(tool.classification.category));
        writer.number(static_cast<int>(tool.classification.severity)).begin_array();
        for (const risk::SignalHit& hit : tool.classification.signals)
          writer.number(static_cast<int>(hit.signal));
        writer.end_array().string(described ? opening_of(tool) : std::string()).end_array();
        ++report_.found_by_search;
      }
    }
    writer.end_array().end_object();
    return put("search.json", out);
  }

  /// The list is written before anything is removed: a run that is cut short leaves files behind, never a
  /// list that names what is not the site's.
  Status finish() {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("schema").string(kSchema).key("files").begin_array();
    for (const std::string& path : written_) writer.string(path);
    writer.end_array().end_object();
    if (const Status done =
            io::write_file_atomic(options_.directory + "/" + std::string(kManifest), out, kFileMode);
        !done) {
      return done;
    }
    std::set<std::string> folders;
    for (const std::string& path : earlier_) {
      if (written_.contains(path)) continue;
      if (::unlink((options_.directory + "/" + path).c_str()) == 0)
        ++report_.removed;
      else if (errno != ENOENT)
        return fail(ErrorKind::unavailable, "cannot remove " + path + ": " + std::strerror(errno));
      const std::size_t slash = path.rfind('/');
      if (slash != std::string::npos) folders.insert(path.substr(0, slash));
    }
    // A folder goes with its last file; one that holds anything else stays.
    for (const std::string& folder : folders) {
      if (std::ranges::count(folder, '/') == 1) ::rmdir((options_.directory + "/" + folder).c_str());
    }
    return {};
  }

  Catalogue& catalogue_;
  const SiteOptions& options_;
  SiteReport report_;
  std::vector<ServerRecord> servers_;
  std::set<std::string, std::less<>> has_page_;
  std::set<std::string, std::less<>> with_tools_;
  std::set<std::string> earlier_;
  std::set<std::string> written_;
  std::string stack_;
  std::size_t pages_in_all_ = 0;
};

}  // namespace

std::string site_path(const PageRef& page) {
  switch (page.kind) {
    case PageKind::index:
      return "index.html";
    case PageKind::server:
      return "servers/" + file_name(page.id) + ".html";
    case PageKind::stack: {
      const bool plain_id = page.id.size() <= 120 && std::ranges::all_of(page.id, [](char c) {
                              return c == '+' || is_plain(std::string(1, c));
                            });
      return "stacks/" + (plain_id ? page.id : file_name(page.id)) + ".html";
    }
    case PageKind::attack:
      return page.id.empty() ? "attacks/index.html" : "attacks/" + file_name(page.id) + ".html";
    case PageKind::tool:
      break;
  }
  const std::size_t slash = std::min(page.id.find('/'), page.id.size());
  const std::string_view id = page.id;
  return "servers/" + file_name(id.substr(0, slash)) + "/" +
         file_name(id.substr(std::min(slash + 1, id.size()))) + ".html";
}

Result<SiteReport> write_site(Catalogue& catalogue, const SiteOptions& options) {
  return Site(catalogue, options).write();
}

}  // namespace doorward::catalogue
