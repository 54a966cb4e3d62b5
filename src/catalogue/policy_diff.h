#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalogue/reach.h"
#include "json/writer.h"
#include "policy/policy.h"

namespace doorward::catalogue {

/// What one document answers otherwise than another, as the engine says, and which of its limits and settings differ.
struct PolicyDiff {
  struct Tool {
    std::string tool;
    std::string before;  ///< decision_word()
    std::string after;
    std::string before_rule;
    std::string rule;
    std::size_t line = 0;  ///< of the document after, or 0
    bool rules = false;    ///< the word is the same, and the rules that say so are others
  };
  struct Limit {
    std::string rule;    ///< policy.md section 8
    std::string before;  ///< `10 a minute`; empty: there was none
    std::string after;   ///< empty: there is none any more
    std::string change;  ///< `added`, `removed`, `lowered`, `raised` or `changed`
  };
  struct Setting {
    std::string name;  ///< such as `default` or `mode`
    std::string before;
    std::string after;
  };
  std::vector<Tool> tools;
  std::vector<Limit> limits;
  std::vector<Setting> settings;
  std::string summary;  ///< `2 tools newly denied, 1 limit lowered.`
  bool widens = false;  ///< something passes that did not, or only with a person or a limit

  bool empty() const { return tools.empty() && limits.empty() && settings.empty(); }
};

/// `before`: null where there is none, under which every call is refused. `tools`: those of the server; what the documents
/// name besides is judged by its name. A document that observes is compared as if it enforced.
PolicyDiff diff_policies(const std::shared_ptr<const policy::Policy>& before, const std::shared_ptr<const policy::Policy>& after,
                         std::string_view server, std::span<const LiveTool> tools);

/// The members `summary`, `widens`, `tools`, `limits` and `settings`.
void write_diff(json::Writer& writer, const PolicyDiff& diff);

}  // namespace doorward::catalogue
