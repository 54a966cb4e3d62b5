// Laws over random documents and calls (issue of the engine; policy.md sections 2 and 3).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "policy/test_support.h"

namespace doorward::policy {
namespace {

using Texts = std::vector<std::string>;

rc::Gen<std::string> tool_key() {
  return rc::gen::element<std::string>("a", "b", "ab", "a*", "*", "?b", "c");
}
rc::Gen<std::string> tool_name() {
  return rc::gen::element<std::string>("a", "b", "ab", "abc", "c", "zz");
}

rc::Gen<std::string> condition() {
  return rc::gen::apply(
      [](std::string path, std::string test) { return R"({"path":")" + path + R"(",)" + test + "}"; },
      rc::gen::element<std::string>("args.x", "args.y", "args.l[*]", "tool.name", "args.x.z"),
      rc::gen::element<std::string>(R"("op":"eq","value":1)", R"("op":"neq","value":1)",
                                    R"("op":"gt","value":0)", R"("op":"exists","value":true)",
                                    R"("op":"exists","value":false)", R"("op":"in","value":["a",2])"));
}

std::string joined(const Texts& parts, char open, char close) {
  std::string out(1, open);
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : ",") + parts[i];
  return out + close;
}

rc::Gen<std::string> entry() {
  return rc::gen::map(
      rc::gen::resize(3, rc::gen::container<Texts>(condition())),
      [](const Texts& conditions) { return R"({"conditions":)" + joined(conditions, '[', ']') + "}"; });
}

/// A document in parts, so that laws can add to it and order it anew.
struct Parts {
  std::string fallback;
  Texts hide;
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, Texts>>>>
      tools;  // key -> list -> entries

  std::string block(const std::vector<std::pair<std::string, Texts>>& lists) const {
    Texts members;
    for (const auto& [name, entries] : lists)
      members.push_back("\"" + name + "\":" + joined(entries, '[', ']'));
    return joined(members, '{', '}');
  }
  std::string text(bool reversed = false) const {
    Texts names;
    for (const std::string& name : hide) names.push_back("\"" + name + "\"");
    Texts blocks;
    for (auto [key, lists] : tools) {
      if (reversed) std::ranges::reverse(lists);
      blocks.push_back("\"" + key + "\":" + block(lists));
    }
    if (reversed) std::ranges::reverse(blocks);
    Texts members = {R"("version":"1")", "\"default\":\"" + fallback + "\"",
                     "\"hide\":" + joined(names, '[', ']'), "\"tools\":" + joined(blocks, '{', '}')};
    if (reversed) std::ranges::reverse(members);
    return joined(members, '{', '}');
  }
};

Parts any_parts() {
  Parts parts;
  parts.fallback = *rc::gen::element<std::string>("allow", "deny");
  parts.hide =
      *rc::gen::resize(2, rc::gen::container<Texts>(rc::gen::element<std::string>("a", "b*", "zz", "?")));
  const auto keys = *rc::gen::resize(4, rc::gen::unique<Texts>(tool_key()));
  for (const std::string& key : keys) {
    std::vector<std::pair<std::string, Texts>> lists;
    for (const char* list : {"deny_if", "require", "approve_if"}) {
      if (*rc::gen::arbitrary<bool>())
        lists.emplace_back(list, *rc::gen::resize(3, rc::gen::container<Texts>(entry())));
    }
    parts.tools.emplace_back(key, std::move(lists));
  }
  return parts;
}

std::string any_args() {
  return *rc::gen::element<std::string>("{}", R"({"x":1})", R"({"x":2,"y":1})", R"({"x":"1"})",
                                        R"({"l":[1,2]})", R"({"l":[]})", R"({"x":{"z":1},"l":[1,null]})",
                                        R"({"y":null,"l":"no"})");
}

/// How much a verdict permits.
int permission(const std::string& decision) {
  if (decision.starts_with("allow")) return 2;
  return decision.starts_with("approve") ? 1 : 0;
}

RC_GTEST_PROP(Laws, AddingAnEntryToABlockNeverAllowsMore, ()) {
  Parts parts = any_parts();
  RC_PRE(!parts.tools.empty());
  const std::string name = *tool_name();
  const std::string args = any_args();
  const int before = permission(testing::judged(parts.text(), name, args));
  auto& lists = parts.tools[*rc::gen::inRange<std::size_t>(0, parts.tools.size())].second;
  const std::string list = *rc::gen::element<std::string>("deny_if", "require", "approve_if");
  auto found = std::ranges::find(lists, list, &std::pair<std::string, Texts>::first);
  if (found == lists.end()) found = lists.insert(lists.end(), {list, {}});
  const auto at = *rc::gen::inRange<std::size_t>(0, found->second.size() + 1);
  found->second.insert(found->second.begin() + static_cast<std::ptrdiff_t>(at), *entry());
  RC_ASSERT(permission(testing::judged(parts.text(), name, args)) <= before);
}

RC_GTEST_PROP(Laws, HidingANameNeverAllowsMore, ()) {
  Parts parts = any_parts();
  const std::string name = *tool_name();
  const std::string args = any_args();
  const int before = permission(testing::judged(parts.text(), name, args));
  parts.hide.push_back(*rc::gen::element<std::string>("a", "a*", "*", "zz"));
  RC_ASSERT(permission(testing::judged(parts.text(), name, args)) <= before);
}

RC_GTEST_PROP(Laws, T176_KeyOrderChangesNothing, ()) {
  const Parts parts = any_parts();
  const std::string name = *tool_name();
  const std::string args = any_args();
  RC_ASSERT(testing::judged(parts.text(), name, args) == testing::judged(parts.text(true), name, args));
}

RC_GTEST_PROP(Laws, CallableToolsAreListed, ()) {
  const auto policy = testing::load_or_fail(any_parts().text());
  const testing::CallUnderTest under_test(*tool_name(), any_args());
  Scratch scratch;
  const Verdict verdict = decide(*policy, under_test.call, scratch).verdict;
  RC_ASSERT(listed(policy.get(), under_test.call, scratch) == (verdict != Verdict::hide));
}

RC_GTEST_PROP(Laws, TheIndexChangesNothing, ()) {
  const auto policy = testing::load_or_fail(any_parts().text());
  const std::string name = *tool_name();
  const ToolIndex::Tool tools[] = {{name, std::nullopt}};
  const ToolIndex index(policy, tools);
  const testing::CallUnderTest under_test(name, any_args());
  Scratch scratch;
  const Decision plain = decide(*policy, under_test.call, scratch);
  const Decision indexed = decide(*policy, under_test.call, scratch, &index);
  RC_ASSERT(plain.rule == indexed.rule);
}

}  // namespace
}  // namespace doorward::policy
