#include "catalogue/labels.h"

#include <algorithm>
#include <charconv>

#include "json/writer.h"

namespace doorward::catalogue {
namespace {

std::string string_at(json::Value array, std::size_t index) {
  const json::Value value = array.at(index);
  return value.is(json::Type::string) ? std::string(value.string()) : std::string();
}

/// The number of one of `count` enumerators, or nothing.
std::optional<std::size_t> index_at(json::Value array, std::size_t index, std::size_t count) {
  const json::Value value = array.at(index);
  if (!value.is(json::Type::number)) return std::nullopt;
  std::size_t number = 0;
  const std::string_view digits = value.number();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number >= count) return std::nullopt;
  return number;
}

}  // namespace

SignalBits bits_of(const risk::Classification& classification) {
  SignalBits bits = 0;
  for (const risk::SignalHit& hit : classification.signals) bits |= bit_of(hit.signal);
  return bits;
}

std::string reasons_of(const risk::Classification& classification) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("s").begin_array();
  for (const risk::SignalHit& hit : classification.signals) {
    writer.begin_array().number(static_cast<int>(hit.signal)).string(hit.where).string(hit.words).end_array();
  }
  writer.end_array().key("e").begin_array();
  for (const risk::Evidence& piece : classification.evidence) {
    writer.begin_array().number(static_cast<int>(piece.source)).string(piece.rule).string(piece.where);
    writer.string(piece.words).string(piece.says).end_array();
  }
  writer.end_array().end_object();
  return out;
}

void read_reasons(json::Reader& reader, std::string_view text, risk::Classification& into) {
  const auto root = reader.read(text);
  if (!root) return;
  for (const json::Value hit : root->find("s").elements()) {
    const auto signal = index_at(hit, 0, risk::kSignals);
    if (!signal) continue;
    into.signals.push_back({static_cast<risk::Signal>(*signal), string_at(hit, 1), string_at(hit, 2)});
  }
  constexpr std::size_t kSources = static_cast<std::size_t>(risk::EvidenceSource::server) + 1;
  for (const json::Value piece : root->find("e").elements()) {
    const auto source = index_at(piece, 0, kSources);
    if (!source) continue;
    into.evidence.push_back({static_cast<risk::EvidenceSource>(*source), string_at(piece, 1),
                             string_at(piece, 2), string_at(piece, 3), string_at(piece, 4)});
  }
}

void put_in_force(const Override& said, risk::Classification& classification) {
  if (said.category) {
    const bool raised = classification.severity > category_severity(classification.category);
    const Severity usual = category_severity(*said.category);
    classification.severity = raised ? std::max(classification.severity, usual) : usual;
    classification.category = *said.category;
    classification.confidence = 100;
  }
  if (said.severity) classification.severity = *said.severity;
}

void tell(const Override& said, risk::Classification& classification) {
  std::vector<risk::Evidence> evidence;
  const auto add = [&](std::string_view rule, std::string_view says) {
    evidence.push_back({risk::EvidenceSource::person, std::string(rule), "", said.reason, std::string(says)});
  };
  if (said.category) add("person.category", to_string(*said.category));
  if (said.severity) add("person.severity", to_string(*said.severity));
  classification.evidence.insert(classification.evidence.begin(), evidence.begin(), evidence.end());
}

}  // namespace doorward::catalogue
