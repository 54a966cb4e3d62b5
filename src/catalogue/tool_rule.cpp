#include <algorithm>
#include <array>
#include <string>

#include "catalogue/recommendation.h"
#include "json/edit.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/glob.h"
#include "policy/policy.h"
#include "risk/severity.h"

namespace doorward::catalogue {
namespace {

constexpr std::string_view kNeedsPerson = "Requires human approval.";
constexpr std::string_view kCannotBeNamed =
    "The name of this tool is a pattern to a policy, so no rule can name it alone.";

std::string quoted(std::string_view text) {
  return json::quoted(text, json::Escape::ascii);
}

int calls_a_minute(Treatment treatment) {
  switch (treatment) {
    case Treatment::sixty:
      return 60;
    case Treatment::thirty:
      return 30;
    default:
      return 10;
  }
}

std::string limit(std::string_view tool, int max) {
  return "{\"counter\": " + quoted(std::string(tool) + "_rate") +
         ", \"window\": \"minute\", \"max\": " + std::to_string(max) + ", \"scope\": \"grant\"}";
}

/// A document of one member beside `default: deny`.
std::string document(std::string_view member) {
  return "{\n  \"version\": \"1\",\n  \"default\": \"deny\",\n  " + std::string(member) + "\n}\n";
}
std::string document_of_block(std::string_view tool, std::string_view block) {
  return document("\"tools\": {\n    " + quoted(tool) + ": " + std::string(block) + "\n  }");
}
std::string document_hiding(std::string_view tool) {
  return document("\"hide\": [" + quoted(tool) + "]");
}
std::string document_limiting(std::string_view tool, int max) {
  return document_of_block(tool, "{\"limits\": [" + limit(tool, max) + "]}");
}

/// An entry that holds for this tool alone, for `all_tools`, where its name could not be a key.
std::string entry_for(std::string_view tool, std::string_view note) {
  return "{\"conditions\": [{\"path\": \"tool.name\", \"op\": \"eq\", \"value\": " + quoted(tool) +
         "}], \"on_deny\": " + quoted(note) + "}";
}
std::string document_refusing(std::string_view tool) {
  return document("\"all_tools\": {\"deny_if\": [" + entry_for(tool, kCannotBeNamed) + "]}");
}

std::string document_of(std::string_view tool, Treatment treatment) {
  switch (treatment) {
    case Treatment::runs:
      return document_of_block(tool, "{}");
    case Treatment::hidden:
      return document_hiding(tool);
    case Treatment::asks:
      return document_of_block(tool, "{\"action\": \"approve\"}");
    default:
      return document_limiting(tool, calls_a_minute(treatment));
  }
}

/// The category's rule as published catalogues show it. They have no way to ask a person, so money is denied.
std::string published_document(std::string_view tool, Category category) {
  if (category == Category::financial) {
    return document_of_block(
        tool, "{\"deny_if\": [{\"conditions\": [], \"on_deny\": " + quoted(kNeedsPerson) + "}]}");
  }
  risk::Classification plain;
  plain.category = category;
  plain.severity = category_severity(category);
  if (category == Category::read || category == Category::other) plain.severity = Severity::low;
  return document_of(tool, treatment_of(plain, Posture::recommended));
}

std::string what_it_does(Treatment treatment) {
  switch (treatment) {
    case Treatment::runs:
      return "allows it";
    case Treatment::hidden:
      return "hides it";
    case Treatment::asks:
      return "asks a person at each call";
    default:
      return "allows " + std::to_string(calls_a_minute(treatment)) + " calls a minute";
  }
}

std::string reason_of(const risk::Classification& classification) {
  for (const risk::Evidence& piece : classification.evidence) {
    if (piece.says != to_string(classification.severity)) continue;
    if (const risk::SeverityRule* rule = risk::find_severity_rule(piece.rule))
      return "because " + std::string(rule->why) + " (\"" + piece.words + "\")";
    if (piece.source == risk::EvidenceSource::person) return "because a person set it";
  }
  return "by its signals";
}

std::string why_ours_differs(const risk::Classification& classification, Treatment ours) {
  const Category category = classification.category;
  if (category == Category::financial) {
    return "A published rule can only refuse a Financial tool with the words \"" + std::string(kNeedsPerson) +
           "\"; this gateway asks that person and lets the call run once it is approved.";
  }
  return "The published rule follows the category alone: " + std::string(to_string(category)) + " is " +
         std::string(to_string(category_severity(category))) + ". Its own severity is " +
         std::string(to_string(classification.severity)) + ", " + reason_of(classification) +
         ", so the recommended rule " + what_it_does(ours) + ".";
}

// -- Merging
// ------------------------------------------------------------------------------------------------------

using json::append_in_list;
using json::append_member;
using json::Edit;

bool holds_text(json::Value list, std::string_view wanted) {
  return std::ranges::any_of(list.elements(), [&](json::Value element) {
    return element.is(json::Type::string) && element.string() == wanted;
  });
}

/// Whether a limit as strict as ours stands there already.
bool is_limited(json::Value block, int max) {
  for (const json::Value entry : block.find("limits").elements()) {
    const json::Value most = entry.find("max");
    if (json::text_of(entry, "window") != "minute" || json::text_of(entry, "scope") != "grant" ||
        entry.find("amount") || !most.is(json::Type::number)) {
      continue;
    }
    const std::string_view digits = most.number();
    int value = 0;
    const bool small = digits.size() <= 4 && std::ranges::all_of(digits, [&](char c) {
                         value = value * 10 + (c - '0');
                         return c >= '0' && c <= '9';
                       });
    if (small && value <= max) return true;
  }
  return false;
}

/// What has to change for one tool, or nothing where the document is as strict already.
std::optional<Edit> change_for(std::string_view text, json::Value root, std::string_view tool,
                                    Treatment treatment) {
  const json::Value all_tools = root.find("all_tools");
  if (policy::is_glob(tool)) {
    const std::string entry = entry_for(tool, kCannotBeNamed);
    if (all_tools.is(json::Type::object)) return append_in_list(text, all_tools, "deny_if", entry);
    return append_member(text, root, "all_tools", "{\"deny_if\": [" + entry + "]}");
  }
  if (treatment == Treatment::hidden) {
    if (holds_text(root.find("hide"), tool)) return std::nullopt;
    return append_in_list(text, root, "hide", quoted(tool));
  }
  const json::Value tools = root.find("tools");
  const json::Value block = tools.find(tool);
  if (!block) {
    std::string rule = "{}";
    if (treatment == Treatment::asks)
      rule = "{\"action\": \"approve\"}";
    else if (treatment != Treatment::runs)
      rule = "{\"limits\": [" + limit(tool, calls_a_minute(treatment)) + "]}";
    if (tools.is(json::Type::object)) return append_member(text, tools, tool, rule);
    return append_member(text, root, "tools", "{" + quoted(tool) + ": " + rule + "}");
  }
  const json::Value action = block.find("action");
  const std::string_view acts = action.is(json::Type::string) ? action.string() : std::string_view();
  if (treatment == Treatment::runs || acts == "deny" || acts == "hide") return std::nullopt;
  if (treatment == Treatment::asks) {
    if (acts == "approve") return std::nullopt;
    if (acts == "allow") {
      return json::replace_value(action, "\"approve\"");
    }
    return append_in_list(text, block, "approve_if", "{\"conditions\": []}");
  }
  const int max = calls_a_minute(treatment);
  if (is_limited(block, max)) return std::nullopt;
  return append_in_list(text, block, "limits", limit(tool, max));
}

}  // namespace

ToolRule recommend(std::string_view tool, const risk::Classification& classification) {
  ToolRule rule;
  if (policy::is_glob(tool)) {
    rule.policy = rule.published = rule.rate_limit = rule.block = document_refusing(tool);
    rule.why = std::string(kCannotBeNamed) + " It is refused.";
    rule.does = "refuses it";
    return rule;
  }
  const Treatment ours = treatment_of(classification, Posture::recommended);
  rule.policy = document_of(tool, ours);
  rule.published = published_document(tool, classification.category);
  if (rule.policy != rule.published) rule.why = why_ours_differs(classification, ours);
  const bool limits = ours == Treatment::sixty || ours == Treatment::thirty || ours == Treatment::ten;
  rule.rate_limit = document_limiting(tool, ours == Treatment::runs ? 60
                                            : limits                ? calls_a_minute(ours)
                                                                    : 10);
  rule.block = document_hiding(tool);
  rule.does = what_it_does(ours);
  return rule;
}

Result<std::string> merge_rule(std::string_view policy, std::string_view tool,
                               const risk::Classification& classification) {
  const auto refused = [](const policy::Findings& findings) {
    for (const policy::Finding& finding : findings) {
      if (finding.severity == policy::Severity::error) return policy::to_text(finding, "policy");
    }
    return std::string("it is no policy");
  };
  if (const auto loaded = policy::load(policy); !loaded)
    return fail(ErrorKind::invalid, "the policy to merge into is not valid: " + refused(loaded.error()));
  json::Reader reader;
  const auto root = reader.read(policy);
  if (!root) return fail(ErrorKind::invalid, "the policy to merge into is no JSON: " + root.error().message);
  const auto change = change_for(policy, *root, tool, treatment_of(classification, Posture::recommended));
  if (!change) return std::string(policy);
  std::string merged = json::edited(policy, *change);
  if (const auto loaded = policy::load(merged); !loaded) {
    return fail(ErrorKind::invalid, "with the rule for \"" + std::string(tool) +
                                        "\" the policy would no longer be valid: " + refused(loaded.error()));
  }
  return merged;
}

}  // namespace doorward::catalogue
