#include "server/drift_operations.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/drift.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mcp/tool_definition.h"
#include "server/pins.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

using catalogue::Catalogue;
using catalogue::Drift;

/// The definition of a text; nothing where there is none.
class Definition {
 public:
  explicit Definition(std::string_view text) : text_(text) {
    if (text_.empty()) return;
    if (const auto root = reader_.read(text_, {.bytes = mcp::kLargestDefinition})) root_ = *root;
  }
  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;
  json::Value root() const { return root_; }

 private:
  std::string text_;
  json::Reader reader_;
  json::Value root_;
};

/// What became of one server.
struct ServerDrift {
  std::string server;
  std::string_view since;  ///< `review` or `last change`
  std::size_t tools = 0;   ///< looked at
  std::vector<Drift> drifts;

  void add(std::string_view tool, std::string_view before, std::string_view after) {
    const Definition was(before);
    const Definition is(after);
    for (Drift& drift : catalogue::drift_of(server, tool, was.root(), is.root())) drifts.push_back(std::move(drift));
  }
};

std::string_view text_of(const std::vector<store::ToolDefinition>& definitions, const std::optional<Digest>& digest) {
  if (!digest) return {};
  const auto found = std::ranges::find(definitions, *digest, &store::ToolDefinition::digest);
  return found == definitions.end() ? std::string_view() : std::string_view(found->text);
}

/// By what the gateway has pinned: the reviewed definition of each tool against the one that was seen last.
Status pinned_drift(store::Store& store, const upstream::ServerSettings& settings, Catalogue* known, ServerDrift& out) {
  out.since = "review";
  const auto rows = store.tools(settings.name);
  if (!rows) return std::unexpected(rows.error());
  std::string slug;
  if (known != nullptr) {
    if (const auto record = known->by_source("live", settings.name); record && *record) slug = (*record)->slug;
  }
  for (const store::ToolRow& row : *rows) {
    ++out.tools;
    const auto pinned = pinned_definition(row, settings);
    const auto definitions = store.tool_definitions(settings.name, row.name);
    if (!definitions) return std::unexpected(definitions.error());
    const std::string_view seen = text_of(*definitions, row.seen);
    if (pinned != row.seen && row.rejected != row.seen) {
      out.add(row.name, text_of(*definitions, pinned), seen);
    } else if (!slug.empty() && pinned) {
      const auto tool = known->tool(slug, row.name);
      if (tool && tool->gone) out.add(row.name, seen, {});
    }
  }
  return {};
}

void write(json::Writer& writer, ServerDrift& server, std::optional<Severity>& worst) {
  std::ranges::stable_sort(server.drifts, std::ranges::greater(), &Drift::severity);
  writer.begin_object().key("server").string(server.server).key("since").string(server.since);
  writer.key("tools").number(server.tools).key("drifts").begin_array();
  for (const Drift& drift : server.drifts) {
    worst = std::max(worst.value_or(drift.severity), drift.severity);
    writer.begin_object().key("severity").string(to_string(drift.severity));
    writer.key("kind").string(catalogue::to_string(drift.kind)).key("tool").string(drift.tool);
    writer.key("where").string(drift.where).key("says").string(drift.says).end_object();
  }
  writer.end_array().end_object();
}

Operations::Json drift(const Operations& operations, store::Store& store, const std::string& state, ControlRequest& request) {
  const std::optional<std::string> only = request.text("server");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  // Without a catalogue the pins still tell what changed; only what is gone stays unknown.
  auto opened = Catalogue::open(state);
  Catalogue* known = opened ? opened->get() : nullptr;
  std::vector<ServerDrift> servers;
  for (const ServerItem& item : operations.inventory().servers) {
    if ((only && *only != item.settings->name) || item.settings->is_builtin()) continue;
    ServerDrift& server = servers.emplace_back();
    server.server = item.settings->name;
    if (const Status done = pinned_drift(store, *item.settings, known, server); !done) return std::unexpected(done.error());
  }
  if (only && servers.empty()) {
    if (known == nullptr) return std::unexpected(opened.error());
    const auto record = known->server(*only);
    if (!record) return std::unexpected(record.error());
    ServerDrift& server = servers.emplace_back();
    server.server = record->slug;
    server.since = "last change";
    server.tools = record->tool_count;
    auto drifts = catalogue::drift_in(*known, *record);
    if (!drifts) return std::unexpected(drifts.error());
    server.drifts = std::move(*drifts);
  }
  std::string out;
  json::Writer writer(out);
  std::optional<Severity> worst;
  writer.begin_object().key("schema").string("doorward.drift/1").key("servers").begin_array();
  for (ServerDrift& server : servers) write(writer, server, worst);
  writer.end_array();
  if (worst) writer.key("worst").string(to_string(*worst));
  writer.end_object();
  return out;
}

}  // namespace

void add_drift_operations(Operations& operations, store::Store& store, const std::string& state) {
  operations.add("catalogue.drift", identity::Roles::all(),
                 [&operations, &store, state](ControlRequest& request, const identity::Actor&) {
                   return drift(operations, store, state, request);
                 });
}

}  // namespace doorward::server
