#include "gateway/injection.h"

#include <algorithm>

#include "gateway/splice.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

bool names(InjectedArguments injected, std::string_view tool, std::string_view argument) {
  return std::ranges::any_of(injected, [&](const upstream::InjectedArgument& one) {
    return one.argument == argument && one.applies_to(tool);
  });
}

/// The elements of an array but for the strings that `drop` names.
template <typename Drop>
std::string array_without(std::string_view text, json::Value array, Drop drop) {
  std::string out = "[";
  for (const json::Value element : array.elements()) {
    if (element.is(json::Type::string) && drop(element.string())) continue;
    if (out.size() > 1) out += ',';
    out += bytes_of_value(text, element);
  }
  return out + "]";
}

template <typename Drop>
std::string object_without(std::string_view text, json::Value object, Drop drop) {
  std::string out = "{";
  for (const json::Member member : object.members()) {
    if (drop(member.key.string())) continue;
    if (out.size() > 1) out += ',';
    out += text.substr(member.key.begin_offset(), member.value.end_offset() - member.key.begin_offset());
  }
  return out + "}";
}

}  // namespace

std::string_view injected_in(InjectedArguments injected, std::string_view tool, json::Value arguments) {
  const auto found = std::ranges::find_if(injected, [&](const upstream::InjectedArgument& one) {
    return one.applies_to(tool) && arguments.find(one.argument);
  });
  return found == injected.end() ? std::string_view() : std::string_view(found->argument);
}

void append_injected(std::string& out, InjectedArguments injected, std::string_view tool) {
  for (const upstream::InjectedArgument& one : injected) {
    if (!one.applies_to(tool)) continue;
    if (!out.empty()) out += ',';
    json::append_string(out, one.argument);
    out += ':';
    out += one.value;
  }
}

void append_without_injected(std::string& out, std::string_view text, json::Value tool,
                             InjectedArguments injected) {
  if (injected.empty()) {
    out += bytes_of_value(text, tool);
    return;
  }
  const json::Value name = tool.find("name");
  const auto drop = [&](std::string_view argument) { return names(injected, name.string(), argument); };
  const json::Value schema = tool.find("inputSchema");
  json::Value properties = schema.find("properties");
  json::Value required = schema.find("required");
  const auto has_any = [&](json::Value list) {
    if (list.is(json::Type::object)) {
      return std::ranges::any_of(
          injected, [&](const auto& one) { return list.find(one.argument) && drop(one.argument); });
    }
    for (const json::Value element : list.elements()) {
      if (element.is(json::Type::string) && drop(element.string())) return true;
    }
    return false;
  };
  if (!properties.is(json::Type::object) || !has_any(properties)) properties = {};
  if (!required.is(json::Type::array) || !has_any(required)) required = {};
  std::string fewer_properties;
  std::string fewer_required;
  Splice splice(text.substr(0, tool.end_offset()));
  if (properties) fewer_properties = object_without(text, properties, drop);
  if (required) fewer_required = array_without(text, required, drop);
  splice.replace(properties, fewer_properties);
  splice.replace(required, fewer_required);
  std::size_t skip = tool.begin_offset();
  for (std::string_view piece : splice.pieces()) {
    const std::size_t left_out = std::min(skip, piece.size());
    skip -= left_out;
    out += piece.substr(left_out);
  }
}

}  // namespace doorward::gateway
