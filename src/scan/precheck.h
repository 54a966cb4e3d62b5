#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/drift.h"
#include "catalogue/recommendation.h"
#include "scan/report.h"
#include "scan/scan.h"

namespace doorward::scan {

/// What is advised before a server is connected. There is no fourth: that a server does no harm cannot be known.
enum class Verdict : std::uint8_t {
  proceed,    ///< its tools only read, as far as their definitions say, and nothing speaks against it
  with_rule,  ///< it can change, run or destroy things: connect it behind the policy
  ask_first,  ///< something speaks against it, or too little is known
};
/// `proceed`, `connect with a rule`, `ask first`.
std::string_view to_string(Verdict verdict);

/// What there is to know of a server before it is connected.
struct Precheck {
  std::string asked;  ///< as the person named it
  std::optional<catalogue::ServerRecord> record;
  std::vector<catalogue::ToolRecord> tools;  ///< riskiest first
  std::array<std::size_t, kCategories.size()> by_category{};
  std::optional<Severity> worst;
  std::string package;               ///< `npm:name`, where one is known or asked for
  std::string command;               ///< that would start it, for `doorward scan`; empty: not known
  std::string configured_as;         ///< its name in a client's file, where it stands in one
  std::vector<catalogue::Drift> drifts;  ///< as catalogue::drift_in; at most twenty
  char grade = 0;                        ///< as catalogue::grade; 0: the catalogue does not know it
  std::string verification;              ///< of who publishes it: `none`, `listed`, `verified`, `contradicted`
  std::vector<std::string> publisher;    ///< what is known of who publishes it, a sentence each
  std::vector<std::string> warnings;     ///< what speaks against it
  Verdict verdict = Verdict::ask_first;
  std::vector<std::string> reasons;      ///< of the verdict
  catalogue::ServerPolicy policy;        ///< recommended; of `with_rule`
};

/// Finds out what `name` means: a slug or name of the catalogue, a URL, a server of a client's configuration file, or a
/// package such as `@scope/name` or `pypi:name==1.0`; and judges it. `catalogue` may be null. Starts and fetches
/// nothing.
Precheck precheck(const std::string& name, catalogue::Catalogue* catalogue, const Scan& configured,
                  const LooksLike& looks_like);

}  // namespace doorward::scan
