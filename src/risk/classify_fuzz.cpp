// Any text as a tool's definition. The oracles: the same tool twice is classified alike, the severity is no
// milder than the category's where the category is a matter of harm, a readOnlyHint never lowers, every piece
// of evidence is bounded and written as JSON that we read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/writer.h"
#include "risk/category.h"
#include "risk/classification.h"

namespace {

using namespace doorward;

void check(bool holds) {
  if (!holds) std::abort();
}

std::string written(const risk::Classification& classification) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  risk::write_classification(writer, classification);
  writer.end_object();
  return text;
}

void judge(json::Value tool) {
  const risk::ToolFacts facts = risk::facts_of(text_of(tool, "server"), tool);
  const risk::Classification classification = risk::classify(facts);
  const std::string text = written(classification);
  check(text == written(risk::classify(facts)));
  json::Reader reader;
  check(reader.read(text).has_value());
  check(classification.confidence >= 0 && classification.confidence < 100);
  for (const risk::Evidence& piece : classification.evidence) check(piece.words.size() <= 120);

  risk::ToolFacts marked = facts;
  json::Reader hints;
  marked.annotations = *hints.read(R"({"readOnlyHint":true})");
  risk::ToolFacts bare = facts;
  bare.annotations = json::Value();
  const Category before = risk::classify(bare).category;
  check(risk::riskier(risk::classify(marked).category, before) != before ||
        risk::classify(marked).category == before);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  json::Reader reader;
  if (const auto tool = reader.read(text)) {
    judge(*tool);
  } else {
    // What is no JSON is a name and a description.
    const std::size_t end = text.find('\n');
    risk::ToolFacts facts;
    facts.name = text.substr(0, end);
    if (end != std::string_view::npos) facts.description = text.substr(end + 1);
    const risk::Classification classification = risk::classify(facts);
    json::Reader again;
    const std::string told = written(classification);
    check(again.read(told).has_value());
  }
  return 0;
}
