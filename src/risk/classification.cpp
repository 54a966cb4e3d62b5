#include "risk/classification.h"

#include <algorithm>
#include <array>
#include <utility>

#include "risk/category.h"
#include "risk/severity.h"
#include "risk/signals.h"
#include "risk/tool_reading.h"

namespace doorward::risk {
std::string_view to_string(EvidenceSource source) {
  constexpr std::array<std::string_view, 6> kNames = {"person", "name", "description", "schema", "annotation", "server"};
  return kNames[static_cast<std::size_t>(source)];
}

bool Classification::has(Signal signal) const {
  return std::ranges::find(signals, signal, &SignalHit::signal) != signals.end();
}

std::uint32_t rules_version() {
  return 5;
}

Classification classify(const ToolFacts& tool) {
  const ToolReading reading(tool);
  CategoryVerdict verdict = category_of(reading);
  Classification result;
  result.category = verdict.category;
  result.confidence = verdict.confidence;
  result.signals = find_signals(reading, result.category);
  result.evidence = std::move(verdict.evidence);
  result.severity = judge_severity(reading, result.category, result.signals, result.evidence);
  return result;
}

std::string fraction(int percent) {
  if (percent >= 100) return "1";
  const std::string digits = std::to_string(percent);
  return (percent < 10 ? "0.0" : "0.") + digits;
}

void write_classification(json::Writer& writer, const Classification& classification) {
  writer.key("category").string(doorward::to_string(classification.category));
  writer.key("severity").string(doorward::to_string(classification.severity));
  writer.key("confidence").raw(fraction(classification.confidence));
  writer.key("signals").begin_array();
  for (const SignalHit& hit : classification.signals) {
    writer.begin_object().key("signal").string(to_string(hit.signal)).key("label").string(label(hit.signal));
    writer.key("where").string(hit.where).key("words").string(hit.words).end_object();
  }
  writer.end_array().key("evidence").begin_array();
  for (const Evidence& piece : classification.evidence) {
    writer.begin_object().key("source").string(to_string(piece.source)).key("rule").string(piece.rule);
    writer.key("where").string(piece.where).key("words").string(piece.words);
    writer.key("says").string(piece.says).end_object();
  }
  writer.end_array();
}

}  // namespace doorward::risk
