#include "catalogue/page_parts.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "catalogue/english.h"
#include "catalogue/pretty.h"
#include "json/reader.h"
#include "mcp/definition_diff.h"
#include "risk/words.h"

namespace doorward::catalogue {
namespace {

std::vector<std::string> words_of(std::string_view name) {
  const risk::Words words = risk::Words::of_name(name);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.size(); ++i) out.push_back(risk::singular(words[i]));
  return out;
}

}  // namespace

std::string name_of(const ServerRecord& server) {
  if (!server.listing.title.empty()) return server.listing.title;
  return server.listing.name.empty() ? server.slug : server.listing.name;
}

std::string capital(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out;
}

Run says_badge(std::string_view says) {
  if (const auto category = parse_category(says)) return badge(*category);
  if (const auto severity = parse_severity(says)) return badge(*severity);
  return plain(says);
}

Text package_text(const Package& package) {
  Text text{plain(package.registry + " package "), code(package.identifier)};
  if (package.registry.empty()) text = {plain("package "), code(package.identifier)};
  if (!package.version.empty()) text.push_back(plain(" " + package.version));
  return text;
}

std::size_t tokens_of(std::size_t bytes) {
  return (bytes + 3) / 4;
}

std::string token_text(std::size_t bytes) {
  return "about " + counted(tokens_of(bytes), "token") + " (" + counted(bytes, "byte") + ")";
}

Changes changes_between(std::string_view before, std::string_view after) {
  using Op = Changes::Change::Op;
  json::Reader old_reader;
  json::Reader new_reader;
  const auto old_root = old_reader.read(before);
  const auto new_root = new_reader.read(after);
  Changes changes;
  if (!old_root || !new_root) return changes;
  for (const mcp::DefinitionChange& change : mcp::diff_definitions(*old_root, *new_root)) {
    Changes::Change shown;
    shown.where = change.where;
    shown.op = change.kind == mcp::ChangeKind::added     ? Op::added
               : change.kind == mcp::ChangeKind::removed ? Op::removed
                                                         : Op::changed;
    if (change.of == mcp::ChangeOf::required) {
      shown.words.emplace_back(
          shown.op,
          change.name + (shown.op == Op::added ? " must be given now" : " need not be given any more"));
    } else if (!change.words.empty()) {
      for (const mcp::WordRun& run : change.words) {
        const Op op = run.op == mcp::WordRun::Op::added     ? Op::added
                      : run.op == mcp::WordRun::Op::removed ? Op::removed
                                                            : Op::changed;
        shown.words.emplace_back(op, run.text);
      }
    } else {
      if (!change.before.empty()) shown.words.emplace_back(Op::removed, change.before);
      if (!change.after.empty()) shown.words.emplace_back(Op::added, change.after);
    }
    changes.changes.push_back(std::move(shown));
  }
  return changes;
}

std::vector<ToolRecord> nearest_by_name(const ToolRecord& tool, std::span<const ToolRecord> others,
                                        std::size_t most) {
  std::map<std::string, std::size_t, std::less<>> spread;
  std::vector<std::vector<std::string>> words;
  words.reserve(others.size());
  for (const ToolRecord& other : others) {
    words.push_back(words_of(other.name));
    std::vector<std::string> once = words.back();
    std::ranges::sort(once);
    once.erase(std::unique(once.begin(), once.end()), once.end());
    for (const std::string& word : once) ++spread[word];
  }
  const std::vector<std::string> own = words_of(tool.name);
  std::vector<std::pair<double, std::size_t>> ranked;
  for (std::size_t i = 0; i < others.size(); ++i) {
    double shared = 0;
    for (const std::string& word : own) {
      if (std::ranges::find(words[i], word) == words[i].end()) continue;
      shared += std::log(1.0 + static_cast<double>(others.size()) / static_cast<double>(spread[word]));
    }
    if (shared > 0) ranked.emplace_back(shared / std::sqrt(static_cast<double>(words[i].size())), i);
  }
  std::ranges::stable_sort(ranked, std::greater<>(), [](const auto& one) { return one.first; });
  std::vector<ToolRecord> nearest;
  for (const auto& [shared, index] : ranked) {
    if (nearest.size() == most) break;
    nearest.push_back(others[index]);
  }
  return nearest;
}

std::string opening_of(const ToolRecord& tool) {
  constexpr std::size_t kLongest = 140;
  json::Reader reader;
  const auto root = reader.read(tool.definition);
  if (!root) return {};
  const std::vector<std::string> sentences = sentences_of(text_of(*root, "description"), 1);
  return sentences.empty() ? std::string() : shortened(sentences.front(), kLongest);
}

Table tool_table(std::string_view caption, std::span<const ToolRecord> tools, bool with_server) {
  Table table{std::string(caption), {"Tool"}, {}};
  if (with_server) table.head.emplace_back("Server");
  for (const char* head : {"Category", "Severity", "What it does"}) table.head.emplace_back(head);
  for (const ToolRecord& tool : tools) {
    std::vector<Text> row{{code_link(tool.name, tool_ref(tool.server, tool.name))}};
    if (with_server) row.push_back({link(tool.server, {PageKind::server, tool.server})});
    row.push_back({badge(tool.classification.category)});
    row.push_back({badge(tool.classification.severity)});
    const std::string first = opening_of(tool);
    row.push_back(first.empty() ? Text{} : Text{plain(first)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Bars category_bars(std::span<const std::size_t, kCategories.size()> counts) {
  Bars bars{"Tools by category", {}};
  for (const Category category : {Category::financial, Category::destructive, Category::execute,
                                  Category::write, Category::read, Category::other}) {
    bars.bars.push_back({std::string(doorward::to_string(category)),
                         counts[static_cast<std::size_t>(category)], category_severity(category)});
  }
  return bars;
}

Bars severity_bars(std::span<const std::size_t, kSeverities.size()> counts) {
  Bars bars{"Tools by own severity", {}};
  for (const Severity severity : {Severity::critical, Severity::high, Severity::medium, Severity::low}) {
    bars.bars.push_back({capital(to_string(severity)), counts[static_cast<std::size_t>(severity)], severity});
  }
  return bars;
}

}  // namespace doorward::catalogue
