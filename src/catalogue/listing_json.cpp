#include "catalogue/listing_json.h"

#include <array>
#include <charconv>

#include "json/writer.h"

namespace doorward::catalogue {
namespace {

struct Text {
  std::string_view key;
  std::string Listing::*member;
};

constexpr std::array<Text, 11> kTexts = {{{"source", &Listing::source},
                                          {"source_id", &Listing::source_id},
                                          {"name", &Listing::name},
                                          {"title", &Listing::title},
                                          {"description", &Listing::description},
                                          {"version", &Listing::version},
                                          {"publisher", &Listing::publisher},
                                          {"repository", &Listing::repository},
                                          {"website", &Listing::website},
                                          {"licence", &Listing::licence},
                                          {"auth", &Listing::auth}}};

constexpr std::array<std::string_view, 3> kKnown = {"none", "partial", "whole"};

void write_text(json::Writer& writer, std::string_view key, std::string_view text) {
  if (!text.empty()) writer.key(key).string(text);
}

std::string string_of(json::Value object, std::string_view key) {
  return std::string(json::text_of(object, key));
}

}  // namespace

std::string to_json(const Listing& listing) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const Text& text : kTexts) write_text(writer, text.key, listing.*text.member);
  if (!listing.packages.empty()) {
    writer.key("packages").begin_array();
    for (const Package& package : listing.packages) {
      writer.begin_object().key("registry").string(package.registry);
      writer.key("identifier").string(package.identifier);
      write_text(writer, "version", package.version);
      write_text(writer, "transport", package.transport);
      writer.end_object();
    }
    writer.end_array();
  }
  if (!listing.remotes.empty()) {
    writer.key("remotes").begin_array();
    for (const Remote& remote : listing.remotes) {
      writer.begin_object().key("transport").string(remote.transport).key("url").string(remote.url);
      if (remote.needs_secret) writer.key("needs_secret").boolean(true);
      writer.end_object();
    }
    writer.end_array();
  }
  writer.key("tools_known").string(kKnown[static_cast<std::size_t>(listing.tools_known)]);
  if (listing.updated_us != 0) writer.key("updated_us").number(listing.updated_us);
  if (listing.gone) writer.key("gone").boolean(true);
  writer.end_object();
  return out;
}

Listing listing_of(json::Value object) {
  Listing listing;
  for (const Text& text : kTexts) listing.*text.member = string_of(object, text.key);
  for (const json::Value package : object.find("packages").elements()) {
    listing.packages.push_back({.registry = string_of(package, "registry"),
                                .identifier = string_of(package, "identifier"),
                                .version = string_of(package, "version"),
                                .transport = string_of(package, "transport")});
  }
  for (const json::Value remote : object.find("remotes").elements()) {
    listing.remotes.push_back({.transport = string_of(remote, "transport"),
                               .url = string_of(remote, "url"),
                               .needs_secret = json::is_true(remote.find("needs_secret"))});
  }
  const std::string_view known = json::text_of(object, "tools_known");
  for (std::size_t i = 0; i < kKnown.size(); ++i) {
    if (kKnown[i] == known) listing.tools_known = static_cast<ToolsKnown>(i);
  }
  if (const json::Value updated = object.find("updated_us"); updated.is(json::Type::number)) {
    const std::string_view digits = updated.number();
    std::from_chars(digits.data(), digits.data() + digits.size(), listing.updated_us);
  }
  listing.gone = json::is_true(object.find("gone"));
  return listing;
}

}  // namespace doorward::catalogue
