// Any text through the loader; what it accepts is decided, explained and rendered for a few calls. The
// oracles: a document that loads is JSON with an allowed head, decisions with and without an index agree, an
// explanation is JSON and names the same rule, what the agent is told is one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "policy/decide.h"
#include "policy/dialect.h"
#include "policy/explain.h"

namespace {

using namespace doorward;

void check(bool holds) {
  if (!holds) std::abort();
}

void judge(const std::shared_ptr<const policy::Policy>& document, std::string_view tool,
           std::string_view args) {
  json::Reader reader;
  policy::Call call;
  call.tool = tool;
  call.args = *reader.read(args);
  call.category = Category::write;
  call.now_us = 1'767'225'600'000'000;
  policy::Subject subject{"grant", {{"team", "red"}}, call.args};
  call.subject = &subject;
  policy::Scratch scratch;
  const policy::Decision plain = policy::decide(*document, call, scratch);
  const policy::ToolIndex::Tool tools[] = {{std::string(tool), Category::write}};
  const policy::ToolIndex index(document, tools);
  const policy::Decision indexed = policy::decide(*document, call, scratch, &index);
  check(plain.rule == indexed.rule && plain.verdict == indexed.verdict);

  const policy::Explanation explained = policy::explain(*document, call, &plain);
  check(explained.rule == plain.rule->rule);
  const std::string rendered = policy::to_json(explained);
  check(reader.read(rendered).has_value());
  check(explained.told_agent.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  json::Reader reader;
  if (const auto tree = reader.read(text); tree && policy::is_older_dialect(*tree)) {
    if (const auto translated = policy::translate(text, *tree))
      check(policy::load(translated->document).has_value());
    return 0;
  }
  const auto loaded = policy::load(text);
  if (!loaded) {
    check(!loaded.error().empty());
    for (const policy::Finding& finding : loaded.error()) {
      check(finding.line > 0 && finding.column > 0 && finding.end <= text.size());
      check(!policy::to_text(finding, "fuzz").empty());
    }
    return 0;
  }
  const auto tree = reader.read(text);
  check(tree.has_value() && tree->find("version").string() == "1");
  for (const char* tool : {"t", "create_charge", "delete_x"}) {
    for (const char* args :
         {"{}", R"({"a":1,"amount":12000,"to":["a@b.c",null,{}],"path":"/srv/x","n":{"m":[[],[1]]}})"}) {
      judge(loaded->policy, tool, args);
    }
  }
  return 0;
}
