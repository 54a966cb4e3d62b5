#include "server/catalogue_operations.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "catalogue/record_json.h"
#include "json/writer.h"
#include "server/pins.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;
using catalogue::Catalogue;
using catalogue::ServerRecord;
using catalogue::ToolRecord;

constexpr std::int64_t kMostFound = 200;
constexpr std::int64_t kUsuallyFound = 50;
constexpr std::size_t kLongestReason = 1'000;

std::string signals() {
  std::string names;
  for (std::size_t i = 0; i < risk::kSignals; ++i) {
    names.append(names.empty() ? "" : ", ").append(risk::to_string(static_cast<risk::Signal>(i)));
  }
  return names;
}

Result<Category> category_of(const std::string& name) {
  if (const auto category = parse_category(name)) return *category;
  return fail(ErrorKind::invalid,
              "there is no category \"" + name + "\"; Read, Write, Execute, Destructive, Financial, Other");
}

Result<Severity> severity_of(const std::string& name) {
  if (const auto severity = parse_severity(name)) return *severity;
  return fail(ErrorKind::invalid, "there is no severity \"" + name + "\"; low, medium, high, critical");
}

class CatalogueOperations {
 public:
  CatalogueOperations(Operations& operations, store::Store& store, CatalogueFile& file)
      : operations_(operations), store_(store), file_(file) {}

  Json search(ControlRequest& request, const identity::Actor&) {
    catalogue::Query query;
    query.words = request.text("query").value_or("");
    const auto server = request.text("server");
    const auto category = request.text("category");
    const auto severity = request.text("severity");
    const auto signal = request.text("signal");
    const std::string of = request.text("of").value_or("tools");
    query.limit = static_cast<std::size_t>(
        std::clamp<std::int64_t>(request.number("limit").value_or(kUsuallyFound), 1, kMostFound));
    query.after = request.text("cursor").value_or("");
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    if (of != "tools" && of != "servers") return fail(ErrorKind::invalid, "\"of\" must be tools or servers");
    if (category) {
      const auto named = category_of(*category);
      if (!named) return std::unexpected(named.error());
      query.category = *named;
    }
    if (severity) {
      const auto named = severity_of(*severity);
      if (!named) return std::unexpected(named.error());
      query.at_least = *named;
    }
    if (signal) {
      query.signal = risk::parse_signal(*signal);
      if (!query.signal)
        return fail(ErrorKind::invalid, "there is no signal \"" + *signal + "\"; " + signals());
    }
    const auto file = file_.get();
    if (!file) return std::unexpected(file.error());
    if (server) {
      const auto slug = slug_of(**file, *server);
      if (!slug) return std::unexpected(slug.error());
      query.server = *slug;
    }
    std::string text;
    json::Writer out(text);
    out.begin_object().key("schema").string("doorward.catalogue.search/1").key(of).begin_array();
    if (of == "servers") {
      const auto page = (*file)->search_servers(query);
      if (!page) return std::unexpected(page.error());
      for (const ServerRecord& record : page->records) {
        out.begin_object();
        write_members(out, record);
        out.end_object();
      }
      finish(out, *page);
    } else {
      const auto page = (*file)->search_tools(query);
      if (!page) return std::unexpected(page.error());
      Reviews reviews;
      for (const ToolRecord& record : page->records) {
        out.begin_object();
        write_summary(out, record);
        if (const Status done = write_review(out, **file, record, reviews); !done)
          return std::unexpected(done.error());
        out.end_object();
      }
      finish(out, *page);
    }
    return text;
  }

  Json server(ControlRequest& request, const identity::Actor&) {
    const std::string name = request.need_text("server");
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    const auto file = file_.get();
    if (!file) return std::unexpected(file.error());
    const auto slug = slug_of(**file, name);
    if (!slug) return std::unexpected(slug.error());
    const auto record = (*file)->server(*slug);
    if (!record) return std::unexpected(record.error());
    const auto tools = (*file)->tools(*slug);
    if (!tools) return std::unexpected(tools.error());
    const auto live = (*file)->names_in(*slug, "live");
    if (!live) return std::unexpected(live.error());
    std::string text;
    json::Writer out(text);
    out.begin_object().key("schema").string("doorward.catalogue.server/1").key("server").begin_object();
    write_members(out, *record);
    out.end_object().key("behind_gateway").begin_array();
    for (const std::string& each : *live) {
      if (operations_.inventory().server(each) != nullptr) out.string(each);
    }
    out.end_array().key("tools").begin_array();
    Reviews reviews;
    for (const ToolRecord& tool : *tools) {
      out.begin_object();
      write_summary(out, tool);
      if (const Status done = write_review(out, **file, tool, reviews); !done)
        return std::unexpected(done.error());
      out.end_object();
    }
    out.end_array().end_object();
    return text;
  }

  Json tool(ControlRequest& request, const identity::Actor&) {
    const std::string server = request.need_text("server");
    const std::string name = request.need_text("tool");
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    const auto file = file_.get();
    if (!file) return std::unexpected(file.error());
    const auto slug = slug_of(**file, server);
    if (!slug) return std::unexpected(slug.error());
    return tool_answer(**file, *slug, name);
  }

  Json override(ControlRequest& request, const identity::Actor& actor) {
    const std::string server = request.need_text("server");
    const std::string name = request.need_text("tool");
    const auto category = request.text("category");
    const auto severity = request.text("severity");
    catalogue::Override said;
    said.reason = request.need_text("reason");
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    if (category) {
      const auto named = category_of(*category);
      if (!named) return std::unexpected(named.error());
      said.category = *named;
    }
    if (severity) {
      const auto named = severity_of(*severity);
      if (!named) return std::unexpected(named.error());
      said.severity = *named;
    }
    if (said.reason.size() > kLongestReason)
      return fail(ErrorKind::invalid, "the reason must have at most 1000 bytes");
    said.author = actor.name;
    said.at_us = system_clock().wall_us();
    return change(
        server, name, actor,
        [&](Catalogue& file, const std::string& slug) { return file.set_override(slug, name, said); }, &said);
  }

  Json unoverride(ControlRequest& request, const identity::Actor& actor) {
    const std::string server = request.need_text("server");
    const std::string name = request.need_text("tool");
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    return change(
        server, name, actor,
        [&](Catalogue& file, const std::string& slug) { return file.remove_override(slug, name); }, nullptr);
  }

  Json counts(ControlRequest& request, const identity::Actor&) {
    if (const Status read = request.finish(); !read) return std::unexpected(read.error());
    const auto file = file_.get();
    if (!file) return std::unexpected(file.error());
    const auto counts = (*file)->counts();
    if (!counts) return std::unexpected(counts.error());
    std::string text;
    json::Writer out(text);
    out.begin_object().key("schema").string("doorward.catalogue.counts/1");
    out.key("servers")
        .number(counts->servers)
        .key("tools")
        .number(counts->tools)
        .key("by_category")
        .begin_object();
    for (std::size_t i = 0; i < kCategories.size(); ++i)
      out.key(to_string(kCategories[i])).number(counts->by_category[i]);
    out.end_object().key("by_severity").begin_object();
    for (std::size_t i = 0; i < kSeverities.size(); ++i)
      out.key(to_string(kSeverities[i])).number(counts->by_severity[i]);
    out.end_object()
        .key("definitions")
        .number(counts->definitions)
        .key("overrides")
        .number(counts->overrides);
    out.key("outdated").number(counts->outdated).end_object();
    return text;
  }

 private:
  /// A server behind this gateway by its name there, or any by its slug or name.
  Result<std::string> slug_of(Catalogue& file, const std::string& name) {
    if (operations_.inventory().server(name) != nullptr) {
      const auto live = file.by_source("live", name);
      if (!live) return std::unexpected(live.error());
      if (*live) return (*live)->slug;
    }
    const auto record = file.server(name);
    if (!record) return std::unexpected(record.error());
    return record->slug;
  }

  /// What the gateway lets through of the servers of one answer, by slug.
  struct Behind {
    std::string name;  ///< in the gateway; empty: it is not behind it
    std::map<std::string, bool, std::less<>> reviewed;
  };
  using Reviews = std::map<std::string, Behind, std::less<>>;

  Result<Behind> behind(Catalogue& file, const std::string& slug) {
    Behind found;
    const auto live = file.names_in(slug, "live");
    if (!live) return std::unexpected(live.error());
    for (const std::string& name : *live) {
      const ServerItem* item = operations_.inventory().server(name);
      if (item == nullptr) continue;
      found.name = name;
      const auto rows = store_.tools(name);
      if (!rows) return std::unexpected(rows.error());
      for (const store::ToolRow& row : *rows)
        found.reviewed[row.name] = pinned_definition(row, *item->settings) == row.seen;
    }
    return found;
  }

  Status write_review(json::Writer& out, Catalogue& file, const ToolRecord& tool, Reviews& reviews) {
    auto at = reviews.find(tool.server);
    if (at == reviews.end()) {
      auto found = behind(file, tool.server);
      if (!found) return std::unexpected(found.error());
      at = reviews.emplace(tool.server, std::move(*found)).first;
    }
    if (at->second.name.empty()) return {};
    out.key("behind_gateway").string(at->second.name);
    if (const auto row = at->second.reviewed.find(tool.name); row != at->second.reviewed.end()) {
      out.key("reviewed").boolean(row->second);
    }
    return {};
  }

  template <typename Record>
  static void finish(json::Writer& out, const catalogue::Page<Record>& page) {
    out.end_array().key("found").number(page.found);
    if (!page.next.empty()) out.key("next").string(page.next);
    out.end_object();
  }

  Json tool_answer(Catalogue& file, const std::string& slug, const std::string& name) {
    const auto record = file.tool(slug, name);
    if (!record) return std::unexpected(record.error());
    const auto versions = file.versions(slug, name);
    if (!versions) return std::unexpected(versions.error());
    std::string text;
    json::Writer out(text);
    out.begin_object().key("schema").string("doorward.catalogue.tool/1").key("tool").begin_object();
    write_members(out, *record);
    out.end_object().key("versions").begin_array();
    for (const catalogue::ToolVersion& version : *versions) {
      out.begin_object()
          .key("definition")
          .raw(version.definition)
          .key("first_seen_us")
          .number(version.first_seen_us);
      out.key("last_seen_us").number(version.last_seen_us).end_object();
    }
    out.end_array().end_object();
    return text;
  }

  Json change(const std::string& server, const std::string& name, const identity::Actor& actor,
              const std::function<Status(Catalogue&, const std::string& slug)>& apply,
              const catalogue::Override* said) {
    const auto file = file_.get();
    if (!file) return std::unexpected(file.error());
    const auto slug = slug_of(**file, server);
    if (!slug) return std::unexpected(slug.error());
    const auto before = (*file)->tool(*slug, name);
    if (!before) return std::unexpected(before.error());
    if (const Status done = apply(**file, *slug); !done) return std::unexpected(done.error());
    const auto after = (*file)->tool(*slug, name);
    if (!after) return std::unexpected(after.error());
    operations_.record(said != nullptr ? "catalogue.overridden" : "catalogue.override_removed", actor,
                       {{"server", std::string_view(*slug)},
                        {"tool", std::string_view(name)},
                        {"category_before", to_string(before->classification.category)},
                        {"severity_before", to_string(before->classification.severity)},
                        {"category", to_string(after->classification.category)},
                        {"severity", to_string(after->classification.severity)},
                        {"reason", std::string_view(said != nullptr ? said->reason : "")}});
    // A server behind the gateway is judged by it from the next call on.
    const auto category = said != nullptr ? said->category : std::nullopt;
    if (!category && !(before->override && before->override->category))
      return tool_answer(**file, *slug, name);
    const auto live = (*file)->names_in(*slug, "live");
    if (!live) return std::unexpected(live.error());
    for (const std::string& each : *live) {
      if (const Status held = operations_.hold_category(each, name, category, actor); !held) {
        return std::unexpected(held.error());
      }
    }
    return tool_answer(**file, *slug, name);
  }

  Operations& operations_;
  store::Store& store_;
  CatalogueFile& file_;
};

}  // namespace

void add_catalogue_operations(Operations& operations, store::Store& store, CatalogueFile& file) {
  using identity::Role;
  auto shared = std::make_shared<CatalogueOperations>(operations, store, file);
  const auto add = [&](std::string_view op, identity::Roles roles,
                       Json (CatalogueOperations::*handler)(ControlRequest&, const identity::Actor&)) {
    operations.add(op, roles, [shared, handler](ControlRequest& request, const identity::Actor& actor) {
      return ((*shared).*handler)(request, actor);
    });
  };
  const identity::Roles all = identity::Roles::all();
  add("catalogue.search", all, &CatalogueOperations::search);
  add("catalogue.server", all, &CatalogueOperations::server);
  add("catalogue.tool", all, &CatalogueOperations::tool);
  add("catalogue.counts", all, &CatalogueOperations::counts);
  add("catalogue.override", {Role::policy_manager}, &CatalogueOperations::override);
  add("catalogue.unoverride", {Role::policy_manager}, &CatalogueOperations::unoverride);
}

}  // namespace doorward::server
