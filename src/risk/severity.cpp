#include "risk/severity.h"

#include <algorithm>
#include <array>

namespace doorward::risk {
namespace {

constexpr Categories kRead = one_of(Category::read);
constexpr Categories kPlain = kRead | one_of(Category::other);
constexpr Categories kWrite = one_of(Category::write);
constexpr Categories kExecute = one_of(Category::execute);
constexpr Categories kRuns = kExecute | one_of(Category::other);

constexpr std::array kRules = {
    // What is run is whatever the caller writes.
    SeverityRule{"severity.shell", Signal::accepts_code, "code.shell", kRuns, Severity::critical,
                 "it runs any command of a shell"},
    SeverityRule{"severity.program", Signal::accepts_code, "code.program", kExecute, Severity::critical,
                 "it runs any program"},
    SeverityRule{"severity.source", Signal::accepts_code, "code.source", kExecute, Severity::critical,
                 "it runs any program"},
    SeverityRule{"severity.sql", Signal::accepts_code, "code.sql", kAnyCategory, Severity::critical,
                 "it takes raw SQL, which can change and delete what the database holds"},
    SeverityRule{"severity.database-query", Signal::accepts_code, "code.query-of-database", kAnyCategory,
                 Severity::critical,
                 "it takes a raw query of a database, which can change and delete what it holds"},
    SeverityRule{"severity.raw-api", Signal::raw_api, "", kAnyCategory & ~kRead, Severity::critical,
                 "it reaches every endpoint of an API, those that delete too"},
    SeverityRule{"severity.irreversible-run", Signal::irreversible, "", kExecute, Severity::critical,
                 "what it does cannot be undone"},
    // Credentials.
    SeverityRule{"severity.returns-secrets", Signal::returns_secrets, "", kAnyCategory, Severity::high,
                 "it returns credentials"},
    SeverityRule{"severity.changes-secrets", Signal::handles_secrets, "secret.tool", kWrite, Severity::high,
                 "it creates or changes credentials"},
    SeverityRule{"severity.text-secrets", Signal::handles_secrets, "secret.text", kWrite, Severity::high,
                 "it creates or changes credentials"},
    // Reach.
    SeverityRule{"severity.raw-api-read", Signal::raw_api, "", kRead, Severity::high,
                 "it reaches every endpoint of an API"},
    SeverityRule{"severity.command-kept", Signal::accepts_code, "code.shell", kRead | kWrite, Severity::high,
                 "it takes a command of a shell"},
    SeverityRule{"severity.graphql", Signal::accepts_code, "code.graphql", kRuns, Severity::high,
                 "it takes any GraphQL, mutations too"},
    SeverityRule{"severity.many-actions", Signal::many_actions, "", kPlain | kWrite, Severity::high,
                 "which of its actions runs stands in an argument"},
    SeverityRule{"severity.irreversible", Signal::irreversible, "", kWrite | one_of(Category::other),
                 Severity::high, "what it does cannot be undone"},
    SeverityRule{"severity.admin", Signal::admin, "", kWrite, Severity::high,
                 "it changes who may do what, or the system itself"},
    SeverityRule{"severity.bulk", Signal::bulk, "", kWrite, Severity::high, "one call changes many things"},
    // Reads that reach further than their server's own records.
    SeverityRule{"severity.reads-files", Signal::accepts_path, "", kPlain, Severity::medium,
                 "it takes the path of any file that the server may read"},
    SeverityRule{"severity.fetches", Signal::sends_out, "", kPlain, Severity::medium,
                 "what it asks for leaves the network with its arguments"},
    SeverityRule{"severity.fetches-url", Signal::untrusted_content, "untrusted.fetch", kPlain,
                 Severity::medium, "it fetches what others wrote from an address that the caller chooses"},
    SeverityRule{"severity.pays", Signal::costs_money, "", kPlain, Severity::medium, "each call costs money"},
};
static_assert(std::ranges::is_sorted(kRules, std::ranges::greater(), &SeverityRule::at_least));

constexpr std::string_view kAllLegs = "severity.three-legs";
constexpr SeverityRule kThreeLegs = {
    kAllLegs,
    Signal::sends_out,
    "",
    kAnyCategory,
    Severity::high,
    "it alone reads private data, reads what others wrote and sends data out"};

EvidenceSource source_of(std::string_view where) {
  if (where == "/name") return EvidenceSource::name;
  if (where == "/description") return EvidenceSource::description;
  return EvidenceSource::schema;
}

bool has_any(const Words& words, std::span<const std::string_view> wanted) {
  return std::ranges::any_of(wanted, [&](std::string_view word) { return words.has(word); });
}

/// SQL that is looked at and not run.
bool only_inspects(const ToolReading& tool) {
  constexpr std::array<std::string_view, 14> kVerbs = {
      "validate", "explain", "format", "translate", "diagnose", "generate", "lint",
      "parse",    "convert", "check",  "plan",      "estimate", "analyze",  "optimize"};
  return has_any(tool.name, kVerbs);
}

/// A definition that says its SQL may only read. Only the server says so, and a clever query often knows
/// better.
bool says_read_only(const ToolReading& tool) {
  const Words& text = tool.description;
  const auto says = [&](std::string_view phrase) { return text.find(phrase) != text.size(); };
  return says("read only") || says("readonly") || says("only select") || says("select only") ||
         tool.name.has("read") || tool.name.has("select");
}

/// The severity that a rule asks for; low where it does not fit after all.
Severity asked_for(const SeverityRule& rule, const ToolReading& tool, Category category) {
  if (rule.id == "severity.sql" || rule.id == "severity.database-query") {
    if (only_inspects(tool) && (one_of(category) & kPlain) != 0) return Severity::low;
    if ((one_of(category) & kPlain) != 0 && says_read_only(tool)) return Severity::high;
  }
  return rule.at_least;
}

}  // namespace

std::span<const SeverityRule> severity_rules() {
  return kRules;
}

const SeverityRule* find_severity_rule(std::string_view id) {
  if (id == kAllLegs) return &kThreeLegs;
  const auto* const rule = std::ranges::find(kRules, id, &SeverityRule::id);
  return rule == kRules.end() ? nullptr : rule;
}

Severity judge_severity(const ToolReading& tool, Category category, std::span<const SignalHit> signals,
                        std::vector<Evidence>& evidence) {
  const Severity least = category_severity(category);
  std::vector<Evidence> reasons;
  const auto ask = [&](const SeverityRule& rule, Severity severity, const SignalHit& hit) {
    if (severity <= least) return;
    reasons.push_back(
        {source_of(hit.where), std::string(rule.id), hit.where, hit.words, std::string(to_string(severity))});
  };
  Severity worst = least;
  for (const SeverityRule& rule : kRules) {
    if ((rule.categories & one_of(category)) == 0) continue;
    const auto hit = std::ranges::find(signals, rule.signal, &SignalHit::signal);
    if (hit == signals.end() || !hit->rule.starts_with(rule.raised_by)) continue;
    const Severity severity = asked_for(rule, tool, category);
    worst = std::max(worst, severity);
    ask(rule, severity, *hit);
  }
  const auto leg = [&](Signal signal) { return std::ranges::find(signals, signal, &SignalHit::signal); };
  const auto out = leg(Signal::sends_out);
  if (leg(Signal::private_data) != signals.end() && leg(Signal::untrusted_content) != signals.end() &&
      out != signals.end()) {
    worst = std::max(worst, kThreeLegs.at_least);
    ask(kThreeLegs, kThreeLegs.at_least, *out);
  }
  for (const Severity severity : {Severity::critical, Severity::high, Severity::medium}) {
    for (Evidence& piece : reasons) {
      if (piece.says == to_string(severity)) evidence.push_back(std::move(piece));
    }
  }
  return worst;
}

}  // namespace doorward::risk
