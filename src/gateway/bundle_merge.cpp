#include "gateway/bundle_merge.h"

#include <array>
#include <map>
#include <set>
#include <string_view>

#include "json/writer.h"
#include "mcp/method.h"

namespace doorward::gateway {
namespace {


}  // namespace

std::string merge_capabilities(std::span<const std::string> members, json::Reader& reader) {
  struct Kind {
    std::string_view name;
    std::array<std::string_view, 2> flags;
  };
  static constexpr std::array<Kind, 5> kKinds = {{{"completions", {}},
                                                  {"logging", {}},
                                                  {"prompts", {"listChanged", {}}},
                                                  {"resources", {"listChanged", "subscribe"}},
                                                  {"tools", {"listChanged", {}}}}};
  std::map<std::string_view, std::set<std::string_view>> merged;
  bool tasks = false;      // of 2025-11-25
  bool extension = false;  // tasks of 2026-07-28
  for (const std::string& text : members) {
    const auto root = reader.read(text);
    if (!root) continue;
    tasks = tasks || root->find("tasks").is(json::Type::object);
    extension = extension || root->find("extensions").find(mcp::kTasksExtension).is(json::Type::object);
    for (const Kind& kind : kKinds) {
      const json::Value of = root->find(kind.name);
      if (!of.is(json::Type::object)) continue;
      std::set<std::string_view>& flags = merged[kind.name];
      for (std::string_view flag : kind.flags) {
        const json::Value set = of.find(flag);
        if (set.is(json::Type::boolean) && set.boolean()) flags.insert(flag);
      }
    }
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (extension) {
    writer.key("extensions").begin_object().key(mcp::kTasksExtension).begin_object().end_object().end_object();
  }
  for (const auto& [name, flags] : merged) {
    writer.key(name).begin_object();
    for (std::string_view flag : flags) writer.key(flag).boolean(true);
    writer.end_object();
  }
  // Their list is not merged.
  if (tasks) writer.key("tasks").raw(R"({"cancel":{},"requests":{"tools":{"call":{}}}})");
  writer.end_object();
  return out;
}

}  // namespace doorward::gateway
