#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "audit/record_index.h"
#include "base/result.h"
#include "server/inventory.h"
#include "server/state_dir.h"

namespace doorward::server {

/// What the records of a call do not hold.
struct ExplanationContext {
  struct Holder {
    std::vector<std::pair<std::string, std::string>> labels;
    bool identity = false;  ///< its calls bring claims, which are not recorded
  };
  StateDir state;
  std::map<std::string, Holder, std::less<>> holders;  ///< grants by id
  bool shows_arguments = false;                        ///< who asks may see stored arguments
  std::int64_t now_us = 0;
};

ExplanationContext explanation_context(const StateDir& state, const Inventory& inventory, bool shows_arguments,
                                       std::int64_t now_us);

struct RecordExplanation {
  std::string json;
  std::size_t arguments_read = 0;  ///< stored ones that it shows: that they were read is to be recorded first
};

/// Why a call was decided as it was: the object of policy/explain.h, from the call's records, the text of the policy that
/// was in force, and the stored arguments; with `related` calls and `links`. Values that are not stored are said to be
/// not stored. not_found where no record of the id tells of a decision. Reads files: not on the control thread.
Result<RecordExplanation> explain_record(const audit::RecordIndex& index, const std::string& id,
                                         const ExplanationContext& context);

}  // namespace doorward::server
