#include "server/catalogue_operations.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/category.h"
#include "json/reader.h"
#include "json/writer.h"
#include "risk/classification.h"
#include "server/pins.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kMostFound = 200;
constexpr std::int64_t kUsuallyFound = 50;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::vector<std::string> words_of(const std::string& query) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : lower(query) + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

struct Search {
  std::vector<std::string> words;
  std::optional<std::string> server;
  std::optional<Category> category;
  std::int64_t limit = kUsuallyFound;
};

/// Writes the tools of one server that fit; how many there were in all.
Result<std::size_t> search_server(store::Store& store, const ServerItem& server, const Search& search, json::Writer& out,
                                  std::size_t found) {
  const auto tools = store.tools(server.settings->name);
  if (!tools) return std::unexpected(tools.error());
  for (const store::ToolRow& tool : *tools) {
    const auto definitions = store.tool_definitions(server.settings->name, tool.name);
    if (!definitions) return std::unexpected(definitions.error());
    const auto seen = std::ranges::find(*definitions, tool.seen, &store::ToolDefinition::digest);
    json::Reader reader;
    json::Value definition;
    if (seen != definitions->end()) {
      if (const auto root = reader.read(seen->text)) definition = *root;
    }
    const json::Value text = definition.find("description");
    const std::string_view description = text.is(json::Type::string) ? text.string() : std::string_view();
    const std::string words = lower(tool.name) + ' ' + lower(description);
    risk::ToolFacts facts = risk::facts_of(server.settings->name, definition);
    facts.name = tool.name;
    const Category category = risk::classify(facts).category;
    if (search.category && *search.category != category) continue;
    if (!std::ranges::all_of(search.words,
                             [&](const std::string& word) { return words.find(word) != std::string::npos; })) {
      continue;
    }
    if (++found > static_cast<std::size_t>(search.limit)) continue;
    const bool reviewed = pinned_definition(tool, *server.settings) == tool.seen;
    out.begin_object().key("server").string(server.settings->name).key("tool").string(tool.name);
    out.key("category").string(to_string(category)).key("reviewed").boolean(reviewed);
    out.key("description").string(description.substr(0, 2000)).end_object();
  }
  return found;
}

Operations::Json search_catalogue(const Operations& operations, store::Store& store, ControlRequest& request) {
  Search search;
  search.words = words_of(request.text("query").value_or(""));
  search.server = request.text("server");
  const auto category = request.text("category");
  search.limit = std::clamp<std::int64_t>(request.number("limit").value_or(kUsuallyFound), 1, kMostFound);
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (category) {
    search.category = parse_category(*category);
    if (!search.category) return fail(ErrorKind::invalid, "there is no category \"" + *category + "\"");
  }
  std::string text;
  json::Writer out(text);
  out.begin_object().key("schema").string("doorward.catalogue.search/1").key("tools").begin_array();
  std::size_t found = 0;
  for (const ServerItem& server : operations.inventory().servers) {
    if (search.server && *search.server != server.settings->name) continue;
    const auto now = search_server(store, server, search, out, found);
    if (!now) return std::unexpected(now.error());
    found = *now;
  }
  out.end_array().key("found").number(found).end_object();
  return text;
}

}  // namespace

void add_catalogue_operations(Operations& operations, store::Store& store) {
  operations.add("catalogue.search", identity::Roles::all(),
                 [&](ControlRequest& request, const identity::Actor&) {
                   return search_catalogue(operations, store, request);
                 });
}

}  // namespace doorward::server
