#include "catalogue/attack.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include "risk/words.h"

namespace doorward::catalogue {
namespace {

using risk::Signal;

std::string in_quotes(std::string_view words) {
  return "\"" + std::string(words) + "\"";
}

/// Where a piece stands, for people.
std::string place(std::string_view where) {
  if (where == "/name") return "its name";
  if (where == "/description") return "its description";
  if (where.starts_with("/inputSchema")) return "its parameters";
  if (where.starts_with("/outputSchema")) return "what it returns";
  if (where.starts_with("/annotations")) return "its annotations";
  return "its server";
}

/// The tool as the assignments ask.
class Tool {
 public:
  Tool(std::string_view name, const risk::Classification& is) : words_(risk::Words::of_name(name)), is_(is) {}

  bool is(Category category) const { return is_.category == category; }
  bool changes() const { return is(Category::write) || is(Category::execute) || is(Category::destructive); }
  bool has(Signal signal) const { return is_.has(signal); }

  /// `It is Destructive ("delete" in its name).`
  std::string category_said() const {
    const auto piece = std::ranges::find(is_.evidence, to_string(is_.category), &risk::Evidence::says);
    const std::string by = piece == is_.evidence.end() || piece->words.empty()
                               ? std::string()
                               : " (" + in_quotes(piece->words) + " in " + place(piece->where) + ")";
    return "It is " + std::string(to_string(is_.category)) + by + ".";
  }
  /// `It accepts a URL or endpoint ("url" in its parameters).`
  std::string signal_said(Signal signal) const {
    const auto hit = std::ranges::find(is_.signals, signal, &risk::SignalHit::signal);
    std::string text = "Signal: " + std::string(label(signal));
    if (hit != is_.signals.end() && !hit->words.empty())
      text += " (" + in_quotes(hit->words) + " in " + place(hit->where) + ")";
    return text + ".";
  }
  std::string name_said(std::string_view word) const { return "Its name says " + in_quotes(word) + "."; }

  /// The first word of the name that is one of these, in the singular or the plural; empty: none.
  std::string_view word_of(std::initializer_list<std::string_view> wanted) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (const std::string_view word : wanted) {
        const std::string_view here = words_[i];
        if (here == word || (here.size() == word.size() + 1 && here.ends_with('s') && here.starts_with(word)))
          return here;
      }
    }
    return {};
  }

 private:
  risk::Words words_;
  const risk::Classification& is_;
};

/// Why a tool is open to one pattern; nothing: it is not.
using Why = std::optional<std::string>;

Why by_signal(const Tool& tool, std::initializer_list<Signal> signals) {
  for (const Signal signal : signals) {
    if (tool.has(signal)) return tool.signal_said(signal);
  }
  return std::nullopt;
}

Why fraudulent_transaction(const Tool& tool) {
  if (tool.is(Category::financial)) return tool.category_said();
  return std::nullopt;
}

Why destructive_action(const Tool& tool) {
  if (tool.is(Category::destructive)) return tool.category_said();
  if (tool.has(Signal::irreversible)) return tool.signal_said(Signal::irreversible);
  if (tool.is(Category::execute))
    return by_signal(tool, {Signal::accepts_code, Signal::raw_api, Signal::many_actions});
  return std::nullopt;
}

Why credential_harvest(const Tool& tool) {
  return by_signal(tool, {Signal::returns_secrets});
}

Why code_sabotage(const Tool& tool) {
  if (!tool.changes()) return std::nullopt;
  const std::string_view word =
      tool.word_of({"merge", "push", "commit", "branch", "pull", "repository", "repo", "workflow", "pipeline",
                    "deploy", "deployment", "release", "build", "ci"});
  if (!word.empty()) return tool.name_said(word);
  return std::nullopt;
}

Why memory_poisoning(const Tool& tool) {
  if (!tool.is(Category::write)) return std::nullopt;
  const std::string_view word =
      tool.word_of({"memory", "memories", "remember", "knowledge", "observation", "entity", "entities",
                    "relation", "embedding", "vector", "note", "fact"});
  if (!word.empty()) return tool.name_said(word);
  return std::nullopt;
}

Why impersonation(const Tool& tool) {
  if (!(tool.is(Category::write) || tool.is(Category::execute))) return std::nullopt;
  if (!tool.has(Signal::sends_out)) return std::nullopt;
  const std::string_view word =
      tool.word_of({"send", "reply", "email", "mail", "message", "post", "tweet", "comment", "publish",
                    "invite", "notify", "call", "sms", "share", "forward", "broadcast"});
  if (!word.empty()) return tool.signal_said(Signal::sends_out);
  return std::nullopt;
}

Why command_injection(const Tool& tool) {
  if (const Why code = by_signal(tool, {Signal::accepts_code})) return code;
  if (tool.is(Category::execute))
    return by_signal(tool, {Signal::accepts_path, Signal::opaque_argument, Signal::accepts_url});
  if (tool.changes()) return by_signal(tool, {Signal::accepts_path});
  return std::nullopt;
}

Why server_side_request(const Tool& tool) {
  const bool reaches = tool.has(Signal::sends_out) || tool.has(Signal::untrusted_content) ||
                       tool.has(Signal::raw_api) || tool.is(Category::execute);
  if (tool.has(Signal::accepts_url) && reaches) return tool.signal_said(Signal::accepts_url);
  return by_signal(tool, {Signal::raw_api});
}

Why indirect_injection(const Tool& tool) {
  return by_signal(tool, {Signal::untrusted_content});
}

Why lethal_trifecta(const Tool& tool) {
  std::string legs;
  for (const Signal leg : {Signal::private_data, Signal::untrusted_content, Signal::sends_out}) {
    if (tool.has(leg)) legs += (legs.empty() ? "" : " ") + tool.signal_said(leg);
  }
  if (legs.empty()) return std::nullopt;
  return legs;
}

Why over_privileged(const Tool& tool) {
  if (tool.has(Signal::admin)) return tool.signal_said(Signal::admin);
  if (tool.is(Category::destructive)) return tool.category_said();
  return std::nullopt;
}

Why runaway_loop(const Tool& tool) {
  if (tool.has(Signal::costs_money)) return tool.signal_said(Signal::costs_money);
  if (tool.is(Category::financial) || tool.is(Category::execute) || tool.is(Category::write))
    return tool.category_said();
  return std::nullopt;
}

Why rug_pull(const Tool& tool) {
  if (tool.is(Category::read))
    return tool.category_said() + " Read tools are allowed most easily, and stay allowed.";
  return std::nullopt;
}

Why every_tool(const Tool&) {
  return "Every tool of a server that somebody else runs is open to it.";
}

struct Assignment {
  std::string_view pattern;
  Why (*applies)(const Tool&);
};

// The most specific first.
constexpr std::array kAssignments = {
    Assignment{"fraudulent-transaction", fraudulent_transaction},
    Assignment{"credential-harvest", credential_harvest},
    Assignment{"destructive-action-autonomy", destructive_action},
    Assignment{"command-injection", command_injection},
    Assignment{"ssrf-open-world", server_side_request},
    Assignment{"code-sabotage", code_sabotage},
    Assignment{"memory-poisoning", memory_poisoning},
    Assignment{"impersonation-outreach", impersonation},
    Assignment{"indirect-prompt-injection", indirect_injection},
    Assignment{"lethal-trifecta", lethal_trifecta},
    Assignment{"over-privileged-token", over_privileged},
    Assignment{"runaway-loop", runaway_loop},
    Assignment{"mcp-rug-pull", rug_pull},
    Assignment{"tool-poisoning", every_tool},
    Assignment{"supply-chain", every_tool},
    Assignment{"tool-shadowing", every_tool},
};

}  // namespace

const AttackPattern* find_attack(std::string_view id) {
  const auto patterns = attack_patterns();
  const auto found = std::ranges::find(patterns, id, &AttackPattern::id);
  return found == patterns.end() ? nullptr : &*found;
}

std::vector<Exposure> exposures(std::string_view name, const risk::Classification& classification) {
  const Tool tool(name, classification);
  std::vector<Exposure> found;
  for (const Assignment& assignment : kAssignments) {
    if (Why why = assignment.applies(tool))
      found.push_back({find_attack(assignment.pattern), std::move(*why)});
  }
  return found;
}

}  // namespace doorward::catalogue
