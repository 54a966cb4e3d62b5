#include "catalogue/import_parts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/rfc3339.h"
#include "catalogue/json_parts.h"
#include "catalogue/package.h"
#include "json/copy.h"
#include "json/writer.h"
#include "mcp/tool_name.h"
#include "risk/hidden_text.h"
#include "yaml/tree.h"

namespace doorward::catalogue::parts {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr json::Limits kRecordLimits = {.bytes = kMostRecordBytes, .depth = 64, .nodes = 1u << 19};

json::Value first_of(json::Value object, std::initializer_list<std::string_view> keys, json::Type type) {
  for (const std::string_view key : keys) {
    if (const json::Value value = object.find(key); value.is(type)) return value;
  }
  return {};
}

/// A key as it stands in the text, its escapes resolved.
std::string resolved(std::string_view key) {
  if (key.find('\\') == std::string_view::npos) return std::string(key);
  const std::string quoted = '"' + std::string(key) + '"';
  json::Reader reader;
  const auto value = reader.read(quoted);
  return value && value->is(json::Type::string) ? std::string(value->string()) : std::string(key);
}

bool is_schema_type(std::string_view type) {
  static constexpr std::array<std::string_view, 6> kTypes = {"string",  "number", "integer",
                                                             "boolean", "array",  "object"};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

}  // namespace

json::Value Intake::open(std::string_view text, const std::string& where) {
  ++out_.records;
  where_ = where;
  const auto value = reader_.read(text, kRecordLimits);
  if (!value) {
    skip(where, "it cannot be read: " + value.error().message);
    return {};
  }
  if (!value->is(json::Type::object)) {
    skip(where, "it is no object");
    return {};
  }
  return *value;
}

void Intake::skip(std::string where, std::string why) {
  if (out_.skipped.size() <= kMostSkipped) out_.skipped.push_back({std::move(where), std::move(why)});
}

Listing Intake::begin() const {
  Listing listing;
  listing.source = source_;
  return listing;
}

bool Intake::fits(Listing& listing) {
  if (const std::string why = wrong_name(listing.name, kMostName); !why.empty()) {
    skip(where_, why);
    return false;
  }
  if (listing.source_id.empty()) listing.source_id = listing.name;
  return true;
}

void Intake::take(Listing listing) {
  if (!fits(listing)) return;
  if (!taken_.emplace(listing.source_id, Rank{out_.listings.size(), true, 0}).second) {
    return skip(where_, "the server \"" + listing.source_id + "\" is there already");
  }
  out_.listings.push_back(std::move(listing));
}

void Intake::take_version(Listing listing, bool latest) {
  if (!fits(listing)) return;
  const Rank rank{out_.listings.size(), latest, listing.updated_us};
  const auto [at, first] = taken_.emplace(listing.source_id, rank);
  if (first) {
    out_.listings.push_back(std::move(listing));
    return;
  }
  ++out_.older;
  Rank& best = at->second;
  if (std::pair(latest, listing.updated_us) < std::pair(best.latest, best.updated_us)) return;
  best = {best.index, latest, listing.updated_us};
  out_.listings[best.index] = std::move(listing);
}

Result<Imported> Intake::finish() {
  if (out_.skipped.size() > kMostSkipped) {
    return fail(ErrorKind::invalid, "more than " + std::to_string(kMostSkipped) +
                                        " records cannot be read; is this the right shape? First: " +
                                        out_.skipped.front().where + ": " + out_.skipped.front().why);
  }
  return std::move(out_);
}

void for_each_record(Intake& intake, std::string_view container, const std::string& where,
                     const std::function<void(const Record&)>& each) {
  const JsonParts list = split_json(container, kMostRecords);
  if (list.bracket == 0)
    return intake.skip(where.empty() ? "/" : where, "it is neither a list nor an object");
  const std::size_t whole = list.parts.size() - (list.cut ? 1 : 0);
  for (std::size_t i = 0; i < whole; ++i) {
    Record record{list.bracket == '{' ? resolved(list.parts[i].key) : std::string(), list.parts[i].text, {}};
    record.where = where + '/' + (list.bracket == '{' ? clean(record.name, kMostName) : std::to_string(i));
    each(record);
  }
  if (!list.broken.empty()) {
    intake.skip(where + '/' + std::to_string(whole),
                "the document " + list.broken + "; nothing behind it was read");
  }
}

std::string wrong_name(std::string_view name, std::size_t most) {
  if (name.empty()) return "it has no name";
  if (name.size() > most) return "its name is longer than " + std::to_string(most) + " bytes";
  if (name.find_first_not_of(" \t\r\n") == std::string_view::npos) return "its name is white space";
  // Between letters, so that a character of no width is seen at either end, too.
  if (const std::string seen = risk::invisible_characters('x' + std::string(name) + 'x'); !seen.empty()) {
    return "its name holds " + seen + ", which nobody sees";
  }
  if (name.find_first_of("\r\n\t") != std::string_view::npos) return "its name holds a line break";
  if (name.find(kReplacement) != std::string_view::npos)
    return "its name holds U+FFFD, which stands for what is no character";
  return {};
}

std::string clean(std::string_view text, std::size_t most) {
  if (text.size() > most) {
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    text = text.substr(0, end);
  }
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\0') {
      out += kReplacement;
    } else {
      out += c;
    }
  }
  return out;
}

std::string text_at(json::Value object, std::initializer_list<std::string_view> keys, std::size_t most) {
  const json::Value value = first_of(object, keys, json::Type::string);
  return value ? clean(value.string(), most) : std::string();
}

bool is_link(std::string_view text) {
  if (text.size() > kMostLink) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  const auto begins = [&](std::string_view scheme) {
    return text.size() > scheme.size() &&
           std::ranges::equal(text.substr(0, scheme.size()), scheme, {}, lower);
  };
  const std::size_t host = begins("https://") ? 8 : begins("http://") ? 7 : 0;
  if (host == 0) return false;
  const std::string_view authority =
      text.substr(host, std::min(text.find_first_of("/?#", host), text.size()) - host);
  if (authority.empty() || authority.find('@') != std::string_view::npos) return false;
  return std::ranges::all_of(text,
                             [](char c) {
                               const auto byte = static_cast<unsigned char>(c);
                               return byte > 0x20 && byte != 0x7f && c != '"' && c != '<' && c != '>' &&
                                      c != '\\' && c != '`';
                             }) &&
         risk::invisible_characters(text).empty();
}

std::string link_at(Intake& intake, json::Value object, std::initializer_list<std::string_view> keys) {
  const json::Value value = first_of(object, keys, json::Type::string);
  if (!value || value.string().empty()) return {};
  std::string_view link = value.string();
  if (link.starts_with("git+")) link.remove_prefix(4);
  if (is_link(link)) return std::string(link);
  intake.skip(intake.where() + '/' + std::string(*keys.begin()),
              "it is no http or https link; the link is left out");
  return {};
}

std::int64_t time_at(json::Value object, std::initializer_list<std::string_view> keys) {
  const json::Value value = first_of(object, keys, json::Type::string);
  if (!value || value.string().size() > 64) return 0;
  std::string text(value.string());
  // A fraction may have nine digits; microseconds are kept.
  if (const std::size_t dot = text.find('.'); dot != std::string::npos) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", dot + 1), text.size());
    if (end - dot > 7) text.erase(dot + 7, end - dot - 7);
  }
  return parse_time(text).value_or(0);
}

bool is_true(json::Value object, std::initializer_list<std::string_view> keys) {
  const json::Value value = first_of(object, keys, json::Type::boolean);
  return value && value.boolean();
}

void add_package(Listing& listing, Package package) {
  package = normal(std::move(package));
  if (package.registry.empty() || !wrong_name(package.identifier, kMostLink).empty()) return;
  if (listing.packages.size() == kMostPlaces ||
      std::ranges::find(listing.packages, package) != listing.packages.end()) {
    return;
  }
  listing.packages.push_back(std::move(package));
}

void add_remote(Intake& intake, Listing& listing, Remote remote, std::string_view where) {
  const bool templated =
      remote.url.starts_with('{') && remote.url.find_first_of(" \t\r\n\"<>\\") == std::string::npos;
  if (!templated && !is_link(remote.url)) {
    if (!remote.url.empty())
      intake.skip(std::string(where), "it is no http or https URL; the endpoint is left out");
    return;
  }
  if (remote.transport == "http" || remote.transport == "streamable" ||
      remote.transport == "streamableHttp") {
    remote.transport = "streamable-http";
  }
  if (listing.remotes.size() < kMostPlaces) listing.remotes.push_back(std::move(remote));
}

bool Tools::fits(std::string_view name, std::string_view where) {
  if (const std::string why = wrong_name(name, mcp::kMostNameBytes); !why.empty()) {
    intake_.skip(std::string(where), "the tool: " + why);
    return false;
  }
  if (names_.contains(name)) return false;
  if (listing_.tools.size() == kMostTools) {
    if (!std::exchange(too_many_, true)) {
      intake_.skip(std::string(where),
                   "the server has more than " + std::to_string(kMostTools) + " tools; the rest is left out");
    }
    return false;
  }
  names_.emplace(name);
  return true;
}

void Tools::add_whole(json::Value tool, std::string_view text, std::string_view where) {
  if (!tool.is(json::Type::object)) return intake_.skip(std::string(where), "the tool is no object");
  const std::string_view definition = json::text_of(text, tool);
  if (definition.size() > kMostToolBytes) {
    return intake_.skip(std::string(where), "the tool's definition is longer than " +
                                                std::to_string(kMostToolBytes >> 10) + " KiB");
  }
  const std::string_view name = json::text_of(tool, "name");
  if (names_.contains(name)) return intake_.skip(std::string(where), "a tool of that name is there already");
  if (fits(name, where)) listing_.tools.emplace_back(definition);
}

void Tools::add_name(std::string_view name, std::string_view where) {
  if (!fits(name, where)) return;
  std::string out;
  json::Writer(out).begin_object().key("name").string(name).end_object();
  listing_.tools.push_back(std::move(out));
}

void Tools::add_described(std::string_view name, std::string_view description,
                          std::span<const Parameter> parameters, std::string_view where) {
  if (!fits(name, where)) return;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("name").string(name);
  if (!description.empty()) writer.key("description").string(clean(description, kMostText));
  if (!parameters.empty()) {
    writer.key("inputSchema").begin_object().key("type").string("object").key("properties").begin_object();
    std::set<std::string_view> seen;
    for (const Parameter& parameter : parameters) {
      if (parameter.name.empty() || parameter.name.size() > kMostName || !seen.insert(parameter.name).second)
        continue;
      writer.key(parameter.name).begin_object();
      if (is_schema_type(parameter.type)) writer.key("type").string(parameter.type);
      if (!parameter.description.empty())
        writer.key("description").string(clean(parameter.description, kMostText));
      writer.end_object();
    }
    writer.end_object().end_object();
  }
  writer.end_object();
  if (out.size() > kMostToolBytes) {
    return intake_.skip(std::string(where), "the tool's definition is longer than " +
                                                std::to_string(kMostToolBytes >> 10) + " KiB");
  }
  listing_.tools.push_back(std::move(out));
}

bool is_json(std::string_view document) {
  const std::size_t at = document.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && (document[at] == '{' || document[at] == '[');
}

std::set<std::string, std::less<>> top_keys(std::string_view document) {
  std::set<std::string, std::less<>> keys;
  if (is_json(document)) {
    for (const JsonPart& part : split_json(document, kMostRecords).parts) keys.emplace(part.key);
    return keys;
  }
  for (std::size_t at = 0; at < document.size() && at < yaml::kMostBytes;) {
    const std::size_t end = std::min(document.find('\n', at), document.size());
    const std::string_view line = document.substr(at, end - at);
    const std::size_t colon = line.find(':');
    const bool ends = colon != std::string_view::npos &&
                      (colon + 1 == line.size() || line[colon + 1] == ' ' || line[colon + 1] == '\r');
    if (ends && colon > 0 && line.find_first_of(" \t#-'\"") > colon) keys.emplace(line.substr(0, colon));
    at = end + 1;
  }
  return keys;
}

Result<std::string_view> as_json(std::string_view document, std::string& storage) {
  if (is_json(document)) return document;
  const auto tree = yaml::read(document);
  if (!tree) {
    const std::string line = tree.error().line == 0 ? "" : "line " + std::to_string(tree.error().line) + ": ";
    return fail(ErrorKind::invalid, line + tree.error().message);
  }
  storage = yaml::to_json(*tree);
  return std::string_view(storage);
}

}  // namespace doorward::catalogue::parts
