#include "catalogue/drift.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "json/reader.h"
#include "mcp/definition_diff.h"
#include "mcp/tool_definition.h"
#include "risk/category.h"
#include "risk/classification.h"
#include "risk/poisoning.h"

namespace doorward::catalogue {
namespace {

using mcp::ChangeKind;
using mcp::ChangeOf;
using mcp::DefinitionChange;

/// Keywords that allow less the more of them there are.
constexpr std::array<std::string_view, 12> kBounds = {"enum",   "pattern", "format",      "const",         "not",        "multipleOf",
                                                      "contains", "uniqueItems", "propertyNames", "dependentRequired", "required",   "type"};
/// Keywords whose greater number allows more, and those whose smaller number does.
constexpr std::array<std::string_view, 5> kUpper = {"maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"};
constexpr std::array<std::string_view, 5> kLower = {"minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"};
/// Keywords that only describe.
constexpr std::array<std::string_view, 8> kNotes = {"description", "title", "examples", "$comment", "deprecated", "$schema", "$id", "readOnly"};
constexpr std::size_t kMostShown = 80;

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

std::string shown(std::string_view json) {
  return json.size() <= kMostShown ? std::string(json) : std::string(json.substr(0, kMostShown)) + "...";
}

std::optional<double> number_of(std::string_view json) {
  double value = 0;
  const auto [stop, error] = std::from_chars(json.data(), json.data() + json.size(), value);
  if (error != std::errc() || stop != json.data() + json.size()) return std::nullopt;
  return value;
}

/// The names in a `type`: `"string"` or `["string","null"]`.
std::set<std::string> types_of(std::string_view json) {
  std::set<std::string> types;
  std::size_t at = 0;
  while ((at = json.find('"', at)) != std::string_view::npos) {
    const std::size_t end = json.find('"', at + 1);
    if (end == std::string_view::npos) break;
    types.emplace(json.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  // Every integer is a number.
  if (types.contains("number")) types.insert("integer");
  return types;
}

/// Whether a change lets the input take more, less, or something else.
DriftKind direction_of(const DefinitionChange& change, std::string_view keyword) {
  const auto by = [&](bool wider) { return wider ? DriftKind::widened : DriftKind::narrowed; };
  if (keyword == "additionalProperties" || keyword == "unevaluatedProperties") {
    if (change.after == "false") return DriftKind::narrowed;
    return change.before == "false" ? DriftKind::widened : DriftKind::changed;
  }
  if (change.of == ChangeOf::parameter) {
    return change.kind == ChangeKind::changed ? DriftKind::changed : by(change.kind == ChangeKind::added);
  }
  if (change.of == ChangeOf::values) return by(change.kind == ChangeKind::added);
  if (change.of == ChangeOf::required) return by(change.kind == ChangeKind::removed);
  if (keyword == "properties" && change.kind != ChangeKind::changed) return by(change.kind == ChangeKind::added);
  const bool upper = is_one_of(keyword, kUpper);
  const bool lower = is_one_of(keyword, kLower);
  if (change.kind != ChangeKind::changed) {
    return upper || lower || is_one_of(keyword, kBounds) ? by(change.kind == ChangeKind::removed) : DriftKind::changed;
  }
  if (upper || lower) {
    const auto before = number_of(change.before);
    const auto after = number_of(change.after);
    return before && after ? by(upper ? *after > *before : *after < *before) : DriftKind::changed;
  }
  if (keyword == "type") {
    const auto before = types_of(change.before);
    const auto after = types_of(change.after);
    if (std::ranges::includes(after, before)) return DriftKind::widened;
    if (std::ranges::includes(before, after)) return DriftKind::narrowed;
  }
  return DriftKind::changed;
}

std::string_view last_step(std::string_view pointer) {
  return pointer.substr(std::min(pointer.size(), pointer.rfind('/') + 1));
}

class Comparison {
 public:
  Comparison(std::string_view server, std::string_view tool) : server_(server), tool_(tool) {}

  std::vector<Drift> run(json::Value before, json::Value after) {
    if (!before || !after) {
      only(before ? before : after, !before);
    } else {
      for (const DefinitionChange& change : mcp::diff_definitions(before, after)) take(change);
      compare_risk(before, after);
      compare_signs(before, after);
    }
    std::ranges::sort(drifts_, [](const Drift& a, const Drift& b) {
      return std::tie(b.severity, a.kind, a.where, a.says) < std::tie(a.severity, b.kind, b.where, b.says);
    });
    return std::move(drifts_);
  }

 private:
  void put(DriftKind kind, Severity severity, std::string where, std::string says) {
    drifts_.push_back({kind, severity, std::string(tool_), std::move(where), std::move(says)});
  }

  void only(json::Value tool, bool added) {
    const risk::Classification now = risk::classify(risk::facts_of(server_, tool));
    if (!added) return put(DriftKind::removed, Severity::low, {}, "the tool is there no more");
    put(DriftKind::added, now.severity, {},
        "a new tool: " + std::string(to_string(now.category)) + ", " + std::string(to_string(now.severity)));
    for (const risk::Sign& sign : risk::signs_of_poisoning(tool)) put_sign(sign);
  }

  void put_sign(const risk::Sign& sign) {
    put(DriftKind::poisoning, Severity::high, sign.where, std::string(risk::to_string(sign.kind)) + ": '" + sign.words + "'");
  }

  void take(const DefinitionChange& change) {
    const std::string_view keyword = last_step(change.where);
    if (change.of == ChangeOf::annotation) return take_annotation(change, keyword);
    const bool input = change.where.starts_with("/inputSchema");
    if (change.of == ChangeOf::text || is_one_of(keyword, kNotes)) {
      return put(DriftKind::text, Severity::low, change.where, "the text is another one");
    }
    if (!input) {
      return put(DriftKind::changed, Severity::low, change.where, std::string(mcp::to_string(change.kind)));
    }
    const DriftKind kind = direction_of(change, change.of == ChangeOf::values || change.of == ChangeOf::required ||
                                                            change.of == ChangeOf::parameter
                                                        ? std::string_view()
                                                        : keyword);
    put(kind, kind == DriftKind::narrowed ? Severity::low : Severity::medium, change.where, sentence(change, keyword));
  }

  /// A hint that makes a tool look harmless lets clients call it without a question.
  void take_annotation(const DefinitionChange& change, std::string_view hint) {
    Severity severity = Severity::low;
    const bool read_only = hint == "readOnlyHint";
    const bool destructive = hint == "destructiveHint";
    if ((read_only && change.after == "true") || (destructive && change.after == "false")) severity = Severity::high;
    if ((read_only && change.before == "true") || (destructive && change.after == "true")) severity = Severity::medium;
    put(DriftKind::annotation, severity, change.where, sentence(change, hint));
  }

  static std::string sentence(const DefinitionChange& change, std::string_view keyword) {
    if (change.of == ChangeOf::parameter) {
      return "parameter " + change.name +
             (change.kind == ChangeKind::added     ? " is new"
              : change.kind == ChangeKind::removed ? " is gone"
                                                   : " is another one");
    }
    if (change.of == ChangeOf::required) {
      return change.name + (change.kind == ChangeKind::added ? " must be given now" : " need not be given any more");
    }
    const std::string what = change.name.empty() || change.name == keyword ? std::string(keyword) : change.name + ": " + std::string(keyword);
    if (change.of == ChangeOf::values) {
      return change.name + (change.kind == ChangeKind::added ? " may be " + shown(change.after) + " now"
                                                             : " may not be " + shown(change.before) + " any more");
    }
    if (change.kind == ChangeKind::added) return what + " is " + shown(change.after) + " now, and was not said";
    if (change.kind == ChangeKind::removed) return what + " was " + shown(change.before) + ", and is not said any more";
    return what + " was " + shown(change.before) + ", is " + shown(change.after);
  }

  void compare_risk(json::Value before, json::Value after) {
    const risk::Classification was = risk::classify(risk::facts_of(server_, before));
    const risk::Classification now = risk::classify(risk::facts_of(server_, after));
    const auto label = [](const risk::Classification& each) {
      return std::string(to_string(each.category)) + ", " + std::string(to_string(each.severity));
    };
    const bool other_category = was.category != now.category;
    const bool riskier_category = other_category && risk::riskier(was.category, now.category) == now.category;
    if (now.severity > was.severity || riskier_category) {
      put(DriftKind::riskier, std::max(now.severity, Severity::medium), {}, "was " + label(was) + "; is " + label(now));
    } else if (now.severity < was.severity || other_category) {
      put(DriftKind::milder, Severity::low, {}, "was " + label(was) + "; is " + label(now));
    }
    for (const risk::SignalHit& hit : now.signals) {
      if (was.has(hit.signal)) continue;
      put(DriftKind::riskier, Severity::medium, hit.where,
          "now: " + std::string(risk::label(hit.signal)) + " (" + hit.words + ")");
    }
  }

  void compare_signs(json::Value before, json::Value after) {
    std::set<std::pair<risk::SignKind, std::string>> known;
    for (const risk::Sign& sign : risk::signs_of_poisoning(before)) known.emplace(sign.kind, sign.words);
    for (const risk::Sign& sign : risk::signs_of_poisoning(after)) {
      if (!known.contains({sign.kind, sign.words})) put_sign(sign);
    }
  }

  std::string_view server_;
  std::string_view tool_;
  std::vector<Drift> drifts_;
};

}  // namespace

std::string_view to_string(DriftKind kind) {
  constexpr std::array<std::string_view, 10> kNames = {"added",      "removed", "riskier", "poisoning", "widened",
                                                       "annotation", "text",    "changed", "narrowed",  "milder"};
  return kNames[static_cast<std::size_t>(kind)];
}

Result<std::vector<Drift>> drift_in(Catalogue& catalogue, const ServerRecord& server) {
  const auto tools = catalogue.tools(server.slug);
  if (!tools) return std::unexpected(tools.error());
  const auto gone = catalogue.gone_tools(server.slug);
  if (!gone) return std::unexpected(gone.error());
  // The server itself may be known from a source without tools, long before its first list.
  std::int64_t first_list_us = std::numeric_limits<std::int64_t>::max();
  for (const std::vector<ToolRecord>* list : {&*tools, &*gone}) {
    for (const ToolRecord& tool : *list) first_list_us = std::min(first_list_us, tool.first_seen_us);
  }
  std::vector<Drift> all;
  json::Reader before;
  json::Reader after;
  const auto add = [&](const std::string& tool, std::string_view was, std::string_view is) {
    const auto root_of = [](json::Reader& reader, std::string_view text) {
      const auto root = text.empty() ? std::expected<json::Value, json::ReadError>() : reader.read(text, {.bytes = mcp::kLargestDefinition});
      return root ? *root : json::Value();
    };
    std::ranges::move(drift_of(server.slug, tool, root_of(before, was), root_of(after, is)), std::back_inserter(all));
  };
  for (const ToolRecord& tool : *tools) {
    if (!tool.outer.empty()) continue;  // an action; its tool tells
    const auto versions = catalogue.versions(server.slug, tool.name);
    if (!versions) return std::unexpected(versions.error());
    if (versions->size() > 1) {
      add(tool.name, (*versions)[1].definition, (*versions)[0].definition);
    } else if (tool.first_seen_us > first_list_us) {
      add(tool.name, {}, tool.definition);
    }
  }
  for (const ToolRecord& tool : *gone) {
    if (tool.outer.empty()) add(tool.name, tool.definition, {});
  }
  std::ranges::stable_sort(all, std::ranges::greater(), &Drift::severity);
  return all;
}

std::vector<Drift> drift_of(std::string_view server, std::string_view tool, json::Value before, json::Value after) {
  if (!before && !after) return {};
  return Comparison(server, tool).run(before, after);
}

}  // namespace doorward::catalogue
