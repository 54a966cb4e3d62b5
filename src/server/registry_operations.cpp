#include "server/registry_operations.h"

#include <memory>
#include <mutex>
#include <utility>

#include "base/rfc3339.h"
#include "catalogue/look_alike.h"
#include "catalogue/registry_record.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

constexpr std::int64_t kUsualPage = 30;
constexpr std::int64_t kMostOnAPage = 100;
constexpr std::int64_t kNamesUs = 600'000'000;  ///< how long the known names are good for

struct ListRequest {
  catalogue::ListQuery query;
  std::string version;  ///< empty: any
};

Result<ListRequest> read_list(ControlRequest& request) {
  ListRequest list;
  const std::int64_t limit = request.number("limit").value_or(kUsualPage);
  list.query.after = request.text("cursor").value_or("");
  list.query.in_name = request.text("search").value_or("");
  list.version = request.text("version").value_or("");
  const auto since = request.text("updated_since");
  // What a source deleted is kept and marked, whether or not one asks for it.
  static_cast<void>(request.text("include_deleted"));
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (limit < 1 || limit > kMostOnAPage) return fail(ErrorKind::invalid, "\"limit\" must be from 1 to 100");
  list.query.limit = static_cast<std::size_t>(limit);
  if (list.version == "latest") list.version.clear();
  if (since) {
    const auto time = parse_time(*since);
    if (!time) return fail(ErrorKind::invalid, "\"updated_since\" must be a time like 2027-01-31T14:00:00Z");
    list.query.changed_since_us = *time;
  }
  return list;
}

Json list(const std::string& directory, const ListRequest& request) {
  auto catalogue = catalogue::Catalogue::open(directory);
  if (!catalogue) return std::unexpected(catalogue.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("servers").begin_array();
  catalogue::ListQuery query = request.query;
  std::size_t count = 0;
  std::string next;
  // Of one version there are few: pages are read until one of ours is full.
  for (;;) {
    const auto page = (*catalogue)->list_servers(query);
    if (!page) return std::unexpected(page.error());
    for (const catalogue::ServerRecord& server : page->records) {
      if (!request.version.empty() && server.listing.version != request.version) continue;
      catalogue::write_registry_item(writer, server);
      ++count;
    }
    next = page->next;
    query.after = next;
    query.limit = request.query.limit - count;
    if (next.empty() || query.limit == 0) break;
  }
  writer.end_array().key("metadata").begin_object().key("count").number(count);
  if (!next.empty()) writer.key("nextCursor").string(next);
  writer.end_object().end_object();
  return out;
}

/// The names that a server's are compared with, read now and then.
class Names {
 public:
  Result<std::shared_ptr<const catalogue::LookAlikes>> of(catalogue::Catalogue& catalogue,
                                                          std::int64_t now_us) {
    const std::scoped_lock lock(mutex_);
    if (names_ == nullptr || now_us - read_us_ > kNamesUs || now_us < read_us_) {
      auto names = catalogue::LookAlikes::of(catalogue);
      if (!names) return std::unexpected(names.error());
      names_ = std::make_shared<const catalogue::LookAlikes>(std::move(*names));
      read_us_ = now_us;
    }
    return names_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const catalogue::LookAlikes> names_;
  std::int64_t read_us_ = 0;
};

Json show(const std::string& directory, const std::string& slug, Names& known, std::int64_t now_us) {
  auto catalogue = catalogue::Catalogue::open(directory);
  if (!catalogue) return std::unexpected(catalogue.error());
  const auto server = (*catalogue)->server(slug);
  if (!server) return std::unexpected(server.error());
  const auto tools = (*catalogue)->tools(server->slug);
  if (!tools) return std::unexpected(tools.error());
  const auto names = known.of(**catalogue, now_us);
  if (!names) return std::unexpected(names.error());
  const auto like = (*names)->like(server->listing, server->slug);
  return catalogue::registry_record(*server, *tools, catalogue::grade(*server, *tools, like));
}

}  // namespace

void add_registry_operations(Operations& operations, const std::string& state_directory, WorkPool& pool,
                             io::Loop& loop) {
  const auto read = [&pool, &loop](std::move_only_function<Json()> work, Operations::Reply reply) {
    auto shared = std::make_shared<Operations::Reply>(std::move(reply));
    const bool taken = pool.run([&loop, shared, work = std::move(work)]() mutable {
      loop.post([shared, result = work()]() mutable { (*shared)(std::move(result)); });
    });
    if (!taken) (*shared)(fail(ErrorKind::exhausted, "too many readings are under way; try again"));
  };
  const auto names = std::make_shared<Names>();
  for (const std::string_view op : {"registry.list", "registry.v01_list"}) {
    operations.add_late(
        op, identity::Roles::all(),
        [read, state_directory](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
          auto asked = read_list(request);
          if (!asked) return reply(std::unexpected(asked.error()));
          read([state_directory, asked = std::move(*asked)] { return list(state_directory, asked); },
               std::move(reply));
        });
  }
  for (const std::string_view op : {"registry.show", "registry.v01_show"}) {
    operations.add_late(op, identity::Roles::all(),
                        [read, state_directory, names, &loop](ControlRequest& request, const identity::Actor&,
                                                              Operations::Reply reply) {
                          std::string slug = request.need_text("slug");
                          if (const Status whole = request.finish(); !whole)
                            return reply(std::unexpected(whole.error()));
                          read(
                              [state_directory, names, slug = std::move(slug), now_us = loop.wall_us()] {
                                return show(state_directory, slug, *names, now_us);
                              },
                              std::move(reply));
                        });
  }
}

}  // namespace doorward::server
