#include "catalogue/registry_record.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "base/text.h"
#include "catalogue/recommendation.h"

namespace doorward::catalogue {
namespace {

constexpr std::string_view kOfficial = "io.modelcontextprotocol.registry/official";
constexpr std::size_t kDescription = 100;  ///< characters, by the official form
constexpr std::size_t kTitle = 100;
constexpr std::size_t kName = 200;

/// The first characters of a text.
std::string_view first(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0u) != 0x80u;
    if (begins && characters-- == 0) break;
  }
  return text.substr(0, at);
}

/// `^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$`
bool is_official_name(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (name.size() < 3 || name.size() > kName || slash == std::string_view::npos || slash == 0 ||
      slash + 1 == name.size())
    return false;
  const auto plain = [](char c) {
    return is_alnum(c) || c == '.' || c == '-';
  };
  return std::ranges::all_of(name.substr(0, slash), plain) &&
         std::ranges::all_of(name.substr(slash + 1), [&](char c) { return plain(c) || c == '_'; });
}

std::string_view host_of(std::string_view repository) {
  for (const std::string_view host : {"github", "gitlab", "bitbucket"}) {
    if (repository.find(host) != std::string_view::npos) return host;
  }
  return "git";
}

void write_transport(json::Writer& writer, const std::string& type) {
  writer.key("transport").begin_object();
  if (type == "streamable-http" || type == "sse") {
    // Where it listens is for whoever starts it to say.
    writer.key("type").string(type).key("url").string("{url}");
  } else {
    writer.key("type").string("stdio");
  }
  writer.end_object();
}

void write_server(json::Writer& writer, const ServerRecord& server) {
  const Listing& listing = server.listing;
  writer.begin_object();
  writer.key("name").string(is_official_name(listing.name) ? listing.name : "local.doorward/" + server.slug);
  if (!listing.title.empty()) writer.key("title").string(first(listing.title, kTitle));
  const std::string& said = listing.description.empty() ? listing.name : listing.description;
  writer.key("description").string(first(said, kDescription));
  const bool fixed = !listing.version.empty() && listing.version != "latest";
  writer.key("version").string(fixed ? first(listing.version, 255) : "0.0.0");
  if (!listing.repository.empty()) {
    writer.key("repository").begin_object().key("url").string(listing.repository);
    writer.key("source").string(host_of(listing.repository)).end_object();
  }
  if (!listing.website.empty()) writer.key("websiteUrl").string(listing.website);
  if (!listing.packages.empty()) {
    writer.key("packages").begin_array();
    for (const Package& package : listing.packages) {
      writer.begin_object()
          .key("registryType")
          .string(package.registry)
          .key("identifier")
          .string(package.identifier);
      if (!package.version.empty() && package.version != "latest")
        writer.key("version").string(package.version);
      write_transport(writer, package.transport);
      writer.end_object();
    }
    writer.end_array();
  }
  if (!listing.remotes.empty()) {
    writer.key("remotes").begin_array();
    for (const Remote& remote : listing.remotes) {
      writer.begin_object().key("type").string(remote.transport == "sse" ? "sse" : "streamable-http");
      writer.key("url").string(remote.url).end_object();
    }
    writer.end_array();
  }
  writer.end_object();
}

void write_meta(json::Writer& writer, const ServerRecord& server) {
  writer.begin_object().key(kOfficial).begin_object();
  writer.key("status").string(server.listing.gone ? "deprecated" : "active");
  writer.key("publishedAt").string(format_time(server.first_seen_us));
  writer.key("updatedAt").string(format_time(server.changed_us));
  writer.key("isLatest").boolean(true).end_object();
  writer.key(kOwnMeta).begin_object().key("slug").string(server.slug);
  writer.key("sources").begin_array();
  for (const std::string& source : server.sources) writer.string(source);
  writer.end_array().key("toolCount").number(server.tool_count);
  writer.key("byCategory").begin_object();
  for (const Category category : kCategories) {
    writer.key(to_string(category)).number(server.by_category[static_cast<std::size_t>(category)]);
  }
  writer.end_object().key("bySeverity").begin_object();
  for (const Severity severity : kSeverities) {
    writer.key(to_string(severity)).number(server.by_severity[static_cast<std::size_t>(severity)]);
  }
  writer.end_object().end_object().end_object();
}

}  // namespace

void write_registry_item(json::Writer& writer, const ServerRecord& server) {
  writer.begin_object().key("server");
  write_server(writer, server);
  writer.key("_meta");
  write_meta(writer, server);
  writer.end_object();
}

std::string registry_record(const ServerRecord& server, std::span<const ToolRecord> tools,
                            const Grade& grade) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .key("slug")
      .string(server.slug)
      .key("grade")
      .string(std::string_view(&grade.letter, 1));
  writer.key("gradeReasons").begin_array();
  for (const GradeReason& reason : grade.reasons) {
    writer.begin_object().key("points").number(reason.points).key("what").string(reason.what);
    writer.key("atBest").string(std::string_view(&reason.at_best, 1)).end_object();
  }
  writer.end_array().key("identity").begin_object();
  writer.key("verification").string(to_string(grade.identity.verification));
  writer.key("confidence").raw(risk::fraction(grade.identity.confidence));
  writer.key("why").string(grade.identity.why).end_object();
  writer.key("posture").begin_object();
  writer.key("auth").string(server.listing.auth.empty() ? "unknown" : server.listing.auth);
  // No source says that a server limits its callers itself.
  writer.key("rateLimited").boolean(false).end_object();
  writer.key("toolCount").number(tools.size()).key("tools").begin_array();
  for (const ToolRecord& tool : tools) {
    const risk::Classification& is = tool.classification;
    writer.begin_object().key("name").string(tool.name).key("category").string(to_string(is.category));
    writer.key("severity").string(to_string(is.severity)).key("signals").begin_array();
    for (const risk::SignalHit& hit : is.signals) writer.string(risk::to_string(hit.signal));
    writer.end_array().key("recommendedPolicy").raw(recommend(tool.name, is).policy).end_object();
  }
  writer.end_array().key("server");
  write_server(writer, server);
  writer.key("_meta");
  write_meta(writer, server);
  writer.end_object();
  return out;
}

}  // namespace doorward::catalogue
