#include "catalogue/implementation_json.h"

#include <array>
#include <charconv>

#include "json/reader.h"

namespace doorward::catalogue {
namespace {

constexpr std::array kRoles = {PlaceRole::registration, PlaceRole::schema, PlaceRole::handler,
                               PlaceRole::service};

std::size_t number_of(json::Value object, std::string_view key) {
  const json::Value value = object.find(key);
  std::size_t number = 0;
  if (value.is(json::Type::number)) {
    const std::string_view digits = value.number();
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
  }
  return number;
}

}  // namespace

void write_implementation(json::Writer& writer, const Implementation& implementation) {
  const Package& package = implementation.package;
  writer.begin_object().key("package").begin_object().key("registry").string(package.registry);
  writer.key("identifier").string(package.identifier).key("version").string(package.version).end_object();
  writer.key("places").begin_array();
  for (const CodePlace& place : implementation.places) {
    writer.begin_object().key("role").string(to_string(place.role)).key("file").string(place.file);
    writer.key("first").number(place.first).key("last").number(place.last);
    if (!place.built_from.empty()) {
      writer.key("built_from").begin_object().key("file").string(place.built_from);
      if (place.built_first != 0)
        writer.key("first").number(place.built_first).key("last").number(place.built_last);
      writer.end_object();
    }
    writer.end_object();
  }
  writer.end_array().end_object();
}

Implementation read_implementation(std::string_view tool, std::string_view text) {
  Implementation implementation;
  implementation.tool = tool;
  json::Reader reader;
  const auto root = reader.read(text);
  if (!root) return implementation;
  const json::Value package = root->find("package");
  implementation.package.registry = text_of(package, "registry");
  implementation.package.identifier = text_of(package, "identifier");
  implementation.package.version = text_of(package, "version");
  for (const json::Value at : root->find("places").elements()) {
    for (const PlaceRole role : kRoles) {
      if (text_of(at, "role") != to_string(role)) continue;
      const json::Value built = at.find("built_from");
      implementation.places.push_back({.role = role,
                                       .file = std::string(text_of(at, "file")),
                                       .first = number_of(at, "first"),
                                       .last = number_of(at, "last"),
                                       .built_from = std::string(text_of(built, "file")),
                                       .built_first = number_of(built, "first"),
                                       .built_last = number_of(built, "last")});
    }
  }
  return implementation;
}

}  // namespace doorward::catalogue
