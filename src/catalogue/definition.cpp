#include "catalogue/definition.h"

#include <array>
#include <string>
#include <string_view>

namespace doorward::catalogue {

Digest definition_key(json::Value tool, json::Canonical& canonical) {
  constexpr std::array<std::string_view, 4> kMembers = {"annotations", "description", "inputSchema", "name"};
  std::string text = "{";
  for (const std::string_view member : kMembers) {
    const json::Value value = tool.find(member);
    if (!value) continue;
    if (text.size() > 1) text += ',';
    text += '"';
    text += member;
    text += "\":";
    canonical.append(value, text);
  }
  text += '}';
  return sha256(text);
}

}  // namespace doorward::catalogue
