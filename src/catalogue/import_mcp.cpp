#include "catalogue/adapters.h"
#include "catalogue/import_parts.h"
#include "catalogue/json_parts.h"
#include "catalogue/package.h"

namespace doorward::catalogue {
namespace {

using namespace parts;

/// The answer of a server to `tools/list`, all pages of it together, with what `initialize` said of the
/// server and where it is started from beside it:
///
///   {"server": "notes", "serverInfo": {"name", "version", "title"}, "package": {"registry", "identifier",
///   "version"},
///    "url": "https://...", "tools": [...]}
///
/// `tools` alone is needed, and a name: `server`, else that of `serverInfo`.
constexpr std::string_view kId = "mcp";

bool recognises(std::string_view document) {
  const JsonParts root = split_json(document, kMostRecords);
  return root.bracket == '{' && root.find("tools").starts_with('[') &&
         (root.find("server").starts_with('"') || root.find("serverInfo").starts_with('{')) &&
         root.find("qualifiedName").empty();
}

Result<Imported> read(std::string_view document, const Beside&) {
  Intake intake(kId);
  const JsonParts root = split_json(document, kMostRecords);
  if (root.bracket != '{' || !root.find("tools").starts_with('[')) {
    return fail(
        ErrorKind::invalid,
        "it has no list \"tools\"; give the answer of a server to tools/list with \"server\", its name");
  }
  const json::Value record = intake.open(document, "");
  if (!record) return intake.finish();
  const json::Value info = record.find("serverInfo");
  Listing listing = intake.begin();
  listing.name = text_at(record, {"server"}, kMostName + 1);
  if (listing.name.empty()) listing.name = text_at(info, {"name"}, kMostName + 1);
  listing.title = text_at(info, {"title"}, kMostShort);
  listing.description = text_at(record, {"description"}, kMostText);
  if (listing.description.empty()) listing.description = text_at(info, {"description"}, kMostText);
  listing.version = text_at(info, {"version"}, kMostShort);
  listing.website = link_at(intake, info, {"websiteUrl"});
  const json::Value package = record.find("package");
  add_package(listing, {.registry = text_at(package, {"registry"}, kMostShort),
                        .identifier = text_at(package, {"identifier"}, kMostShort),
                        .version = text_at(package, {"version"}, kMostShort),
                        .transport = "stdio"});
  if (const std::string url = text_at(record, {"url"}, kMostLink); !url.empty()) {
    add_remote(intake, listing, {.transport = "streamable-http", .url = url}, "/url");
  }
  Tools tools(intake, listing);
  std::size_t index = 0;
  for (const json::Value tool : record.find("tools").elements()) {
    tools.add_whole(tool, document, "/tools/" + std::to_string(index++));
  }
  listing.tools_known = ToolsKnown::whole;
  intake.take(std::move(listing));
  return intake.finish();
}

}  // namespace

constexpr Adapter kMcpAdapter{kId, "a server's answer to tools/list", recognises, read};

}  // namespace doorward::catalogue
