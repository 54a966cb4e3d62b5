#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "catalogue/attack.h"
#include "catalogue/pretty.h"

// docs/attack-patterns.md is written from the data. After a change of the data, from the project's root:
//   DOORWARD_WRITE_DOCUMENTS=1 <build>/catalogue_test --gtest_filter='AttackDocument.*'

namespace doorward::catalogue {
namespace {

constexpr const char* kPath = "docs/attack-patterns.md";

std::string joined(std::span<const std::string_view> ids) {
  std::string text;
  for (const std::string_view id : ids) text.append(text.empty() ? "" : ", ").append(id);
  return text;
}

std::string legs_of(const AttackPattern& pattern) {
  std::string text;
  for (const risk::Signal leg : pattern.legs) text.append(text.empty() ? "" : ", ").append(to_string(leg));
  return text.empty() ? "none" : text;
}

/// Prose in which no reader of Markdown takes a tag for one.
std::string prose(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '<' ? std::string("&lt;") : std::string(1, c);
  return out;
}

std::string document() {
  std::string out =
      "# Attack patterns\n\nHow agents' access to tools is abused, what is known to have happened, and the "
      "rule that "
      "stops it.\nWritten from `src/catalogue/attack_patterns.cpp`; a test compares the two. Every policy "
      "here holds its "
      "own tests,\nwhich the engine runs when it loads it. `doorward catalogue attacks` shows the same, with "
      "the tools of "
      "your own\nservers that are open to each.\n\nIds: OWASP MCP Top 10 (`OWASP MCP..`), OWASP Top 10 for "
      "Agentic "
      "Applications (`ASI..`), MITRE ATLAS (`AML...`), SAFE-MCP\n(`SAFE-...`). *Secondary source*: known "
      "from a report of "
      "others, not from those who were hit or who found it.\n";
  for (const AttackPattern& pattern : attack_patterns()) {
    out.append("\n## ").append(pattern.name).append("\n\n`").append(pattern.id).append("` · ");
    out.append(joined(pattern.frameworks)).append("\n\n").append(pattern.definition).append("\n\n");
    out.append(prose(pattern.how)).append("\n\n**Applies to** ").append(pattern.applies_to);
    out.append(". **Legs:** ")
        .append(legs_of(pattern))
        .append(".\n\n**What stops it.** ")
        .append(pattern.mitigation)
        .append("\n");
    if (!pattern.rule.empty()) out.append("\n```json\n").append(pretty(pattern.rule)).append("\n```\n");
    if (pattern.incidents.empty()) continue;
    out.append("\n| When | What | What happened | What to learn |\n|---|---|---|---|\n");
    for (const Incident& incident : pattern.incidents) {
      out.append("| ").append(incident.date).append(" | ");
      if (incident.url.empty()) {
        out.append(incident.name);
      } else {
        out.append("[").append(incident.name).append("](").append(incident.url).append(")");
      }
      out.append(incident.secondary ? " (*secondary source*)" : "").append(" | ");
      out.append(incident.what).append(" | ").append(incident.lesson).append(" |\n");
    }
  }
  return out;
}

TEST(AttackDocument, SaysWhatTheDataSays) {
  const std::string expected = document();
  if (std::getenv("DOORWARD_WRITE_DOCUMENTS") != nullptr) std::ofstream(kPath) << expected;
  std::ifstream file(kPath);
  ASSERT_TRUE(file) << kPath << " is not below the working directory";
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == expected) << kPath << " differs from the data; see the head of this file";
}

}  // namespace
}  // namespace doorward::catalogue
