#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/condition.h"
#include "policy/program.h"

namespace doorward::policy {

/// A value in short: JSON, but long strings cut and containers by their size. ASCII only, one line, at most
/// `most` characters; `missing` where there is none.
std::string shortened(json::Value value, std::size_t most = 40);

/// Text from a call or a document for a person or a model: ASCII, one line, cut after `most` characters.
std::string plain(std::string_view text, std::size_t most = 64);

/// What a condition asks, as words that follow its path: `must be at most 10000`, `must be present`.
/// `negated` for an entry of deny_if, which refuses what holds.
std::string demand_text(const Condition& condition, bool negated);

/// How long a limit counts, in a sentence: `one minute`, `600 seconds`.
std::string span_text(const Limit& limit);

/// The value of a condition's path that decided it, and how.
struct Witness {
  std::string actual;  ///< as `shortened`; also `an empty array` and `not reachable`
  Truth truth = Truth::no;
};
Witness witness(const Condition& condition, const Call& call, const TimeZone& zone, Place place);

/// Where a rule of a policy stands.
struct Located {
  const Block* block = nullptr;  ///< null: not a rule of a block
  Place place = Place::deny_if;
  const Entry* entry = nullptr;  ///< null: the block's action or a limit
  std::size_t entry_index = 0;
  const Condition* condition = nullptr;
  bool type_error = false;
};
Located locate_rule(const Policy::Program& program, const Rule& rule);

}  // namespace doorward::policy
